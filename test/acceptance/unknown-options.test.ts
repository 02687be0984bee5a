/**
 * Every public function that takes options, each with one option too many: refused with INVALID_ARGUMENT by name before
 * anything is done. A misspelt option that is passed over in silence leaves a list unfiltered, or a line in the clear.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createStore,
  createWatchCache,
  defineKind,
  defineView,
  isStoreError,
  type Resource,
  withCaches,
} from "keelson";
import {
  deletedVersion,
  diff,
  history,
  inspectSnapshot,
  openRepository,
  restoreCluster,
  restoreObjects,
  restoreSnapshot,
  saveSnapshot,
  undelete,
  undoObjectRestore,
  verifySnapshot,
} from "keelson/backup";
import { aesGcm, fileKmsProvider, jsonCodec, kmsEnvelope, msgpackCodec } from "keelson/codec";
import { connectEtcd, startLocalCluster, startLocalEtcd } from "keelson/etcd";
import { memoryEtcd } from "keelson/testing";
import { expect, test } from "vitest";

/** No name of any option, nor near one. */
const stray: object = { qqqqqq: 1 };

const Widget = defineKind<Resource & { spec: { size: number } }>({
  group: "example.com",
  version: "v1",
  kind: "Widget",
  plural: "widgets",
  scope: "Namespaced",
});
const key = { namespace: "default", name: "a" };
const draft = { metadata: key, spec: { size: 1 } };

test("each public function refuses an option it does not know", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keelson-options-"));
  await using etcd = memoryEtcd();
  await using store = await createStore({ etcd, kinds: [Widget], compaction: false });
  await using cached = withCaches(await createStore({ etcd, kinds: [Widget], compaction: false }));
  await cached.ready();
  await store.resources(Widget).create(draft);
  const repository = await openRepository({ directory: join(folder, "repository") });
  const none = join(folder, "none.db");
  const provider = { encrypt: () => {}, decrypt: () => {}, status: () => {} };

  type Case = readonly [name: string, call: () => unknown];
  const readers: readonly Case[] = [store, cached].flatMap((each, i) => {
    const widgets = each.resources(Widget);
    const from = i === 0 ? "store" : "cached store";
    const cases: readonly Case[] = [
      ["get", () => widgets.get(key, { ...stray })],
      ["get any", () => widgets.get(key, { read: { consistency: "any" }, ...stray })],
      ["get read", () => widgets.get(key, { read: { consistency: "any", ...stray } })],
      ["list", () => widgets.list({ ...stray })],
      ["list labelSelector", () => widgets.list({ labelSelector: { ...stray } })],
      ["watch", () => widgets.watch({ ...stray })],
      [
        "watch.ready",
        async () => {
          await using watch = widgets.watch();
          await watch.ready({ ...stray });
        },
      ],
      ["create", () => widgets.create({ ...draft, metadata: { ...key, name: "b" } }, { ...stray })],
      ["update", () => widgets.update({ ...draft, metadata: key } as never, { ...stray })],
      [
        "update preconditions",
        () => widgets.update({ ...draft, metadata: key } as never, { preconditions: { ...stray } as never }),
      ],
      ["guaranteedUpdate", () => widgets.guaranteedUpdate(key, (current) => current, { ...stray })],
      ["delete", () => widgets.delete(key, { ...stray })],
      ["deleteCollection", () => widgets.deleteCollection({ ...stray })],
      ["createMany", () => widgets.createMany([], { ...stray })],
      ["addKind", () => each.addKind(Widget, { ...stray })],
      ["removeKind", () => each.removeKind(Widget, { ...stray })],
      ["rewrite", () => each.rewrite(Widget, { ...stray })],
      ["currentResourceVersion", () => each.currentResourceVersion({ ...stray })],
      ["close", () => each.close({ ...stray })],
      ["quotas.set", () => each.quotas.set("default", { hard: {} }, { ...stray })],
      ["quotas.set quota", () => each.quotas.set("default", { hard: {}, ...stray })],
      ["quotas.get", () => each.quotas.get("default", { ...stray })],
      ["quotas.list", () => each.quotas.list({ ...stray })],
      ["quotas.remove", () => each.quotas.remove("default", { ...stray })],
      ["quotas.reconcile", () => each.quotas.reconcile("default", { ...stray })],
    ];
    return cases.map(([name, call]) => [`${name} (${from})`, call] as const);
  });
  const endpoints = etcd.endpoints;
  const cases: readonly Case[] = [
    ...readers,
    ["createStore", () => createStore({ etcd, kinds: [], ...stray })],
    [
      "createStore compaction",
      () => createStore({ etcd, kinds: [], compaction: { intervalMs: 1000, ...stray } }),
    ],
    ["createWatchCache", () => createWatchCache(store.resources(Widget), { ...stray })],
    ["withCaches", () => withCaches(store, { ...stray })],
    ["withCaches.ready", () => cached.ready({ ...stray })],
    ["cache.ready", () => cached.cache(Widget).ready({ ...stray })],
    ["cache.watch", () => cached.cache(Widget).watch({ coalesce: true, ...stray })],
    ["defineKind", () => defineKind({ version: "v1", kind: "A", plural: "as", scope: "Cluster", ...stray })],
    ["defineView", () => defineView({ name: "v", project: (object: Resource) => object, ...stray })],
    ["connectEtcd", () => connectEtcd({ endpoints, ...stray })],
    ["connectEtcd tls", () => connectEtcd({ endpoints: "https://127.0.0.1:1", tls: { ...stray } })],
    [
      "connectEtcd auth",
      () =>
        connectEtcd({ endpoints, auth: { username: "a", password: "b", allowPlaintext: true, ...stray } }),
    ],
    ["startLocalEtcd", () => startLocalEtcd({ ...stray })],
    ["startLocalCluster", () => startLocalCluster({ ...stray })],
    ["memoryEtcd", () => memoryEtcd({ ...stray })],
    ["kv.range", () => etcd.kv.range({ key: "a" }, { ...stray })],
    ["kv.put", () => etcd.kv.put({ key: "a", value: "" }, { ...stray })],
    ["kv.txn", () => etcd.kv.txn({ compare: [], success: [], failure: [] }, { ...stray })],
    ["watches.open", () => etcd.watches.open({ key: "a" }, { ...stray })],
    ["watches.open request", () => etcd.watches.open({ key: "a", ...stray })],
    ["leases.grant", () => etcd.leases.grant({ ttlSeconds: 5 }, { ...stray })],
    ["maintenance.status", () => etcd.maintenance.status({ endpoint: endpoints[0] ?? "", ...stray })],
    ["cluster.members", () => etcd.cluster.members({ ...stray })],
    ["msgpackCodec", () => msgpackCodec({ ...stray })],
    ["jsonCodec", () => jsonCodec({ ...stray })],
    ["aesGcm", () => aesGcm({ keys: [{ id: "a", key: new Uint8Array(32) }], ...stray })],
    ["kmsEnvelope", () => kmsEnvelope({ provider: provider as never, ...stray })],
    ["fileKmsProvider", () => fileKmsProvider({ path: join(folder, "kms"), ...stray })],
    ["saveSnapshot", () => saveSnapshot(etcd, join(folder, "s.db"), { ...stray })],
    ["inspectSnapshot", () => inspectSnapshot(none, { ...stray })],
    ["verifySnapshot", () => verifySnapshot(none, { ...stray })],
    ["restoreSnapshot", () => restoreSnapshot(none, { dataDir: join(folder, "d"), ...stray })],
    [
      "restoreCluster",
      () => restoreCluster(none, { initialCluster: "a=http://127.0.0.1:1", dataDirs: {}, ...stray }),
    ],
    ["history", () => history(etcd, "a", { ...stray })],
    ["diff", () => diff(etcd, { from: "1", to: "2", prefix: "" }, { ...stray })],
    ["deletedVersion", () => deletedVersion(etcd, "a", { ...stray })],
    ["openRepository", () => openRepository({ directory: folder, ...stray })],
    ["repository.backup", () => repository.backup(etcd, { ...stray })],
    ["repository.delta", () => repository.delta(etcd, { ...stray })],
    [
      "repository.follow",
      async () => {
        for await (const _ of repository.follow(etcd, { intervalMs: 1000, ...stray })) return;
      },
    ],
    ["repository.restore", () => repository.restore({ dataDir: join(folder, "d"), ...stray })],
    ["repository.verify", () => repository.verify({ ...stray })],
    ["repository.prune", () => repository.prune({ keepLast: 1, ...stray })],
    ["restoreObjects", () => restoreObjects(none as never, store, { conflict: "skip", ...stray })],
    ["undoObjectRestore", () => undoObjectRestore(none, store, { ...stray })],
    ["undelete", () => undelete(store, Widget, key, { resourceVersion: "1", ...stray })],
  ];
  const wrong: string[] = [];
  for (const [name, call] of cases) {
    const outcome = await Promise.resolve()
      .then(call)
      .then(
        () => "taken",
        (error: unknown) => error,
      );
    const named = isStoreError(outcome, "INVALID_ARGUMENT") && outcome.message.includes("qqqqqq");
    if (!named) wrong.push(`${name}: ${String(outcome)}`);
  }
  expect(wrong).toEqual([]);
  // Nothing was done by any of them.
  expect((await store.resources(Widget).list()).items.map(({ metadata }) => metadata.name)).toEqual(["a"]);
  expect((await store.health({ ...stray })).problems.join()).toContain("qqqqqq");
  await rm(folder, { recursive: true, force: true });
});
