/**
 * The progress of work that reads a database several times: one count of bytes over all passes, so that the estimate of the
 * remaining time covers the whole. A pass that reads less than expected (free pages) jumps to its end when the next one begins.
 */
import type { Clock } from "../../base/time/clock.ts";
import type { Progress } from "../../resource/contract/write-options.ts";

/** Minimum time between reports. */
const everyMs = 100;

export type OnProgress = ((progress: Progress) => void) | undefined;

export class PassProgress {
  readonly #clock: Clock;
  readonly #onProgress: OnProgress;
  readonly #startedMs: number;
  #toldMs = Number.NEGATIVE_INFINITY;
  #total = 0;
  #passStart = 0;
  #passEnd = 0;
  #done = 0;

  constructor(clock: Clock, onProgress: OnProgress) {
    this.#clock = clock;
    this.#onProgress = onProgress;
    this.#startedMs = clock.monotonicMs();
  }

  /** Sets the total bytes of all passes. */
  expect(totalBytes: number): void {
    this.#total = totalBytes;
  }

  /** Begins the next pass; the previous one counts as complete. */
  begin(passBytes: number): void {
    this.#passStart = this.#passEnd;
    this.#passEnd += passBytes;
    this.#done = this.#passStart;
  }

  /** Adds bytes to this pass. */
  readonly add = (bytes: number): void => {
    this.at(this.#done - this.#passStart + bytes);
  };

  /** For a pass whose size becomes known while it runs: its bytes, and how many are done. */
  of(passBytes: number, doneBytes: number): void {
    this.#passEnd = this.#passStart + passBytes;
    this.at(doneBytes);
  }

  /** Sets the bytes of this pass so far. */
  at(passBytes: number): void {
    this.#done = Math.min(this.#passEnd, this.#passStart + passBytes);
    const nowMs = this.#clock.monotonicMs();
    if (this.#onProgress === undefined || nowMs - this.#toldMs < everyMs) return;
    this.#toldMs = nowMs;
    const total = Math.max(this.#total, this.#done);
    const rate = (this.#done / Math.max(1, nowMs - this.#startedMs)) * 1000;
    const etaMs = rate > 0 ? ((total - this.#done) / rate) * 1000 : undefined;
    this.#onProgress({ done: this.#done, total, unit: "bytes", rate, etaMs });
  }

  /** All passes are complete: reports this whatever the time since the last report. */
  end(): void {
    this.#toldMs = Number.NEGATIVE_INFINITY;
    this.#total = Math.max(this.#total, this.#passEnd);
    this.#passStart = 0;
    this.#passEnd = this.#total;
    this.at(this.#total);
  }
}
