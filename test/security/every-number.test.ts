/** The security list has 38 entries; each has a test that bears its number, so that none goes missing in silence. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const tests = fileURLToPath(new URL("..", import.meta.url));
const entries = 38;

/** A title begins with its numbers: "S7: …", "S1, S2: …", "S10 ordering". */
const title = /["'`](S\d+(?:, S\d+)*)[: ]/g;

test("every number from S1 to S38 is borne by a test", async () => {
  const found = new Set<number>();
  for (const file of await readdir(tests, { recursive: true })) {
    if (!file.endsWith(".test.ts")) continue;
    const text = await readFile(join(tests, file), "utf8");
    for (const [, numbers = ""] of text.matchAll(title)) {
      for (const [number] of numbers.matchAll(/\d+/g)) found.add(Number(number));
    }
  }
  const missing = Array.from({ length: entries }, (_, i) => i + 1).filter((number) => !found.has(number));
  expect(missing).toEqual([]);
});
