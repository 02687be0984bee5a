/**
 * A short fault campaign with every run of the tests: one seed that stays, and one that is new each time and is printed by
 * the campaign itself, with the command that repeats its schedule.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { buildProject, startProgram } from "../test/support/project-run.ts";

const program = "dist/campaign/run.js";
/** A campaign is valid on a slow machine, too: bounds are generous, and only a run without traffic is void. */
const bounds = ["--recovery", "120", "--arrival", "120", "--floor", "5"];
const size = ["--minutes", "0.4", "--calm", "5", "--no-controls", "--no-episodes", ...bounds];
const timeoutMs = 900_000;
const fixedSeed = "20";

describe("a short fault campaign", () => {
  beforeAll(buildProject, timeoutMs);

  test.each([
    ["a fixed seed", ["--seed", fixedSeed]],
    ["a new seed", []],
  ])(
    "finds nothing with %s",
    async (_, seed) => {
      const run = await startProgram(program, [...size, ...seed]);
      const { code, stdout, stderr } = await run.ended();
      expect(code, `${stdout}${stderr}`).toBe(0);
      expect(stdout).toMatch(/^clean: \d+ operations, \d+ faults/m);
    },
    timeoutMs,
  );
});
