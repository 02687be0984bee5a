/** Goals are judged by rows that were measured, and by no others. */
import { describe, expect, it } from "vitest";
import { goals as cacheGoals } from "../../../../bench/cache.ts";
import { goals as httpGoals } from "../../../../bench/http.ts";
import { atLeast, atMost, ratioOf } from "../../../../bench/measure/goals.ts";
import { rateOf, rounded, spread, unproved } from "../../../../bench/measure/turns.ts";
import { goals as quotaGoals } from "../../../../bench/quota.ts";
import { goals as readGoals } from "../../../../bench/reads.ts";
import { goals as startupGoals } from "../../../../bench/startup.ts";
import { goals as watchGoals } from "../../../../bench/watch.ts";
import { goals as writeGoals } from "../../../../bench/writes.ts";

describe("goals of benches", () => {
  it("atMost() and atLeast() judge a figure at their bound as met", () => {
    const text = (figure: number): string => `${figure} ms`;
    expect(atMost("p99", 3, 3, text)).toEqual([{ goal: "p99", value: "3 ms", met: true }]);
    expect(atMost("p99", 3.1, 3, text)).toEqual([{ goal: "p99", value: "3.1 ms", met: false }]);
    expect(atLeast("rate", 3, 3, text)).toEqual([{ goal: "rate", value: "3 ms", met: true }]);
    expect(atLeast("rate", 2.9, 3, text)).toEqual([{ goal: "rate", value: "2.9 ms", met: false }]);
  });

  it.each([undefined, Number.NaN, Number.POSITIVE_INFINITY])("a figure of %s is not judged", (figure) => {
    expect(atMost("p99", figure, 3, String)).toEqual([]);
    expect(atLeast("p99", figure, 3, String)).toEqual([]);
  });

  it("a goal beside a peer that was not measured is none", () => {
    expect(atMost("p99", 3, undefined, String)).toEqual([]);
    expect(ratioOf(3, undefined)).toBeUndefined();
    expect(ratioOf(undefined, 3)).toBeUndefined();
    expect(ratioOf(3, 0)).toBeUndefined();
    expect(ratioOf(3, 2)).toBe(1.5);
  });

  it.each([
    ["writes", writeGoals],
    ["reads", readGoals],
    ["quota", quotaGoals],
    ["startup", startupGoals],
    ["watch", watchGoals],
    ["cache", cacheGoals],
    ["http", httpGoals],
  ] as const)("%s has no goals without the rows they are about", (_, goals) => {
    expect(goals([])).toEqual([]);
  });

  it("writes measured with one in flight are not judged by the goals of 64", () => {
    const row = { work: "create", inFlight: 1, kib: 1, opsPerSecond: 900, clientCpuUs: 300 };
    expect(writeGoals([row as Parameters<typeof writeGoals>[0][number]])).toEqual([]);
  });
});

describe("figures by turns", () => {
  it("spread() gives the median and both ends, and nothing of no ratios", () => {
    expect(spread([2, 1, 4])).toBe("2.00 (1.00 to 4.00)");
    expect(spread([Number.NaN, 2])).toBe("2.00 (2.00 to 2.00)");
    expect(spread([])).toBeUndefined();
    expect(spread([Number.NaN])).toBeUndefined();
  });

  it("a row is marked when others had more than a tenth of the machine", () => {
    expect(unproved(0.1)).toEqual({});
    expect(unproved(undefined)).toEqual({});
    expect(unproved(0.56)).toEqual({ note: "unproved: others had 56 % of the machine" });
  });

  it("rates are a second's, and figures are cut to what is read", () => {
    expect(rateOf({ operations: 50, elapsedMs: 500 })).toBe(100);
    expect(rateOf(undefined)).toBeNaN();
    expect(rounded(1234.56)).toBe(1235);
    expect(rounded(1.2345)).toBe(1.23);
  });
});
