import { createStore, readStoreRecords, unfamiliarKind } from "keelson";
import { type Etcd, readOnlyEtcd } from "keelson/etcd";
import { memoryEtcd } from "keelson/testing";
import { describe, expect, test } from "vitest";
import { namespacedKind } from "../../support/kinds.ts";

const revisionOf = async (etcd: Etcd): Promise<bigint> => (await etcd.kv.range({ key: "x" })).header.revision;

const Pod = namespacedKind<{
  apiVersion: string;
  kind: string;
  metadata: never;
  spec?: { nodeName?: string };
}>("Pod", {
  fields: { "spec.nodeName": ({ spec }) => spec?.nodeName },
  measure: () => ({ "requests.cpu": 2 }),
});

describe("a read-only connection", () => {
  test("refuses every write before it is sent, and lets reads and watches through", async () => {
    await using etcd = memoryEtcd();
    await etcd.kv.put({ key: "a", value: "1" });
    const reading = readOnlyEtcd(etcd);
    const before = await revisionOf(etcd);
    const put = { type: "put", put: { key: "a", value: "2" } } as const;
    const writes: readonly (() => Promise<unknown>)[] = [
      () => reading.kv.put({ key: "a", value: "2" }),
      () => reading.kv.deleteRange({ key: "a" }),
      () => reading.kv.txn({ compare: [], success: [put], failure: [] }),
      () => reading.kv.txn({ compare: [], success: [], failure: [put] }),
      () =>
        reading.kv.txn({
          compare: [],
          success: [{ type: "txn", txn: { compare: [], success: [put], failure: [] } }],
          failure: [],
        }),
      () => reading.kv.compact(before),
      () => reading.leases.grant({ ttlSeconds: 60 }),
      () => reading.leases.hold({ ttlSeconds: 60 }),
      () => reading.auth.userAdd("u", { noPassword: true }),
      () => reading.cluster.remove(1n),
    ];
    for (const write of writes) await expect(write()).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    expect(await revisionOf(etcd)).toBe(before);
    const { kvs } = await reading.kv.range({ key: "a" });
    expect(Buffer.from(kvs[0]?.value ?? []).toString()).toBe("1");
    const read = { type: "range", range: { key: "a" } } as const;
    expect(await reading.kv.txn({ compare: [], success: [read], failure: [] })).toMatchObject({
      succeeded: true,
    });
    await using watch = reading.watches.open({ key: "a", startRevision: before });
    for await (const batch of watch) if (batch.type === "events") break;
  });

  test("a store opened over it reads, answers about quotas and writes nothing", async () => {
    await using etcd = memoryEtcd();
    {
      await using store = await createStore({ etcd, kinds: [Pod], compaction: false });
      await store.resources(Pod).create({ metadata: { name: "web", namespace: "default" } });
      await store.quotas.set("default", { hard: { "count/pods": 5 } });
    }
    const before = await revisionOf(etcd);
    await using store = await createStore({ etcd: readOnlyEtcd(etcd), kinds: [Pod], compaction: false });
    const { items } = await store.resources(Pod).list();
    expect(items.map(({ metadata }) => metadata)).toMatchObject([{ name: "web" }]);
    expect(await store.quotas.list()).toMatchObject([{ hard: { "count/pods": 5 } }]);
    await expect(store.resources(Pod).delete({ namespace: "default", name: "web" })).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
    });
    expect(await revisionOf(etcd)).toBe(before);
  });

  test("a store opened over an etcd without one finds it empty and leaves it so", async () => {
    await using etcd = memoryEtcd();
    const before = await revisionOf(etcd);
    {
      await using store = await createStore({ etcd: readOnlyEtcd(etcd), kinds: [Pod], compaction: false });
      expect((await store.resources(Pod).list()).items).toEqual([]);
      expect(await store.quotas.list()).toEqual([]);
    }
    expect(await readStoreRecords(etcd)).toEqual({ kinds: [], sealing: new Map() });
    expect(await revisionOf(etcd)).toBe(before);
  });
});

describe("a kind known from its record alone", () => {
  test("counts what its owner has measured, and what it writes its owner finds by its own fields", async () => {
    await using etcd = memoryEtcd();
    const pod = (name: string) => ({
      metadata: { name, namespace: "default" },
      spec: { nodeName: "node-1" },
    });
    await using owner = await createStore({ etcd, kinds: [Pod], compaction: false });
    await owner.quotas.set("default", { hard: { "requests.cpu": 10 } });
    await owner.resources(Pod).create(pod("by-owner"));
    const record = (await readStoreRecords(etcd)).kinds.find(({ plural }) => plural === "pods");
    expect(record).toMatchObject({ version: "v1", kind: "Pod", scope: "Namespaced", keyPath: "pods" });
    if (record === undefined) return;
    const Stranger = unfamiliarKind(record);
    await using tool = await createStore({ etcd, kinds: [Stranger], compaction: false });
    expect((await tool.quotas.reconcile()).differences).toEqual([]);
    expect((await tool.quotas.get("default")).used).toEqual({ "requests.cpu": 2 });
    await tool.resources(Stranger).create(pod("by-tool"));
    const found = await owner.resources(Pod).list({ fieldSelector: "spec.nodeName=node-1" });
    expect(found.items.map(({ metadata }) => metadata)).toMatchObject([
      { name: "by-owner" },
      { name: "by-tool" },
    ]);
    expect((await readStoreRecords(etcd)).kinds.filter(({ plural }) => plural === "pods")).toEqual([record]);
  });
});
