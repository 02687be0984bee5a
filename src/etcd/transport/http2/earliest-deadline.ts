/**
 * One timer for the deadlines of many calls: it fires at the earliest and is then set to the next. Before it ends
 * calls, it lets pending socket data be read.
 */
import type { Clock, Timer } from "../../../base/time/clock.ts";
import { setReadingTimer } from "../../../base/time/reading-timer.ts";

export class EarliestDeadline {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #timer: Timer | undefined;
  #atMs = Number.POSITIVE_INFINITY;

  /** `onDue` ends the calls that `due` returns. */
  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** A deadline on `Clock.monotonicMs`; Infinity means none. */
  expect(atMs: number): void {
    if (atMs >= this.#atMs) return;
    this.#timer?.cancel();
    this.#atMs = atMs;
    this.#timer = setReadingTimer(this.#clock, Math.max(0, atMs - this.#clock.monotonicMs()), () => {
      this.#atMs = Number.POSITIVE_INFINITY;
      this.#onDue();
    });
  }

  /** The calls whose time is over; waits for the earliest deadline of the others. */
  due<C extends { readonly deadlineMs: number }>(calls: Iterable<C>): readonly C[] {
    const nowMs = this.#clock.monotonicMs();
    const due: C[] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const call of calls) {
      if (call.deadlineMs > nowMs) nextMs = Math.min(nextMs, call.deadlineMs);
      else due.push(call);
    }
    this.expect(nextMs);
    return due;
  }

  close(): void {
    this.#timer?.cancel();
  }
}
