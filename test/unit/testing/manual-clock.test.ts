/** A store on a clock that stands still: it opens, writes and closes without anybody moving it. */
import { createStore, withCaches } from "keelson";
import { type Clock, manualClock, memoryEtcd, settled } from "keelson/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { namespacedKind } from "../../support/kinds.ts";

const note = namespacedKind("Note");

afterEach(() => vi.useRealTimers());

/** As users write theirs: it does not look at a signal that was aborted before. */
function hastyClock(): Clock {
  const clock = manualClock();
  return {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        const timer = clock.setTimer(delayMs, resolve);
        signal?.addEventListener("abort", () => {
          timer.cancel();
          reject(signal.reason);
        });
      }),
  };
}

async function useStore(clock: Clock): Promise<string> {
  const etcd = memoryEtcd({ clock });
  const store = await createStore({ etcd, kinds: [note] });
  const metadata = { namespace: "default", name: "a" };
  const { metadata: made } = await store.resources(note).create({ metadata });
  await store.close();
  await etcd.close();
  return made.creationTimestamp;
}

describe("a store on a clock of the user's own", () => {
  test("opens and closes while the clock stands still", async () => {
    expect(await useStore(manualClock())).toBe("2026-01-01T00:00:01Z");
  });

  test("closes with a clock that does not look at signals aborted before", async () => {
    expect(await useStore(hastyClock())).toBe("2026-01-01T00:00:01Z");
  });

  test("opens and closes under fake timers, setImmediate among them", async () => {
    vi.useFakeTimers();
    expect(await useStore(manualClock())).toBe("2026-01-01T00:00:01Z");
  });

  test("opens, reads from a cache and closes while queueMicrotask is fake, as Jest's fake timers have it", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "setImmediate", "Date", "queueMicrotask"] });
    await using etcd = memoryEtcd();
    await using store = await createStore({ etcd, kinds: [note] });
    const cached = withCaches(store);
    await cached.ready();
    await cached.resources(note).create({ metadata: { namespace: "default", name: "a" } });
    expect((await cached.resources(note).list()).items).toHaveLength(1);
    await cached.close();
  });

  test("fake timers leave the system's clock alone, but for the wall clock", async () => {
    vi.useFakeTimers({ now: Date.UTC(2030, 0, 1) });
    await using etcd = memoryEtcd();
    await using store = await createStore({ etcd, kinds: [note] });
    const cached = withCaches(store);
    await cached.ready();
    const notes = cached.resources(note);
    const made = await notes.create({ metadata: { namespace: "default", name: "a" } });
    expect(made.metadata.creationTimestamp).toBe("2030-01-01T00:00:00Z");
    await expect(
      notes.list({ read: { consistency: "notOlderThan", resourceVersion: "1000000" }, timeoutMs: 20 }),
    ).rejects.toMatchObject({ code: "DEADLINE" });
    await cached.close();
  });

  test("expires what it holds for an hour when the clock is moved by an hour", async () => {
    const clock = manualClock();
    await using etcd = memoryEtcd({ clock });
    await using store = await createStore({ etcd, kinds: [note] });
    const notes = store.resources(note);
    const metadata = { namespace: "default", name: "a" };
    await notes.create({ metadata }, { ttlSeconds: 3600 });
    await clock.advance(3_599_000);
    expect((await notes.list()).items).toHaveLength(1);
    await clock.advance(120_000);
    await settled();
    expect((await notes.list()).items).toEqual([]);
  });
});

test("two moves at once never set the clock back", async () => {
  const clock = manualClock();
  const startMs = clock.monotonicMs();
  await Promise.all([clock.advance(1_000), clock.advance(10)]);
  expect(clock.monotonicMs() - startMs).toBe(1_000);
});
