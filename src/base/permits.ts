/**
 * A bound on how many things happen at once. A caller that finds no free permit waits in line, first come first
 * served, until a permit is returned, its own time is over or its signal aborts. The line has no length limit. Taking
 * a free permit creates no promise.
 */
import type { Clock, Timer } from "./time/clock.ts";

interface PermitRequest {
  readonly grant: () => void;
  readonly refuse: (reason: unknown) => void;
}

export class Permits {
  readonly #clock: Clock;
  #free: number;
  /** In order of arrival; a Set, so that removal from the middle is cheap. */
  readonly #line = new Set<PermitRequest>();
  #closed: { readonly reason: unknown } | undefined;

  /** @param limit number of permits, at least 1 */
  constructor(limit: number, clock: Clock) {
    this.#free = limit;
    this.#clock = clock;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Takes a permit if one is free and no caller waits for it. */
  tryTake(): boolean {
    if (this.#free === 0 || this.#closed !== undefined) return false;
    this.#free--;
    return true;
  }

  /**
   * Waits for a permit.
   * @throws the error of `late` after `timeoutMs`; the signal's reason; the reason given to `close`
   */
  take(timeoutMs: number, signal: AbortSignal | undefined, late: () => unknown): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed.reason);
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.tryTake()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      const onAbort = (): void => waiter.refuse(signal?.reason);
      const leave = (): void => {
        this.#line.delete(waiter);
        timer?.cancel();
        signal?.removeEventListener("abort", onAbort);
      };
      const waiter: PermitRequest = {
        grant: () => {
          leave();
          resolve();
        },
        refuse: (reason) => {
          leave();
          reject(reason);
        },
      };
      this.#line.add(waiter);
      if (timeoutMs !== Number.POSITIVE_INFINITY) {
        timer = this.#clock.setTimer(timeoutMs, () => waiter.refuse(late()));
      }
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Returns a permit; the first caller in line gets it. */
  give(): void {
    for (const first of this.#line) {
      first.grant();
      return;
    }
    this.#free++;
  }

  /** Rejects all waiting callers and every later one. */
  close(reason: unknown): void {
    this.#closed = { reason };
    for (const waiter of [...this.#line]) waiter.refuse(reason);
  }
}
