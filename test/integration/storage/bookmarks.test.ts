/**
 * Bookmarks of watches whose consumer is slow: none before the initial state is complete, none lost because the consumer was
 * busy when it fell due, and whoever resumes from one misses nothing. Over the store and over a cache alike.
 */

import { setTimeout as delay } from "node:timers/promises";
import { type AnyResource, createStore, type Store, withCaches } from "keelson";
import { memoryEtcd } from "keelson/testing";
import { describe, expect, test } from "vitest";
import { namespacedKind } from "../../support/kinds.ts";

const Widget = namespacedKind<AnyResource>("Widget");
const draft = (name: string): { metadata: { namespace: string; name: string } } => ({
  metadata: { namespace: "default", name },
});
const bookmarkIntervalMs = 200;

async function open(kind: string): Promise<Store & AsyncDisposable> {
  const etcd = memoryEtcd();
  const store = await createStore({ etcd, kinds: [Widget], compaction: false, bookmarkIntervalMs });
  if (kind === "store") return store;
  const cached = withCaches(store, { bookmarkIntervalMs });
  await cached.ready();
  return cached;
}

describe.each(["store", "cache"])("from a %s", (kind) => {
  test("a watch whose time ends while its initial state is told gives no bookmark, or one that misses nothing", async () => {
    await using store = await open(kind);
    const widgets = store.resources(Widget);
    const count = 1_500;
    await widgets.createMany(Array.from({ length: count }, (_, i) => draft(`w-${i}`)));
    for (const timeoutMs of [20, 100, 400]) {
      const seen = new Set<string>();
      let mark: string | undefined;
      for await (const event of widgets.watch({ sendInitialEvents: true, bookmarks: true, timeoutMs })) {
        if (event.type === "BOOKMARK") mark = event.resourceVersion;
        else if (seen.add(event.object.metadata.name).size === 100) await delay(2 * timeoutMs);
      }
      if (mark !== undefined) expect(seen.size).toBe(count);
    }
  });

  test("a consumer that is always busy gets its bookmarks, each behind every event up to it", async () => {
    await using store = await open(kind);
    const widgets = store.resources(Widget);
    const watch = widgets.watch({ bookmarks: true });
    await watch.ready();
    let stop = false;
    const writing = (async () => {
      for (let i = 0; !stop; i++) {
        await widgets.create(draft(`b-${i}`));
        await delay(5);
      }
    })();
    let last = 0n;
    let bookmarks = 0;
    for await (const batch of watch.batches()) {
      for (const event of batch) {
        const version = BigInt(event.resourceVersion);
        expect(version >= last).toBe(true);
        last = version;
        if (event.type === "BOOKMARK") bookmarks++;
      }
      if (bookmarks === 3) break;
      // Busy for longer than a bookmark takes to fall due, and never without something to read.
      await delay(bookmarkIntervalMs * 1.2);
    }
    stop = true;
    await writing;
    expect(bookmarks).toBe(3);
  });

  test("a watch that coalesces never ends a turn with more", async () => {
    await using store = await open(kind);
    if (kind === "store") return;
    const cached = store as ReturnType<typeof withCaches>;
    const widgets = cached.resources(Widget);
    const watch = cached.cache(Widget).watch({ coalesce: true });
    await watch.ready();
    for (let round = 0; round < 5; round++) {
      await widgets.createMany(Array.from({ length: 40 }, (_, i) => draft(`c-${round}-${i}`)));
      for (let i = 20; i < 40; i++) await widgets.delete({ namespace: "default", name: `c-${round}-${i}` });
    }
    const names = new Set<string>();
    for await (const batch of watch.batches()) {
      const end = batch.at(-1);
      expect(end !== undefined && "more" in end).toBe(false);
      for (const event of batch) if (event.type === "ADDED") names.add(event.object.metadata.name);
      if (names.has("c-4-19") && names.has("c-4-0")) break;
    }
    expect([...names].filter((name) => Number(name.split("-")[2]) < 20)).toHaveLength(100);
  });
});
