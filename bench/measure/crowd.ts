/** Many watchers of everything, counted together: the receivers of changes in bench/watch and bench/scale. */
import type { ResourceReader } from "keelson";

export interface Crowd extends AsyncDisposable {
  /** Resolves with the sum when each watcher has seen this many more events since the call. */
  delivered(changes: number): Promise<number>;
}

/** `count` watchers from now on, all established. */
export async function watchAll<T>(reader: ResourceReader<T>, count: number): Promise<Crowd> {
  const watches = Array.from({ length: count }, () => reader.watch());
  let delivered = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let reached = (): void => undefined;
  const loops = watches.map(async (watch) => {
    for await (const batch of watch.batches()) {
      delivered += batch.length;
      if (delivered >= wanted) reached();
    }
  });
  // An error that ends a loop also rejects the waits.
  const ended = Promise.race(loops);
  ended.catch(() => undefined);
  await Promise.all(watches.map((watch) => watch.ready()));
  return {
    async delivered(changes: number): Promise<number> {
      const before = delivered;
      wanted = before + changes * count;
      await Promise.race([new Promise<void>((resolve) => (reached = resolve)), ended]);
      return delivered - before;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all(watches.map((watch) => watch[Symbol.asyncDispose]()));
      await Promise.all(loops);
    },
  };
}
