/**
 * A peer that takes few streams on a connection (older etcd over TLS: 250, proxies: about 100; here 1 to 8): watches open on
 * more connections, a lease is kept alive whatever the watches do, and what has no place at all is told by health().
 */
import { createStore } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
import { describe, expect, test } from "vitest";
import { namespacedKind } from "../../../support/kinds.ts";
import { until, within } from "../../../support/time/patience.ts";

const Widget = namespacedKind("Widget");

describe.each(["http2", "etcd3"])("over %s", (transport) => {
  test("each of many watches opens and sees every event, those opened later too", async () => {
    await using local = await startLocalEtcd({ extraArgs: ["--max-concurrent-streams=8"] });
    await using etcd = await connectEtcd({ endpoints: local.endpoints, transport });
    await using store = await createStore({ etcd, kinds: [Widget], compaction: false });
    const widgets = store.resources(Widget);
    const seen: string[][] = [];
    const open = async (count: number): Promise<void> => {
      const watches = Array.from({ length: count }, () => widgets.watch());
      for (const watch of watches) {
        const names: string[] = [];
        seen.push(names);
        void (async () => {
          for await (const event of watch) if (event.type === "ADDED") names.push(event.object.metadata.name);
        })().catch(() => undefined);
      }
      await within(Promise.all(watches.map((watch) => watch.ready())), "every watch is open");
    };
    await open(40);
    await open(20);
    await widgets.create({ metadata: { namespace: "default", name: "a" } });
    await widgets.create({ metadata: { namespace: "default", name: "b" } });
    await until(() => seen.every((names) => names.join() === "a,b"));
    expect(etcd.stats().waitingStreams).toBe(0);
    expect((await store.health({ timeoutMs: 20_000 })).problems).toEqual([]);
  });

  test("a lease is kept alive beside watches that have no place", async () => {
    await using local = await startLocalEtcd({ extraArgs: ["--max-concurrent-streams=1"] });
    await using etcd = await connectEtcd({ endpoints: local.endpoints, transport });
    const watches = Array.from({ length: 70 }, (_, i) => etcd.watches.open({ key: `w-${i}` }));
    // A place for each of 64 connections; the rest waits, and that is told.
    await until(() => etcd.stats().waitingStreams >= 6);
    await using lease = await etcd.leases.hold({ ttlSeconds: 2 });
    // Twice its time: it would have gone.
    await until(async () => (await etcd.leases.timeToLive(lease.id)).ttlSeconds > 0);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(lease.lost.aborted).toBe(false);
    expect((await etcd.leases.timeToLive(lease.id)).ttlSeconds).toBeGreaterThan(0);
    // Who waits gets the place of the first that leaves.
    const opened = watches.map((watch) =>
      watch.ready().then(
        () => true,
        () => false,
      ),
    );
    for (const watch of watches.slice(0, 10)) await watch[Symbol.asyncDispose]();
    await within(Promise.all(opened), "those that waited are open");
    expect(etcd.stats().waitingStreams).toBe(0);
    for (const watch of watches) await watch[Symbol.asyncDispose]();
  });

  test("health() says that watches wait for places", async () => {
    await using local = await startLocalEtcd({ extraArgs: ["--max-concurrent-streams=1"] });
    await using etcd = await connectEtcd({ endpoints: local.endpoints, transport });
    await using store = await createStore({ etcd, kinds: [Widget], compaction: false });
    const watches = Array.from({ length: 70 }, (_, i) => etcd.watches.open({ key: `w-${i}` }));
    await until(() => etcd.stats().waitingStreams >= 6);
    const { ok, problems } = await store.health({ timeoutMs: 20_000 });
    expect(ok).toBe(false);
    expect(problems.join()).toMatch(/streams \(watches\) wait for a place.*--max-concurrent-streams/);
    for (const watch of watches) await watch[Symbol.asyncDispose]();
  });
});
