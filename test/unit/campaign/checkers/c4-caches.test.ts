import { describe, expect, test } from "vitest";
import { checkCaches } from "../../../../campaign/checkers/c4-caches.ts";
import { digestOf } from "../../../../campaign/checkers/digest.ts";
import type { CacheSample, Filter, HistoryLine, State } from "../../../../campaign/checkers/history.ts";
import { gone, key, prefix, put, rules, run } from "./made.ts";

const found = (...lines: readonly HistoryLine[]): readonly string[] => rules(checkCaches(run(lines)));

const log = [
  put(10, "x", "v1", { hash: "h1", labels: { app: "web" } }),
  put(11, "y", "w1", { hash: "h2" }),
  put(12, "x", "v2", { hash: "h3" }),
  gone(13, "y"),
  gone(14, "x"),
];
const state = (name: string, value: string, revision: number, hash: string): State => ({
  key: key(name),
  value,
  revision: BigInt(revision),
  hash,
});
function sample(
  revision: number,
  items: readonly State[],
  filter: Filter = { prefix },
  atNs = revision,
): CacheSample {
  return {
    line: "cache",
    cache: "k",
    revision: BigInt(revision),
    filter,
    count: items.length,
    digest: digestOf(items, "value"),
    contents: digestOf(items, "hash"),
    items,
    atNs,
  };
}
const x1 = state("x", "v1", 10, "h1");
const y1 = state("y", "w1", 11, "h2");
const x2 = state("x", "v2", 12, "h3");

describe("C4", () => {
  test("a cache that is the log at its revision is clean, by an index too, and when it is empty", () => {
    const result = checkCaches(
      run(
        log,
        [sample(11, [x1, y1]), sample(12, [x2, y1]), sample(14, [])],
        sample(11, [x1], { prefix, labels: { app: "web" } }),
      ),
    );
    expect(result.violations).toEqual([]);
    expect(result.checked).toEqual({ comparisons: 4 });
  });

  test("an old state, a ghost and a missing object are seen and named", () => {
    for (const [shown, what] of [
      [[x1, y1], "x=v1@10 is"],
      [[x2, y1, state("z", "z1", 12, "h")], "z=z1@12 is not there"],
      [[x2], "y=w1@11 is missing"],
    ] as const) {
      const { violations } = checkCaches(run(log, sample(12, shown)));
      expect(violations.map(({ rule }) => rule)).toEqual(["cache is not etcd"]);
      expect(violations[0]?.what).toContain(what);
    }
  });

  test("other content under the right version is seen", () => {
    expect(found(...log, sample(11, [x1, { ...y1, hash: "flipped" }]))).toEqual(["cache is not etcd"]);
  });

  test("a deleted object in the empty end state is seen", () => {
    expect(found(...log, sample(14, [x2]))).toEqual(["cache is not etcd"]);
  });

  test("an index that lacks an object is seen", () => {
    expect(found(...log, sample(11, [], { prefix, labels: { app: "web" } }))).toEqual(["cache is not etcd"]);
  });

  test("a cache that falls back is seen", () => {
    expect(found(...log, sample(12, [x2, y1], { prefix }, 1), sample(11, [x1, y1], { prefix }, 2))).toEqual([
      "time travel",
    ]);
  });

  test("where one cache has arrived at the end all must have", () => {
    const arrived = { ...sample(14, []), final: true } as const;
    expect(found(...log, arrived)).toEqual([]);
    expect(found(...log, arrived, { ...sample(13, [x2]), cache: "other", final: true })).toEqual([
      "not arrived",
    ]);
    expect(found(...log, arrived, { ...sample(14, []), cache: "other" })).toEqual(["not arrived"]);
  });
});
