/** The bar: one line, on a terminal alone, after a second, with bytes and time left, and gone when the work is. */
import { expect, test } from "vitest";
import { progressBar } from "../../../../tools/etcdctl-lite/cli/progress-bar.ts";

function terminal(isTTY: boolean, columns?: number) {
  const written: string[] = [];
  return { written, isTTY, columns, write: (text: Uint8Array | string) => void written.push(String(text)) };
}

const shownLine = (text: string | undefined): string => (text ?? "").replace("\r\u001b[K", "");

test("bytes and time left, on one line, after a second, cleared at the end", () => {
  const output = terminal(true, 120);
  let nowMs = 0;
  const bar = progressBar(output, () => nowMs);
  nowMs = 999;
  bar.show({ done: 1, total: 100, unit: "bytes" });
  expect(output.written).toEqual([]);
  nowMs = 2_000;
  bar.show({ done: 20_000_000, total: 2_000_000_000, unit: "bytes" });
  expect(shownLine(output.written[0])).toBe(`${"░".repeat(30)} 1 %  20 MB  10 MB/s  3 min 18 s left`);
  nowMs = 100_000;
  bar.show({ done: 1_000_000_000, total: 2_000_000_000, unit: "bytes" });
  expect(shownLine(output.written[1])).toBe(
    `${"█".repeat(15)}${"░".repeat(15)} 50 %  1.0 GB  10 MB/s  1 min 40 s left`,
  );
  bar.clear();
  expect(output.written.at(-1)).toBe("\r\u001b[K");
  expect(output.written.join("")).not.toContain("\n");
});

test("objects are counted the same way, and without an end in sight there is no bar", () => {
  const output = terminal(true, 120);
  let nowMs = 0;
  const bar = progressBar(output, () => nowMs);
  nowMs = 2_000;
  bar.show({ done: 500, total: 1_000, unit: "objects" });
  expect(shownLine(output.written[0])).toMatch(/ 50 % {2}500 objects {2}250 a second {2}2 s left$/);
  bar.show({ done: 500, unit: "objects" });
  expect(shownLine(output.written[1])).toBe("500 objects  250 a second");
});

test("what is no terminal sees nothing, and a narrow one keeps to its width", () => {
  const pipe = terminal(false);
  let nowMs = 0;
  const none = progressBar(pipe, () => nowMs);
  const narrow = terminal(true, 30);
  const bar = progressBar(narrow, () => nowMs);
  nowMs = 5_000;
  for (const each of [none, bar]) each.show({ done: 10, total: 100, unit: "bytes" });
  none.clear();
  expect(pipe.written).toEqual([]);
  expect(shownLine(narrow.written[0]).length).toBeLessThan(30);
});
