/**
 * A steady pace: each `take` waits for its turn, and turns are evenly spaced. Unused turns are not saved, so there is
 * no burst after a pause. For background work that must leave capacity to others.
 */
import type { Clock } from "./clock.ts";

export class Pace {
  readonly #clock: Clock;
  readonly #spacingMs: number;
  #nextMs: number;

  /** @param perSecond above 0; `Infinity`: no pacing */
  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#spacingMs = 1000 / perSecond;
    this.#nextMs = clock.monotonicMs();
  }

  /** Resolves when it is this taker's turn, in call order. @throws the signal's reason; its turn is then lost */
  async take(signal?: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const turnMs = Math.max(nowMs, this.#nextMs);
    this.#nextMs = turnMs + this.#spacingMs;
    if (turnMs > nowMs) await this.#clock.sleep(turnMs - nowMs, signal);
  }
}
