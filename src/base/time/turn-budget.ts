/**
 * Cooperative turns: long synchronous work (decoding a list of 100,000) yields to the event loop every few
 * milliseconds. All work over the same store shares one budget: ten concurrent lists still block the loop for one
 * budget, not for ten, and take turns in order of arrival.
 */
import { setImmediate } from "node:timers";
import type { Clock } from "./clock.ts";

/**
 * Milliseconds of work between two yields to the event loop. `npm run bench -- list` wants less than 20 ms at p99,
 * and garbage collection of a long list takes up to 15 ms at a time, after a turn or within it. Shorter turns would
 * gain nothing, and a yield costs about 20 µs.
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
   * Undefined while there is budget left: continue. Otherwise await the result before continuing. Cheap enough to be
   * called every few objects.
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
