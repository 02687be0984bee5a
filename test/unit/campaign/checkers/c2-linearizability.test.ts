import { describe, expect, test } from "vitest";
import { checkLinearizability } from "../../../../campaign/checkers/c2-linearizability.ts";
import type { CallRecord, HistoryLine } from "../../../../campaign/checkers/history.ts";
import { call, gone, got, put, rules, run } from "./made.ts";

const found = (...lines: readonly HistoryLine[]): readonly string[] =>
  rules(checkLinearizability(run(lines)));

const create = call("create", "x", { at: [0, 1], value: "v1", guard: 0, revision: 10 });
const update = call("update", "x", { at: [2, 3], value: "v2", guard: 10, revision: 11 });

/** A register that clients read and swap at random, and what they were told: linearizable by construction. */
function madeHistory(calls: number, clients: number): CallRecord[] {
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  let state = { value: "v0", revision: 1 };
  const made: CallRecord[] = [call("create", "x", { at: [0, 1], value: "v0", guard: 0, revision: 1 })];
  const free = Array.from({ length: clients }, () => 2);
  for (let i = 0; i < calls; i++) {
    // Each takes effect at its own moment, in the order of the loop; the span around it overlaps with others'.
    const moment = 10 * (i + 2);
    const client = free.indexOf(Math.min(...free));
    const from = Math.max(free[client] ?? 0, moment - random(10 * clients));
    const to = moment + 1 + random(9);
    free[client] = to + 1;
    if (i % 3 === 0) {
      const guard = state.revision;
      state = { value: `v${i + 1}`, revision: guard + 1 };
      made.push(call("update", "x", { at: [from, to], value: state.value, guard, revision: guard + 1 }));
    } else made.push(got("x", state.value, state.revision, [from, to]));
  }
  return made;
}

describe("C2", () => {
  test("overlapping reads and writes that some order explains are clean", () => {
    expect(found(create, update, got("x", "v1", 10, [2, 4]), got("x", "v2", 11, [2, 4]))).toEqual([]);
    expect(
      found(
        create,
        call("delete", "x", { at: [2, 5], revision: 11 }),
        call("get", "x", { at: [3, 4], code: "NOT_FOUND" }),
      ),
    ).toEqual([]);
  });

  test("a read of the old value after the new one was told is refuted", () => {
    expect(found(create, update, got("x", "v1", 10, [4, 5]))).toEqual(["not linearizable"]);
  });

  test("two reads that see two writes in different orders are refuted, whatever their revisions say", () => {
    const w = call("update", "x", { at: [2, 20], value: "v2", revision: 11 });
    const v = call("update", "x", { at: [2, 20], value: "v3", revision: 12 });
    const reads = [got("x", "v2", 11, [3, 4]), got("x", "v3", 12, [5, 6]), got("x", "v2", 11, [7, 8])];
    expect(found(create, w, v, ...reads.slice(0, 2))).toEqual([]);
    expect(found(create, w, v, ...reads)).toEqual(["not linearizable"]);
  });

  test("two writes on the same version are refuted", () => {
    const twin = call("update", "x", { at: [2, 3], value: "v3", guard: 10, revision: 12 });
    expect(found(create, update, twin)).toEqual(["not linearizable"]);
  });

  test("an unknown write may be seen late, or never, but not come and go", () => {
    const open = call("update", "x", { at: [2, 3], value: "v3", guard: 10, code: "OUTCOME_UNKNOWN" });
    const log = [put(10, "x", "v1"), put(11, "x", "v3")];
    const before = got("x", "v1", 10, [4, 5]);
    const after = got("x", "v3", 11, [6, 7]);
    expect(found(...log, create, open, before, after)).toEqual([]);
    expect(found(put(10, "x", "v1"), create, open, before)).toEqual([]);
    expect(found(...log, create, open, { ...before, callNs: 8, returnNs: 9 }, after)).toEqual([
      "not linearizable",
    ]);
  });

  test("an open deletion that nobody else made may take effect at any time", () => {
    const open = call("delete", "x", { at: [2, 3], code: "OUTCOME_UNKNOWN" });
    const log = [put(10, "x", "v1"), gone(11, "x")];
    const missing = call("get", "x", { at: [6, 7], code: "NOT_FOUND" });
    expect(found(...log, create, open, got("x", "v1", 10, [4, 5]), missing)).toEqual([]);
    expect(found(put(10, "x", "v1"), create, open, missing)).toEqual(["not linearizable"]);
  });

  test("5,000 calls of ten clients on one key are decided, and one stale read among them is found", () => {
    const made = madeHistory(5_000, 10);
    expect(found(...made)).toEqual([]);
    const last = made.at(-1);
    const old = got("x", "v0", 1, [(last?.returnNs ?? 0) + 1, (last?.returnNs ?? 0) + 2]);
    expect(found(...made, old)).toEqual(["not linearizable"]);
  });

  test("a search that grows beyond its bound is no verdict, and that is a violation", () => {
    const blind = Array.from({ length: 30 }, (_, i) =>
      call("update", "x", { at: [2, 50], value: `w${i}`, revision: 20 + i }),
    );
    const result = checkLinearizability(run(create, blind, got("x", "nobody's", 99, [3, 60])), {
      configurationsMax: 1_000,
    });
    expect(rules(result)).toEqual(["no verdict"]);
  });
});
