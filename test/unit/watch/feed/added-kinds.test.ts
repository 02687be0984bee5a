import { createStore, createWatchCache, defineKind, type Resource, StoreError, withCache } from "keelson";
import { expect, test } from "vitest";
import { definitionOf } from "../../../../src/resource/model/define-kind.ts";
import {
  type HasStoredSource,
  type StoredSource,
  storedSource,
} from "../../../../src/storage/seam/stored.ts";
import { CacheCounters } from "../../../../src/watch/bounds/cache-counters.ts";
import { parseCacheOptions } from "../../../../src/watch/bounds/cache-options.ts";
import { AddedKinds } from "../../../../src/watch/feed/added-kinds.ts";
import { Feed } from "../../../../src/watch/feed/feed.ts";
import { widget, widgetKind } from "../../../conformance/implementation.ts";
import { MemoryLab } from "../../../support/etcd/memory-lab.ts";

const otherKind = defineKind({ version: "v1", kind: "Other", plural: "others", scope: "Cluster" });

/** The source, with the first listing of one kind alone failing. */
function failingOnce(source: StoredSource): StoredSource {
  let failed = false;
  return new Proxy(source, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== "only") return typeof value === "function" ? value.bind(target) : value;
      return (kind: Parameters<StoredSource["only"]>[0]) => {
        const only = target.only(kind);
        const { page } = only;
        only.page = (...args) => {
          if (failed) return page.apply(only, args);
          failed = true;
          return Promise.reject(new StoreError("UNAVAILABLE", "etcd is away", { retryAfterMs: 100 }));
        };
        return only;
      };
    },
  });
}

test("a kind that cannot be listed when it is added is listed with all the others, and adding it ends when it is filled", async () => {
  await using lab = new MemoryLab();
  await using store = await createStore({
    etcd: lab.connect(),
    kinds: [otherKind],
    compaction: false,
  });
  const source = failingOnce((store as typeof store & HasStoredSource)[storedSource]);
  const counters = new CacheCounters();
  const feed = new Feed(source, parseCacheOptions(), counters);
  feed.start();
  await feed.ready();
  await store.addKind(widgetKind);
  await store.resources(widgetKind).create(widget("default", "a", 1));
  await new AddedKinds(feed).add(definitionOf(widgetKind));
  const kind = feed.kinds.get(definitionOf(widgetKind).resource);
  expect(kind !== undefined && feed.covers(kind)).toBe(true);
  expect(kind?.state.size).toBe(1);
  expect(counters).toMatchObject({ relists: 1, sourceFailures: 0 });
  await feed.stop();
});

test("a cache of one kind goes on with the kind that replaces it: reads, watches, and what was stored before", async () => {
  interface Gear extends Resource {
    spec: { teeth: number };
  }
  const gear = { kind: "Gear", plural: "gears", scope: "Namespaced" } as const;
  const before = defineKind<Gear>({ ...gear, version: "v1" });
  const after = defineKind<Gear>({
    ...gear,
    version: "v2",
    fields: { "spec.teeth": ({ spec }) => String(spec.teeth) },
    upgrade: (stored) => ({ ...(stored as Gear), apiVersion: "v2" }),
  });
  await using lab = new MemoryLab();
  await using store = await createStore({ etcd: lab.connect(), kinds: [before], compaction: false });
  const create = (kind: typeof before, name: string, teeth: number): Promise<Gear> =>
    store.resources(kind).create({ metadata: { namespace: "default", name }, spec: { teeth } });
  await create(before, "a", 1);
  await using cache = createWatchCache(store.resources(before));
  await cache.ready();
  await using watch = cache.watch();
  await watch.ready();
  await store.addKind(after);
  await create(after, "b", 2);
  const event = await watch[Symbol.asyncIterator]().next();
  expect(event.value).toMatchObject({ type: "ADDED", object: { apiVersion: "v2", metadata: { name: "b" } } });
  await cache.ready();
  const cached = withCache(store.resources(after), cache);
  const { items } = await cached.list({ fieldSelector: "spec.teeth!=3" });
  expect(items.map(({ apiVersion, metadata }) => [apiVersion, metadata.name])).toEqual([
    ["v2", "a"],
    ["v2", "b"],
  ]);
  expect(cache.stats()).toMatchObject({ state: "ready", objects: 2, relists: 0 });
});
