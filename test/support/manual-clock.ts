/** Time that moves when a test says so. Timers run in the order of their times, each at its own time. */
import { type Clock, sleepOn, type Timer } from "../../src/base/clock.ts";

interface Pending {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  #monotonicMs = 1000;
  #order = 0;
  readonly #timers = new Set<Pending>();
  /** Wall time minus monotonic time; tests let it jump. */
  wallOffsetMs = Date.UTC(2026, 0, 1);

  nowMs(): number {
    return this.#monotonicMs + this.wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { atMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time on, running timers as their time comes and letting promises settle in between. */
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
    this.#monotonicMs = untilMs;
    await settled();
  }
}

/** Lets everything that is ready run: promise jobs of a macrotask, a few times over. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
