/**
 * Waiting for a cache's watch to come to a version, and asking for progress while it waits.
 *
 *   somebody waits ─► ask ─100 ms─► ask ─100 ms─► …   the version is there: true    rounds are over: false
 *
 * Time is counted in rounds of asking: a process that slept has not asked during that time, and asks again before any caller in it
 * gives up. A watch that leaves a whole wait unanswered may be on a half-open connection, which keepalive
 * finds out no earlier than after 15 s: it is opened again, seldom. `feed.ts` says how far it is; `fresh-reads.ts` waits.
 */
import { Backoff } from "../../base/backoff.ts";
import type { Random } from "../../base/random.ts";
import type { Clock, Timer } from "../../base/time/clock.ts";
import { setReadingTimer } from "../../base/time/reading-timer.ts";
import type { StoredWatch } from "../../storage/seam/stored.ts";
import type { CacheCounters } from "../bounds/cache-counters.ts";
import { cacheLimits } from "../bounds/cache-options.ts";

interface Waiter {
  readonly revision: bigint;
  /** Rounds it waits for still. */
  rounds: number;
  resolve(reached: boolean): void;
}

export interface StreamProgressParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: CacheCounters;
  /** The watch that is followed now. */
  readonly watch: () => StoredWatch | undefined;
}

export class StreamProgress {
  readonly #parts: StreamProgressParts;
  readonly #waiters = new Set<Waiter>();
  readonly #reopenings: Backoff;
  #round: Timer | undefined;
  /** Rounds since anything came. */
  #silent = 0;
  #reopenFromMs = Number.NEGATIVE_INFINITY;

  constructor(parts: StreamProgressParts) {
    this.#parts = parts;
    const { clock, random } = parts;
    const { reopenFirstMs: firstMs, reopenMaxMs: maxMs } = cacheLimits;
    this.#reopenings = new Backoff({ firstMs, maxMs }, clock, random);
  }

  /** True once `reached` was called with `revision`; false after `timeoutMs` of asking, or when closed. */
  reach(revision: bigint, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      // The round under way has been going on for a while: it is not counted.
      const begun = this.#round === undefined ? 0 : 1;
      const waiter: Waiter = {
        revision,
        rounds: roundsIn(timeoutMs) + begun,
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

  /** Events or an answer came: somebody is there. */
  heard(): void {
    this.#silent = 0;
    this.#reopenings.reset();
  }

  /** For who knows that the store answers: opens its watch again when that has been silent for a whole wait. */
  reopenIfSilent(): void {
    if (this.#silent >= roundsIn(cacheLimits.freshWaitMs)) this.reopen();
  }

  /** Opens the watch again, ever more seldom while nothing comes. */
  reopen(): void {
    const { clock, counters, watch } = this.#parts;
    const nowMs = clock.monotonicMs();
    const followed = watch();
    if (followed?.reopen === undefined || nowMs < this.#reopenFromMs) return;
    this.#reopenFromMs = nowMs + this.#reopenings.next();
    this.#silent = 0;
    counters.watchReopens++;
    followed.reopen();
  }

  close(): void {
    this.#round?.cancel();
    this.#round = undefined;
    for (const waiter of this.#waiters) waiter.resolve(false);
  }

  #begin(): void {
    this.#parts.watch()?.requestProgress();
    this.#round = setReadingTimer(this.#parts.clock, cacheLimits.progressEveryMs, () => this.#over());
  }

  #over(): void {
    this.#round = undefined;
    this.#silent = this.#parts.watch() === undefined ? 0 : this.#silent + 1;
    for (const waiter of this.#waiters) if (--waiter.rounds <= 0) waiter.resolve(false);
    if (this.#waiters.size > 0) this.#begin();
  }
}

function roundsIn(timeMs: number): number {
  return Math.ceil(timeMs / cacheLimits.progressEveryMs);
}
