/** The contract's caches: one kind's, a whole store's, and one over a reader that is not keelson's. */
import {
  createWatchCache,
  defineKind,
  defineView,
  jsonView,
  metadataView,
  type Resource,
  type ResourceReader,
  type Store,
  type Watch,
  withCache,
  withCaches,
} from "keelson";
import { describe, expect, test } from "vitest";
import { refusal, thrownBy } from "../support/failures.ts";
import { take } from "../support/take.ts";
import { patientMs, until, within } from "../support/time/patience.ts";
import { at, ConfigMap, configMap, Node, Pod, pod, shown, startWorld, worldForAll } from "./world.ts";

const world = worldForAll();

/** The cache has applied this version of an object: its own stream has passed it, and what it answers is its own. */
const hasReached = (cache: { readonly resourceVersion: string }, { metadata }: Resource): Promise<void> =>
  until(() => BigInt(cache.resourceVersion) >= BigInt(metadata.resourceVersion));

/** Linearizable reads go to etcd where its progress notices cannot be trusted (3.4.23): these are the cache's own. */
const fromCache = { read: { consistency: "any" } } as const;

describe("createWatchCache", () => {
  test("is pending, then ready, then stopped; not ready it says NOT_READY or waits; stopped it is CLOSED", async () => {
    const store = await world.store();
    await store.resources(Pod).create(pod("a"));
    const cache = createWatchCache(store.resources(Pod));
    expect(cache.state).toBe("pending");
    await cache.ready();
    expect(cache.state).toBe("ready");
    expect(BigInt(cache.resourceVersion)).toBeGreaterThan(0n);
    expect((await cache.list({ read: { consistency: "any" } })).items.length).toBe(1);
    const reason = new Error("mine");
    const pending = createWatchCache(store.resources(Pod));
    expect(await thrownBy(pending.ready({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    await pending[Symbol.asyncDispose]();
    expect(JSON.parse(JSON.stringify(cache.stats()))).toEqual(cache.stats());
    await cache[Symbol.asyncDispose]();
    await cache[Symbol.asyncDispose]();
    expect(cache.state).toBe("stopped");
    await refusal(cache.list(), "CLOSED");
    await refusal(cache.get(at("a")), "CLOSED");
    await refusal(cache.ready(), "CLOSED");
    // The store goes on.
    expect((await store.resources(Pod).list()).items.length).toBe(1);
  });

  test("stops when its store closes, its kind is removed or its connection ends: watchers and reads are CLOSED", async () => {
    await using etcd = await world.connect();
    const ends: Record<string, (store: Store) => Promise<void>> = {
      "close of the store": (store) => store.close(),
      removeKind: (store) => store.removeKind(Pod),
      "close of the connection": () => etcd.close(),
    };
    for (const [what, end] of Object.entries(ends)) {
      const store = await world.store({ etcd });
      const source = store.resources(Pod);
      const foreign: ResourceReader<Pod> = {
        get: (...args) => source.get(...args),
        list: (...args) => source.list(...args),
        watch: (...args) => source.watch(...args),
        as: (view) => source.as(view),
      };
      const caches = [createWatchCache(source), createWatchCache(foreign)];
      const watched = [];
      for (const cache of caches) {
        await cache.ready();
        const watch = cache.watch();
        await watch.ready();
        watched.push(thrownBy(take(watch, 1)));
      }
      await end(store);
      for (const ended of watched) expect(await within(ended, what)).toMatchObject({ code: "CLOSED" });
      for (const cache of caches) {
        expect(cache.state).toBe("stopped");
        await refusal(cache.list(fromCache), "CLOSED");
        await refusal(cache.ready(), "CLOSED");
      }
      // A cache over what is closed already is never ready.
      const late = createWatchCache(source);
      await refusal(within(late.ready(), what), "CLOSED");
      await store.close().catch(() => undefined);
    }
  });

  test("reads at every freshness agree with the store's, errors too", async () => {
    const store = await world.store();
    const pods = store.resources(Pod);
    const first = await pods.create(pod("a", { labels: { app: "x" }, nodeName: "n1" }));
    await using cache = createWatchCache(pods);
    await cache.ready();
    const second = await pods.update({ ...first, spec: { image: "2", nodeName: "n2" } });
    await pods.create(pod("b", { labels: { app: "y" }, nodeName: "n1" }));
    expect(await cache.get(at("a"))).toEqual(second);
    expect((await cache.list()).items).toEqual((await pods.list()).items);
    const readers: readonly ResourceReader<Pod>[] = [pods, cache];
    for (const reader of readers) {
      for (const { metadata, spec } of [first, second]) {
        const read = { consistency: "exact", resourceVersion: metadata.resourceVersion } as const;
        expect((await reader.get(at("a"), { read })).spec).toEqual(spec);
        const page = await reader.list({ read, fieldSelector: { "spec.nodeName": spec.nodeName ?? "" } });
        expect(page.items.map((p) => p.metadata.name)).toEqual(["a"]);
        expect(page.resourceVersion).toBe(metadata.resourceVersion);
      }
      const current = (
        await reader.list({ labelSelector: "app in (x,y)", fieldSelector: "spec.nodeName=n1" })
      ).items;
      expect(current.map((p) => p.metadata.name)).toEqual(["b"]);
      await refusal(reader.get(at("nope")), "NOT_FOUND");
      await refusal(reader.list({ labelSelector: "a in" }), "INVALID_ARGUMENT");
      await refusal(reader.list({ continueToken: "x" }), "INVALID_TOKEN");
      await refusal(
        reader.get(at("a"), { read: { consistency: "exact", resourceVersion: "0" } }),
        "INVALID_ARGUMENT",
      );
      const resourceVersion = String(BigInt(await store.currentResourceVersion()) + 1000n);
      const future = await refusal(
        reader.get(at("a"), { read: { consistency: "notOlderThan", resourceVersion } }),
        "FUTURE_VERSION",
      );
      expect(future.details.retryAfterMs).toBeGreaterThan(0);
    }
  });

  test("tokens of the cache go on in the store and the reverse, also across a compaction where the cache holds the version", async () => {
    const store = await world.store();
    const pods = store.resources(Pod);
    await pods.createMany(Array.from({ length: 5 }, (_, i) => pod(`p-${i}`)));
    await using cache = createWatchCache(pods);
    await cache.ready();
    const names = (page: { items: readonly Pod[] }) => page.items.map((p) => p.metadata.name);
    const fromCache = await cache.list({ limit: 2 });
    const fromStore = await pods.list({ limit: 2 });
    expect(fromCache.remainingItemCount).toBe(3);
    await pods.delete(at("p-4"));
    expect(names(await pods.list({ limit: 2, continueToken: fromCache.continueToken }))).toEqual([
      "p-2",
      "p-3",
    ]);
    expect(names(await cache.list({ continueToken: fromStore.continueToken }))).toEqual([
      "p-2",
      "p-3",
      "p-4",
    ]);
    const last = await pods.create(pod("p-9"));
    await hasReached(cache, last);
    await world.etcd.kv.compact(BigInt(last.metadata.resourceVersion));
    expect(names(await cache.list({ continueToken: fromCache.continueToken }))).toEqual([
      "p-2",
      "p-3",
      "p-4",
    ]);
    await refusal(pods.list({ continueToken: fromCache.continueToken }), "EXPIRED");
  });

  test("results are shared and frozen; with freeze: false they are not frozen", async () => {
    const store = await world.store();
    await store.resources(Pod).create(pod("a", { labels: { app: "x" } }));
    await using cache = createWatchCache(store.resources(Pod));
    await cache.ready();
    const one = await cache.get(at("a"), fromCache);
    expect(await cache.get(at("a"), fromCache)).toBe(one);
    expect((await cache.list(fromCache)).items[0]).toBe(one);
    expect(Object.isFrozen(one) && Object.isFrozen(one.metadata.labels) && Object.isFrozen(one.spec)).toBe(
      true,
    );
    await using loose = createWatchCache(store.resources(Pod), { freeze: false });
    await loose.ready();
    expect(Object.isFrozen(await loose.get(at("a"), fromCache))).toBe(false);
  });

  test("a view is made once per object version for all lists, gets and watchers", async () => {
    const store = await world.store();
    const pods = store.resources(Pod);
    await pods.create(pod("a"));
    await using cache = createWatchCache(pods);
    await cache.ready();
    let made = 0;
    const row = defineView<Pod, { row: string }>({
      name: "row",
      project: (p) => {
        made += 1;
        return { row: `${p.metadata.name}/${p.spec.image}` };
      },
    });
    const rows = cache.as(row);
    const got = await rows.get(at("a"), fromCache);
    expect(got).toEqual({ row: "a/nginx" });
    expect((await rows.list(fromCache)).items[0]).toBe(got);
    const watches = [
      rows.watch({ sendInitialEvents: true, ...fromCache }),
      cache.as(row).watch({ sendInitialEvents: true, ...fromCache }),
    ];
    for (const watch of watches) {
      const [event] = await take(watch, 1);
      expect(event?.type === "ADDED" && event.object).toBe(got);
    }
    expect(made).toBe(1);
    const bytes = await cache.as(jsonView).get(at("a"), fromCache);
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual(await cache.get(at("a"), fromCache));
    expect(Object.keys(await cache.as(metadataView).get(at("a"))).sort()).toEqual([
      "apiVersion",
      "kind",
      "metadata",
    ]);
  });

  test("over a reader that is not keelson's", async () => {
    const store = await world.store();
    const inner = store.resources(Pod);
    const foreign: ResourceReader<Pod> = {
      get: (key, options) => inner.get(key, options),
      list: (options) => inner.list(options),
      watch: (options) => inner.watch(options),
      as: (view) => inner.as(view),
    };
    await inner.create(pod("a", { labels: { app: "x" }, nodeName: "n1" }));
    await using cache = createWatchCache(foreign, { kind: Pod });
    await within(cache.ready(), "ready");
    expect(
      (await cache.list({ fieldSelector: "spec.nodeName=n1" })).items.map((p) => p.metadata.name),
    ).toEqual(["a"]);
    const watch = cache.watch({ labelSelector: "app=x" });
    await watch.ready();
    const made = await inner.create(pod("b", { labels: { app: "x" } }));
    expect(shown(await take(watch, 1))).toEqual(["ADDED b"]);
    expect(
      await cache.get(at("b"), {
        read: { consistency: "notOlderThan", resourceVersion: made.metadata.resourceVersion },
      }),
    ).toEqual(made);
    await inner.delete(at("a"));
    await until(
      async () => (await cache.list({ read: { consistency: "any" } })).items.length === 1,
      "the deletion",
    );
  });
});

describe("withCache", () => {
  test("reads its own writes, at once and at any consistency linearizable; writes are the store's", async () => {
    const store = await world.store();
    await using cache = createWatchCache(store.resources(Pod));
    await cache.ready();
    const pods = withCache(store.resources(Pod), cache);
    for (let i = 0; i < 10; i++) {
      const made = await pods.create(pod(`p-${i}`));
      expect(await pods.get(at(`p-${i}`))).toEqual(made);
      const next = await pods.guaranteedUpdate(at(`p-${i}`), (p) => ({ ...p, spec: { image: "2" } }));
      expect((await pods.get(at(`p-${i}`))).metadata.resourceVersion).toBe(next.metadata.resourceVersion);
      await pods.delete(at(`p-${i}`));
      await refusal(pods.get(at(`p-${i}`)), "NOT_FOUND");
    }
    await refusal(
      pods.update({ ...pod("none"), apiVersion: "v1", kind: "Pod" } as unknown as Pod),
      "NOT_FOUND",
    );
  });

  test("a stale cached object is never the basis of an error or of an answer", async () => {
    const prefix = world.prefix();
    const mine = await world.store({ prefix });
    const other = await world.store({ prefix });
    await using cache = createWatchCache(mine.resources(ConfigMap));
    await cache.ready();
    const maps = withCache(mine.resources(ConfigMap), cache);
    const made = await maps.create(configMap("a", { n: "0" }));
    for (let i = 1; i <= 10; i++) {
      await other.resources(ConfigMap).update({
        ...made,
        metadata: { ...made.metadata, resourceVersion: undefined as unknown as string },
        data: { n: String(i) },
      });
      const next = await maps.guaranteedUpdate(at("a"), (c) => {
        if (c.data?.["n"] !== String(i)) throw new Error(`stale: ${c.data?.["n"]} for ${i}`);
        return c;
      });
      expect(next.data).toEqual({ n: String(i) });
    }
  });
});

describe("withCaches", () => {
  interface Late extends Resource {
    spec: { n: number };
  }
  const Late = defineKind<Late>({
    group: "example.com",
    version: "v1",
    kind: "Late",
    plural: "lates",
    scope: "Namespaced",
  });

  test("caches every kind, also added ones, and closes with the store", async () => {
    const inner = await world.store();
    const store = withCaches(inner);
    const asStore: Store = store;
    await store.ready();
    const made = await asStore.resources(Pod).create(pod("a"));
    expect(await store.resources(Pod).get(at("a"))).toEqual(made);
    expect(store.cache(Pod).state).toBe("ready");
    expect((await store.cache(Pod).list()).items).toEqual([made]);
    await store.resources(Node).create({ metadata: { name: "n" } });
    expect((await store.cache(Node).list()).items.length).toBe(1);
    expect((await store.namespaces.list()).items.length).toBe(3);
    await store.addKind(Late);
    await store.ready();
    const late = await store
      .resources(Late)
      .create({ metadata: { name: "l", namespace: "default" }, spec: { n: 1 } });
    expect(await store.cache(Late).get(at("l"))).toEqual(late);
    const watch = store.resources(Late).watch();
    await watch.ready();
    const ended = refusal(
      (async () => {
        for await (const _ of watch) expect.unreachable();
      })(),
      "CLOSED",
    );
    await store.removeKind(Late);
    await ended;
    // One list at the version of another is one state.
    const pods = await store.resources(Pod).list();
    const maps = await store
      .resources(ConfigMap)
      .list({ read: { consistency: "exact", resourceVersion: pods.resourceVersion } });
    expect(maps.resourceVersion).toBe(pods.resourceVersion);
    expect((await store.health({ timeoutMs: patientMs })).ok).toBe(true);
    await store.close();
    await refusal((async () => store.resources(Pod).list())(), "CLOSED");
  });

  test("a kind replaced under its watchers, idle or busy, is told on without a gap, and read by its new indexes", async () => {
    const late = { version: "v1", kind: "Late", plural: "lates", scope: "Namespaced" } as const;
    interface Late extends Resource {
      spec: { n: number };
    }
    const n = (object: Late): string => String(object.spec.n);
    const Before = defineKind<Late>({
      ...late,
      fields: { "spec.n": n },
      indexes: ["field:spec.n", "label:app"],
    });
    const After = defineKind<Late>({ ...late, fields: { "spec.n": n }, indexes: ["label:app"] });
    const store = withCaches(await world.store({ kinds: [Before] }));
    await store.ready();
    const create = (kind: typeof Before, ...names: string[]): Promise<unknown> =>
      Promise.all(
        names.map((name) =>
          store
            .resources(kind)
            .create({ metadata: { name, namespace: "default", labels: { app: "x" } }, spec: { n: 1 } }),
        ),
      );
    await create(Before, "a");
    const open = (options: object): Watch<Late> => store.cache(Before).watch(options);
    const [idle, some, busy, kept] = [
      open({}),
      open({ labelSelector: "app=x" }),
      open({}),
      open({ labelSelector: "app=x" }),
    ];
    for (const watch of [idle, some, busy, kept]) await watch.ready();
    const told = [idle, some].map((watch) => take(watch, 5));
    await store.addKind(After);
    await create(After, "b", "c");
    // Filled anew, and again, while it is being written.
    await Promise.all([store.addKind(Before), store.addKind(After), create(Before, "d")]);
    await store.addKind(After);
    await create(After, "e", "f");
    const names = ["ADDED b", "ADDED c", "ADDED d", "ADDED e", "ADDED f"];
    for (const events of [...told, take(busy, 5)]) expect(shown(await events).sort()).toEqual(names);
    const anew = store.cache(After).watch({ labelSelector: "app=x", sendInitialEvents: true });
    expect(shown(await take(anew, 7))).toEqual(["ADDED a", ...names, "BOOKMARK end"]);
    expect(shown(await take(kept, 5)).sort()).toEqual(names);
    await store.close();
  });

  test("of some kinds leaves the others to the store", async () => {
    const store = withCaches(await world.store(), { kinds: [Pod] });
    await store.ready();
    await store.resources(ConfigMap).create(configMap("a"));
    expect((await store.resources(ConfigMap).list()).items.length).toBe(1);
    await refusal((async () => store.cache(ConfigMap))(), "INVALID_ARGUMENT");
    await store.close();
  });

  test("a corrupt object is kept apart: the cache stays ready, the others are read", async () => {
    const prefix = world.prefix();
    const store = withCaches(await world.store({ prefix }));
    await store.ready();
    for (const name of ["a", "b"]) await store.resources(ConfigMap).create(configMap(name));
    await world.etcd.kv.put({ key: `${prefix}/configmaps/default/b`, value: new Uint8Array([9, 9, 9]) });
    const maps = store.resources(ConfigMap);
    const error = await refusal(maps.get(at("b")), "CORRUPT_OBJECT");
    expect(error.details.key).toBe(`${prefix}/configmaps/default/b`);
    await refusal(maps.list(), "CORRUPT_OBJECT");
    const skipped: string[] = [];
    const page = await maps.list({ onCorrupt: (e) => skipped.push(e.code) });
    expect(page.items.map((m) => m.metadata.name)).toEqual(["a"]);
    expect(skipped).toEqual(["CORRUPT_OBJECT"]);
    expect(store.cache(ConfigMap).state).toBe("ready");
    await store.close();
  });
});

test("while etcd does not answer, a cache still answers any, and everything else ends with its own time", async () => {
  await using other = await startWorld();
  const store = withCaches(await other.store());
  await store.ready();
  const pods = store.resources(Pod);
  const made = await pods.create(pod("a"));
  await store.quotas.set("default", { hard: { "count/pods": 5 } });
  await hasReached(store.cache(Pod), made);
  await other.server.pause();
  try {
    // Whatever asked etcd, or forgot its own time, would wait for half a minute: patientMs.
    expect(await within(pods.get(at("a"), fromCache), "any", 20_000)).toEqual(made);
    expect((await within(pods.list(fromCache), "any", 20_000)).items).toEqual([made]);
    const calls: readonly (() => Promise<unknown>)[] = [
      () => pods.get(at("a"), { timeoutMs: 300 }),
      () => pods.list({ timeoutMs: 300 }),
      () => pods.create(pod("b"), { timeoutMs: 300 }),
      () => pods.update({ ...made, spec: { image: "2" } }, { timeoutMs: 300 }),
      () => pods.delete(at("a"), { timeoutMs: 300 }),
    ];
    await Promise.all(
      calls.map((call) =>
        within(
          refusal(call(), "DEADLINE", "UNAVAILABLE", "NOT_READY", "OUTCOME_UNKNOWN", "FUTURE_VERSION"),
          `${call}`,
          20_000,
        ),
      ),
    );
  } finally {
    other.server.resume();
  }
  await until(async () => (await store.health()).ok, "healthy again");
  await pods.list();
  await store.close();
});
