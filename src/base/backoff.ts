/**
 * Growing waits with jitter between retries, so that clients that failed together do not retry together.
 */

import type { Random } from "./random.ts";
import type { Clock } from "./time/clock.ts";

export interface BackoffOptions {
  /** Upper bound of the first wait, milliseconds. */
  readonly firstMs: number;
  /** Longest wait, milliseconds. */
  readonly maxMs: number;
}

/** Waits of firstMs, 2 firstMs, … up to maxMs, each times a factor in [0.5, 1). */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  #nextMs: number;

  constructor(options: BackoffOptions, clock: Clock, random: Random) {
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.#nextMs = options.firstMs;
  }

  /** The next wait in milliseconds; the one after it is twice as long. */
  next(): number {
    const waitMs = this.#nextMs * (0.5 + this.#random.float() / 2);
    this.#nextMs = Math.min(this.#options.maxMs, this.#nextMs * 2);
    return waitMs;
  }

  /** Sleeps `next()`. @throws the signal's reason */
  async wait(signal?: AbortSignal): Promise<void> {
    // A custom clock may not check a signal that was aborted before.
    signal?.throwIfAborted();
    await this.#clock.sleep(this.next(), signal);
  }

  /** A try succeeded: the next wait is the first one again. */
  reset(): void {
    this.#nextMs = this.#options.firstMs;
  }
}
