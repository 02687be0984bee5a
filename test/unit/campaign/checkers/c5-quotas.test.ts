import { describe, expect, test } from "vitest";
import { checkQuotas } from "../../../../campaign/checkers/c5-quotas.ts";
import type { QuotaSample } from "../../../../campaign/checkers/history.ts";
import { rules, run } from "./made.ts";

const sample = (facts: Partial<QuotaSample> = {}): QuotaSample => ({
  line: "quota",
  quota: "a/default",
  amount: "count/widgets",
  revision: 10n,
  live: 3,
  used: 3,
  hard: 3,
  ...facts,
});
const found = (facts: Partial<QuotaSample>): readonly string[] => rules(checkQuotas(run(sample(facts))));

describe("C5", () => {
  test("a ledger that says what is alive, at the limit, with a reservation on its way, is clean", () => {
    expect(found({ reserved: 1 })).toEqual([]);
    expect(found({ reserved: 0, quiet: true })).toEqual([]);
  });

  test.each<[string, Partial<QuotaSample>, string]>([
    ["a ledger below what is alive", { used: 2 }, "used is not live"],
    ["a ledger above what is alive", { live: 2 }, "used is not live"],
    ["more than the limit", { live: 4, used: 4 }, "over the limit"],
    ["less than nothing", { live: -1, used: -1 }, "below zero"],
    ["a reservation left when all is quiet", { reserved: 1, quiet: true }, "reserved for nothing"],
  ])("%s is seen", (_, facts, rule) => {
    expect(found(facts)).toEqual([rule]);
  });
});
