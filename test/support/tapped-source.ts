/**
 * A reader of a real store whose stream to a cache can be tampered with: batches held back, changed or dropped, progress
 * swallowed, the stream ended. Everything else is the store's own.
 */
import type { Resource, ResourceReader } from "keelson";
import type { Clock } from "../../src/base/time/clock.ts";
import {
  type HasStoredSource,
  type StoredBatch,
  type StoredSource,
  type StoredWatch,
  storedSource,
} from "../../src/storage/seam/stored.ts";

export interface Taps {
  /** What becomes of a batch; undefined: it is lost. What it throws ends the stream. */
  batch?: ((batch: StoredBatch) => StoredBatch | undefined) | undefined;
  /** False: requests for progress go nowhere. */
  progress?: boolean | undefined;
  /** Hears of every request for progress, swallowed or not. */
  onAsk?: (() => void) | undefined;
  /** What the source says of etcd's progress notices; default true. */
  reliable?: boolean | undefined;
  /** How often the cache has opened its watch again. */
  reopened?: number;
  /** Pages are read only once it has resolved. */
  hold?: Promise<void> | undefined;
  /** What the cache has for time; default the source's. */
  clock?: Clock | undefined;
  /** Pages read, for counting. */
  pages?: number;
  /** Fires the listeners of epoch changes. */
  changeEpoch?: () => void;
}

export function tappedReader<T extends Resource>(
  reader: ResourceReader<T>,
  taps: Taps,
): ResourceReader<T> & HasStoredSource {
  const source = (reader as ResourceReader<T> & HasStoredSource)[storedSource];
  return {
    get: (key, options) => reader.get(key, options),
    list: (options) => reader.list(options),
    watch: (options) => reader.watch(options),
    as: (view) => reader.as(view),
    [storedSource]: tapped(source, taps),
  };
}

function tapped(source: StoredSource, taps: Taps): StoredSource {
  const listeners = new Set<() => void>();
  taps.changeEpoch = () => {
    for (const listener of [...listeners]) listener();
  };
  return new Proxy(source, {
    get(target, name) {
      if (name === "watch") {
        return (
          options: { readonly fromRevision: bigint },
          call: Parameters<StoredSource["watch"]>[1],
        ): StoredWatch => tappedWatch(target.watch(options, call), taps);
      }
      if (name === "page") {
        return (...args: Parameters<StoredSource["page"]>) => {
          taps.pages = (taps.pages ?? 0) + 1;
          return taps.hold === undefined ? target.page(...args) : taps.hold.then(() => target.page(...args));
        };
      }
      if (name === "clock") return taps.clock ?? target.clock;
      if (name === "only") return (kind: Parameters<StoredSource["only"]>[0]) => target.only(kind);
      if (name === "progressIsReliable") return () => Promise.resolve(taps.reliable ?? true);
      if (name === "onEpochChange") {
        return (listener: () => void): Disposable => {
          listeners.add(listener);
          return { [Symbol.dispose]: () => listeners.delete(listener) };
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function tappedWatch(watch: StoredWatch, taps: Taps): StoredWatch {
  return {
    ready: () => watch.ready(),
    requestProgress: () => {
      if (taps.progress !== false) watch.requestProgress();
      taps.onAsk?.();
    },
    reopen: () => {
      taps.reopened = (taps.reopened ?? 0) + 1;
      watch.reopen?.();
    },
    async *[Symbol.asyncIterator]() {
      for await (const batch of watch) {
        const passed = taps.batch === undefined ? batch : taps.batch(batch);
        if (passed !== undefined) yield passed;
      }
    },
    [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose](),
  };
}
