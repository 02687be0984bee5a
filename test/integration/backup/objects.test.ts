import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createStore, createWatchCache, type Resource, type Store } from "keelson";
import {
  diff,
  history,
  openRepository,
  restoreObjects,
  restoreSnapshot,
  saveSnapshot,
  undelete,
  undoObjectRestore,
} from "keelson/backup";
import { aesGcm } from "keelson/codec";
import { type Etcd, startLocalEtcd } from "keelson/etcd";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { etcdForAll } from "../../support/etcd/real-etcd.ts";
import { clientOf } from "../../support/etcd/snapshot-lab.ts";
import { folderForAll } from "../../support/for-all.ts";
import { namespacedKind } from "../../support/kinds.ts";
import { quietPorts } from "../../support/peers/quiet-ports.ts";

interface Widget extends Resource {
  spec: { size: number };
  status?: { ready: boolean };
}
const widgets = namespacedKind<Widget>("Widget", { group: "example.io", status: true });
interface Secret extends Resource {
  data: Record<string, string>;
}
const secrets = namespacedKind<Secret>("Secret");

describe("restoreObjects()", () => {
  let store: Store;
  let snapshot: string;
  let version: string;
  const transforms = { secrets: aesGcm({ keys: [{ id: "k1", key: randomBytes(32) }] }) };

  const open = (over: Etcd): Promise<Store> =>
    createStore({ etcd: over, kinds: [widgets, secrets], transforms, compaction: false });

  const folder = folderForAll();
  const lab = etcdForAll();
  beforeAll(async () => {
    store = await open(lab.etcd);
    for (const name of ["a", "b"]) await store.namespaces.create({ metadata: { name } });
    for (let i = 0; i < 6; i++) {
      await store.resources(widgets).create({
        metadata: { name: `w${i}`, namespace: i < 3 ? "a" : "b", labels: { odd: String(i % 2) } },
        spec: { size: i },
      });
    }
    await store
      .resources(widgets)
      .guaranteedUpdate(
        { namespace: "a", name: "w0" },
        (widget) => ({ ...widget, status: { ready: true } }),
        { subresource: "status" },
      );
    await store
      .resources(secrets)
      .create({ metadata: { name: "s", namespace: "a" }, data: { pass: "word" } });
    snapshot = join(folder.path, "objects.db");
    version = (await saveSnapshot(lab.etcd, snapshot)).revision;
  });
  afterAll(async () => {
    await store.close();
  });

  it("refuses a source that has nothing at the place of the store, instead of restoring nothing from it", async () => {
    await using elsewhere = await createStore({
      etcd: lab.etcd,
      kinds: [widgets],
      prefix: "/elsewhere",
      compaction: false,
    });
    await expect(restoreObjects(snapshot, elsewhere, { conflict: "skip" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("/elsewhere/"),
      details: { argument: "from" },
    });
  });

  it("brings back what was deleted and what was changed, as asked, says so first, and takes it back again", async () => {
    const all = store.resources(widgets);
    await all.delete({ namespace: "a", name: "w0" });
    await all.delete({ namespace: "b", name: "w3" });
    await store.resources(secrets).delete({ namespace: "a", name: "s" });
    await all.guaranteedUpdate({ namespace: "a", name: "w1" }, (widget) => ({
      ...widget,
      spec: { size: 100 },
    }));

    const plan = await restoreObjects(snapshot, store, {
      namespaces: ["a"],
      kinds: [widgets, secrets],
      conflict: "overwrite",
      dryRun: true,
    });
    expect(plan).toMatchObject({ created: 2, overwritten: 1, unchanged: 1, failed: [] });
    expect(plan.text).toContain("spec.size: 100 -> 1");
    await expect(all.get({ namespace: "a", name: "w0" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(
      restoreObjects(snapshot, store, { namespaces: ["a"], kinds: [widgets], conflict: "fail" }),
    ).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(all.get({ namespace: "a", name: "w0" })).rejects.toMatchObject({ code: "NOT_FOUND" });

    const undoPath = join(folder.path, "undo.ndjson");
    const report = await restoreObjects(snapshot, store, {
      namespaces: ["a"],
      kinds: [widgets, secrets],
      conflict: "overwrite",
      undoPath,
    });
    expect(report).toMatchObject({ created: 2, overwritten: 1, unchanged: 1, failed: [] });
    expect(await all.get({ namespace: "a", name: "w0" })).toMatchObject({
      spec: { size: 0 },
      status: { ready: true },
      metadata: { labels: { odd: "0" } },
    });
    expect(await all.get({ namespace: "a", name: "w1" })).toMatchObject({ spec: { size: 1 } });
    expect(await store.resources(secrets).get({ namespace: "a", name: "s" })).toMatchObject({
      data: { pass: "word" },
    });
    await expect(all.get({ namespace: "b", name: "w3" })).rejects.toMatchObject({ code: "NOT_FOUND" });

    expect(await undoObjectRestore(undoPath, store)).toEqual({ undone: 3, failed: [] });
    await expect(all.get({ namespace: "a", name: "w0" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await all.get({ namespace: "a", name: "w1" })).toMatchObject({ spec: { size: 100 } });
  });

  it("restores by label, name and into another namespace, from a store's own past and from a repository", async () => {
    await store.namespaces.create({ metadata: { name: "copy" } });
    const mapped = await restoreObjects(snapshot, store, {
      namespaces: ["b"],
      kinds: [widgets],
      labelSelector: "odd=1",
      namespaceMapping: { b: "copy" },
      conflict: "skip",
    });
    expect(mapped).toMatchObject({ created: 2, failed: [] });
    const copies = await store.resources(widgets).list({ namespace: "copy" });
    expect(copies.items.map(({ metadata }) => metadata.name)).toEqual(["w3", "w5"]);

    const past = await restoreObjects({ store, resourceVersion: version }, store, {
      kinds: [widgets],
      names: ["w3"],
      conflict: "skip",
    });
    expect(past).toMatchObject({ created: 1, failed: [] });

    const repository = await openRepository({ directory: join(folder.path, "repository") });
    await repository.backup(lab.etcd);
    await store.resources(widgets).delete({ namespace: "b", name: "w4" });
    const back = await restoreObjects({ repository }, store, {
      kinds: [widgets],
      names: ["w4"],
      conflict: "skip",
    });
    expect(back).toMatchObject({ created: 1, failed: [] });
  });

  it("undelete() creates one object again as it was at a version", async () => {
    const all = store.resources(widgets);
    const gone = await all.delete({ namespace: "b", name: "w5" });
    const back = await undelete(store, widgets, { namespace: "b", name: "w5" }, { resourceVersion: version });
    expect(back).toMatchObject({ spec: { size: 5 } });
    expect(back.metadata.uid).not.toBe(gone.metadata.uid);
  });

  it("history() and diff() say the same of a file and of a running etcd", async () => {
    const key = "/registry/example.io/widgets/a/w0";
    const fromFile = await history(snapshot, key);
    expect(fromFile.map(({ type, version: nth }) => [type, nth])).toEqual([
      ["put", "1"],
      ["put", "2"],
    ]);
    const range = { from: fromFile[0]?.revision ?? "", to: version, prefix: "/registry/" };
    const live = await diff(lab.etcd, range);
    const file = await diff(snapshot, range);
    expect(file).toEqual(live);
    expect(file.find((change) => change.key === key)?.type).toBe("changed");
  });

  it("a restored data directory has a new epoch, reads encrypted values, and a cache over it starts over", async () => {
    const before = (await store.health()).epoch;
    const [peerPort = 0] = await quietPorts(1);
    const dataDir = join(folder.path, "restored");
    const report = await restoreSnapshot(snapshot, {
      dataDir,
      initialAdvertisePeerUrls: `http://127.0.0.1:${peerPort}`,
    });
    expect(report.epochs).toEqual(["/keelson/registry/epoch"]);
    await using again = await startLocalEtcd({ dataDir, peerPort });
    await using restoredEtcd = await clientOf(again);
    await using restored = await open(restoredEtcd);
    expect((await restored.health()).epoch).not.toBe(before);
    expect(await restored.resources(secrets).get({ namespace: "a", name: "s" })).toMatchObject({
      data: { pass: "word" },
    });
    await using cache = createWatchCache(restored.resources(widgets));
    await cache.ready();
    const { items, resourceVersion } = await cache.list();
    expect(items).toHaveLength(6);
    expect(BigInt(resourceVersion)).toBeGreaterThan(BigInt(version) + 1_000_000n);
    await using watch = cache.watch({ resourceVersion: version });
    await expect(watch.ready()).rejects.toMatchObject({ code: "EXPIRED" });
  });
});
