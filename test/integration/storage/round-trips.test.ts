/**
 * Requests to etcd per verb, in steady state: session, namespace and lease are known. The clock is held: no bound of
 * keelson's own (a turn at a hot key, a cache's freshness wait) may end because the machine stood still.
 */
import {
  createStore,
  createWatchCache,
  isStoreError,
  type ResourceStore,
  type Store,
  withCache,
} from "keelson";
import { msgpackCodec } from "keelson/codec";
import type { Etcd } from "keelson/etcd";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Widget, widget, widgetKind } from "../../conformance/implementation.ts";
import { connect } from "../../support/etcd/etcd-cases.ts";
import { storeForAll } from "../../support/etcd/real-etcd.ts";
import { kvRequestsOf as requestsOf } from "../../support/request-count.ts";
import { tappedReader } from "../../support/tapped-source.ts";
import { LeapClock, slowClock } from "../../support/time/leap-clock.ts";

const key = { namespace: "default", name: "a" };

describe("round trips", () => {
  let other: Store;
  let otherEtcd: Etcd;
  let widgets: ResourceStore<Widget>;

  const lab = storeForAll(
    { client: { clock: new LeapClock() } },
    { kinds: [widgetKind], codec: msgpackCodec({ dictionaries: "off" }) },
  );
  beforeAll(async () => {
    widgets = lab.store.resources(widgetKind);
    // A store of its own connection: what it writes this process has not seen.
    otherEtcd = await connect(lab.local.endpoints, { clock: new LeapClock() });
    other = await createStore({
      etcd: otherEtcd,
      kinds: [widgetKind],
      codec: msgpackCodec({ dictionaries: "off" }),
      compaction: false,
    });
    await widgets.createMany([widget("default", "warm-up-1"), widget("default", "warm-up-2")]);
    // The key of continue tokens is read with the first one.
    await widgets.list({ limit: 1 });
  });
  afterAll(async () => {
    await other?.close();
    await otherEtcd?.close();
  });

  test("create takes one, get one, update and delete of a known version one", async () => {
    let made: Widget | undefined;
    expect(await requestsOf(async () => (made = await widgets.create(widget("default", "a", 1))))).toBe(1);
    expect(await requestsOf(() => widgets.get(key))).toBe(1);
    if (made === undefined) throw new Error("nothing was created");
    const changed = { ...made, spec: { size: 2 } };
    expect(await requestsOf(() => widgets.update(changed))).toBe(1);
    expect(await requestsOf(() => widgets.delete(key))).toBe(1);
  });

  test("update takes two when the version was never seen here", async () => {
    const foreign = await other.resources(widgetKind).create(widget("default", "a", 1));
    expect(await requestsOf(() => widgets.update({ ...foreign, spec: { size: 2 } }))).toBe(2);
    await widgets.delete(key);
  });

  test("guaranteedUpdate takes one from a state seen here, two from a stale one", async () => {
    await widgets.create(widget("default", "a", 1));
    const grow = (current: Widget): Widget => ({ ...current, spec: { size: current.spec.size + 1 } });
    expect(await requestsOf(() => widgets.guaranteedUpdate(key, grow))).toBe(1);
    await other.resources(widgetKind).guaranteedUpdate(key, grow);
    expect(await requestsOf(() => widgets.guaranteedUpdate(key, grow))).toBe(2);
    expect((await widgets.get(key)).spec.size).toBe(4);
    await widgets.delete(key);
  });

  test("guaranteedUpdate, update and delete take one from what a cache holds, though another process wrote it", async () => {
    // A store that has seen nothing of these objects itself: only its cache knows them.
    await using cacheEtcd = await connect(lab.local.endpoints, { clock: new LeapClock() });
    await using plain = await createStore({
      etcd: cacheEtcd,
      kinds: [widgetKind],
      codec: msgpackCodec({ dictionaries: "off" }),
      compaction: false,
    });
    await using cache = createWatchCache(tappedReader(plain.resources(widgetKind), { clock: slowClock }), {
      selfCheckIntervalMs: false,
    });
    const cached = withCache(plain.resources(widgetKind), cache);
    // The session of its writes is opened with the first of them.
    await cached.create(widget("default", "cache-warm-up"));
    const foreign = other.resources(widgetKind);
    const grow = (current: Widget): Widget => ({ ...current, spec: { size: current.spec.size + 1 } });
    await cache.ready();
    const counts = { guaranteedUpdate: [] as number[], update: [] as number[], delete: [] as number[] };
    for (let round = 0; round < 3; round++) {
      const [a, b, c] = ["a", "b", "c"].map((name) => ({ namespace: "default", name: `${name}-${round}` }));
      if (a === undefined || b === undefined || c === undefined) throw new Error("three keys were made");
      for (const { name } of [a, b]) await foreign.create(widget("default", name, 1));
      const { resourceVersion } = (await foreign.create(widget("default", c.name, 1))).metadata;
      const read = { consistency: "notOlderThan", resourceVersion } as const;
      const held = await cached.get(b, { read });
      counts.guaranteedUpdate.push(await requestsOf(() => cached.guaranteedUpdate(a, grow)));
      counts.update.push(await requestsOf(() => cached.update({ ...held, spec: { size: 5 } })));
      counts.delete.push(await requestsOf(() => cached.delete(c)));
      expect((await foreign.get(a)).spec.size).toBe(2);
      for (const key of [a, b]) await foreign.delete(key);
    }
    await foreign.delete({ namespace: "default", name: "cache-warm-up" });
    expect(counts).toEqual({ guaranteedUpdate: [1, 1, 1], update: [1, 1, 1], delete: [1, 1, 1] });
  });

  test("16 writers on one key take one try each", async () => {
    await widgets.create(widget("default", "a", 0));
    const requests = await requestsOf(() =>
      Promise.all(
        Array.from({ length: 16 }, () =>
          widgets.guaranteedUpdate(key, (current) => ({ ...current, spec: { size: current.spec.size + 1 } })),
        ),
      ),
    );
    expect(requests).toBe(16);
    await widgets.delete(key);
  });

  test("a page of a list takes one", async () => {
    await widgets.createMany(Array.from({ length: 60 }, (_, i) => widget("default", `l-${i}`, i)));
    expect(await requestsOf(() => widgets.list({ namespace: "default", limit: 50 }))).toBe(1);
    expect(await requestsOf(() => widgets.list({ namespace: "default" }))).toBe(1);
  });

  test("100 gets at once take two, 50 of one key take one", async () => {
    const many = Array.from({ length: 100 }, (_, i) => ({ namespace: "default", name: `l-${i % 60}` }));
    expect(await requestsOf(() => Promise.all(many.map((at) => widgets.get(at))))).toBeLessThanOrEqual(2);
    const one = { namespace: "default", name: "l-0" };
    expect(await requestsOf(() => Promise.all(Array.from({ length: 50 }, () => widgets.get(one))))).toBe(1);
  });

  test("bad input takes none", async () => {
    const bad: (() => Promise<unknown>)[] = [
      () => widgets.get({ namespace: "default", name: "../x" }),
      () => widgets.get({ name: "a" }),
      () => widgets.list({ namespace: ".." }),
      () => widgets.list({ labelSelector: "((" }),
      () => widgets.list({ limit: 0 }),
      () => widgets.create(widget("default", "UPPER")),
      () => widgets.create(widget("default", "a", Number.NaN)),
      () => widgets.create(widget("default", "a"), { ttlSeconds: 0 }),
      () => widgets.delete(key, { preconditions: { resourceVersion: "x" } }),
      () => widgets.delete(key, { gracePeriodSeconds: -1 }),
      () => widgets.guaranteedUpdate({ namespace: "default", name: "" }, (current) => current),
      () => widgets.watch({ resourceVersion: "0" }).ready(),
    ];
    for (const run of bad) {
      expect(
        await requestsOf(
          async () =>
            void (await Promise.resolve()
              .then(run)
              .catch(() => undefined)),
        ),
      ).toBe(0);
      await expect(Promise.resolve().then(run)).rejects.toSatisfy((error) =>
        isStoreError(error, "INVALID_ARGUMENT", "INVALID_OBJECT"),
      );
    }
  });
});
