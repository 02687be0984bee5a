/** The contract's watches: beginnings, endings, versions, bookmarks, selectors. Over the store and over a cache alike. */
import {
  createWatchCache,
  isStoreError,
  type ResourceReader,
  type Store,
  type WatchEvent,
  withCache,
} from "keelson";
import { describe, expect, test } from "vitest";
import { refusal, thrownBy } from "../support/failures.ts";
import { take } from "../support/take.ts";
import { until, within, withTimeEnough } from "../support/time/patience.ts";
import { at, ConfigMap, configMap, Pod, pod, shown, worldForAll } from "./world.ts";

const world = worldForAll();

interface Subject {
  readonly store: Store;
  readonly pods: ReturnType<typeof podsOf>;
  readonly reader: ResourceReader<Pod>;
  /** The reader has this version: a cache that is told of it later may say NOT_READY to a watch from it. */
  reached(version: string): Promise<void>;
  end(): Promise<void>;
}
const podsOf = (store: Store) => store.resources(Pod);

const subjects: readonly (readonly [string, () => Promise<Subject>])[] = [
  [
    "the store",
    async () => {
      const store = await world.store();
      const pods = podsOf(store);
      return { store, pods, reader: pods, reached: async () => undefined, end: () => store.close() };
    },
  ],
  [
    "a cache",
    async () => {
      const store = await world.store();
      const cache = createWatchCache(podsOf(store));
      await cache.ready();
      return {
        store,
        pods: podsOf(store),
        reader: cache,
        reached: (version) => until(() => BigInt(cache.resourceVersion) >= BigInt(version)),
        end: async () => {
          await cache[Symbol.asyncDispose]();
          await store.close();
        },
      };
    },
  ],
  [
    "withCache",
    async () => {
      const store = await world.store();
      const cache = createWatchCache(podsOf(store));
      await cache.ready();
      const pods = withCache(podsOf(store), cache);
      return {
        store,
        pods,
        reader: pods,
        reached: (version) => until(() => BigInt(cache.resourceVersion) >= BigInt(version)),
        end: async () => {
          await cache[Symbol.asyncDispose]();
          await store.close();
        },
      };
    },
  ],
];

describe.each(subjects)("a watch of %s", (_name, make) => {
  test("without a version begins at the call: a write after the call is seen", async () => {
    const { pods, reader, end } = await make();
    await pods.create(pod("before"));
    const watch = reader.watch();
    await pods.create(pod("after"));
    const [event] = await take(watch, 1);
    expect(shown(event === undefined ? [] : [event])).toEqual(["ADDED after"]);
    await end();
  });

  test("from a version gives every event after it, with its version on event and object", async () => {
    const { pods, reader, reached, end } = await make();
    const first = await pods.create(pod("a"));
    await pods.update({ ...first, spec: { image: "2" } });
    const gone = await pods.delete(at("a"));
    await reached(first.metadata.resourceVersion);
    const events = await take(reader.watch({ resourceVersion: first.metadata.resourceVersion }), 2);
    expect(shown(events)).toEqual(["MODIFIED a", "DELETED a"]);
    for (const event of events) {
      if (event.type === "BOOKMARK") continue;
      expect(event.object.metadata.resourceVersion).toBe(event.resourceVersion);
      expect(event.more).toBeUndefined();
    }
    const [, deleted] = events;
    if (deleted?.type !== "DELETED") throw new Error("not deleted");
    expect(deleted.object).toEqual(gone);
    await end();
  });

  test("sendInitialEvents: all there is, the bookmark, then live", async () => {
    const { pods, reader, end } = await make();
    await pods.create(pod("b"));
    const last = await pods.create(pod("a"));
    const watch = reader.watch({ sendInitialEvents: true, bookmarks: true });
    const { resourceVersion } = await watch.ready();
    expect(BigInt(resourceVersion)).toBeGreaterThanOrEqual(BigInt(last.metadata.resourceVersion));
    const events: WatchEvent<Pod>[] = [];
    const reading = (async () => {
      for await (const event of watch) {
        events.push(event);
        if (event.type === "BOOKMARK" && event.initialEventsEnd === true) await pods.create(pod("c"));
        if (event.type === "ADDED" && event.object.metadata.name === "c") break;
      }
    })();
    await within(reading, "c");
    expect(shown(events)).toEqual(["ADDED a", "ADDED b", "BOOKMARK end", "ADDED c"]);
    const end_ = events[2];
    expect(BigInt(end_?.resourceVersion ?? 0)).toBeGreaterThanOrEqual(BigInt(last.metadata.resourceVersion));
    await end();
  });

  test("sendInitialEvents without bookmarks still tells the end; with a version: state not older than it", async () => {
    const { pods, reader, end } = await make();
    const made = await pods.create(pod("a"));
    const events = await take(
      reader.watch({ sendInitialEvents: true, resourceVersion: made.metadata.resourceVersion }),
      2,
    );
    expect(shown(events)).toEqual(["ADDED a", "BOOKMARK end"]);
    const any = await take(reader.watch({ sendInitialEvents: true, read: { consistency: "any" } }), 2);
    expect(shown(any)).toEqual(["ADDED a", "BOOKMARK end"]);
    const empty = await take(reader.watch({ sendInitialEvents: true, labelSelector: "no=one" }), 1);
    expect(shown(empty)).toEqual(["BOOKMARK end"]);
    await end();
  });

  test("objects moving in and out of a selector are ADDED and DELETED, the latter with the last matching body", async () => {
    const { pods, reader, end } = await make();
    const watch = reader.watch({ labelSelector: "app=x" });
    await watch.ready();
    const made = await pods.create(pod("a", { labels: { app: "y" } }));
    const into = await pods.update({ ...made, metadata: { ...made.metadata, labels: { app: "x" } } });
    const out = await pods.update({ ...into, metadata: { ...into.metadata, labels: { app: "z" } } });
    const events = await take(watch, 2);
    expect(shown(events)).toEqual(["ADDED a", "DELETED a"]);
    const [, gone] = events;
    if (gone?.type !== "DELETED") throw new Error("not deleted");
    expect(gone.object.metadata.labels).toEqual({ app: "x" });
    expect(gone.resourceVersion).toBe(out.metadata.resourceVersion);
    expect(gone.object.metadata.resourceVersion).toBe(out.metadata.resourceVersion);
    await end();
  });

  test("by field, by name and by namespace", async () => {
    const { pods, reader, end } = await make();
    const watches = {
      field: reader.watch({ fieldSelector: "spec.nodeName=n1" }),
      unbound: reader.watch({ fieldSelector: { "spec.nodeName": "" } }),
      name: reader.watch({ namespace: "default", name: "b" }),
      elsewhere: reader.watch({ namespace: "kube-system" }),
    };
    for (const watch of Object.values(watches)) await watch.ready();
    const made = await pods.create(pod("a"));
    await pods.update({ ...made, spec: { ...made.spec, nodeName: "n1" } });
    await pods.create(pod("b", { nodeName: "n2" }));
    await pods.create({ ...pod("c"), metadata: { name: "c", namespace: "kube-system" } });
    expect(shown(await take(watches.field, 1))).toEqual(["ADDED a"]);
    expect(shown(await take(watches.unbound, 3))).toEqual(["ADDED a", "DELETED a", "ADDED c"]);
    expect(shown(await take(watches.name, 1))).toEqual(["ADDED b"]);
    expect(shown(await take(watches.elsewhere, 1))).toEqual(["ADDED c"]);
    await end();
  });

  test("events that share a version come in one batch, all but the last with more", async () => {
    const { pods, reader, end } = await make();
    const watch = reader.watch();
    await watch.ready();
    await pods.createMany(Array.from({ length: 30 }, (_, i) => pod(`m-${i}`)));
    const events: WatchEvent<Pod>[] = [];
    const reading = (async () => {
      for await (const batch of watch.batches()) {
        const last = batch.at(-1);
        expect(batch.length).toBeGreaterThan(0);
        expect(last !== undefined && last.type !== "BOOKMARK" && last.more === true).toBe(false);
        events.push(...batch);
        if (events.length >= 30) break;
      }
    })();
    await within(reading, "30 events");
    expect(events.length).toBe(30);
    let shared = 0;
    for (const [i, event] of events.entries()) {
      if (event.type === "BOOKMARK") continue;
      const next = events[i + 1];
      const same = next?.resourceVersion === event.resourceVersion;
      expect(event.more).toBe(same ? true : undefined);
      if (same) shared += 1;
    }
    expect(shared).toBeGreaterThan(0);
    await end();
  });

  test("timeoutMs ends the loop without error; with bookmarks a bookmark is last", async () => {
    const { pods, reader, reached, end } = await make();
    const { resourceVersion } = (await pods.create(pod("a"))).metadata;
    await reached(resourceVersion);
    const quiet: WatchEvent<Pod>[] = [];
    for await (const event of reader.watch({ timeoutMs: 200 })) quiet.push(event);
    expect(quiet).toEqual([]);
    // A watch whose time was over before it was established has nothing to say.
    const last = await withTimeEnough(600, async (timeoutMs) => {
      const events: WatchEvent<Pod>[] = [];
      for await (const event of reader.watch({ timeoutMs, bookmarks: true, resourceVersion }))
        events.push(event);
      return events.at(-1);
    });
    expect(last.type).toBe("BOOKMARK");
    expect(BigInt(last.resourceVersion)).toBeGreaterThanOrEqual(BigInt(resourceVersion));
    const batches: (readonly WatchEvent<Pod>[])[] = [];
    for await (const batch of reader.watch({ timeoutMs: 200 }).batches()) batches.push(batch);
    expect(batches).toEqual([]);
    await end();
  });

  test("a signal ends the loop without error, before, while and after", async () => {
    const { reader, end } = await make();
    for await (const _ of reader.watch({ signal: AbortSignal.abort(new Error("early")) }))
      expect.unreachable();
    const control = new AbortController();
    const watch = reader.watch({ signal: control.signal });
    await watch.ready();
    const reading = (async () => {
      for await (const _ of watch) expect.unreachable();
    })();
    setTimeout(() => control.abort(new Error("now")), 20);
    await within(reading, "the loop ends");
    const reason = new Error("only me");
    expect(await thrownBy(reader.watch().ready({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    await end();
  });

  test("leaving the loop, or disposing, ends it; a second loop is refused", async () => {
    const { pods, reader, end } = await make();
    const watch = reader.watch();
    await watch.ready();
    await pods.create(pod("a"));
    await take(watch, 1);
    await refusal(
      (async () => {
        for await (const _ of watch) expect.unreachable();
      })(),
      "INVALID_ARGUMENT",
    );
    const unread = reader.watch();
    await unread.ready();
    await unread[Symbol.asyncDispose]();
    await unread[Symbol.asyncDispose]();
    const waiting = reader.watch();
    await waiting.ready();
    const iterator = waiting[Symbol.asyncIterator]();
    const pending = iterator.next();
    await waiting[Symbol.asyncDispose]();
    expect(await within(pending, "a pending next() settles")).toMatchObject({ done: true });
    expect(await iterator.next()).toMatchObject({ done: true });
    await end();
  });

  test("bad options are INVALID_ARGUMENT, and nothing is begun", async () => {
    const { reader, end } = await make();
    for (const options of [
      { resourceVersion: "0" },
      { read: { consistency: "any" } as const },
      { name: "../x", namespace: "default" },
      { sendInitialEvents: true, read: { consistency: "exact", resourceVersion: "1" } as const },
      { timeoutMs: 0 },
      { fieldSelector: "no.such=field" },
    ]) {
      await refusal((async () => reader.watch(options).ready())(), "INVALID_ARGUMENT");
    }
    await end();
  });

  test("after the end a watch is CLOSED", async () => {
    const { reader, end } = await make();
    await end();
    await refusal((async () => reader.watch().ready())(), "CLOSED");
    await refusal(reader.list(), "CLOSED");
    await refusal(reader.get(at("a")), "CLOSED");
  });

  test("closing the store ends a watch CLOSED, its pending next() included", async () => {
    const { reader, end } = await make();
    const watch = reader.watch();
    await watch.ready();
    const ended = thrownBy(
      (async () => {
        for await (const _ of watch) expect.unreachable();
      })(),
    );
    await end();
    const error = await ended;
    expect(isStoreError(error, "CLOSED"), String(error)).toBe(true);
  });

  test("a slow reader sees every event, in order", async () => {
    const { pods, reader, end } = await make();
    const watch = reader.watch();
    await watch.ready();
    let object = await pods.create(pod("a"));
    for (let i = 1; i <= 40; i++) object = await pods.update({ ...object, spec: { image: String(i) } });
    const events = await take(watch, 41);
    const images = events.map((e) => (e.type === "BOOKMARK" ? "" : e.object.spec.image));
    expect(images).toEqual(["nginx", ...Array.from({ length: 40 }, (_, i) => String(i + 1))]);
    await end();
  });
});

test("a watch of the store from a compacted version ends EXPIRED", async () => {
  const store = await world.store();
  const maps = store.resources(ConfigMap);
  const made = await maps.create(configMap("a"));
  const second = await maps.update({ ...made, data: {} });
  const third = await maps.update({ ...second, data: { b: "2" } });
  await world.etcd.kv.compact(BigInt(third.metadata.resourceVersion));
  await refusal(
    (async () => {
      for await (const _ of maps.watch({ resourceVersion: made.metadata.resourceVersion }))
        expect.unreachable();
    })(),
    "EXPIRED",
  );
});

test("a bookmark's version can be resumed from", async () => {
  const store = await world.store();
  const pods = podsOf(store);
  await pods.create(pod("a"));
  const version = await withTimeEnough(300, async (timeoutMs) => {
    let told: string | undefined;
    for await (const event of pods.watch({ timeoutMs, bookmarks: true })) told = event.resourceVersion;
    return told;
  });
  await pods.create(pod("b"));
  expect(shown(await take(pods.watch({ resourceVersion: version }), 1))).toEqual(["ADDED b"]);
});
