/**
 * Cooperative turns: long synchronous work (decoding a list of 100,000) gives the event loop back every few
 * milliseconds. One budget is shared by all who work over the same store: ten lists at once still block the
 * loop for one budget, not for ten, and each of them gets its turn in the order of asking.
 */
import { setImmediate } from "node:timers";
import type { Clock } from "./clock.ts";

/**
 * Milliseconds of work between two returns to the event loop. `npm run bench -- list` wants less than 20 ms at p99, and
 * collecting what a long list keeps takes up to 15 ms at a time, after a turn or within it; shorter turns than this
 * would win nothing more, and a return costs about 20 µs.
 */
const turnMs = 2;

export class TurnBudget {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #startedMs = Number.NEGATIVE_INFINITY;
  #scheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Undefined while there is budget left: go on. Otherwise await what it gives before going on.
   * Cheap enough to be asked every few objects.
   */
  pause(): Promise<void> | undefined {
    if (this.#clock.monotonicMs() - this.#startedMs < turnMs) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#startedMs = this.#clock.monotonicMs();
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }
}
