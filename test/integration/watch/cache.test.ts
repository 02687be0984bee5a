import {
  createWatchCache,
  defineKind,
  defineView,
  jsonView,
  metadataView,
  type Resource,
  type ResourceStore,
  type WatchCache,
  type WatchEvent,
  withCache,
  withCaches,
} from "keelson";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { etcdForAll, storeForEach } from "../../support/etcd/real-etcd.ts";
import { namespacedKind } from "../../support/kinds.ts";
import { take } from "../../support/take.ts";
import { type Taps, tappedReader } from "../../support/tapped-source.ts";
import { LeapClock, slowClock } from "../../support/time/leap-clock.ts";
import { until } from "../../support/time/patience.ts";

interface Widget extends Resource {
  spec: { size: number; colour?: string };
}

const Widget = namespacedKind<Widget>("Widget", {
  group: "example.com",
  fields: { "spec.colour": (widget) => widget.spec.colour },
  indexes: ["label:app", "field:spec.colour"],
});

const draft = (name: string, size = 1, labels: Record<string, string> = {}, colour?: string) => ({
  metadata: { name, namespace: "default", labels },
  spec: colour === undefined ? { size } : { size, colour },
});
const at = (name: string) => ({ namespace: "default", name });
const any = { consistency: "any" } as const;

const told = (events: readonly WatchEvent<Widget>[]) =>
  events.map((e) =>
    e.type === "BOOKMARK" ? e.type : `${e.type} ${e.object.metadata.name}=${e.object.spec.size}`,
  );

/** Before 3.4.31 and 3.5.13 progress notices cannot be trusted, and linearizable reads go to etcd. */
const progressIsReliable = (version: string): boolean => {
  const [, minor = 0, patch = 0] = version.split(".").map(Number);
  return minor > 5 || (minor === 5 ? patch >= 13 : patch >= 31);
};

describe.each((await etcdBinaries()).slice(-1))("watch cache on etcd $version", ({ path, version }) => {
  let widgets: ResourceStore<Widget>;
  let cache: WatchCache<Widget>;
  const lab = etcdForAll({ binary: path });
  const own = storeForEach(lab, { kinds: [Widget] });
  beforeEach(async () => {
    widgets = own.store.resources(Widget);
    // A read waits for the cache as long as it takes: none goes on to etcd because the machine stood still.
    cache = createWatchCache(
      tappedReader(widgets, { clock: slowClock, reliable: progressIsReliable(version) }),
    );
    await cache.ready();
  });
  afterEach(() => cache?.[Symbol.asyncDispose]());

  test("reads before the first fill are NOT_READY with retryAfterMs", async () => {
    let fill = (): void => {};
    const taps: Taps = { hold: new Promise((resolve) => (fill = resolve)) };
    const cold = createWatchCache(tappedReader(widgets, taps));
    await expect(cold.list({ read: any })).rejects.toMatchObject({ code: "NOT_READY" });
    await expect(cold.get(at("x"))).rejects.toMatchObject({ code: "NOT_READY" });
    const failed = await take(cold.watch(), 1).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "NOT_READY", details: { retryAfterMs: 1000 } });
    fill();
    await cold.ready();
    expect((await cold.list({ read: any })).items).toEqual([]);
    await cold[Symbol.asyncDispose]();
    expect(cold.state).toBe("stopped");
  });

  test("a linearizable read sees every write before it, also in a quiet kind", async () => {
    const made = await widgets.create(draft("one"));
    expect(await cache.get(at("one"))).toEqual(made);
    await lab.etcd.kv.put({ key: "/elsewhere", value: "x" });
    const page = await cache.list();
    expect(page.items).toEqual([made]);
    expect(BigInt(page.resourceVersion)).toBeGreaterThan(BigInt(made.metadata.resourceVersion));
    if (progressIsReliable(version)) expect(cache.stats().etcdReads).toBe(0);
  });

  test("lists at any held version equal what the store lists there, by index, page and selector", async () => {
    const versions: string[] = [];
    for (let i = 0; i < 12; i++) {
      const made = await widgets.create(
        draft(
          `w${i % 5}`.concat(`-${i}`),
          i,
          { app: i % 2 === 0 ? "web" : "db" },
          i % 3 === 0 ? "red" : "blue",
        ),
      );
      versions.push(made.metadata.resourceVersion);
      if (i % 4 === 3) versions.push((await widgets.delete(at(made.metadata.name))).metadata.resourceVersion);
      if (i % 4 === 2) {
        versions.push(
          (await widgets.update({ ...made, spec: { size: 100 + i, colour: "green" } })).metadata
            .resourceVersion,
        );
      }
    }
    await cache.list({ read: { consistency: "notOlderThan", resourceVersion: versions.at(-1) ?? "" } });
    for (const resourceVersion of versions) {
      const read = { consistency: "exact", resourceVersion } as const;
      for (const options of [
        {},
        { labelSelector: "app=web" },
        { labelSelector: "app in (web, db)", fieldSelector: "spec.colour=red" },
        { fieldSelector: "spec.colour!=blue" },
        { namespace: "default", limit: 3 },
        { fieldSelector: "metadata.name=w0-0" },
      ]) {
        const [mine, theirs] = await Promise.all([
          cache.list({ ...options, read }),
          widgets.list({ ...options, read }),
        ]);
        expect(mine).toEqual(theirs);
      }
    }
    expect(cache.stats().etcdReads).toBe(0);
  });

  test("a walk in pages stays at its first version, across a compaction, and the store takes its tokens", async () => {
    for (let i = 0; i < 10; i++) await widgets.create(draft(`p${i}`, i));
    const first = await cache.list({ limit: 3 });
    await widgets.delete(at("p7"));
    await widgets.create(draft("p5a"));
    const now = await own.store.currentResourceVersion();
    const other = await widgets.list({ limit: 3, continueToken: first.continueToken });
    await lab.etcd.kv.compact(BigInt(now));
    const names = [...first.items];
    let token = first.continueToken;
    while (token !== undefined) {
      const page = await cache.list({ limit: 3, continueToken: token });
      expect(page.resourceVersion).toBe(first.resourceVersion);
      names.push(...page.items);
      token = page.continueToken;
    }
    expect(names.map((w) => w.metadata.name)).toEqual([..."0123456789"].map((i) => `p${i}`));
    expect(other.items.map((w) => w.metadata.name)).toEqual(["p3", "p4", "p5"]);
    await expect(widgets.list({ limit: 3, continueToken: first.continueToken })).rejects.toMatchObject({
      code: "EXPIRED",
    });
  });

  test("a watch begins at the call, tells of transitions by selector, and resumes without gap", async () => {
    const reds = cache.watch({ fieldSelector: "spec.colour=red" });
    const all = cache.watch();
    const one = await widgets.create(draft("one", 1, {}, "red"));
    const two = await widgets.update({ ...one, spec: { size: 2, colour: "blue" } });
    const three = await widgets.update({ ...two, spec: { size: 3, colour: "red" } });
    const gone = await widgets.delete(at("one"));
    const seen = await take(reds, 4);
    expect(told(seen)).toEqual(["ADDED one=1", "DELETED one=1", "ADDED one=3", "DELETED one=3"]);
    expect(seen.map((e) => e.resourceVersion)).toEqual(
      [one, two, three, gone].map((w) => w.metadata.resourceVersion),
    );
    const out = seen[1];
    expect(out?.type !== "BOOKMARK" && out?.object.metadata.resourceVersion).toBe(
      two.metadata.resourceVersion,
    );
    expect(told(await take(all, 4))).toEqual([
      "ADDED one=1",
      "MODIFIED one=2",
      "MODIFIED one=3",
      "DELETED one=3",
    ]);
    const resumed = cache.watch({ resourceVersion: two.metadata.resourceVersion });
    expect(told(await take(resumed, 2))).toEqual(["MODIFIED one=3", "DELETED one=3"]);
  });

  test("initial events are the state at one version, then initialEventsEnd, then live", async () => {
    for (let i = 0; i < 5; i++) await widgets.create(draft(`i${i}`, i));
    const watch = cache.watch({ sendInitialEvents: true });
    const { resourceVersion } = await watch.ready();
    await widgets.create(draft("later"));
    const events = await take(watch, 7);
    expect(told(events)).toEqual([
      "ADDED i0=0",
      "ADDED i1=1",
      "ADDED i2=2",
      "ADDED i3=3",
      "ADDED i4=4",
      "BOOKMARK",
      "ADDED later=1",
    ]);
    expect(events[5]).toEqual({ type: "BOOKMARK", resourceVersion, initialEventsEnd: true });
  });

  test("views are made once per object version, for lists and watches alike", async () => {
    let made = 0;
    const row = defineView<Widget, string>({
      name: "row",
      project: (w) => {
        made++;
        return `${w.metadata.name}:${w.spec.size}`;
      },
    });
    const rows = cache.as(row);
    const watch = rows.watch();
    const other = cache.as(row).watch({ labelSelector: "!x" });
    await widgets.create(draft("v", 7));
    const [a, b] = await Promise.all([take(watch, 1), take(other, 1)]);
    expect(a[0]).toMatchObject({ object: "v:7" });
    expect(b[0]).toMatchObject({ object: "v:7" });
    expect((await rows.list({ read: any })).items).toEqual(["v:7"]);
    expect(await rows.get(at("v"), { read: any })).toBe("v:7");
    expect(made).toBe(1);
    const [bytes] = (await cache.as(jsonView).list()).items;
    expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual(await widgets.get(at("v")));
    const [meta] = (await cache.as(metadataView).list()).items;
    expect(meta?.metadata.name).toBe("v");
  });

  test("what is handed out is frozen and shared", async () => {
    const { resourceVersion } = (await widgets.create(draft("f"))).metadata;
    const first = await cache.get(at("f"), { read: { consistency: "notOlderThan", resourceVersion } });
    expect(await cache.get(at("f"), { read: any })).toBe(first);
    expect(() => {
      first.spec.size = 9;
    }).toThrow(TypeError);
  });

  test("withCache reads its own writes at any consistency and starts updates from the cached object", async () => {
    const cached = withCache(widgets, cache);
    for (let i = 0; i < 30; i++) {
      const made = await cached.create(draft(`r${i}`, i));
      expect(await cached.get(at(`r${i}`), { read: any })).toEqual(made);
      const updated = await cached.guaranteedUpdate(at(`r${i}`), (w) => ({
        ...w,
        spec: { size: w.spec.size + 1 },
      }));
      expect((await cached.get(at(`r${i}`), { read: any })).spec.size).toBe(i + 1);
      expect(updated.spec.size).toBe(i + 1);
      await cached.delete(at(`r${i}`));
      await expect(cached.get(at(`r${i}`), { read: any })).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
  });

  test("withCaches carries every kind over one watch, also kinds added later", async () => {
    const Gadget = defineKind({
      group: "example.com",
      version: "v1",
      kind: "Gadget",
      plural: "gadgets",
      scope: "Cluster",
    });
    const caches = withCaches(own.store);
    await caches.ready();
    const watch = caches.cache(Widget).watch();
    await caches.resources(Widget).create(draft("c"));
    expect(told(await take(watch, 1))).toEqual(["ADDED c=1"]);
    expect((await caches.namespaces.list()).items.map((n) => n.metadata.name)).toContain("default");
    await caches.addKind(Gadget);
    const gadgets = caches.resources(Gadget);
    await gadgets.create({ metadata: { name: "g" } });
    expect((await gadgets.list()).items).toHaveLength(1);
    await until(() => caches.cache(Gadget).stats().objects === 1, "the gadget is cached");
    const closing = take(caches.cache(Gadget).watch(), 1).catch((error: unknown) => error);
    await caches.removeKind(Gadget);
    expect(await closing).toMatchObject({ code: "CLOSED" });
    await caches.close();
  });

  test("a version the store has not reached is FUTURE_VERSION, one before the cache is read from etcd", async () => {
    const old = await widgets.create(draft("old"));
    await widgets.delete(at("old"));
    const young = createWatchCache(widgets);
    await young.ready();
    const read = { consistency: "exact", resourceVersion: old.metadata.resourceVersion } as const;
    expect(await young.get(at("old"), { read })).toEqual(old);
    expect(young.stats().etcdReads).toBe(1);
    const replayed = young.watch({ resourceVersion: old.metadata.resourceVersion });
    expect(told(await take(replayed, 1))).toEqual(["DELETED old=1"]);
    const far = (BigInt(await own.store.currentResourceVersion()) + 1000n).toString();
    await expect(
      young.list({ read: { consistency: "notOlderThan", resourceVersion: far } }),
    ).rejects.toMatchObject({ code: "FUTURE_VERSION", details: { requested: far } });
    await young[Symbol.asyncDispose]();
  });

  test("a reader that is not keelson's own is cached all the same", async () => {
    const one = await widgets.create(draft("one", 1, { app: "web" }));
    const foreign = {
      get: widgets.get.bind(widgets),
      list: widgets.list.bind(widgets),
      watch: widgets.watch.bind(widgets),
      as: widgets.as.bind(widgets),
    };
    const other = createWatchCache<Widget>(foreign);
    await other.ready();
    const watch = other.watch();
    const two = await widgets.create(draft("two", 2, { app: "db" }));
    expect(told(await take(watch, 1))).toEqual(["ADDED two=2"]);
    expect(await other.get(at("two"), { read: any })).toEqual(two);
    expect((await other.list({ labelSelector: "app=web", read: any })).items).toEqual([one]);
    expect((await other.list()).items).toEqual([one, two]);
    await widgets.delete(at("one"));
    const gone = other.watch({ resourceVersion: two.metadata.resourceVersion });
    expect(told(await take(gone, 1))).toEqual(["DELETED one=1"]);
    await other[Symbol.asyncDispose]();
  });

  test("bookmarks come on an idle watch, and last when its time ends", async () => {
    const quick = createWatchCache(widgets, { bookmarkIntervalMs: 200 });
    await quick.ready();
    const made = await widgets.create(draft("b"));
    const idle = await take(quick.watch({ bookmarks: true }), 3);
    expect(idle.map((event) => event.type)).toEqual(["BOOKMARK", "BOOKMARK", "BOOKMARK"]);
    for (const { resourceVersion } of idle) {
      expect(BigInt(resourceVersion)).toBeGreaterThanOrEqual(BigInt(made.metadata.resourceVersion));
    }
    await quick[Symbol.asyncDispose]();

    const clock = new LeapClock();
    const other = createWatchCache(tappedReader(widgets, { clock }));
    await other.ready();
    const brief = other.watch({ bookmarks: true, timeoutMs: 30_000 });
    const { resourceVersion } = await brief.ready();
    const ending = take(brief, Number.POSITIVE_INFINITY);
    clock.leap(30_000);
    const events = await ending;
    expect(events.map((event) => event.type)).toEqual(["BOOKMARK"]);
    expect(BigInt(events[0]?.resourceVersion ?? 0)).toBeGreaterThanOrEqual(BigInt(resourceVersion));
    await other[Symbol.asyncDispose]();
  });
});
