import { describe, expect, test } from "vitest";
import { checkRevisionOrder } from "../../../../campaign/checkers/c1-revision-order.ts";
import { digestOf } from "../../../../campaign/checkers/digest.ts";
import type { HistoryLine } from "../../../../campaign/checkers/history.ts";
import { call, gone, got, key, prefix, put, rules, run } from "./made.ts";

const found = (...lines: readonly HistoryLine[]): readonly string[] => rules(checkRevisionOrder(run(lines)));

/** Created, updated and deleted in turn. */
const truth = [put(10, "x", "v1"), put(11, "x", "v2"), gone(12, "x")];
const create = call("create", "x", { at: [0, 1], value: "v1", guard: 0, revision: 10 });
const update = call("update", "x", { at: [2, 3], value: "v2", guard: 10, revision: 11 });
const remove = call("delete", "x", { at: [4, 5], guard: 11, revision: 12 });
const states = (...of: readonly [string, string, number][]): { count: number; digest: string } => ({
  count: of.length,
  digest: digestOf(
    of.map(([name, value, revision]) => ({ key: key(name), value, revision: BigInt(revision) })),
    "value",
  ),
});

describe("C1", () => {
  test("a history that is the log is clean, with everything in it looked at", () => {
    const list = call("list", "", { at: [3, 4], revision: 11, ...states(["x", "v2", 11]) });
    const missing = call("get", "x", { at: [6, 7], code: "NOT_FOUND" });
    const result = checkRevisionOrder(
      run(truth, create, got("x", "v1", 10, [1, 2]), update, list, remove, missing),
    );
    expect(result.violations).toEqual([]);
    expect(result.checked).toEqual({ writes: 3, reads: 2, lists: 1, changes: 3 });
  });

  test("a read may show either side of a write that overlaps it, and an unknown write that landed", () => {
    const open = call("update", "x", { at: [6, 7], value: "v3", guard: 10, code: "OUTCOME_UNKNOWN" });
    const log = [put(10, "x", "v1"), put(11, "x", "v3")];
    expect(found(...log, create, open, got("x", "v1", 10, [6, 8]), got("x", "v3", 11, [6, 8]))).toEqual([]);
  });

  test("a write that was reported and is not in the log is a lost write", () => {
    expect(found(put(10, "x", "v1"), create, update)).toEqual(["lost write"]);
  });

  test("a write reported another version than the log's is seen", () => {
    expect(found(put(10, "x", "v1"), { ...create, revision: 9n })).toEqual(["wrong version"]);
  });

  test("a write on another state than its guard names is a lost update", () => {
    const log = [put(10, "x", "v1"), put(11, "x", "other"), put(12, "x", "v2")];
    const other = call("update", "x", { at: [1, 2], value: "other", guard: 10, revision: 11 });
    expect(found(...log, create, other, { ...update, revision: 12n })).toEqual(["lost update"]);
  });

  test("a create over an object that is there is seen", () => {
    const again = call("create", "x", { at: [2, 3], value: "v2", guard: 0, revision: 11 });
    expect(found(put(10, "x", "v1"), put(11, "x", "v2"), create, again)).toEqual(["create over an object"]);
  });

  test("a read of a state that was over before it began is stale", () => {
    expect(found(...truth.slice(0, 2), create, update, got("x", "v1", 10, [4, 5]))).toEqual(["stale read"]);
    const missing = call("get", "x", { at: [2, 3], code: "NOT_FOUND" });
    expect(found(put(10, "x", "v1"), create, missing)).toEqual(["stale read"]);
  });

  test("what one client was given must be seen by another, on whatever key", () => {
    const log = [put(10, "x", "v1"), put(11, "x", "v2"), put(12, "y", "w")];
    const late = call("update", "x", { at: [2, 30], value: "v2", guard: 10, revision: 11 });
    const y = call("create", "y", { at: [3, 4], value: "w", guard: 0, revision: 12 });
    expect(found(...log, create, late, y, got("x", "v1", 10, [5, 6]))).toEqual(["stale read"]);
  });

  test("a read that may be old is only held to what it was asked", () => {
    const any = { ...got("x", "v1", 10, [4, 5]), read: { freshness: "any" } as const };
    expect(found(...truth.slice(0, 2), create, update, any)).toEqual([]);
    const notOlder = { ...any, read: { freshness: "notOlderThan", revision: 11n } as const };
    expect(found(...truth.slice(0, 2), create, update, notOlder)).toEqual(["stale read"]);
    const exact = { ...any, read: { freshness: "exact", revision: 11n } as const };
    expect(found(...truth.slice(0, 2), create, update, exact)).toEqual(["wrong version"]);
  });

  test("a read of what never was is a phantom", () => {
    expect(found(put(10, "x", "v1"), create, got("x", "v9", 10, [2, 3]))).toEqual(["phantom read"]);
    expect(found(put(10, "x", "v1"), create, got("x", "v1", 9, [2, 3]))).toEqual(["phantom read"]);
  });

  test("a list that lacks an object, has another one or is too old is seen", () => {
    const log = [put(10, "x", "v1"), put(11, "y", "w")];
    const y = call("create", "y", { at: [2, 3], value: "w", guard: 0, revision: 11 });
    const list = (revision: number, of: ReturnType<typeof states>): HistoryLine =>
      call("list", "", { at: [4, 5], revision, ...of });
    expect(found(...log, create, y, list(11, states(["x", "v1", 10], ["y", "w", 11])))).toEqual([]);
    expect(found(...log, create, y, list(11, states(["x", "v1", 10])))).toEqual(["list is not the log"]);
    expect(found(...log, create, y, list(11, states(["x", "v1", 10], ["y", "u", 11])))).toEqual([
      "list is not the log",
    ]);
    expect(found(...log, create, y, list(10, states(["x", "v1", 10])))).toEqual(["stale read"]);
  });

  test("a list says which objects differ when it kept them", () => {
    const items = [{ key: key("x"), value: "v0", revision: 9n }];
    const list = call("list", "", {
      at: [4, 5],
      revision: 10,
      count: 1,
      digest: digestOf(items, "value"),
      items,
    });
    const [violation] = checkRevisionOrder(run(put(10, "x", "v1"), create, list)).violations;
    expect(violation?.what).toContain(`${prefix}a/x=v0@9 is ${prefix}a/x=v1@10`);
  });

  test("an answer of a version from after its return is time travel", () => {
    const list = call("list", "", { at: [2, 3], revision: 11, ...states(["x", "v2", 11]) });
    const later = { ...update, callNs: 8, returnNs: 9 };
    expect(found(...truth.slice(0, 2), create, list, later)).toContain("time travel");
  });

  test("a change without an author, a value stored twice and a deletion by no call are seen", () => {
    expect(found(put(10, "x", "v1"), put(11, "x", "nobody's"), create)).toEqual(["phantom write"]);
    expect(found(put(10, "x", "v1"), put(11, "x", "v1"), create)).toEqual(["applied twice"]);
    expect(found(put(10, "x", "v1"), gone(11, "x"), create)).toEqual(["phantom deletion"]);
  });

  test("an open deletion explains one deletion, a collection all below it, a TTL those of its object", () => {
    const open = call("delete", "x", { at: [2, 3], code: "OUTCOME_UNKNOWN" });
    const log = [put(10, "x", "v1"), gone(11, "x"), put(12, "x", "v2"), gone(13, "x")];
    const second = call("create", "x", { at: [4, 5], value: "v2", guard: 0, revision: 12 });
    expect(found(...log.slice(0, 3), create, open, second)).toEqual([]);
    expect(found(...log, create, open, second)).toEqual(["phantom deletion"]);
    const collection = call("deleteCollection", "a/", { at: [6, 7] });
    expect(found(...log, create, open, second, collection)).toEqual([]);
    expect(found(...log, { ...create, ttl: true }, second)).toEqual([]);
  });

  test("one deletion reported to two callers is seen", () => {
    const twin = call("delete", "x", { at: [4, 6], revision: 12 });
    expect(found(...truth, create, update, remove, twin)).toEqual(["reported twice"]);
  });
});
