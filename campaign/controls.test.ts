/**
 * The short negative controls: every checker finds its kind of fault, and nothing in a correct run. All controls run
 * with a campaign (`npm run robustness`).
 */
import { describe, expect, test } from "vitest";
import { controls, runControl } from "./controls/controls.ts";

describe("negative controls", () => {
  test("are N1 to N15, each once", () => {
    expect(controls.map(({ name }) => name)).toEqual(Array.from({ length: 15 }, (_, i) => `N${i + 1}`));
  });

  test.for(controls.filter(({ duration }) => duration === "short"))(
    "$name is caught: $sabotage",
    async (control, { skip }) => {
      const { outcome, what } = await runControl(control);
      if (outcome === "skipped") skip(what);
      expect(outcome, what).toBe("caught");
    },
  );
});
