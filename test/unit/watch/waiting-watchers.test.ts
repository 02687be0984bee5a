/** Watchers of a cache that keeps next to nothing, and what is left of a cache that was closed. */
import { createStore, createWatchCache, type WatchEvent } from "keelson";
import { expect, test } from "vitest";
import { type Widget, widget, widgetKind } from "../../conformance/implementation.ts";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";
import { ManualClock } from "../../support/time/manual-clock.ts";

test("a watcher that waits is given an event that history has no room for", async () => {
  await using lab = new MemoryLab();
  await using store = await createStore({ etcd: lab.connect(), kinds: [widgetKind], compaction: false });
  const widgets = store.resources(widgetKind);
  await using cache = createWatchCache(widgets, { historyBytes: 0, selfCheckIntervalMs: false });
  await cache.ready();
  const watch = cache.watch({ namespace: "default" });
  const seen: WatchEvent<Widget>[] = [];
  const reading = (async () => {
    for await (const event of watch) if (seen.push(event) === 5) break;
  })();
  await watch.ready();
  let current = await widgets.create(widget("default", "a", 0));
  for (let size = 1; size < 5; size++) current = await widgets.update({ ...current, spec: { size } });
  await reading;
  expect(seen.map((event) => event.type)).toEqual(["ADDED", "MODIFIED", "MODIFIED", "MODIFIED", "MODIFIED"]);
});

test("a cache that is closed during its self-check leaves no timer behind", async () => {
  const clock = new ManualClock();
  await using lab = new MemoryLab(clock);
  let slow = false;
  const etcd = lab.connect({
    weather: {
      unary: () => (slow ? { requestDelayMs: 1_000 } : {}),
      stream: () => ({}),
    },
  });
  const opening = createStore({ etcd, kinds: [widgetKind], compaction: false });
  await clock.advance(0);
  const store = await opening;
  const cache = createWatchCache(store.resources(widgetKind), { selfCheckIntervalMs: 10_000 });
  await clock.advance(0);
  await cache.ready();
  slow = true;
  for (let i = 0; i < 200 && cache.stats().selfChecks === 0; i++) await clock.advance(100);
  expect(cache.stats().selfChecks).toBe(1);
  await cache[Symbol.asyncDispose]();
  const closing = store.close();
  await clock.advance(10_000);
  await closing;
  await etcd.close();
  await clock.advance(60_000);
  expect(clock.pending).toBe(0);
});
