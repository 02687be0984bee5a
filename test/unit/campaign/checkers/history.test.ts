import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StoreError } from "keelson";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type CallRecord,
  formatLine,
  HistoryFile,
  type HistoryLine,
  outcomeOf,
  parseLine,
  readHistory,
} from "../../../../campaign/checkers/history.ts";

const call: CallRecord = {
  line: "call",
  id: "p/1",
  process: "p",
  client: "c",
  op: "update",
  via: "store",
  key: "/registry/widgets/a/w",
  value: "v1",
  guard: 2n ** 60n + 1n,
  callNs: 1,
  returnNs: Number.POSITIVE_INFINITY,
  code: "LOST",
  class: "unknown",
};

describe("history", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "keelson-history-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const read = async (...paths: string[]): Promise<HistoryLine[]> => {
    const lines: HistoryLine[] = [];
    for await (const line of readHistory(paths)) lines.push(line);
    return lines;
  };

  test("a line comes back as it was: revisions beyond 2^53 exact, a call without return without end", () => {
    expect(parseLine(formatLine(call))).toEqual(call);
  });

  test("files are read one after the other, a last line cut by a kill is passed over", async () => {
    const paths = ["a.ndjson", "b.ndjson"].map((name) => join(folder, name));
    for (const [i, path] of paths.entries()) {
      using file = new HistoryFile(path);
      file.write({ ...call, id: `${i}` });
      file.write({ ...call, id: `${i}+` });
    }
    appendFileSync(paths[0] ?? "", '{"line":"call","id":"cut');
    expect((await read(...paths)).map((line) => (line.line === "call" ? line.id : line))).toEqual([
      "0",
      "0+",
      "1",
      "1+",
    ]);
  });

  test("damage before the last line is an error that names the file", async () => {
    const path = join(folder, "damaged.ndjson");
    appendFileSync(path, `{"line":\n${formatLine(call)}\n`);
    await expect(read(path)).rejects.toThrow(path);
  });

  test("only OUTCOME_UNKNOWN, an abort and a foreign error leave a write open; every other code claims that it was not applied", () => {
    const unknown = new StoreError("OUTCOME_UNKNOWN", "?", { writeId: "w", key: "k" });
    expect(outcomeOf(unknown)).toMatchObject({ class: "unknown", writeId: "w" });
    expect(outcomeOf(new DOMException("", "AbortError"))).toMatchObject({
      class: "unknown",
      code: "ABORTED",
    });
    expect(outcomeOf(new Error("odd"))).toMatchObject({ class: "unknown", code: "FAULT" });
    expect(outcomeOf(new StoreError("DEADLINE", "late", {}))).toMatchObject({
      class: "definite",
      code: "DEADLINE",
    });
    expect(outcomeOf(new StoreError("CONFLICT", "other", {}))).toMatchObject({ class: "definite" });
  });
});
