/**
 * A bound on bytes a second: a token bucket that callers draw from in order of arrival.
 *
 *   tokens grow by bytesPerSecond, up to a tenth of a second's worth, and by each draw go down, below zero too
 *   a caller waits until they are back at zero, and only then the next one draws
 *
 * Only one timer is set for any number of waiting callers. Over any time t, at most bytesPerSecond × t plus the
 * bucket and one piece pass.
 */
import type { Clock } from "./clock.ts";

/** What may pass at once after a pause: enough to bridge timer granularity, too little to fill a link's buffers. */
const bucketSeconds = 0.1;

export class ByteRate {
  readonly #bytesPerSecond: number;
  readonly #clock: Clock;
  #tokens: number;
  #filledMs: number;
  #turn: Promise<void> = Promise.resolve();

  /** @param bytesPerSecond above 0 */
  constructor(bytesPerSecond: number, clock: Clock) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
    this.#tokens = bytesPerSecond * bucketSeconds;
    this.#filledMs = clock.monotonicMs();
  }

  /** Resolves when the rate has admitted `bytes`. Rejects with the reason of `signal`; the bytes still count then. */
  pass(bytes: number, signal?: AbortSignal): Promise<void> {
    const turn = this.#turn.then(() => this.#draw(bytes, signal));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #draw(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const grown = ((nowMs - this.#filledMs) / 1000) * this.#bytesPerSecond;
    this.#tokens = Math.min(this.#bytesPerSecond * bucketSeconds, this.#tokens + grown) - bytes;
    this.#filledMs = nowMs;
    if (this.#tokens < 0) await this.#clock.sleep((-this.#tokens / this.#bytesPerSecond) * 1000, signal);
  }
}
