/** A cache that lags: who reads what meanwhile, and how it comes back. */
import { createStore, createWatchCache, type ListPage, type WatchCache } from "keelson";
import { expect, test } from "vitest";
import { type Widget, widget, widgetKind } from "../../conformance/implementation.ts";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";
import { type Taps, tappedReader } from "../../support/tapped-source.ts";
import { ManualClock } from "../../support/time/manual-clock.ts";

/** Longer than a read waits for the cache. */
const wholeWaitMs = 3_100;

interface Scene {
  readonly clock: ManualClock;
  readonly taps: Taps;
  readonly cache: WatchCache<Widget>;
  /** The store goes on, the cache's kind does not change. Gives the store's version. */
  readonly somethingElse: () => Promise<bigint>;
  readonly list: () => Promise<ListPage<Widget>>;
}

/** A cache of one object over an etcd in memory. */
async function scene(taps: Taps, act: (scene: Scene) => Promise<void>): Promise<void> {
  const clock = new ManualClock();
  const timely = async <T>(work: PromiseLike<T>, forMs: number): Promise<T> => {
    await clock.advance(forMs);
    return work;
  };
  await using lab = new MemoryLab(clock);
  const etcd = lab.connect();
  const store = await timely(createStore({ etcd, kinds: [widgetKind], compaction: false }), 0);
  const widgets = store.resources(widgetKind);
  await timely(widgets.create(widget("default", "a")), 100);
  const cache = createWatchCache(tappedReader(widgets, taps), { selfCheckIntervalMs: false });
  await timely(cache.ready(), 100);
  await act({
    clock,
    taps,
    cache,
    somethingElse: async () =>
      (await timely(etcd.kv.put({ key: "/beside", value: "x" }), 10)).header.revision,
    list: () => timely(cache.list(), wholeWaitMs),
  });
  await timely(cache[Symbol.asyncDispose](), 10);
  await timely(store.close(), 10_000);
}

test("a cache that lagged is fresh again as soon as etcd answers, though nothing of its kind is written", async () => {
  await scene({}, async ({ clock, taps, cache, somethingElse, list }) => {
    taps.progress = false;
    await somethingElse();
    expect((await list()).items).toHaveLength(1);
    expect(cache.stats()).toMatchObject({ freshTimeouts: 1, etcdReads: 1 });
    taps.progress = true;
    await clock.advance(200);
    expect((await list()).items).toHaveLength(1);
    expect(cache.stats()).toMatchObject({ freshTimeouts: 1, etcdReads: 1 });
  });
});

test("reads that find the cache lagging do not move the version it has to come to", async () => {
  await scene({}, async ({ clock, taps, cache, somethingElse, list }) => {
    taps.progress = false;
    const lagging = await somethingElse();
    await list();
    await somethingElse();
    await list();
    expect(cache.stats()).toMatchObject({ freshTimeouts: 2, etcdReads: 2 });
    // The cache comes to the first version and no further.
    taps.batch = (batch) => (batch.revision > lagging ? { events: [], revision: lagging } : batch);
    taps.progress = true;
    await clock.advance(200);
    const reading = cache.list();
    await clock.advance(200);
    taps.batch = undefined;
    await clock.advance(200);
    expect((await reading).items).toHaveLength(1);
    expect(cache.stats()).toMatchObject({ freshTimeouts: 2, etcdReads: 2 });
  });
});

test("a watch that leaves a whole wait unanswered is opened again, and goes on where it was", async () => {
  await scene({}, async ({ taps, cache, somethingElse, list }) => {
    taps.progress = false;
    await somethingElse();
    await list();
    expect(taps.reopened).toBe(1);
    expect(cache.stats()).toMatchObject({ watchReopens: 1, fills: 1, relists: 0, sourceFailures: 0 });
    taps.progress = true;
    await list();
    expect(cache.stats()).toMatchObject({ watchReopens: 1, repeatedEvents: 0, state: "ready" });
  });
});

test("where progress cannot be trusted, silence is no reason to open the watch again", async () => {
  await scene({ reliable: false }, async ({ clock, taps, cache, somethingElse }) => {
    taps.progress = false;
    const resourceVersion = `${await somethingElse()}`;
    const reading = cache.list({ read: { consistency: "notOlderThan", resourceVersion } });
    await clock.advance(60_000);
    await reading;
    expect(taps.reopened).toBeUndefined();
  });
});

test("a watch that stays behind what a write's answer has told is opened again, though nobody reads", async () => {
  await scene({}, async ({ clock, taps, cache, somethingElse }) => {
    let asked = 0;
    taps.progress = false;
    taps.onAsk = () => asked++;
    await clock.advance(5_000);
    expect([asked, taps.reopened]).toEqual([0, undefined]);
    const version = `${await somethingElse()}`;
    await clock.advance(1_500);
    expect(taps.reopened).toBeUndefined();
    expect(asked).toBeGreaterThan(0);
    await clock.advance(1_700);
    expect(taps.reopened).toBe(1);
    taps.progress = true;
    await clock.advance(1_000);
    expect(cache.resourceVersion).toBe(version);
    expect(cache.stats()).toMatchObject({ watchReopens: 1, freshTimeouts: 0, relists: 0, state: "ready" });
    const askedInAll = asked;
    await clock.advance(30_000);
    expect([asked, taps.reopened]).toEqual([askedInAll, 1]);
  });
});

test("a watch that is behind and moves on is left alone", async () => {
  await scene({}, async ({ clock, taps, somethingElse }) => {
    // Each answer is one version behind what is known.
    taps.batch = (batch) => ({ events: batch.events, revision: batch.revision - 1n });
    for (let i = 0; i < 20; i++) {
      await somethingElse();
      await clock.advance(900);
    }
    expect(taps.reopened).toBeUndefined();
  });
});

test("where progress cannot be trusted, a watch behind is not opened again", async () => {
  await scene({ reliable: false }, async ({ clock, taps, somethingElse }) => {
    taps.progress = false;
    await somethingElse();
    await clock.advance(60_000);
    expect(taps.reopened).toBeUndefined();
  });
});
