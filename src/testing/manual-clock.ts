/**
 * Time that moves when a test says so. Timers run in the order of their times, each at its own time.
 *
 * The store, its caches and leases run on the clock that their etcd was made with: with this one a lease of an hour ends in
 * a millisecond, and nothing happens behind a test's back.
 */
import { setImmediate } from "node:timers";
import { type Clock, sleepOn, type Timer } from "../base/time/clock.ts";

interface Pending {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock for `memoryEtcd({ clock })` and `connectEtcd({ clock })` that stands still until `advance` moves it.
 * It begins at 2026-01-01T00:00:00Z. Closing a store or a connection needs no advance.
 */
export class ManualClock implements Clock {
  #monotonicMs = 1000;
  #order = 0;
  readonly #timers = new Set<Pending>();
  /** Wall time minus monotonic time, milliseconds; a test may let it jump. */
  wallOffsetMs: number = Date.UTC(2026, 0, 1);

  /** Wall time, milliseconds since 1970. */
  nowMs(): number {
    return this.#monotonicMs + this.wallOffsetMs;
  }

  /** Milliseconds, never back. */
  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** Runs `callback` once time has moved on by `delayMs`. */
  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { atMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** Resolves once time has moved on by `delayMs`; rejects with the reason of `signal`. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** Timers that wait for their time. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time on by `byMs` milliseconds, running timers as their time comes and letting promises settle in between. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#monotonicMs + byMs;
    for (;;) {
      await settled();
      const next = [...this.#timers]
        .filter((timer) => timer.atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#monotonicMs = Math.max(this.#monotonicMs, next.atMs);
      next.callback();
    }
    this.#monotonicMs = Math.max(this.#monotonicMs, untilMs);
    await settled();
  }
}

/** A clock that stands still until it is told to move. */
export function manualClock(): ManualClock {
  return new ManualClock();
}

/** Resolves when everything that is ready has run: promise jobs, and what the event loop has in hand. No time passes. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
