/**
 * When a watch says how far it is: about every minute, also while nothing happens.
 *
 *   armed ──50 s──► asked etcd for progress ──next batch──► bookmark at its version ─► armed
 *                        └──3 s without an answer──► bookmark repeats the last version ─► armed
 *
 * Where etcd's notices can run ahead of events nobody asks, and the last delivered version is repeated.
 */
import type { Clock, Timer } from "../../base/clock.ts";
import { setReadingTimer } from "../../base/reading-timer.ts";

/** A minute at most is promised, an answer from etcd included. */
const everyMs = 50_000;
/** How long a bookmark waits for etcd's word before it repeats the last version. */
const answerMs = 3_000;

export class BookmarkTimer implements Disposable {
  readonly #clock: Clock;
  readonly #ask: (() => void) | undefined;
  #timer: Timer | undefined;
  #asked = false;
  #due = false;
  #wake: (() => void) | undefined;

  /** @param ask sends a request for progress; undefined where its answer cannot be trusted */
  constructor(clock: Clock, ask: (() => void) | undefined) {
    this.#clock = clock;
    this.#ask = ask;
    this.#arm();
  }

  /** `work`, or "bookmark" as soon as the last version must be repeated; `work` then goes on. */
  interrupt<T>(work: Promise<T>): Promise<T | "bookmark"> {
    if (this.#due) {
      this.#arm();
      return Promise.resolve("bookmark");
    }
    return new Promise((resolve, reject) => {
      this.#wake = () => {
        this.#arm();
        resolve("bookmark");
      };
      work.then(resolve, reject);
    });
  }

  /** A batch was handed over: true when its version is to be told now. */
  takesAnswer(): boolean {
    if (!this.#asked) return false;
    this.#arm();
    return true;
  }

  /** Asks now, so that the version is fresh when the loop ends. */
  hurry(): void {
    this.#ask?.();
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
  }

  #arm(): void {
    this.#asked = false;
    this.#due = false;
    this.#wake = undefined;
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(everyMs, () => this.#begin());
  }

  #begin(): void {
    if (this.#ask === undefined) {
      this.#repeat();
      return;
    }
    this.#asked = true;
    this.#ask();
    this.#timer = setReadingTimer(this.#clock, answerMs, () => this.#repeat());
  }

  #repeat(): void {
    this.#due = true;
    this.#wake?.();
  }
}
