/**
 * The one loop over a watch of a cache: it waits for the next batch, and gets the end of the watch once.
 *
 *   batch, batch, …, error                            thrown once; further calls are done
 *   batch, batch, …, [last bookmark at a timeout], done
 */
import type { WatchEvent } from "../../resource/contract/watch.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import type { WatchShell } from "../../resource/watch-shell.ts";

export type Batch<V> = readonly WatchEvent<V>[];
export type Taken<V> = IteratorResult<Batch<V>, undefined>;

export const finished: IteratorResult<never, undefined> = Object.freeze({ done: true, value: undefined });

export class Consumer<V> {
  readonly #shell: WatchShell;
  #next: { resolve(taken: Taken<V>): void; reject(error: unknown): void } | undefined;
  #thrown = false;
  /** The end is preceded by a bookmark. */
  lastBookmark = false;

  constructor(shell: WatchShell) {
    this.#shell = shell;
  }

  /** The loop waits for its next batch. */
  get waits(): boolean {
    return this.#next !== undefined;
  }

  wait(): Promise<Taken<V>> {
    return new Promise((resolve, reject) => {
      this.#next = { resolve, reject };
    });
  }

  /** Gives a waiting loop its next batch, made for its values' type. */
  hand(batch: Batch<unknown>): void {
    const next = this.#next;
    this.#next = undefined;
    next?.resolve({ done: false, value: batch as Batch<V> });
  }

  /** Gives a waiting loop what `read` finds; without one, `read` is not called. */
  handFrom(read: () => Promise<Taken<V>>): void {
    const next = this.#next;
    this.#next = undefined;
    if (next !== undefined) read().then(next.resolve, next.reject);
  }

  /** What a call gets after the watch has ended. @param delivered the version of a last bookmark */
  ended(delivered: bigint): Promise<Taken<V>> {
    const { end } = this.#shell;
    if (typeof end === "object" && !this.#thrown) {
      this.#thrown = true;
      return Promise.reject(end.error);
    }
    if (this.lastBookmark) {
      this.lastBookmark = false;
      return Promise.resolve({ done: false, value: [bookmarkAt(delivered)] });
    }
    return Promise.resolve(finished);
  }
}

export function bookmarkAt(revision: bigint): WatchEvent<never> {
  return Object.freeze({ type: "BOOKMARK", resourceVersion: formatResourceVersion(revision) });
}
