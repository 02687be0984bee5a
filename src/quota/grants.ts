/**
 * Room for slots, and true refusals.
 *
 * Writes that need room they do not have wait here; one round at a time serves all that wait: read the ledger at one
 * revision, share out what is free, take back room that other slots do not use, write it in one transaction that
 * fails if another process has granted since. A write is refused only when at the revision just read, use alone plus what
 * it asks for exceeds the limit: room that somebody merely holds is taken back first.
 */
import { Backoff } from "../base/backoff.ts";
import type { Random } from "../base/random.ts";
import type { Clock } from "../base/time/clock.ts";
import { isStoreError, type QuotaViolation } from "../errors.ts";
import type { Kv } from "../etcd/ports/kv.ts";
import type { Compare, PutRequest } from "../etcd/ports/messages.ts";
import { quantityToNumber } from "../resource/model/quantity.ts";
import { type Amounts, AmountsSum, covers, minus, missing } from "./amounts.ts";
import { type Granted, GrantRound, type RoundParts, type WaitingWrite } from "./grant-round.ts";
import { freeAmounts, type Ledger } from "./ledger.ts";
import type { LedgerLook, LedgerView } from "./ledger-view.ts";
import type { QuotaRule } from "./quota-spec.ts";

/** How long room that our own writes hold is waited for before it is taken from under them, milliseconds. */
const ownRoomWaitMs = 25;
/** Rounds lost in a row after which the whole ledger is read: what is known of it may be what loses them. */
const lostRoundsMax = 2;
const roundWaits = { firstMs: 2, maxMs: 100 } as const;

export interface GrantsOptions extends RoundParts {
  readonly kv: Kv;
  readonly clock: Clock;
  readonly random: Random;
  readonly specKey: string;
  readonly epochKey: string;
  readonly view: LedgerView;
  /** Aborted when the quotas are closed: the round under way ends, and callers that still wait are rejected with its reason. */
  readonly ended: AbortSignal;
}

export class Grants {
  readonly #options: GrantsOptions;
  #waiting: WaitingWrite[] = [];
  #running = false;
  /** Rounds in a row that somebody else was faster than. */
  #lost = 0;

  constructor(options: GrantsOptions) {
    this.#options = options;
  }

  /**
   * A taken slot with room for `need`, or why there is none.
   * @param how.patient waits for room that our own writes hold; without it the answer is "busy" then
   * @param how.unrefusable gets room beyond the limit, too, once no other process has any left
   */
  ask(need: Amounts, how: { readonly patient: boolean; readonly unrefusable: boolean }): Promise<Granted> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ need, ...how, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    const { clock, random, ended } = this.#options;
    const backoff = new Backoff(roundWaits, clock, random);
    let takeOwn = false;
    while (this.#waiting.length > 0) {
      // All that have come before the read are served by it: what it shows was true during their call.
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
        // Those who are back among the waiting are rejected by the next turn of the loop.
        for (const waiter of served) waiter.reject(error);
      }
    }
    this.#running = false;
  }

  /** True when one of our own slots was given back in time; false at once when the quotas are closed. */
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
    // What was read says nothing of a history that has begun since.
    if (view.history === history && (await this.#commit(plan, look))) {
      this.#lost = 0;
      return { waiters: left, why: left.length > 0 && plan.grantsAny ? "own room" : "done" };
    }
    this.#lost++;
    plan.giveBack();
    return { waiters: [...plan.served, ...left], why: "contended" };
  }

  /** What the round goes by: what is known and has changed, or all of it, where that may not be enough to tell. */
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

  /** Writes a round; false when somebody else was faster, or the answer was lost: the next read tells. */
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

/** Which names of a quota a need would exceed by use alone, at the revision of `ledger`. */
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

/** Sends those away who do not wait; the others stay. */
function dismiss(waiters: readonly WaitingWrite[]): readonly WaitingWrite[] {
  for (const waiter of waiters) if (!waiter.patient) waiter.resolve({ type: "busy" });
  return waiters.filter((waiter) => waiter.patient);
}
