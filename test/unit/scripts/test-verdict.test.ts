/** CI's last line: counted by the runner, never green for a run that was none, and plain about second runs. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { filesToRunAgain } from "../../../scripts/test/reports.mjs";

const project = fileURLToPath(new URL("../../..", import.meta.url));
const script = join(project, "scripts", "test-verdict.mjs");
const folder = mkdtempSync(join(tmpdir(), "keelson-verdict-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Status = "passed" | "failed" | "pending";

/** A file of the report, with a test for each status. */
function file(name: string, statuses: readonly Status[], message = "") {
  const assertionResults = statuses.map((status, i) => ({
    fullName: `${name} ${i}`,
    status,
    failureMessages: status === "failed" ? ["expected 4 to be 3\n at line 1"] : [],
  }));
  const failed = message !== "" || statuses.includes("failed");
  return { name: join(project, name), status: failed ? "failed" : "passed", message, assertionResults };
}

const run = (...testResults: ReturnType<typeof file>[]) => ({ testResults });

function verdict(exitCode: number, first: object | string, second?: object) {
  const paths = [first, second].map((report, i) => {
    const path = join(folder, `report-${i}.json`);
    rmSync(path, { force: true });
    if (report !== undefined)
      writeFileSync(path, typeof report === "string" ? report : JSON.stringify(report));
    return path;
  });
  const { stdout, status } = spawnSync(process.execPath, [script, String(exitCode), ...paths], {
    encoding: "utf8",
  });
  const lines = stdout.trimEnd().split("\n");
  return { lastLine: lines.at(-1), before: lines.slice(0, -1), code: status };
}

const path = "test/integration/a.test.ts";
const three: Status[] = ["passed", "passed", "passed"];

test.each<[string, object | string, number, string, number]>([
  ["a green run", run(file(path, three)), 0, "3 passed, 0 failed", 0],
  ["skipped tests are told", run(file(path, [...three, "pending"])), 0, "3 passed, 0 failed, 1 skipped", 0],
  ["a failed test", run(file(path, [...three, "failed"])), 1, "3 passed, 1 failed", 1],
  ["no test at all", run(), 0, "0 passed, 0 failed", 1],
  ["a runner that crashed after its tests", run(file(path, three)), 1, "3 passed, 0 failed", 1],
  ["half a report", '{"testResults": [', 0, "0 passed, 0 failed", 1],
  [
    "a file that could not be loaded",
    run(file(path, three), file("b", [], "no")),
    0,
    "3 passed, 0 failed",
    1,
  ],
])("verdict of %s", (_, report, exitCode, lastLine, code) => {
  expect(verdict(exitCode, report)).toMatchObject({ lastLine, code });
});

describe("a second run", () => {
  test("counts what passed in it, and names it with what it failed by first", () => {
    const first = run(file("other", ["passed"]), file(path, ["passed", "failed"]));
    expect(verdict(0, first, run(file(path, ["passed", "passed"])))).toEqual({
      lastLine: "3 passed, 0 failed",
      before: [`flaky, passed on its second run: ${path} 1: expected 4 to be 3`],
      code: 0,
    });
  });

  test("excuses nothing that fails in it too", () => {
    const first = run(file(path, ["passed", "failed"]));
    expect(verdict(1, first, run(file(path, ["failed", "passed"])))).toMatchObject({
      lastLine: "1 passed, 1 failed",
      before: [],
      code: 1,
    });
  });

  test("names a file that could be loaded only then", () => {
    const first = run(file(path, [], "no port\n at line 1"));
    expect(verdict(0, first, run(file(path, ["passed"])))).toEqual({
      lastLine: "1 passed, 0 failed",
      before: [`flaky, passed on its second run: ${path}: no port`],
      code: 0,
    });
  });
});

test.each<[string, string[], string[]]>([
  ["tests with real processes", [path, "test/guarantees/b.test.ts"], [path, "test/guarantees/b.test.ts"]],
  ["no test of this process alone", ["test/unit/a.test.ts"], []],
  ["none when one of the failures stands anyway", [path, "test/property/a.test.ts"], []],
  ["no finding of the campaign", ["campaign/short.test.ts"], []],
  ["not many files", ["a", "b", "c", "d"].map((name) => `test/integration/${name}.test.ts`), []],
])("run once more: %s", (_, failed, again) => {
  const files = failed.map((name) => file(name, ["failed"]));
  expect(filesToRunAgain(run(file("test/integration/green.test.ts", ["passed"]), ...files))).toEqual(again);
});

test("run once more: nothing without a report", () => {
  expect(filesToRunAgain(undefined)).toEqual([]);
});
