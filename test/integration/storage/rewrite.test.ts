/** rewrite(): every object in today's form; kinds on record; health of a store that is well. */
import { createStore, defineKind, type Kind, type Progress, type Resource } from "keelson";
import { aesGcm, jsonCodec, msgpackCodec } from "keelson/codec";
import { describe, expect, test } from "vitest";
import { startLocalEtcd } from "../../../src/etcd/local/local-etcd.ts";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { connect, text } from "../../support/etcd/etcd-cases.ts";
import { etcdForAll } from "../../support/etcd/real-etcd.ts";

interface Widget extends Resource {
  spec: { size: number; unit?: string };
}
const base = { group: "example.com", kind: "Widget", plural: "widgets", scope: "Namespaced" } as const;
const V1 = defineKind<Widget>({ ...base, version: "v1" });
const V2 = defineKind<Widget>({
  ...base,
  version: "v2",
  upgrade: (stored) => {
    const { spec, ...rest } = stored as Widget;
    return { ...rest, spec: { ...spec, unit: "mm" } };
  },
});
const count = 300;

describe.each(await etcdBinaries())("rewrite on etcd $version", ({ path: binary }) => {
  const lab = etcdForAll({ binary });

  const load = async (prefix: string, kind: Kind<Widget>, more = {}): Promise<void> => {
    await using store = await createStore({ etcd: lab.etcd, prefix, kinds: [kind], ...more });
    const drafts = Array.from({ length: count }, (_, i) => ({
      metadata: { namespace: "default", name: `w-${i}` },
      spec: { size: i },
    }));
    const outcomes = await store.resources(kind).createMany(drafts);
    expect(outcomes.filter((outcome) => outcome instanceof Error)).toEqual([]);
  };

  test("brings objects to a new API version, and passes over them the next time", async () => {
    await load("/version", V1);
    await using store = await createStore({ etcd: lab.etcd, prefix: "/version", kinds: [V2] });
    const before = await store.resources(V2).get({ namespace: "default", name: "w-7" });
    const progress: Progress[] = [];
    const report = await store.rewrite(V2, { onProgress: (step) => progress.push(step) });
    expect(report).toEqual({ scanned: count, rewritten: count, left: 0, corrupt: [] });
    expect(progress.at(-1)).toMatchObject({ done: count, total: count, unit: "objects" });
    const after = await store.resources(V2).get({ namespace: "default", name: "w-7" });
    const { resourceVersion: was, ...kept } = before.metadata;
    const { resourceVersion: is, ...metadata } = after.metadata;
    expect(BigInt(is)).toBeGreaterThan(BigInt(was));
    expect({ ...after, metadata }).toEqual({ ...before, metadata: kept });
    expect(after).toMatchObject({ apiVersion: "example.com/v2", spec: { unit: "mm" } });
    expect(await store.rewrite(V2)).toEqual({ scanned: count, rewritten: 0, left: 0, corrupt: [] });
  });

  test("brings objects under today's codec and key, after which the old key can go", async () => {
    const [one, two] = ["one", "two"].map((id, i) => ({ id, key: new Uint8Array(32).fill(i + 1) }));
    if (one === undefined || two === undefined) throw new Error("two keys");
    await load("/key", V1, { codec: jsonCodec(), transforms: { "*": aesGcm({ keys: [one] }) } });
    const options = { etcd: lab.etcd, prefix: "/key", kinds: [V1], codec: msgpackCodec() };
    {
      await using store = await createStore({
        ...options,
        transforms: { "*": aesGcm({ keys: [two, one] }) },
      });
      expect(await store.rewrite(V1)).toMatchObject({ rewritten: count, left: 0 });
    }
    await using store = await createStore({ ...options, transforms: { "*": aesGcm({ keys: [two] }) } });
    expect((await store.resources(V1).list()).items).toHaveLength(count);
    expect(await store.rewrite(V1)).toMatchObject({ scanned: count, rewritten: 0, left: 0 });
  });

  test("names what cannot be read, and goes on with the rest", async () => {
    await load("/damage", V1);
    const key = "/damage/example.com/widgets/default/broken";
    await lab.etcd.kv.put({ key, value: "no object" });
    await using store = await createStore({ etcd: lab.etcd, prefix: "/damage", kinds: [V2] });
    expect(await store.rewrite(V2)).toEqual({
      scanned: count + 1,
      rewritten: count,
      left: 1,
      corrupt: [key],
    });
  });

  test("loses to a writer at the same time without undoing its work", async () => {
    await load("/busy", V1);
    await using store = await createStore({ etcd: lab.etcd, prefix: "/busy", kinds: [V2] });
    const widgets = store.resources(V2);
    const sizes = Array.from({ length: 50 }, (_, i) =>
      widgets.guaranteedUpdate({ namespace: "default", name: `w-${i}` }, (current) => ({
        ...current,
        spec: { ...current.spec, size: current.spec.size + 1_000 },
      })),
    );
    const [report] = await Promise.all([store.rewrite(V2), ...sizes]);
    expect(report.left).toBe(0);
    const { items } = await widgets.list();
    const bySize = new Map(items.map((item) => [item.metadata.name, item.spec.size]));
    for (let i = 0; i < count; i++) expect(bySize.get(`w-${i}`)).toBe(i < 50 ? i + 1_000 : i);
  });

  test("keeps what is left of a time to live", async () => {
    const prefix = "/ttl";
    {
      await using store = await createStore({ etcd: lab.etcd, prefix, kinds: [V1] });
      const drafted = { metadata: { namespace: "default", name: "short" }, spec: { size: 1 } };
      await store.resources(V1).create(drafted, { ttlSeconds: 600 });
    }
    const leaseOf = async (): Promise<bigint | undefined> =>
      (await lab.etcd.kv.range({ key: `${prefix}/example.com/widgets/default/short` })).kvs[0]?.lease;
    const lease = await leaseOf();
    expect(lease).not.toBe(0n);
    await using store = await createStore({ etcd: lab.etcd, prefix, kinds: [V2] });
    expect(await store.rewrite(V2)).toMatchObject({ rewritten: 1 });
    expect(await leaseOf()).toBe(lease);
  });

  test("kinds are on record, those added later too, and stay there when removed", async () => {
    await using store = await createStore({ etcd: lab.etcd, prefix: "/records", kinds: [V1] });
    const Late = defineKind<Resource>({
      version: "v1",
      kind: "Late",
      plural: "lates",
      scope: "Cluster",
      keyPath: "late/ones",
    });
    await store.addKind(Late);
    await store.removeKind(Late);
    const range = { key: "/keelson/records/kinds/", rangeEnd: "/keelson/records/kinds0" };
    const found = (await lab.etcd.kv.range(range)).kvs.map((kv) => [
      text(kv.key),
      JSON.parse(text(kv.value)),
    ]);
    expect(found).toEqual([
      ["/keelson/records/kinds/example.com/widgets", expect.objectContaining({ ...base, version: "v1" })],
      ["/keelson/records/kinds/late/ones", expect.objectContaining({ kind: "Late", scope: "Cluster" })],
      [
        "/keelson/records/kinds/namespaces",
        expect.objectContaining({ kind: "Namespace", nameRule: "label" }),
      ],
    ]);
    const revisions = (await lab.etcd.kv.range(range)).kvs.map((kv) => kv.modRevision);
    await using again = await createStore({ etcd: lab.etcd, prefix: "/records", kinds: [V1, Late] });
    expect(again.kinds).toHaveLength(3);
    expect((await lab.etcd.kv.range(range)).kvs.map((kv) => kv.modRevision)).toEqual(revisions);
  });

  test("the built-in kind is neither replaced nor removed", async () => {
    await using store = await createStore({ etcd: lab.etcd, prefix: "/builtin", kinds: [] });
    const Other = defineKind<Resource>({
      version: "v1",
      kind: "Namespace",
      plural: "namespaces",
      scope: "Cluster",
    });
    await expect(store.addKind(Other)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    const [builtIn] = store.kinds;
    if (builtIn === undefined) throw new Error("a store has a kind");
    await expect(store.removeKind(builtIn)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  test("health() tells a well store's facts, and never rejects", async () => {
    await using store = await createStore({ etcd: lab.etcd, prefix: "/health", kinds: [] });
    const health = await store.health({ timeoutMs: 60_000 });
    expect(health).toMatchObject({ ok: true, problems: [], leader: true, alarms: [] });
    expect(health.databaseBytes).toBeGreaterThan(0);
    expect(health.databaseBytesInUse).toBeLessThanOrEqual(health.databaseBytes ?? 0);
    expect(health.epoch).toMatch(/^[0-9a-f]{32}$/);
    expect(health.resourceVersion).toMatch(/^[1-9]\d*$/);
    expect(health.etcdVersion).toMatch(/^3\.\d+\.\d+/);
    const aborted = await store.health({ signal: AbortSignal.abort(new Error("gone")) });
    expect(aborted).toMatchObject({ ok: false, problems: ["gone"] });
    expect((await store.health({ timeoutMs: -1 })).ok).toBe(false);
    await store.close();
    expect((await store.health({ timeoutMs: 60_000 })).etcdVersion).toMatch(/^3\./);
  });

  test("health() of an etcd that is gone says so within its time", async () => {
    const lost = await startLocalEtcd({ binary });
    await using client = await connect(lost.endpoints);
    const store = await createStore({ etcd: client, kinds: [], compaction: false });
    await lost.kill();
    const health = await store.health({ timeoutMs: 3_000 });
    expect(health).toMatchObject({ ok: false, leader: false, resourceVersion: undefined });
    expect(health.problems.length).toBeGreaterThan(0);
    // Its lease is not given back there: the store does not wait for that.
    await store.close({ timeoutMs: 500 }).catch(() => undefined);
    await lost.stop();
  });
});
