import { describe, expect, test } from "vitest";
import { faultKinds } from "../../../campaign/faults/registry.ts";
import { plan, type Step } from "../../../campaign/plan.ts";

function take(seed: number, count: number, singles = 20): readonly Step[] {
  const steps: Step[] = [];
  for (const step of plan(seed, faultKinds, singles)) {
    if (steps.push(step) === count) break;
  }
  return steps;
}
const names = (steps: readonly Step[]): readonly string[] =>
  steps.map(({ faults, holdMs, quietMs, seed }) =>
    [faults.map(({ name }) => name), holdMs, quietMs, seed].join(),
  );

describe("the schedule of a campaign", () => {
  test("is the seed's alone", () => {
    expect(names(take(7, 200))).toEqual(names(take(7, 200)));
    expect(names(take(7, 200))).not.toEqual(names(take(8, 200)));
  });

  test("begins with single faults, then pairs, then up to three, never two of one domain", () => {
    const steps = take(3, 400);
    const sizes = steps.map(({ faults }) => faults.length);
    expect(new Set(sizes.slice(0, 20))).toEqual(new Set([1]));
    expect(new Set(sizes.slice(20, 40))).toEqual(new Set([2]));
    expect(new Set(sizes.slice(40))).toEqual(new Set([1, 2, 3]));
    for (const { faults } of steps) {
      expect(new Set(faults.map(({ domain }) => domain)).size).toBe(faults.length);
    }
  });

  test("has every kind, and about one in ten of our own processes", () => {
    const faults = take(5, 1_000).flatMap((step) => step.faults);
    expect(new Set(faults.map(({ name }) => name))).toEqual(new Set(faultKinds.map(({ name }) => name)));
    const own = faults.filter((fault) => fault.own === true).length / faults.length;
    expect(own).toBeGreaterThan(0.06);
    expect(own).toBeLessThan(0.14);
  });

  test("gives every fault at least its shortest time, and recovery its time now and then", () => {
    for (const { faults, holdMs } of take(9, 300)) {
      for (const fault of faults) expect(holdMs).toBeGreaterThanOrEqual(fault.holdMs[0]);
    }
    expect(take(9, 300).filter(({ quietMs }) => quietMs >= 5_000)).toHaveLength(37);
  });
});
