/**
 * When a watch reports its progress: about every minute, also without events.
 *
 *   armed ──50 s──► progress requested ──next batch──► bookmark at its version ─► armed
 *                        └──3 s without response──► bookmark repeats the last version ─► armed
 *
 * Where etcd's notices can be ahead of events none is requested, and the last delivered version is repeated. A
 * bookmark that falls due while the consumer is busy stays due: it is delivered before the consumer's next wait.
 */
import type { Clock, Timer } from "../../base/time/clock.ts";
import { setReadingTimer } from "../../base/time/reading-timer.ts";

/** Fraction of the interval after which progress is requested, so that the response is in time: 50 s of a minute. */
const askAfter = 5 / 6;
/** How long a bookmark waits for progress before it repeats the last version; a fraction of a short interval. */
const answerMsMax = 3_000;

export class BookmarkTimer implements Disposable {
  readonly #clock: Clock;
  readonly #ask: (() => void) | undefined;
  readonly #everyMs: number;
  readonly #answerMs: number;
  #timer: Timer | undefined;
  #asked = false;
  #due = false;
  #wake: (() => void) | undefined;

  /** @param options.ask requests progress; undefined where the response cannot be trusted */
  constructor(
    clock: Clock,
    options: { readonly intervalMs: number; readonly ask: (() => void) | undefined },
  ) {
    this.#clock = clock;
    this.#ask = options.ask;
    this.#everyMs = options.intervalMs * askAfter;
    this.#answerMs = Math.min(answerMsMax, options.intervalMs - this.#everyMs);
    this.#arm();
  }

  /** `work`, or "bookmark" as soon as the last version must be repeated; `work` then continues. */
  interrupt<T>(work: Promise<T>): Promise<T | "bookmark"> {
    if (this.#due) {
      this.#arm();
      // Its failure is for the next wait; when the loop was left there is none, and the rejection is still handled.
      work.catch(() => undefined);
      return Promise.resolve("bookmark");
    }
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        this.#arm();
        resolve("bookmark");
      };
      this.#wake = wake;
      // The wait is over: a bookmark that falls due is for the next wait.
      const over = (): void => {
        if (this.#wake === wake) this.#wake = undefined;
      };
      work.then(
        (value) => {
          over();
          resolve(value);
        },
        (error: unknown) => {
          over();
          reject(error);
        },
      );
    });
  }

  /** A batch was delivered: true when a bookmark at its version is due now. */
  takesAnswer(): boolean {
    if (!this.#asked) return false;
    this.#arm();
    return true;
  }

  /** Requests progress now, so that the version is recent when the loop ends. */
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
    this.#timer = this.#clock.setTimer(this.#everyMs, () => this.#begin());
  }

  #begin(): void {
    if (this.#ask === undefined) {
      this.#repeat();
      return;
    }
    this.#asked = true;
    this.#ask();
    this.#timer = setReadingTimer(this.#clock, this.#answerMs, () => this.#repeat());
  }

  #repeat(): void {
    this.#due = true;
    this.#wake?.();
  }
}
