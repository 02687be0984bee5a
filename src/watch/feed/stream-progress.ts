/**
 * Waits until a cache's watch has reached a version, and requests progress while it waits.
 *
 *   a wait begins ─► request ─100 ms─► request ─100 ms─► …   version reached: true    rounds used up: false
 *
 * Time is counted in rounds: a process that was suspended requests progress again before any of its waits ends. A watch that
 * answers nothing for a whole wait may be on a half-open connection, which keepalive detects after 15 s at the earliest: it
 * is opened again, at growing intervals. `feed.ts` reports each version reached; `fresh-reads.ts` waits.
 */
import { Backoff } from "../../base/backoff.ts";
import type { Random } from "../../base/random.ts";
import type { Clock, Timer } from "../../base/time/clock.ts";
import { setReadingTimer } from "../../base/time/reading-timer.ts";
import type { StoredWatch } from "../../storage/seam/stored.ts";
import type { CacheCounters } from "../bounds/cache-counters.ts";
import { cacheLimits } from "../bounds/cache-options.ts";

interface VersionWait {
  readonly revision: bigint;
  /** Rounds left. */
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
  readonly #waits = new Set<VersionWait>();
  readonly #reopenings: Backoff;
  #round: Timer | undefined;
  /** Rounds since the last message. */
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
      // A round under way is partly over: it is not counted.
      const begun = this.#round === undefined ? 0 : 1;
      const wait: VersionWait = {
        revision,
        rounds: roundsIn(timeoutMs) + begun,
        resolve: (reached) => {
          this.#waits.delete(wait);
          resolve(reached);
        },
      };
      this.#waits.add(wait);
      if (begun === 0) this.#begin();
    });
  }

  /** Everything up to `revision` can be read. */
  reached(revision: bigint): void {
    for (const wait of this.#waits) if (wait.revision <= revision) wait.resolve(true);
  }

  /** Events or an answer came: the watch is not silent. */
  heard(): void {
    this.#silent = 0;
    this.#reopenings.reset();
  }

  /** Opens the watch again if it was silent for a whole wait. For callers that know by another way that the store answers. */
  reopenIfSilent(): void {
    if (this.#silent >= roundsIn(cacheLimits.freshWaitMs)) this.reopen();
  }

  /** Opens the watch again, at growing intervals while nothing comes. */
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
    for (const wait of this.#waits) wait.resolve(false);
  }

  #begin(): void {
    this.#parts.watch()?.requestProgress();
    this.#round = setReadingTimer(this.#parts.clock, cacheLimits.progressEveryMs, () => this.#over());
  }

  #over(): void {
    this.#round = undefined;
    this.#silent = this.#parts.watch() === undefined ? 0 : this.#silent + 1;
    for (const wait of this.#waits) if (--wait.rounds <= 0) wait.resolve(false);
    if (this.#waits.size > 0) this.#begin();
  }
}

function roundsIn(timeMs: number): number {
  return Math.ceil(timeMs / cacheLimits.progressEveryMs);
}
