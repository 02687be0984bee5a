/** docs/checkers.md and the index of negative controls say the same: names in order, sabotage's checkers. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { controls } from "../../../campaign/controls/controls.ts";

test("docs/checkers.md has a row for each negative control with the checkers that catch it", () => {
  const text = readFileSync(new URL("../../../docs/checkers.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| (N\d+) \| .* \| ([C\d, ]+) \|$/gm)];
  expect(rows.map(([, name, checkers]) => [name, checkers?.split(", ")])).toEqual(
    controls.map(({ name, caughtBy }) => [name, caughtBy]),
  );
});
