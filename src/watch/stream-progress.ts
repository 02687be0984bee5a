/**
 * Waiting for a cache's watch to come to a version, asking for progress meanwhile.
 *
 *   somebody waits ─► ask ─100 ms─► ask ─100 ms─► …   the version is there: true    rounds are over: false
 *
 * Time is counted in rounds of asking: a process that slept has not asked meanwhile, and asks again before anyone in it
 * gives up. `feed.ts` says how far it is; `fresh-reads.ts` waits.
 */
import type { Clock, Timer } from "../base/clock.ts";
import { setReadingTimer } from "../base/reading-timer.ts";
import { cacheLimits } from "./cache-options.ts";

interface Waiter {
  readonly revision: bigint;
  /** Rounds it waits for still. */
  rounds: number;
  resolve(reached: boolean): void;
}

export class StreamProgress {
  readonly #clock: Clock;
  readonly #ask: () => void;
  readonly #waiters = new Set<Waiter>();
  #round: Timer | undefined;

  /** @param ask sends a request for progress, if there is a watch to send it to */
  constructor(clock: Clock, ask: () => void) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** True once `reached` has told of `revision`; false after `timeoutMs` of asking, or when closed. */
  reach(revision: bigint, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      // The round under way has been going on for a while: it is not counted.
      const begun = this.#round === undefined ? 0 : 1;
      const waiter: Waiter = {
        revision,
        rounds: Math.ceil(timeoutMs / cacheLimits.progressEveryMs) + begun,
        resolve: (reached) => {
          this.#waiters.delete(waiter);
          resolve(reached);
        },
      };
      this.#waiters.add(waiter);
      if (begun === 0) this.#begin();
    });
  }

  /** Everything up to `revision` can be read. */
  reached(revision: bigint): void {
    for (const waiter of this.#waiters) if (waiter.revision <= revision) waiter.resolve(true);
  }

  close(): void {
    this.#round?.cancel();
    this.#round = undefined;
    for (const waiter of this.#waiters) waiter.resolve(false);
  }

  #begin(): void {
    this.#ask();
    this.#round = setReadingTimer(this.#clock, cacheLimits.progressEveryMs, () => this.#over());
  }

  #over(): void {
    this.#round = undefined;
    for (const waiter of this.#waiters) if (--waiter.rounds <= 0) waiter.resolve(false);
    if (this.#waiters.size > 0) this.#begin();
  }
}
