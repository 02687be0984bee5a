/**
 * Detects a half-open connection: sends a PING after silence, and ends the connection if it stays unanswered.
 *
 *   quiet --timeMs without a byte, calls open--> asked --timeoutMs without a byte--> dead
 *     ^------------------------- any byte --------------'
 *
 * Before it decides, it lets pending socket data be read, so that a stalled process does not lose a live connection.
 * An idle connection gets no PING (etcd counts such PINGs as abuse). A call that times out in silence causes one at once.
 */
import type { Clock, Timer } from "../../../base/time/clock.ts";
import { setReadingTimer } from "../../../base/time/reading-timer.ts";

export interface KeepaliveOptions {
  readonly clock: Clock;
  readonly timeMs: number;
  readonly timeoutMs: number;
  /** Calls are open. */
  readonly isBusy: () => boolean;
  readonly ping: () => void;
  /** Nothing has arrived for `quietMs`, not even the reply to the PING. */
  readonly onDead: (quietMs: number) => void;
}

export class Keepalive {
  readonly #options: KeepaliveOptions;
  #heardMs: number;
  #askedMs: number | undefined;
  #timer: Timer | undefined;

  constructor(options: KeepaliveOptions) {
    this.#options = options;
    this.#heardMs = options.clock.monotonicMs();
    this.#arm(options.timeMs);
  }

  /** A byte has arrived. */
  heard(): void {
    this.#heardMs = this.#options.clock.monotonicMs();
    this.#askedMs = undefined;
  }

  /** Sends a PING now, unless one is unanswered. */
  ask(): void {
    if (this.#askedMs !== undefined) return;
    this.#askedMs = this.#options.clock.monotonicMs();
    this.#options.ping();
    this.#arm(this.#options.timeoutMs);
  }

  close(): void {
    this.#timer?.cancel();
  }

  #arm(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = setReadingTimer(this.#options.clock, delayMs, () => this.#look());
  }

  #look(): void {
    const { clock, timeMs, timeoutMs, isBusy, onDead } = this.#options;
    const quietMs = clock.monotonicMs() - this.#heardMs;
    if (this.#askedMs !== undefined) {
      const leftMs = this.#askedMs + timeoutMs - clock.monotonicMs();
      if (leftMs <= 0) return onDead(quietMs);
      return this.#arm(leftMs);
    }
    if (!isBusy()) return this.#arm(timeMs);
    if (quietMs < timeMs) return this.#arm(timeMs - quietMs);
    this.ask();
  }
}
