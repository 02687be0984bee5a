/**
 * Whether the peer is still there: a PING after silence, and the end of the connection when it stays unanswered.
 *
 *   quiet --timeMs without a byte, calls open--> asked --timeoutMs without a byte--> dead
 *     ^------------------------- any byte --------------'
 *
 * What lies unread in the socket is read before the connection is looked at: a process that was held up hears it first.
 * An idle connection is not asked (etcd counts such PINGs as abuse). A call whose time ran out in silence asks at once.
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
  /** Nothing has come for `quietMs`, the PING included. */
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

  /** A byte has come. */
  heard(): void {
    this.#heardMs = this.#options.clock.monotonicMs();
    this.#askedMs = undefined;
  }

  /** Asks now, unless it has been asked already. */
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
