/**
 * Cooperative turns: long synchronous work (decoding a list of 100,000) gives the event loop back every few
 * milliseconds. One budget is shared by all who work over the same store: ten lists at once still block the
 * loop for one budget, not for ten, and each of them gets its turn in the order of asking.
 */
import type { Clock } from "./clock.ts";

/** Milliseconds of work between two returns to the event loop: a quarter of the 20 ms that `npm run bench -- list` holds at p99; collecting garbage takes the rest. */
const turnMs = 5;

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
