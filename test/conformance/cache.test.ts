/**
 * The cache, the cached store and the store with caches keep the promises of the store. What a read-only cache cannot
 * serve is listed here by title and reason; nothing else is left out.
 */
import {
  createStore,
  createWatchCache,
  type Kind,
  type Resource,
  type WatchCache,
  withCache,
  withCaches,
} from "keelson";
import { until } from "../support/time/patience.ts";
import type { Implementation } from "./implementation.ts";
import { conformance } from "./suites.ts";

const held = "the cache holds past versions for 75 s, whatever etcd has compacted, and answers";
const skips = {
  "list() at a compacted version is EXPIRED": held,
  "list() whose pinned version is compacted meanwhile is EXPIRED with a token that goes on": held,
  "watch() from a compacted version fails with EXPIRED": held,
};

const hasReached = (cache: WatchCache<Resource>, version: string): Promise<void> =>
  until(() => BigInt(cache.resourceVersion) >= BigInt(version));

/** A cache per kind over the plain store: reads from the caches, writes to the store. */
function overCaches(name: string, wrapped: boolean): Implementation {
  return {
    name,
    skips,
    async open(etcd, kinds) {
      const store = await createStore({ etcd, kinds, compaction: false });
      const caches = new Map<string, WatchCache<Resource>>();
      for (const kind of kinds) caches.set(kind.plural, createWatchCache(store.resources(kind)));
      await Promise.all([...caches.values()].map((cache) => cache.ready()));
      const cacheOf = <T extends Resource>(kind: Kind<T>): WatchCache<T> =>
        caches.get(kind.plural) as unknown as WatchCache<T>;
      return {
        etcd,
        store,
        reader: (kind) => (wrapped ? withCache(store.resources(kind), cacheOf(kind)) : cacheOf(kind)),
        writer: (kind) => (wrapped ? withCache(store.resources(kind), cacheOf(kind)) : store.resources(kind)),
        reached: (kind, version) => hasReached(cacheOf(kind), version),
        async [Symbol.asyncDispose]() {
          for (const cache of caches.values()) await cache[Symbol.asyncDispose]();
          await store.close();
        },
      };
    },
  };
}

await conformance(overCaches("cache", false));
await conformance(overCaches("withCache", true));
await conformance({
  name: "withCaches",
  skips,
  async open(etcd, kinds) {
    const store = withCaches(await createStore({ etcd, kinds, compaction: false }));
    await store.ready();
    return {
      etcd,
      store,
      reader: (kind) => store.resources(kind),
      writer: (kind) => store.resources(kind),
      reached: (kind, version) => hasReached(store.cache(kind), version),
      [Symbol.asyncDispose]: () => store.close(),
    };
  },
});
