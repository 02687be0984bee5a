/**
 * Time of a process that can be held up: `holdUp` lets it pass at a stroke and runs what came due, as a process that was
 * stopped or busy does when it comes to itself: timers first, sockets not read yet.
 */
import { type Clock, sleepOn, type Timer } from "../../../src/base/time/clock.ts";

interface Pending {
  readonly atMs: number;
  readonly callback: () => void;
}

export class StalledClock implements Clock {
  #nowMs = 1000;
  readonly #timers = new Set<Pending>();

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** At once: nothing else runs in between. Timers that are set meanwhile are not run, however short. */
  holdUp(forMs: number): void {
    this.#nowMs += forMs;
    const due = [...this.#timers].filter(({ atMs }) => atMs <= this.#nowMs).sort((a, b) => a.atMs - b.atMs);
    for (const timer of due) {
      if (this.#timers.delete(timer)) timer.callback();
    }
  }
}
