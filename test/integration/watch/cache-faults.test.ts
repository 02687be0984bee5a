/** What a cache does when its stream lags, loses, repeats or ends, and when etcd's history is replaced. */
import {
  createStore,
  createWatchCache,
  type Resource,
  type ResourceStore,
  StoreError,
  type WatchEvent,
} from "keelson";
import { beforeEach, describe, expect, test } from "vitest";
import { progressIsTrusted } from "../../../src/etcd/versions/version-facts.ts";
import { KindCache } from "../../../src/watch/watch-cache.ts";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { connect } from "../../support/etcd/etcd-cases.ts";
import { etcdForAll, storeForEach } from "../../support/etcd/real-etcd.ts";
import { namespacedKind } from "../../support/kinds.ts";
import { TcpProxy } from "../../support/peers/tcp-proxy.ts";
import { skipNote } from "../../support/skip-note.ts";
import { take } from "../../support/take.ts";
import { type Taps, tappedReader } from "../../support/tapped-source.ts";
import { LeapClock } from "../../support/time/leap-clock.ts";
import { until } from "../../support/time/patience.ts";

interface Item extends Resource {
  spec: { n: number };
}
const Item = namespacedKind<Item>("Item", { indexes: ["label:app"] });
const any = { read: { consistency: "any" } } as const;
const draft = (name: string, n = 0) => ({
  metadata: { namespace: "a", name, labels: { app: "x" } },
  spec: { n },
});

/** Loses every batch until the one with an event of namespace "b", which ends the stream: etcd has compacted what was lost. */
function loseUntilCompacted(taps: Taps): void {
  taps.batch = ({ events }) => {
    const keys = events.map((event) => (event.type === "put" ? event.record.key : event.key));
    if (!keys.some((key) => key.includes("/items/b/"))) return undefined;
    taps.batch = undefined;
    throw new StoreError("EXPIRED", "compacted", { reason: "compacted" });
  };
}

const told = (events: readonly WatchEvent<Item>[]) =>
  events.map((e) =>
    e.type === "BOOKMARK" ? e.type : `${e.type} ${e.object.metadata.name}=${e.object.spec.n}`,
  );

describe.each((await etcdBinaries()).slice(-1))("a cache in trouble, etcd $version", ({ path, version }) => {
  const distrusted = !progressIsTrusted(version);
  const because = skipNote(
    distrusted,
    `reads go to etcd at once: progress of etcd ${version} is not trusted`,
  );
  let items: ResourceStore<Item>;
  const lab = etcdForAll({ binary: path });
  const own = storeForEach(lab, { kinds: [Item], namespaces: "open" });
  beforeEach(() => {
    items = own.store.resources(Item);
  });
  const requests = (): number => Object.values(lab.etcd.stats().requests).reduce((sum, n) => sum + n, 0);
  /** Until the cache has applied everything up to `resourceVersion`, tampered with or not. */
  const applied = (cache: { readonly resourceVersion: string }, resourceVersion: string): Promise<void> =>
    until(() => BigInt(cache.resourceVersion) >= BigInt(resourceVersion), "the cache has applied it");

  test("1,000 consistent lists while progress is away cost etcd a handful of requests", async () => {
    for (let n = 0; n < 30; n++) await items.create(draft(`i-${n}`, n));
    const clock = new LeapClock(100);
    const taps: Taps = { clock };
    await using cache = createWatchCache(tappedReader(items, taps), { selfCheckIntervalMs: false });
    await cache.ready();
    taps.progress = false;
    taps.batch = (batch) => (batch.events.length === 0 ? undefined : batch);
    const { header } = await lab.etcd.kv.put({ key: "/beside", value: "x" });
    const before = requests();
    const lists = Array.from({ length: 1_000 }, () => cache.list());
    // All have learned the store's revision, from two requests, and wait for it.
    await until(() => requests() - before >= 2 && lab.etcd.stats().inFlight === 0);
    let answered = 0;
    for (const list of lists) list.then(() => answered++).catch(() => answered++);
    await until(() => {
      clock.leap(100);
      return answered === lists.length;
    }, "all give up waiting and are answered");
    const pages = await Promise.all(lists);
    for (const page of pages) {
      expect(page.items).toHaveLength(30);
      expect(BigInt(page.resourceVersion)).toBeGreaterThanOrEqual(header.revision);
    }
    // The first one's list; of the others, a round later, one list and one behind it that they share.
    expect(cache.stats().etcdReads).toBeLessThanOrEqual(3);
    // Those, and what stores do beside them.
    expect(requests() - before).toBeLessThan(60);
    taps.progress = true;
    taps.batch = undefined;
    expect((await cache.list()).items).toHaveLength(30);
  });

  test.skipIf(distrusted)(
    `a process that was held up for longer than a read waits for the stream reads the stream first${because}`,
    async () => {
      const made = await items.create(draft("one", 1));
      const taps: Taps = {};
      await using cache = createWatchCache(tappedReader(items, taps), { selfCheckIntervalMs: false });
      await cache.ready();
      await lab.etcd.kv.put({ key: "/beside", value: "x" });
      const asked = new Promise<void>((resolve) => {
        taps.onAsk = resolve;
      });
      const listing = cache.list();
      await asked;
      // The request leaves, then nothing runs here until the wait would be over.
      await new Promise((resolve) => setImmediate(resolve));
      const untilMs = performance.now() + 3_300;
      while (performance.now() < untilMs) {
        // Neither timers nor sockets have their turn.
      }
      expect((await listing).items).toEqual([made]);
      expect(cache.stats()).toMatchObject({ freshTimeouts: 0, etcdReads: 0 });
    },
  );

  test.skipIf(distrusted)(
    `a watch on a connection that only seems to stand is opened again when reads notice, before keepalive does${because}`,
    async () => {
      await using proxy = await TcpProxy.start(Number(new URL(lab.local.endpoints[0] ?? "").port));
      await using far = await connect(proxy.url);
      await using behind = await createStore({
        etcd: far,
        kinds: [Item],
        prefix: own.prefix,
        namespaces: "open",
        compaction: false,
      });
      await using cache = createWatchCache(behind.resources(Item), { selfCheckIntervalMs: false });
      await cache.ready();
      const watch = cache.watch();
      await applied(cache, (await items.create(draft("before", 1))).metadata.resourceVersion);
      expect((await cache.list()).items).toHaveLength(1);
      // Requests go over another connection and are answered; nothing ends the one the watch is on.
      expect(proxy.forget("/etcdserverpb.Watch/Watch")).toBe(1);
      await items.create(draft("after", 2));
      expect((await cache.list()).items).toHaveLength(2);
      expect(told(await take(watch, 2))).toEqual(["ADDED before=1", "ADDED after=2"]);
      // The cache opened the watch again itself, before the read gave up its wait or after: no fault of the connection was seen.
      const { freshTimeouts, etcdReads, watchReopens } = cache.stats();
      expect(watchReopens).toBe(1);
      expect(freshTimeouts).toBeLessThanOrEqual(1);
      expect(etcdReads).toBe(freshTimeouts);
      expect(cache.stats()).toMatchObject({ state: "ready", fills: 1, relists: 0, repeatedEvents: 0 });
    },
  );

  test("where progress notices cannot be trusted, linearizable reads go to etcd and any reads do not", async () => {
    const made = await items.create(draft("one", 1));
    await using cache = createWatchCache(tappedReader(items, { reliable: false }), {
      selfCheckIntervalMs: false,
    });
    await cache.ready();
    expect(await cache.get({ namespace: "a", name: "one" })).toEqual(made);
    expect((await cache.list()).items).toEqual([made]);
    expect(cache.stats().etcdReads).toBe(2);
    expect((await cache.list(any)).items).toEqual([made]);
    expect(cache.stats().etcdReads).toBe(2);
  });

  test("a stream that ends compacted is listed again: what vanished comes as DELETED, what changed as it is now", async () => {
    const kept = await items.create(draft("kept", 1));
    await items.create(draft("gone", 2));
    await items.create(draft("same", 3));
    const taps: Taps = {};
    await using cache = createWatchCache(tappedReader(items, taps), { selfCheckIntervalMs: false });
    await cache.ready();
    const watch = cache.watch({ namespace: "a" });
    await watch.ready();
    loseUntilCompacted(taps);
    await items.update({ ...kept, spec: { n: 10 } });
    await items.delete({ namespace: "a", name: "gone" });
    await items.create(draft("new", 4));
    // This one ends the stream; the watcher does not want it.
    await items.create({ ...draft("elsewhere"), metadata: { namespace: "b", name: "elsewhere" } });
    const events = await take(watch, 3);
    expect(told(events)).toEqual(["DELETED gone=2", "MODIFIED kept=10", "ADDED new=4"]);
    const versions = events.map((event) => BigInt(event.resourceVersion));
    expect([...versions].sort((a, b) => (a < b ? -1 : 1))).toEqual(versions);
    expect((await cache.list()).items).toEqual((await items.list()).items);
    expect(cache.stats()).toMatchObject({ relists: 1, state: "ready" });
  });

  test("what a gap came to is told at one version: no place to resume from lies inside it, and one that does is etcd's", async () => {
    const kept = await items.create(draft("kept", 1));
    await items.create(draft("gone", 2));
    const taps: Taps = {};
    await using cache = createWatchCache(tappedReader(items, taps), { selfCheckIntervalMs: false });
    await cache.ready();
    const watch = cache.watch({ namespace: "a" });
    await watch.ready();
    loseUntilCompacted(taps);
    await items.delete({ namespace: "a", name: "gone" });
    const inside = await items.update({ ...kept, spec: { n: 10 } });
    await items.create(draft("brief", 5));
    await items.delete({ namespace: "a", name: "brief" });
    const last = await items.create(draft("new", 4));
    // This one ends the stream; the watcher does not want it.
    await items.create({ ...draft("elsewhere"), metadata: { namespace: "b", name: "elsewhere" } });
    const events = await take(watch, 3);
    expect(told(events)).toEqual(["DELETED gone=2", "MODIFIED kept=10", "ADDED new=4"]);
    // Over HTTP the objects' versions are all there is to resume from: they rise, inside the gap up to the last.
    const shown = events.map(
      (event) => event.type !== "BOOKMARK" && BigInt(event.object.metadata.resourceVersion),
    );
    expect(shown).toEqual([
      expect.any(BigInt),
      BigInt(inside.metadata.resourceVersion),
      BigInt(last.metadata.resourceVersion),
    ]);
    expect(shown[0]).toBeLessThanOrEqual(BigInt(inside.metadata.resourceVersion) - 1n);
    // The version of `inside` came after the deletion of "gone": who resumed from it would never hear of that.
    const to = BigInt(last.metadata.resourceVersion);
    expect(events.every(({ resourceVersion }) => BigInt(resourceVersion) >= to)).toBe(true);
    expect(events.map((event) => event.type !== "BOOKMARK" && event.more === true)).toEqual([
      true,
      true,
      false,
    ]);
    const { resourceVersion } = inside.metadata;
    expect(told(await take(cache.watch({ resourceVersion }), 3))).toEqual([
      "ADDED brief=5",
      "DELETED brief=5",
      "ADDED new=4",
    ]);
  });

  test("an event that never came is noticed at the next change of its key, and healed", async () => {
    const one = await items.create(draft("one", 1));
    await items.create(draft("two", 1));
    const taps: Taps = {};
    await using cache = createWatchCache(tappedReader(items, taps), { selfCheckIntervalMs: false });
    await cache.ready();
    let drop = 2;
    taps.batch = (batch) => ({ ...batch, events: batch.events.filter(() => drop-- <= 0) });
    const watch = cache.watch();
    const changed = await items.update({ ...one, spec: { n: 2 } });
    await items.delete({ namespace: "a", name: "two" });
    await items.update({ ...changed, spec: { n: 3 } });
    expect(told(await take(watch, 2))).toEqual(["MODIFIED one=3", "DELETED two=1"]);
    await cache.ready();
    expect((await cache.list()).items).toEqual((await items.list()).items);
    expect(cache.stats()).toMatchObject({ missedEvents: 1, relists: 1 });
  });

  test("the comparison with etcd finds a lost event by itself, and heals", async () => {
    const taps: Taps = {};
    await using cache = createWatchCache(tappedReader(items, taps), { selfCheckIntervalMs: 1_000 });
    await cache.ready();
    await applied(cache, (await items.create(draft("seen"))).metadata.resourceVersion);
    expect(cache).toBeInstanceOf(KindCache);
    const { selfChecks } = cache.stats();
    await until(() => cache.stats().selfChecks > selfChecks + 1, "a whole comparison is done");
    expect(cache.stats()).toMatchObject({ selfCheckFailures: 0, relists: 0 });
    taps.batch = (batch) => ({ ...batch, events: [] });
    await applied(cache, (await items.create(draft("unseen"))).metadata.resourceVersion);
    taps.batch = undefined;
    await until(() => cache.stats().relists > 0, "the comparison finds the lost event");
    await cache.ready();
    expect((await cache.list()).items.map((item) => item.metadata.name)).toEqual(["seen", "unseen"]);
    expect(cache.stats()).toMatchObject({ selfCheckFailures: 1, relists: 1 });
  });

  test("repeated batches are passed over and counted", async () => {
    const taps: Taps = {};
    await using cache = createWatchCache(tappedReader(items, taps), { selfCheckIntervalMs: false });
    await cache.ready();
    const watch = cache.watch();
    await items.create(draft("one", 1));
    let last: Parameters<NonNullable<Taps["batch"]>>[0] | undefined;
    taps.batch = (batch) => {
      if (last === undefined && batch.events.length > 0) last = batch;
      return batch;
    };
    await applied(cache, (await items.create(draft("two", 2))).metadata.resourceVersion);
    taps.batch = (batch) => last ?? batch;
    await items.create(draft("never"));
    await until(() => cache.stats().repeatedEvents > 0, "a repeated event is counted");
    expect(told(await take(watch, 2))).toEqual(["ADDED one=1", "ADDED two=2"]);
  });

  test("when etcd's history is replaced, watchers end EXPIRED and the cache starts over", async () => {
    await items.create(draft("one", 1));
    const taps: Taps = {};
    await using cache = createWatchCache(tappedReader(items, taps), { selfCheckIntervalMs: false });
    await cache.ready();
    const watch = take(cache.watch(), 1).catch((error: unknown) => error);
    taps.changeEpoch?.();
    expect(await watch).toMatchObject({ code: "EXPIRED", details: { reason: "epoch" } });
    await cache.ready();
    expect((await cache.list()).items).toHaveLength(1);
    expect(cache.stats()).toMatchObject({ restoresNoticed: 1, fills: 2 });
  });

  test("objects that need more than the budget make the cache not ready, never larger", async () => {
    const filler = "x".repeat(20_000);
    for (let n = 0; n < 80; n++) {
      await items.create({
        ...draft(`big-${n}`),
        metadata: { ...draft(`big-${n}`).metadata, annotations: { filler: filler + n } },
      });
    }
    await using cache = createWatchCache(items, { budgetBytes: 1024 ** 2, selfCheckIntervalMs: false });
    await until(() => cache.stats().sourceFailures > 0, "the objects do not fit");
    expect(cache.state).toBe("pending");
    expect(cache.stats().bytes.total).toBeLessThan(1024 ** 2);
    await expect(cache.list(any)).rejects.toMatchObject({ code: "NOT_READY" });
  });

  test("a corrupt object stays one: the others are served, lists and watches say which", async () => {
    await items.create(draft("good"));
    await using cache = createWatchCache(items, { selfCheckIntervalMs: false });
    await cache.ready();
    const watch = take(cache.watch(), 2).catch((error: unknown) => error);
    await items.create(draft("next"));
    await lab.etcd.kv.put({ key: `${own.prefix}/items/a/bad`, value: "no object" });
    await expect(cache.list()).rejects.toMatchObject({ code: "CORRUPT_OBJECT", details: { name: "bad" } });
    const reported: string[] = [];
    const page = await cache.list({ onCorrupt: (error) => reported.push(error.code) });
    expect(page.items.map((item) => item.metadata.name)).toEqual(["good", "next"]);
    expect(reported).toEqual(["CORRUPT_OBJECT"]);
    await expect(cache.get({ namespace: "a", name: "bad" })).rejects.toMatchObject({
      code: "CORRUPT_OBJECT",
    });
    expect(await watch).toMatchObject({ code: "CORRUPT_OBJECT" });
    expect(cache.state).toBe("ready");
  });
});
