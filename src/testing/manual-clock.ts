/**
 * Time that moves only when a test advances it. Timers run in the order of their due times, each at its own time.
 *
 * The store, its caches and leases use the clock of their etcd: with this clock a one-hour lease expires within a
 * millisecond of real time, and nothing happens until the test advances it.
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

  /** Milliseconds; never goes back. */
  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** Runs `callback` once time has advanced by `delayMs`. */
  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { atMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** Resolves once time has advanced by `delayMs`; rejects with the reason of `signal`. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** Pending timers. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Advances time by `byMs` milliseconds. Runs timers as they become due and lets promises settle in between. */
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

/** A clock that stands still until `advance` moves it. */
export function manualClock(): ManualClock {
  return new ManualClock();
}

/**
 * Resolves when everything that is ready has run: promise jobs and pending callbacks of the event loop. No time passes.
 */
export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
