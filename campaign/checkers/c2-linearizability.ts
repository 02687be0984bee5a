/**
 * C2: linearizability of each key by search (Wing and Gong, Lowe), without relying on revisions, which are only names.
 *
 * A key is a register with one unique value or none. Calls and returns are replayed in real time; the search keeps
 * every way in which the calls begun so far can have taken effect:
 *
 *   configuration = the value now + which of the calls under way have taken effect
 *   at a return      only configurations survive in which that call has; none left: not linearizable
 *
 * Memory depends on overlapping calls, not on the length, so whole keys are checked. A matching read takes effect at
 * once (it changes nothing, so no configuration is lost). An unknown write may take effect at any time or never; if the
 * log shows its outcome it is dropped, or ends at the first response that shows a later version. Too many
 * configurations: no verdict, which is a violation, never a pass.
 */

import { textOf } from "./c1-revision-order.ts";
import { type CheckResult, Findings } from "./findings.ts";
import type { CallRecord } from "./history.ts";
import type { RunHistory } from "./run-history.ts";

/** One call on one key, as the search sees it. `undefined` is the absent object. */
interface Operation {
  readonly call: CallRecord;
  readonly effect:
    | { readonly type: "read"; readonly shows: string | undefined }
    | {
        readonly type: "write";
        readonly leaves: string | undefined;
        /** Values the key may hold when it takes effect; absent: any. */
        readonly on?: ((value: string | undefined) => boolean) | undefined;
      };
  readonly startNs: number;
  /** Infinity: it may never take effect. */
  readonly endNs: number;
}

interface Configuration {
  readonly value: string | undefined;
  /** Bit i: the call in slot i has taken effect. */
  readonly done: bigint;
}

export interface LinearizabilityOptions {
  /** Every n-th key only; default 1, all. */
  readonly every?: number | undefined;
  /** Most configurations of one key at a time; beyond it there is no verdict. Default 20,000. */
  readonly configurationsMax?: number | undefined;
}

export function checkLinearizability(run: RunHistory, options: LinearizabilityOptions = {}): CheckResult {
  const { every = 1, configurationsMax = 20_000 } = options;
  const findings = new Findings("C2");
  const byKey = new Map<string, CallRecord[]>();
  for (const call of run.calls) {
    if (call.op === "list" || call.op === "deleteCollection") continue;
    const calls = byKey.get(call.key);
    if (calls === undefined) byKey.set(call.key, [call]);
    else calls.push(call);
  }
  // Collections and expiry delete without a call on the key; C1 checks such keys.
  const mortal = run.calls.filter(({ op, ttl }) => op === "deleteCollection" || ttl === true);
  let at = 0;
  for (const [key, calls] of byKey) {
    if (at++ % every !== 0) continue;
    if (
      mortal.some((call) => (call.op === "deleteCollection" ? key.startsWith(call.key) : key === call.key))
    ) {
      continue;
    }
    checkKey(run, key, calls, configurationsMax, findings);
  }
  return findings.result();
}

function checkKey(
  run: RunHistory,
  key: string,
  calls: readonly CallRecord[],
  configurationsMax: number,
  findings: Findings,
): void {
  const operations = operationsOf(run, calls);
  const first = run.truth.of(key)[0];
  // The value before the first call: none, unless the log has a write by another author.
  const own = new Set(calls.flatMap(({ value }) => (value === undefined ? [] : [value])));
  const initial = first?.value !== undefined && !own.has(first.value) ? first.value : undefined;
  const verdict = new Search(initial, configurationsMax).run(operations);
  findings.checked("keys");
  findings.checked("operations", operations.length);
  if (verdict.type === "no verdict") {
    findings.violation(
      "no verdict",
      `${key}: more than ${configurationsMax} configurations`,
      ...verdict.calls,
    );
  } else if (verdict.type === "refuted") {
    findings.violation(
      "not linearizable",
      `${key}: ${textOf(verdict.call)} fits nowhere; the key could hold ${verdict.values.map((value) => value ?? "nothing").join(" or ")}`,
      verdict.call,
      ...verdict.calls,
    );
  }
}

function operationsOf(run: RunHistory, calls: readonly CallRecord[]): readonly Operation[] {
  // Versions as names: the value of each version, from the log and from all responses.
  const [{ key = "" } = {}] = calls;
  const names = new Map<bigint, string>();
  for (const { revision, value } of run.truth.of(key)) if (value !== undefined) names.set(revision, value);
  for (const { revision, value, found, class: outcome, op } of calls) {
    if (outcome === "ok" && revision !== undefined && value !== undefined && op !== "get")
      names.set(revision, value);
    if (found !== undefined) names.set(found.revision, found.value);
  }
  const settledNs = settlements(calls);
  const openDeletions = unclaimedDeletions(run, calls);
  const operations: Operation[] = [];
  for (const call of calls) {
    const span = { call, startNs: call.callNs, endNs: call.returnNs };
    if (call.op === "get") {
      const { freshness = "linearizable" } = call.read ?? {};
      const missing = call.class === "definite" && call.code === "NOT_FOUND";
      if (freshness !== "linearizable" || (call.found === undefined && !missing)) continue;
      operations.push({ ...span, effect: { type: "read", shows: call.found?.value } });
      continue;
    }
    // A definite failure has no effect; C7 checks whether it was true.
    if (call.class === "definite") continue;
    const leaves = call.op === "delete" ? undefined : call.value;
    const effect = { type: "write", leaves, on: guardOf(call, names) } as const;
    if (call.class === "ok") operations.push({ ...span, effect });
    else {
      const landed = call.value === undefined ? undefined : run.truth.putsOf(call.value)[0];
      // The log decides about a put. A deletion has no value id, so it stays open if the log has an unattributed one.
      if (call.op === "delete") {
        const floor = run.floor(call.callNs);
        if (!openDeletions.some((revision) => revision > floor)) continue;
      } else if (landed === undefined) continue;
      const endNs = landed === undefined ? Number.POSITIVE_INFINITY : settledNs(landed.revision);
      operations.push({ ...span, effect, endNs: Math.max(endNs, call.callNs) });
    }
  }
  return operations;
}

/** Revisions at which the log deletes the key without an acknowledged call. */
function unclaimedDeletions(run: RunHistory, calls: readonly CallRecord[]): readonly bigint[] {
  const reported = new Set(calls.flatMap(({ op, revision }) => (op === "delete" ? [revision] : [])));
  const [{ key = "" } = {}] = calls;
  return run.truth
    .of(key)
    .flatMap(({ type, revision }) => (type === "delete" && !reported.has(revision) ? [revision] : []));
}

/** The time by which a write at a revision has surely taken effect: the first answer of a later version. */
function settlements(calls: readonly CallRecord[]): (revision: bigint) => number {
  const answers = calls
    .filter((call) => call.class === "ok" && call.revision !== undefined)
    .sort((a, b) => a.returnNs - b.returnNs);
  return (revision) =>
    answers.find((call) => (call.revision ?? 0n) > revision)?.returnNs ?? Number.POSITIVE_INFINITY;
}

function guardOf(
  { op, guard }: CallRecord,
  names: ReadonlyMap<bigint, string>,
): ((value: string | undefined) => boolean) | undefined {
  if (op === "create" || guard === 0n) return (value) => value === undefined;
  if (op === "delete" && guard === undefined) return (value) => value !== undefined;
  if (guard === undefined) return (value) => value !== undefined || op === "guaranteedUpdate";
  const name = names.get(guard);
  // No response has that version: it only proves that the object existed.
  return name === undefined ? (value) => value !== undefined : (value) => value === name;
}

type SearchVerdict =
  | { readonly type: "ok" }
  | { readonly type: "no verdict"; readonly calls: readonly CallRecord[] }
  | {
      readonly type: "refuted";
      readonly call: CallRecord;
      /** Values the key could have held then. */
      readonly values: readonly (string | undefined)[];
      readonly calls: readonly CallRecord[];
    };

class Search {
  #configurations: Configuration[];
  readonly #max: number;
  /** Calls in progress by slot; slots are reused. */
  readonly #slots: (Operation | undefined)[] = [];
  readonly #slotOf = new Map<Operation, number>();

  constructor(initial: string | undefined, max: number) {
    this.#configurations = [{ value: initial, done: 0n }];
    this.#max = max;
  }

  run(operations: readonly Operation[]): SearchVerdict {
    const moments = operations.flatMap((operation) => [
      { operation, ns: operation.startNs, begins: true },
      ...(operation.endNs === Number.POSITIVE_INFINITY
        ? []
        : [{ operation, ns: operation.endNs, begins: false }]),
    ]);
    // Beginnings first at equal times: calls that touch may overlap.
    moments.sort((a, b) => a.ns - b.ns || Number(b.begins) - Number(a.begins));
    for (const { operation, begins } of moments) {
      if (begins) this.#begin(operation);
      else {
        const before = this.#configurations;
        if (!this.#end(operation)) return { type: "no verdict", calls: this.#underWay() };
        if (this.#configurations.length === 0) {
          const values = [...new Set(before.map(({ value }) => value))];
          return { type: "refuted", call: operation.call, values, calls: this.#underWay() };
        }
        this.#free(operation);
      }
    }
    return { type: "ok" };
  }

  #begin(operation: Operation): void {
    const free = this.#slots.indexOf(undefined);
    const slot = free < 0 ? this.#slots.length : free;
    this.#slots[slot] = operation;
    this.#slotOf.set(operation, slot);
  }

  #free(operation: Operation): void {
    const slot = this.#slotOf.get(operation) ?? 0;
    this.#slotOf.delete(operation);
    this.#slots[slot] = undefined;
    const mask = ~(1n << BigInt(slot));
    this.#configurations = distinct(
      this.#configurations.map(({ value, done }) => ({ value, done: done & mask })),
    );
  }

  /** Keeps the configurations in which `operation` has taken effect. False when there are too many. */
  #end(operation: Operation): boolean {
    const bit = 1n << BigInt(this.#slotOf.get(operation) ?? 0);
    const kept = new Map<string, Configuration>();
    const seen = new Set<string>();
    const work = this.#configurations.map((configuration) => this.#readAll(configuration));
    for (let next = work.pop(); next !== undefined; next = work.pop()) {
      const name = nameOf(next);
      if (seen.has(name)) continue;
      seen.add(name);
      if (seen.size > this.#max) return false;
      // It has taken effect; the search finds what may follow when the next return needs it.
      if ((next.done & bit) !== 0n) kept.set(name, next);
      else for (const following of this.#following(next)) work.push(following);
    }
    this.#configurations = [...kept.values()];
    return true;
  }

  /** One step for each write in progress that can take effect now. */
  *#following({ value, done }: Configuration): Generator<Configuration, void> {
    for (const [slot, operation] of this.#slots.entries()) {
      if (operation?.effect.type !== "write" || (done & (1n << BigInt(slot))) !== 0n) continue;
      const { leaves, on } = operation.effect;
      if (on !== undefined && !on(value)) continue;
      yield this.#readAll({ value: leaves, done: done | (1n << BigInt(slot)) });
    }
  }

  /** Marks every read in progress that shows this value as done. */
  #readAll({ value, done }: Configuration): Configuration {
    let all = done;
    for (const [slot, operation] of this.#slots.entries()) {
      if (operation?.effect.type === "read" && operation.effect.shows === value) all |= 1n << BigInt(slot);
    }
    return { value, done: all };
  }

  #underWay(): readonly CallRecord[] {
    return this.#slots.flatMap((operation) => (operation === undefined ? [] : [operation.call])).slice(0, 20);
  }
}

const nameOf = ({ value, done }: Configuration): string => `${done} ${value ?? "\0"}`;

function distinct(configurations: readonly Configuration[]): Configuration[] {
  return [...new Map(configurations.map((one) => [nameOf(one), one])).values()];
}
