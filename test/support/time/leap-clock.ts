/**
 * The system's time, whose bounds end when a test says so: timers of a second and more (deadlines, freshness waits,
 * lease counts, keepalives) are held until `leap()` passes them, however long the machine stands still meanwhile.
 * Shorter ones, which only pace work, and sleeps, which somebody waits for, run as ever.
 *
 * For a claim that a bound would spoil on a slow machine, never leap; for a claim about the bound itself, wait for the
 * condition it is about and leap then. Leases are not kept alive beyond their TTL unless a test leaps.
 */
import { type Clock, systemClock, type Timer } from "../../../src/base/time/clock.ts";

interface Held {
  readonly atMs: number;
  readonly callback: () => void;
}

export class LeapClock implements Clock {
  readonly #fromMs: number;
  readonly #held = new Set<Held>();
  #leaptMs = 0;

  /** @param fromMs timers of at least this long are held */
  constructor(fromMs = 1_000) {
    this.#fromMs = fromMs;
  }

  /** Timers held now. */
  get held(): number {
    return this.#held.size;
  }

  nowMs(): number {
    return systemClock.nowMs();
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#leaptMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    if (delayMs < this.#fromMs) return systemClock.setTimer(delayMs, callback);
    const timer = { atMs: this.monotonicMs() + delayMs, callback };
    this.#held.add(timer);
    return { cancel: () => void this.#held.delete(timer) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(delayMs, signal);
  }

  /** Moves time on by `byMs` and runs, in their order, the held timers whose time has come: all before anything else. */
  leap(byMs: number): void {
    this.#leaptMs += byMs;
    const now = this.monotonicMs();
    const due = [...this.#held].filter(({ atMs }) => atMs <= now).sort((a, b) => a.atMs - b.atMs);
    for (const timer of due) if (this.#held.delete(timer)) timer.callback();
  }
}

/** The system's time with every timer twenty times as long: bounds of seconds outlast any stall of the machine. */
export const slowClock: Clock = {
  ...systemClock,
  setTimer: (delayMs, callback) => systemClock.setTimer(delayMs * 20, callback),
};
