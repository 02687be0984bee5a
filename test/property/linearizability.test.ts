/**
 * The search for a linearization against trying every order, on histories small enough for that; and against the checker by
 * revisions, on larger ones with one answer made wrong.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkRevisionOrder } from "../../campaign/checkers/c1-revision-order.ts";
import { checkLinearizability } from "../../campaign/checkers/c2-linearizability.ts";
import type { CallRecord, TruthRecord } from "../../campaign/checkers/history.ts";
import { call, got, put, run } from "../unit/campaign/checkers/made.ts";

const runs = 3_000;

type Step =
  | { readonly type: "read"; readonly value: number }
  | {
      readonly type: "write";
      readonly value: number;
      readonly on: number | undefined;
      readonly open: boolean;
    };

/** A call on one key: values are small numbers, 0 is the absent object. */
type Timed = Step & { readonly from: number; readonly to: number };

/** Two calls at a time at most share a moment; spans are short enough to overlap and long enough not to always. */
const timed: fc.Arbitrary<Timed> = fc
  .tuple(
    fc.oneof(
      fc.record({ type: fc.constant("read" as const), value: fc.integer({ min: 0, max: 3 }) }),
      fc.record({
        type: fc.constant("write" as const),
        value: fc.integer({ min: 1, max: 3 }),
        on: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
        open: fc.boolean(),
      }),
    ),
    fc.integer({ min: 0, max: 12 }),
    fc.integer({ min: 1, max: 6 }),
  )
  .map(([step, from, length]) => ({ ...step, from, to: from + length }));

/** Each value is written at most once, as in a run. */
const history = fc
  .uniqueArray(timed, { maxLength: 6, selector: (one) => (one.type === "write" ? one.value : Symbol()) })
  .filter((calls) => calls.length > 0);

/** By definition: some order keeps real time, and every call is right in it. Open writes may be left out. */
function isLinearizable(calls: readonly Timed[]): boolean {
  const fits = (rest: readonly Timed[], now: number): boolean => {
    if (rest.every((one) => one.type === "write" && one.open)) return true;
    return rest.some((next, at) => {
      const others = rest.filter((_, i) => i !== at);
      // Nothing that ended before it began may come after it.
      if (others.some((other) => endOf(other) < next.from)) return false;
      if (next.type === "read") return next.value === now && fits(others, now);
      if (next.on === undefined ? now === 0 : next.on !== now) return false;
      return fits(others, next.value);
    });
  };
  return fits(calls, 0);
}

const endOf = (one: Timed): number => (one.type === "write" && one.open ? Number.POSITIVE_INFINITY : one.to);

/** Versions are names: value n has version 10 + n. */
function recordOf(one: Timed): CallRecord {
  const at = [one.from, one.to] as const;
  if (one.type === "read") {
    return one.value === 0
      ? call("get", "x", { at, code: "NOT_FOUND" })
      : got("x", `v${one.value}`, 10 + one.value, at);
  }
  const { value, on, open } = one;
  const op = on === 0 ? "create" : "update";
  const guard = on === undefined ? {} : { guard: on === 0 ? 0 : 10 + on };
  const told = open ? { code: "OUTCOME_UNKNOWN" as const } : { revision: 10 + value };
  return call(op, "x", { at, value: `v${value}`, ...guard, ...told, id: `w${value}` });
}

/** An open write is in the log, above every version that anybody was told: it may be anywhere, and nowhere. */
function openInLog(calls: readonly Timed[]): readonly TruthRecord[] {
  return calls.flatMap((one) =>
    one.type === "write" && one.open ? [put(100 + one.value, "x", `v${one.value}`)] : [],
  );
}

/** A client's turn in a run that is right: how long before its moment it began and after it ended, and whether it writes. */
const turn = fc.record({ before: fc.nat(40), after: fc.nat(40), writes: fc.boolean() });

/** Calls that each take effect at their own moment, ten apart, and the log of that. */
function rightRun(turns: readonly { before: number; after: number; writes: boolean }[]): {
  readonly calls: CallRecord[];
  readonly log: readonly TruthRecord[];
} {
  const log = [put(2, "x", "v0")];
  const calls = [call("create", "x", { at: [0, 1], value: "v0", guard: 0, revision: 2 })];
  for (const [i, { before, after, writes }] of turns.entries()) {
    const moment = 10 * (i + 5);
    const at = [moment - before, moment + after] as const;
    const revision = log.length + 1;
    if (writes) {
      log.push(put(revision + 1, "x", `v${i + 1}`));
      calls.push(call("update", "x", { at, value: `v${i + 1}`, guard: revision, revision: revision + 1 }));
    } else calls.push(got("x", log.at(-1)?.value ?? "", revision, at));
  }
  return { calls, log };
}

describe("C2", () => {
  test("finds an order exactly where trying all of them does", () => {
    const verdicts = new Set<boolean>();
    fc.assert(
      fc.property(history, (calls) => {
        // A guard names a value that somebody was told of or shown.
        const known = new Set(calls.flatMap((one) => (one.type === "write" && one.open ? [] : [one.value])));
        fc.pre(
          calls.every(
            (one) => one.type === "read" || one.on === undefined || one.on === 0 || known.has(one.on),
          ),
        );
        const expected = isLinearizable(calls);
        verdicts.add(expected);
        const result = checkLinearizability(run(openInLog(calls), calls.map(recordOf)));
        expect(Object.keys(result.counts)).toEqual(expected ? [] : ["not linearizable"]);
      }),
      { numRuns: runs },
    );
    expect([...verdicts].sort()).toEqual([false, true]);
  });

  test("and C1 pass a run that is right, and C1 refutes whatever C2 refutes after one answer was changed", () => {
    let refuted = 0;
    const changed = fc.tuple(fc.array(turn, { minLength: 4, maxLength: 30 }), fc.nat(), fc.nat());
    fc.assert(
      fc.property(changed, ([turns, which, other]) => {
        const { calls, log } = rightRun(turns);
        expect(checkLinearizability(run(log, calls)).violations).toEqual([]);
        expect(checkRevisionOrder(run(log, calls)).violations).toEqual([]);
        const reads = calls.filter(({ op }) => op === "get");
        const read = reads[which % reads.length];
        const shown = log[other % log.length];
        fc.pre(read !== undefined && shown !== undefined);
        const found = { key: shown.key, revision: shown.revision, value: shown.value ?? "" };
        const wrong = calls.map((one) => (one === read ? { ...one, found, revision: shown.revision } : one));
        if (checkLinearizability(run(log, wrong)).violations.length === 0) return;
        refuted++;
        expect(checkRevisionOrder(run(log, wrong)).violations).not.toEqual([]);
      }),
      { numRuns: runs / 3 },
    );
    expect(refuted).toBeGreaterThan(50);
  });
});
