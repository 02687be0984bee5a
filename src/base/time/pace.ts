/**
 * A steady pace: each `take` waits for its turn, turns are evenly spaced. Unused turns are not saved up, so
 * there is no burst after a pause. For background work that must leave room to others.
 */
import type { Clock } from "./clock.ts";

export class Pace {
  readonly #clock: Clock;
  readonly #spacingMs: number;
  #nextMs: number;

  /** @param perSecond above 0; `Infinity`: no pace at all */
  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#spacingMs = 1000 / perSecond;
    this.#nextMs = clock.monotonicMs();
  }

  /** Resolves when it is this taker's turn, in the order of the calls. @throws the signal's reason; its turn is lost then */
  async take(signal?: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const turnMs = Math.max(nowMs, this.#nextMs);
    this.#nextMs = turnMs + this.#spacingMs;
    if (turnMs > nowMs) await this.#clock.sleep(turnMs - nowMs, signal);
  }
}
