/**
 * Work that repeats in the background until it is closed: one round at a time, the next one after the wait that the
 * round returned, or at once when kicked. A failing round is retried later, and the failure is readable; a violated
 * invariant still crashes.
 */
import { InvariantError } from "../../errors.ts";
import type { Clock } from "./clock.ts";

export interface BackgroundWork {
  /** One round; resolves with the milliseconds to wait before the next. Rejects at once when aborted. */
  round(signal: AbortSignal): Promise<number>;
  /** Wait before the first round, milliseconds; default 0. */
  readonly firstWaitMs?: number | undefined;
  /** Wait after a round that failed, milliseconds. */
  readonly failureWaitMs: number;
}

export class BackgroundLoop implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #work: BackgroundWork;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #wake: (() => void) | undefined;
  #kicked = false;
  #failure: unknown;

  private constructor(clock: Clock, work: BackgroundWork) {
    this.#clock = clock;
    this.#work = work;
    this.#done = this.#run();
  }

  /** Starts the loop; the caller that starts it closes it. */
  static start(clock: Clock, work: BackgroundWork): BackgroundLoop {
    return new BackgroundLoop(clock, work);
  }

  /** Why the last round failed; undefined when it succeeded. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Starts the next round at once, or directly after the one under way. */
  kick(): void {
    this.#kicked = true;
    this.#wake?.();
  }

  /** Ends the round under way and waits for it. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake?.();
    await this.#done;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let waitMs = this.#work.firstWaitMs ?? 0;
    for (;;) {
      if (waitMs > 0) await this.#pause(waitMs);
      if (signal.aborted) return;
      this.#kicked = false;
      try {
        waitMs = await this.#work.round(signal);
        this.#failure = undefined;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof InvariantError) throw error;
        this.#failure = error;
        waitMs = this.#work.failureWaitMs;
      }
    }
  }

  #pause(waitMs: number): Promise<void> {
    if (this.#kicked || this.#stop.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(waitMs, () => this.#wake?.());
      this.#wake = () => {
        this.#wake = undefined;
        timer.cancel();
        resolve();
      };
    });
  }
}
