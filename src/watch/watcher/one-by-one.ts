/** Events one at a time, from who hands them over in batches; an event that is already here costs no turn. */
import type { WatchEvent } from "../../resource/contract.ts";

export interface Batches<V> {
  next(): Promise<IteratorResult<readonly WatchEvent<V>[], undefined>>;
  /** The loop was left. */
  leave(): Promise<IteratorResult<never, undefined>>;
  /** What is still here of a batch is not handed over once the watch has ended. */
  ended(): boolean;
}

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
      const value = source.ended() ? undefined : batch[at];
      if (value === undefined) return next();
      at++;
      return Promise.resolve({ done: false, value });
    },
    return: () => source.leave(),
  };
}
