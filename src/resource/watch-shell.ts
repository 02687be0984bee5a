/**
 * What every watch does besides finding its events: it allows one loop, ends once, and cleans up when it ends.
 *
 *   open ──take()──► one loop
 *     └──finish(end)──► cleanups, in the order they were added ──► `signal` aborts, which ends reads and waits inside
 *
 * The store's watch and the cache's watch use it; each decides what it delivers before its loop ends.
 */
import { expectManyListeners } from "../base/call.ts";
import type { WatchEvent } from "./contract/watch.ts";
import { watchOver, watchTaken } from "./objects/read-errors.ts";

/** Why a watch ended: with an error, left by its reader or its signal, or at its timeoutMs. */
export type WatchEnd = { readonly error: unknown } | "left" | "timeout";

export class WatchShell {
  readonly #stop = new AbortController();
  readonly #cleanups: (() => void)[] = [];
  #end: WatchEnd | undefined;
  #taken = false;

  /** Aborts when the watch ends: with its error, with the reason given to `finish`, or with CLOSED. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Undefined while the watch is open. */
  get end(): WatchEnd | undefined {
    return this.#end;
  }

  /** Claims the one loop. @throws INVALID_ARGUMENT the second time */
  take(): void {
    if (this.#taken) throw watchTaken();
    this.#taken = true;
  }

  /** Runs `cleanup` when the watch ends, at once if it has ended. */
  onEnd(cleanup: () => void): void {
    if (this.#end === undefined) this.#cleanups.push(cleanup);
    else cleanup();
  }

  /** Ends the watch when `signal` aborts, at once if it is already aborted; stops listening when the watch ends. */
  endWith(signal: AbortSignal, endOf: (reason: unknown) => WatchEnd): void {
    if (this.#end !== undefined) return;
    const onAbort = (): void => this.finish(endOf(signal.reason), signal.reason);
    if (signal.aborted) {
      onAbort();
      return;
    }
    expectManyListeners(signal);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#cleanups.push(() => signal.removeEventListener("abort", onAbort));
  }

  /** Ends the watch; only the first call counts. */
  finish(end: WatchEnd, reason?: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    this.#stop.abort(typeof end === "object" ? end.error : (reason ?? watchOver()));
  }
}

export interface Batches<V> {
  next(): Promise<IteratorResult<readonly WatchEvent<V>[], undefined>>;
  /** The reader has left the loop. */
  leave(): Promise<IteratorResult<never, undefined>>;
}

/**
 * Delivers events one at a time from batches; an event that is already here costs no turn. A batch received before
 * the watch ended is delivered whole, unless the loop is left.
 */
export function oneByOne<V>(source: Batches<V>): AsyncIterator<WatchEvent<V>, undefined> {
  let batch: readonly WatchEvent<V>[] = [];
  let at = 0;
  const next = async (): Promise<IteratorResult<WatchEvent<V>, undefined>> => {
    for (;;) {
      const value = batch[at];
      if (value !== undefined) {
        at++;
        return { done: false, value };
      }
      const taken = await source.next();
      if (taken.done === true) return { done: true, value: undefined };
      batch = taken.value;
      at = 0;
    }
  };
  return {
    next: () => {
      const value = batch[at];
      if (value === undefined) return next();
      at++;
      return Promise.resolve({ done: false, value });
    },
    return: () => {
      batch = [];
      return source.leave();
    },
  };
}
