/**
 * Grants room to slots, and makes final refusals.
 *
 * Writes that need more room wait here. One round at a time serves all waiters: it reads the ledger at one revision,
 * divides the free amount, reclaims unused room of other slots, and writes everything in one transaction that fails
 * if another process has granted since. A write is refused only when at the revision just read, use alone plus its
 * need exceeds the limit: room that slots merely hold is reclaimed first.
 */
import { Backoff } from "../../base/backoff.ts";
import type { Call } from "../../base/call.ts";
import type { Random } from "../../base/random.ts";
import type { Clock } from "../../base/time/clock.ts";
import type { QuotaViolation } from "../../errors/codes.ts";
import { isStoreError } from "../../errors.ts";
import type { Kv } from "../../etcd/ports/kv.ts";
import type { Compare, PutRequest } from "../../etcd/ports/messages.ts";
import { quantityToNumber } from "../../resource/model/quantity.ts";
import { type Amounts, AmountsSum, covers, minus, missing } from "../model/amounts.ts";
import { freeAmounts, type Ledger } from "../model/ledger.ts";
import type { QuotaRule } from "../model/quota-spec.ts";
import { type Granted, GrantRound, type RoundParts, type WaitingWrite } from "./grant-round.ts";
import type { LedgerLook, LedgerView } from "./ledger-view.ts";

/** How long waiters wait for room that our own writes hold before it is reclaimed from them, milliseconds. */
const ownRoomWaitMs = 25;
/** Lost rounds in a row after which the whole ledger is read: an outdated view may be the cause. */
const lostRoundsMax = 2;
const roundWaits = { firstMs: 2, maxMs: 100 } as const;

export interface GrantsOptions extends RoundParts {
  readonly kv: Kv;
  readonly clock: Clock;
  readonly random: Random;
  readonly specKey: string;
  readonly epochKey: string;
  readonly view: LedgerView;
  /** Aborted when the quotas are closed: the round under way ends, and waiting callers are rejected with its reason. */
  readonly ended: AbortSignal;
}

export class Grants {
  readonly #options: GrantsOptions;
  #waiting: WaitingWrite[] = [];
  #running = false;
  /** Consecutive rounds that another process won. */
  #lost = 0;

  constructor(options: GrantsOptions) {
    this.#options = options;
  }

  /**
   * A taken slot with room for `need`, or the reason why there is none.
   * @param how.patient waits for room that our own writes hold; without it the result is "busy" then
   * @param how.unrefusable gets room beyond the limit, too, once no other process has any left
   */
  ask(need: Amounts, how: { readonly patient: boolean; readonly unrefusable: boolean }): Promise<Granted> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ need, ...how, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  /** What `need` exceeds by use alone, now; undefined: the spec has changed. Grants nothing. */
  async violations(need: Amounts, call: Call): Promise<readonly QuotaViolation[] | undefined> {
    const { spec, rule, view } = this.#options;
    const look = await view.look(spec.revision, true, call);
    return look && violationsOf(rule, spec.namespace, look.ledger, need);
  }

  async #run(): Promise<void> {
    this.#running = true;
    const { clock, random, ended } = this.#options;
    const backoff = new Backoff(roundWaits, clock, random);
    let takeOwn = false;
    while (this.#waiting.length > 0) {
      // The read serves all callers that arrived before it: its state was true during their call.
      const served = this.#waiting;
      this.#waiting = [];
      try {
        ended.throwIfAborted();
        const left = await this.#round(served, takeOwn);
        const staying = left.why === "own room" ? dismiss(left.waiters) : left.waiters;
        this.#waiting.unshift(...staying);
        takeOwn = false;
        if (left.why === "contended") await backoff.wait(ended);
        else if (left.why === "own room" && staying.length > 0) takeOwn = !(await this.#released());
        else backoff.reset();
      } catch (error) {
        // The next turn of the loop rejects those that wait again.
        for (const waiter of served) waiter.reject(error);
      }
    }
    this.#running = false;
  }

  /** True when one of our own slots was returned in time; false at once when the quotas are closed. */
  #released(): Promise<boolean> {
    const { clock, pool, ended } = this.#options;
    if (ended.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const done = (released: boolean): void => {
        timer.cancel();
        ended.removeEventListener("abort", onEnd);
        resolve(released);
      };
      const onEnd = (): void => done(false);
      const timer = clock.setTimer(ownRoomWaitMs, onEnd);
      ended.addEventListener("abort", onEnd);
      void pool.nextRelease().then(() => done(true));
    });
  }

  async #round(
    waiters: readonly WaitingWrite[],
    takeOwn: boolean,
  ): Promise<{ readonly waiters: readonly WaitingWrite[]; readonly why: "done" | "contended" | "own room" }> {
    const { spec, rule, pool, view } = this.#options;
    const { history } = view;
    const look = await this.#lookFor(waiters);
    if (look === undefined) {
      for (const waiter of waiters) waiter.resolve({ type: "stale" });
      return { waiters: [], why: "done" };
    }
    const { ledger } = look;
    pool.adopt(ledger.slots);
    const plan = new GrantRound(this.#options, ledger, takeOwn);
    const left: WaitingWrite[] = [];
    for (const waiter of waiters) {
      const ready = pool.take(waiter.need, spec.revision);
      if (ready !== undefined) {
        waiter.resolve({ type: "slot", slot: ready });
        continue;
      }
      const violations = violationsOf(rule, spec.namespace, ledger, waiter.need);
      if (violations.length > 0 && !waiter.unrefusable) waiter.resolve({ type: "exceeded", violations });
      else if (!plan.serve(waiter)) left.push(waiter);
    }
    if (plan.isEmpty) return { waiters: left, why: left.length > 0 ? "own room" : "done" };
    // The read says nothing about a history that has begun since.
    if (view.history === history && (await this.#commit(plan, look))) {
      this.#lost = 0;
      return { waiters: left, why: left.length > 0 && plan.grantsAny ? "own room" : "done" };
    }
    this.#lost++;
    plan.giveBack();
    return { waiters: [...plan.served, ...left], why: "contended" };
  }

  /** The ledger for the round: the known one with its changes, or the whole when those may not be enough to decide. */
  async #lookFor(waiters: readonly WaitingWrite[]): Promise<LedgerLook | undefined> {
    const { spec, rule, view, ended } = this.#options;
    const call = { signal: ended };
    const look = await view.look(spec.revision, this.#lost >= lostRoundsMax, call);
    if (look === undefined || look.isExact) return look;
    const needs = new AmountsSum();
    for (const { need } of waiters) needs.add(need);
    if (covers(freeAmounts(rule, look.ledger, spec.revision), needs.total)) return look;
    return await view.look(spec.revision, true, call);
  }

  /**
   * Writes a round; false when another process was faster, or the response was lost: the next read shows the outcome.
   */
  async #commit(plan: GrantRound, { ledger, epochRevision }: LedgerLook): Promise<boolean> {
    const { kv, spec, specKey, epochKey, keys, ended } = this.#options;
    const compare: Compare[] = [
      { key: specKey, target: "mod", result: "=", operand: spec.revision },
      { key: epochKey, target: "mod", result: "=", operand: epochRevision },
      { key: keys.grants, target: "mod", result: "=", operand: ledger.grantsRevision },
      ...plan.compares,
    ];
    const puts: PutRequest[] = [{ key: keys.grants, value: String(ledger.revision) }, ...plan.puts];
    try {
      const answer = await kv.txn(
        { compare, success: puts.map((put) => ({ type: "put", put })), failure: [] },
        { signal: ended },
      );
      if (!answer.succeeded) return false;
      plan.grant(answer.header.revision);
      return true;
    } catch (error) {
      if (isStoreError(error, "OUTCOME_UNKNOWN")) return false;
      plan.giveBack();
      throw error;
    }
  }
}

/** Names of a quota that a need would exceed by use alone, at the revision of `ledger`. */
export function violationsOf(
  rule: QuotaRule,
  namespace: string,
  ledger: Ledger,
  need: Amounts,
): readonly QuotaViolation[] {
  const left = minus(new Map(rule.hard), ledger.used);
  return missing(left, need).map((name) => ({
    namespace,
    quota: rule.name,
    name,
    used: quantityToNumber(ledger.used.get(name) ?? 0n),
    hard: quantityToNumber(rule.hard.get(name) ?? 0n),
    requested: quantityToNumber(need.get(name) ?? 0n),
  }));
}

/** Rejects the callers that do not wait; the others stay. */
function dismiss(waiters: readonly WaitingWrite[]): readonly WaitingWrite[] {
  for (const waiter of waiters) if (!waiter.patient) waiter.resolve({ type: "busy" });
  return waiters.filter((waiter) => waiter.patient);
}
