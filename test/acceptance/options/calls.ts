/**
 * One call for every parameter that takes options (public-options.ts finds them), with what the call needs besides.
 * `given` is what the test puts into the options; without it each call would be done.
 */
import { Writable } from "node:stream";
import {
  createStore,
  createWatchCache,
  defineKind,
  defineView,
  objectMatcher,
  type Resource,
  readStoreRecords,
  type Store,
  type Watch,
  withCaches,
} from "keelson";
import {
  type BackupRepository,
  defragmentDataDir,
  deletedVersion,
  diff,
  drill,
  history,
  inspectSnapshot,
  openRepository,
  restoreCluster,
  restoreObjects,
  restoreSnapshot,
  restoreToScratch,
  runBackups,
  saveSnapshot,
  storedKeys,
  undelete,
  undoObjectRestore,
  verifySnapshot,
} from "keelson/backup";
import {
  aesGcm,
  createValueCodec,
  fileKmsProvider,
  jsonCodec,
  type KmsProvider,
  kmsEnvelope,
  msgpackCodec,
  readStoredValue,
} from "keelson/codec";
import {
  campaign,
  connectEtcd,
  discoverEndpoints,
  type Etcd,
  type Leadership,
  type Lease,
  type LocalEtcd,
  leaderOf,
  lock,
  observeLeader,
  startLocalCluster,
  startLocalEtcd,
} from "keelson/etcd";
import {
  jsonRepresentation,
  type ResponseStream,
  readBody,
  sendBytes,
  sendDocument,
  sendList,
  sendObject,
  sendWatch,
  serverSideApply,
  tableRepresentation,
  trackUpdate,
} from "keelson/http";
import {
  customResourceKinds,
  customResources,
  decodeKubernetes,
  encodeKubernetes,
  encodeKubernetesProtobuf,
  encryptionConfiguration,
  kubernetesKinds,
  kubernetesVersions,
} from "keelson/kubernetes";
import { registerMetrics } from "keelson/metrics";
import { memoryEtcd } from "keelson/testing";
import { Registry } from "prom-client";
import { at, ConfigMap, configMap } from "../world.ts";

/** What the calls are made on. */
export interface Made {
  readonly etcd: Etcd;
  readonly store: Store;
  readonly cached: ReturnType<typeof withCaches>;
  readonly repository: BackupRepository;
  readonly lease: Lease;
  readonly leadership: Leadership;
  readonly watches: readonly Watch<Resource>[];
  readonly server: LocalEtcd;
  readonly provider: KmsProvider;
  /** Empty; no call may leave anything in it. */
  readonly folder: string;
}

type Call = (given: object) => unknown;

/** Values that are options and are checked with what stands beside them, by their places. */
export const beside: Readonly<Record<string, object>> = {
  "connectEtcd(options).auth": { username: "u", password: "p", allowPlaintext: true },
  "connectEtcd(options).discovery": { domain: "keelson.invalid" },
  "aesGcm(options).keys[]": { id: "a", key: new Uint8Array(32) },
  "createStore(options).compaction": { intervalMs: 60_000 },
  "defineKind(spec).scale": { specReplicas: ".spec.replicas", statusReplicas: ".status.replicas" },
  "openRepository(options).s3": { endpoint: "http://127.0.0.1:1", region: "r" },
  "openRepository(options).s3.credentials": { accessKeyId: "a", secretAccessKey: "b" },
  "openRepository(options).s3.serverSideEncryption": { algorithm: "AES256" },
  "tableRepresentation(columns)[]": { name: "n", type: "string", cell: () => "" },
  "runBackups(options).keep": { keepLast: 1 },
  "Kv.txn(request).compare[]": { key: "a", target: "mod", result: "=", operand: 0n },
  "Kv.txn(request).success[]": { type: "delete", delete: { key: "a" } },
  "Kv.txn(request).success[].put": { key: "a", value: "" },
  "Kv.txn(request).success[].range": { key: "a" },
  "Kv.txn(request).success[].delete": { key: "a" },
  "Kv.txn(request).failure[]": { type: "delete", delete: { key: "a" } },
  "Kv.txn(request).failure[].put": { key: "a", value: "" },
  "Kv.txn(request).failure[].range": { key: "a" },
  "Kv.txn(request).failure[].delete": { key: "a" },
};
for (const root of [
  "ResourceReader.get",
  "ResourceReader.list",
  "ResourceReader.watch",
  "WatchCache.watch",
]) {
  Object.assign(beside, { [`${root}(options).read`]: { consistency: "any" } });
}
for (const root of [
  "ResourceStore.deleteCollection(options)",
  "ResourceReader.list(options)",
  "ResourceReader.watch(options)",
  "WatchCache.watch(options)",
  "Quotas.set(quota)",
  "objectMatcher(options)",
  "restoreObjects(options)",
]) {
  Object.assign(beside, {
    [`${root}.labelSelector.matchExpressions[]`]: { key: "a", operator: "Exists" },
  });
}

export function callsOf(made: Made): Readonly<Record<string, readonly Call[]>> {
  const { etcd, store, cached, folder, provider } = made;
  const both = (call: (each: Store, given: object) => unknown): Call[] =>
    [store, cached].map((each) => (given) => call(each, given));
  const endpoint = etcd.endpoints[0] ?? "";
  return {
    ...callsOfStores(both),
    ...callsOfPorts(etcd, made.lease),
    ...callsOfBackups(made),
    ...callsOfHttp(),
    "createStore(options)": [(given) => createStore({ etcd, kinds: [], compaction: false, ...given })],
    "readStoreRecords(options)": [(given) => readStoreRecords(etcd, { ...given })],
    "objectMatcher(options)": [(given) => objectMatcher(ConfigMap, { ...given })],
    "defineView(spec)": [
      (given) => defineView({ name: "v", project: (object: Resource) => object, ...given }),
    ],
    "defineKind(spec)": [
      (given) =>
        defineKind({ version: "v1", kind: "A", plural: "as", scope: "Cluster", status: true, ...given }),
    ],
    "createWatchCache(options)": [(given) => createWatchCache(store.resources(ConfigMap), { ...given })],
    "Watch.ready(options)": made.watches.map((watch) => (given) => watch.ready({ ...given })),
    "WatchCache.ready(options)": [(given) => cached.cache(ConfigMap).ready({ ...given })],
    "WatchCache.watch(options)": [(given) => watched(cached.cache(ConfigMap).watch(initial(given)))],
    "withCaches(options)": [(given) => withCaches(store, { ...given })],
    "CachedStores.ready(options)": [(given) => cached.ready({ ...given })],
    "connectEtcd(options)": [
      (given) =>
        connectEtcd({
          ...("discovery" in given
            ? {}
            : { endpoints: "tls" in given ? "https://127.0.0.1:1" : "http://127.0.0.1:1" }),
          ...given,
        }),
    ],
    "discoverEndpoints(options)": [(given) => discoverEndpoints({ domain: "keelson.invalid", ...given })],
    "startLocalEtcd(options)": [(given) => startLocalEtcd({ ...given })],
    "startLocalCluster(options)": [(given) => startLocalCluster({ ...given })],
    "LocalEtcd.restart(options)": [(given) => made.server.restart({ ...given })],
    "campaign(options)": [(given) => campaign(etcd, "e", "v", { ...given })],
    "Leadership.proclaim(call)": [(given) => made.leadership.proclaim("v", { ...given })],
    "leaderOf(call)": [(given) => leaderOf(etcd, "e", { ...given })],
    "observeLeader(options)": [(given) => first(observeLeader(etcd, "e", { ...given }))],
    "lock(options)": [(given) => lock(etcd, "l", { ...given })],
    "memoryEtcd(options)": [(given) => memoryEtcd({ ...given })],
    "registerMetrics(sources)": [(given) => registerMetrics(new Registry(), { store, ...given })],
    "msgpackCodec(options)": [(given) => msgpackCodec({ ...given })],
    "jsonCodec(options)": [(given) => jsonCodec({ ...given })],
    "aesGcm(options)": [(given) => aesGcm({ keys: [{ id: "a", key: new Uint8Array(32) }], ...given })],
    "kmsEnvelope(options)": [(given) => kmsEnvelope({ provider, ...given })],
    "fileKmsProvider(options)": [(given) => fileKmsProvider({ path: `${folder}/kms`, ...given })],
    "readStoredValue(options)": [(given) => readStoredValue("/registry/a", new Uint8Array(8), { ...given })],
    "createValueCodec(options)": [
      (given) => createValueCodec({ kind: ConfigMap as never, codec: msgpackCodec(), ...given }),
    ],
    "encryptionConfiguration(options)": [(given) => encryptionConfiguration(noEncryption, { ...given })],
    "customResourceKinds(options)": [(given) => customResourceKinds(etcd, { ...given })],
    "customResources(options)": [(given) => customResources(etcd, { ...given })],
    "kubernetesKinds(options)": [(given) => kubernetesKinds({ ...given })],
    "kubernetesVersions(options)": [
      (given) => kubernetesVersions({ apiVersion: "apps/v1", kind: "Deployment" }, { ...given }),
    ],
    "decodeKubernetes(options)": [
      (given) => decodeKubernetes(Buffer.from(JSON.stringify(object)), { ...given }),
    ],
    "encodeKubernetes(options)": [(given) => encodeKubernetes(object, { ...given })],
    "encodeKubernetesProtobuf(options)": [(given) => encodeKubernetesProtobuf(object, { ...given })],
    "Maintenance.status(call)": [(given) => etcd.maintenance.status({ endpoint, ...given })],
  };
}

const noEncryption = {
  apiVersion: "apiserver.config.k8s.io/v1",
  kind: "EncryptionConfiguration",
  resources: [{ resources: ["secrets"], providers: [{ identity: {} }] }],
};
const object = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", namespace: "default" },
} as never;

function callsOfStores(
  both: (call: (each: Store, given: object) => unknown) => Call[],
): Record<string, readonly Call[]> {
  const hard = { "count/configmaps": 10 };
  const maps = (each: Store) => each.resources(ConfigMap);
  return {
    "ResourceStore.create(options)": both((each, given) => maps(each).create(configMap("b"), { ...given })),
    "ResourceStore.update(options)": both((each, given) =>
      maps(each).update(configMap("a", { a: "2" }) as never, { ...given }),
    ),
    "ResourceStore.guaranteedUpdate(options)": both((each, given) =>
      maps(each).guaranteedUpdate(at("a"), (current) => ({ ...current, data: { b: "2" } }), { ...given }),
    ),
    "ResourceStore.delete(options)": both((each, given) => maps(each).delete(at("a"), { ...given })),
    "ResourceStore.deleteCollection(options)": both((each, given) =>
      maps(each).deleteCollection({ ...given }),
    ),
    "ResourceStore.createMany(options)": both((each, given) =>
      maps(each).createMany([configMap("b")], { ...given }),
    ),
    "ResourceReader.get(options)": both((each, given) => maps(each).get(at("a"), { ...given })),
    "ResourceReader.list(options)": both((each, given) => maps(each).list({ ...given })),
    "ResourceReader.watch(options)": both((each, given) => watched(maps(each).watch(initial(given)))),
    "Store.addKind(options)": both((each, given) => each.addKind(ConfigMap, { ...given })),
    "Store.removeKind(options)": both((each, given) => each.removeKind(ConfigMap, { ...given })),
    "Store.rewrite(options)": both((each, given) => each.rewrite(ConfigMap, { ...given })),
    "Store.currentResourceVersion(options)": both((each, given) => each.currentResourceVersion({ ...given })),
    "Store.health(options)": both(async (each, given) => {
      // It never rejects: what is wrong is a problem.
      const { ok, problems } = await each.health({ ...given });
      if (!ok) throw Object.assign(new Error(problems.join()), { code: "INVALID_ARGUMENT" });
    }),
    "Store.close(options)": both((each, given) => each.close({ ...given })),
    "Quotas.set(quota)": both((each, given) => each.quotas.set("default", { hard, ...given })),
    "Quotas.set(options)": both((each, given) => each.quotas.set("default", { hard }, { ...given })),
    "Quotas.get(options)": both((each, given) => each.quotas.get("default", { ...given })),
    "Quotas.list(options)": both((each, given) => each.quotas.list({ ...given })),
    "Quotas.remove(options)": both((each, given) => each.quotas.remove("default", { ...given })),
    "Quotas.reconcile(options)": both((each, given) => each.quotas.reconcile("default", { ...given })),
  };
}

function callsOfPorts(etcd: Etcd, lease: Lease): Record<string, readonly Call[]> {
  const { kv, watches, leases, maintenance, cluster, auth } = etcd;
  const endpoint = etcd.endpoints[0] ?? "";
  const txn = { compare: [], success: [], failure: [] };
  const grant = { type: "read", key: Buffer.from("a"), rangeEnd: undefined } as const;
  const peerUrls = ["http://127.0.0.1:1"];
  return {
    "Kv.range(request)": [(given) => kv.range({ key: "a", ...given })],
    "Kv.range(call)": [(given) => kv.range({ key: "a" }, { ...given })],
    "Kv.put(request)": [(given) => kv.put({ key: "a", value: "", ...given })],
    "Kv.put(call)": [(given) => kv.put({ key: "a", value: "" }, { ...given })],
    "Kv.deleteRange(request)": [(given) => kv.deleteRange({ key: "a", ...given })],
    "Kv.deleteRange(call)": [(given) => kv.deleteRange({ key: "a" }, { ...given })],
    "Kv.txn(request)": [(given) => kv.txn({ ...txn, ...given })],
    "Kv.txn(call)": [(given) => kv.txn(txn, { ...given })],
    "Kv.compact(call)": [(given) => kv.compact(1n, { ...given })],
    "Watches.open(request)": [(given) => opened(watches.open({ key: "a", ...given }))],
    "Watches.open(call)": [(given) => opened(watches.open({ key: "a" }, { ...given }))],
    "Leases.grant(options)": [(given) => leases.grant({ ttlSeconds: 60, ...given })],
    "Leases.grant(call)": [(given) => leases.grant({ ttlSeconds: 60 }, { ...given })],
    "Leases.hold(options)": [(given) => leases.hold({ ttlSeconds: 60, ...given })],
    "Leases.hold(call)": [(given) => leases.hold({ ttlSeconds: 60 }, { ...given })],
    "Lease.revoke(call)": [(given) => lease.revoke({ ...given })],
    "Leases.keepAliveOnce(call)": [(given) => leases.keepAliveOnce(lease.id, { ...given })],
    "Leases.shared(call)": [(given) => leases.shared(60, { ...given })],
    "Leases.revoke(call)": [(given) => leases.revoke(lease.id, { ...given })],
    "Leases.timeToLive(call)": [(given) => leases.timeToLive(lease.id, { ...given })],
    "Leases.list(call)": [(given) => leases.list({ ...given })],
    "Maintenance.metrics(call)": [(given) => maintenance.metrics({ endpoint, ...given })],
    "Maintenance.probe(call)": [(given) => maintenance.probe("health", { endpoint, ...given })],
    "Maintenance.quotaBytes(call)": [(given) => maintenance.quotaBytes({ endpoint, ...given })],
    "Maintenance.alarms(call)": [(given) => maintenance.alarms({ ...given })],
    "Maintenance.disarm(alarm)": [(given) => maintenance.disarm({ memberId: 1n, type: "NOSPACE", ...given })],
    "Maintenance.disarm(call)": [
      (given) => maintenance.disarm({ memberId: 1n, type: "NOSPACE" }, { ...given }),
    ],
    "Maintenance.defragment(call)": [(given) => maintenance.defragment({ endpoint, ...given })],
    "Maintenance.hashKv(call)": [(given) => maintenance.hashKv(1n, { endpoint, ...given })],
    "Maintenance.snapshot(call)": [(given) => first(maintenance.snapshot({ ...given }))],
    "Maintenance.moveLeader(call)": [(given) => maintenance.moveLeader(1n, { endpoint, ...given })],
    "Downgrade.validate(call)": [(given) => maintenance.downgrade.validate("3.5", { ...given })],
    "Downgrade.enable(call)": [(given) => maintenance.downgrade.enable("3.5", { ...given })],
    "Downgrade.cancel(call)": [(given) => maintenance.downgrade.cancel({ ...given })],
    "Cluster.members(call)": [(given) => cluster.members({ ...given })],
    "Cluster.add(options)": [(given) => cluster.add({ peerUrls, ...given })],
    "Cluster.add(call)": [(given) => cluster.add({ peerUrls }, { ...given })],
    "Cluster.remove(call)": [(given) => cluster.remove(1n, { ...given })],
    "Cluster.update(options)": [(given) => cluster.update(1n, { peerUrls, ...given })],
    "Cluster.update(call)": [(given) => cluster.update(1n, { peerUrls }, { ...given })],
    "Cluster.promote(call)": [(given) => cluster.promote(1n, { ...given })],
    "Auth.status(call)": [(given) => auth.status({ ...given })],
    "Auth.enable(call)": [(given) => auth.enable({ ...given })],
    "Auth.disable(call)": [(given) => auth.disable({ ...given })],
    "Auth.userAdd(options)": [(given) => auth.userAdd("u", { ...given })],
    "Auth.userAdd(call)": [(given) => auth.userAdd("u", { password: "p" }, { ...given })],
    "Auth.userGet(call)": [(given) => auth.userGet("u", { ...given })],
    "Auth.userList(call)": [(given) => auth.userList({ ...given })],
    "Auth.userDelete(call)": [(given) => auth.userDelete("u", { ...given })],
    "Auth.userChangePassword(call)": [(given) => auth.userChangePassword("u", "p", { ...given })],
    "Auth.userGrantRole(call)": [(given) => auth.userGrantRole("u", "r", { ...given })],
    "Auth.userRevokeRole(call)": [(given) => auth.userRevokeRole("u", "r", { ...given })],
    "Auth.roleAdd(call)": [(given) => auth.roleAdd("r", { ...given })],
    "Auth.roleGet(call)": [(given) => auth.roleGet("r", { ...given })],
    "Auth.roleList(call)": [(given) => auth.roleList({ ...given })],
    "Auth.roleDelete(call)": [(given) => auth.roleDelete("r", { ...given })],
    "Auth.roleGrantPermission(permission)": [
      (given) => auth.roleGrantPermission("r", { ...grant, ...given }),
    ],
    "Auth.roleGrantPermission(call)": [(given) => auth.roleGrantPermission("r", grant, { ...given })],
    "Auth.roleRevokePermission(call)": [
      (given) => auth.roleRevokePermission("r", Buffer.from("a"), undefined, { ...given }),
    ],
    "Etcd.serverVersion(call)": [(given) => etcd.serverVersion({ ...given })],
    "Etcd.behindGrpcProxy(call)": [(given) => etcd.behindGrpcProxy({ ...given })],
  };
}

function callsOfBackups({ etcd, store, repository, folder }: Made): Record<string, readonly Call[]> {
  const none = `${folder}/none.db`;
  const dataDir = `${folder}/data`;
  const range = { from: "1", to: "1", prefix: "a" };
  const nowhere = new Writable({ write: (_bytes, _encoding, done) => done() });
  const cluster = { initialCluster: "a=http://127.0.0.1:1", dataDirs: { a: dataDir } };
  return {
    "defragmentDataDir(options)": [(given) => defragmentDataDir(dataDir, { ...given })],
    "deletedVersion(options)": [etcd, none].map((from) => (given) => deletedVersion(from, "a", { ...given })),
    "diff(range)": [etcd, none].map((from) => (given) => diff(from, { ...range, ...given })),
    "diff(options)": [etcd, none].map((from) => (given) => diff(from, range, { ...given })),
    "history(options)": [etcd, none].map((from) => (given) => history(from, "a", { ...given })),
    "storedKeys(options)": [etcd, none].map(
      (from) => (given) => first(storedKeys(from, { prefix: "a", ...given })),
    ),
    "restoreObjects(from)": [
      (given) => restoreObjects({ store, resourceVersion: "1", ...given }, store, { conflict: "skip" }),
    ],
    "restoreObjects(options)": [
      (given) => restoreObjects({ store, resourceVersion: "1" }, store, { conflict: "skip", ...given }),
      (given) => restoreObjects(none, store, { conflict: "skip", ...given }),
    ],
    "undelete(options)": [(given) => undelete(store, ConfigMap, at("a"), { resourceVersion: "1", ...given })],
    "undoObjectRestore(options)": [(given) => undoObjectRestore(none, store, { ...given })],
    "openRepository(options)": [
      (given) => openRepository({ directory: "s3" in given ? "s3://bucket/path" : folder, ...given }),
    ],
    "BackupRepository.backup(options)": [(given) => repository.backup(etcd, { ...given })],
    "BackupRepository.delta(options)": [(given) => repository.delta(etcd, { ...given })],
    "BackupRepository.follow(options)": [
      (given) => first(repository.follow(etcd, { intervalMs: 1000, ...given })),
    ],
    "BackupRepository.restore(options)": [(given) => repository.restore({ dataDir, ...given })],
    "BackupRepository.verify(options)": [(given) => repository.verify({ ...given })],
    "BackupRepository.prune(policy)": [(given) => repository.prune({ keepLast: 1, ...given })],
    "BackupRepository.prune(options)": [(given) => repository.prune({ keepLast: 1 }, { ...given })],
    "restoreToScratch(point)": [(given) => restoreToScratch(repository, { ...given })],
    "restoreCluster(options)": [(given) => restoreCluster(none, { ...cluster, ...given })],
    "restoreSnapshot(options)": [(given) => restoreSnapshot(none, { dataDir, ...given })],
    "drill(options)": [(given) => drill(repository, { ...given })],
    "runBackups(options)": [(given) => first(runBackups(etcd, repository, { full: "0 0 * * *", ...given }))],
    "inspectSnapshot(options)": [(given) => inspectSnapshot(none, { ...given })],
    "saveSnapshot(options)": [
      (given) => saveSnapshot(etcd, `${folder}/saved.db`, { ...given }),
      (given) => saveSnapshot(etcd, nowhere, { ...given }),
    ],
    "verifySnapshot(options)": [(given) => verifySnapshot(none, { ...given })],
  };
}

function callsOfHttp(): Record<string, readonly Call[]> {
  const form = jsonRepresentation({ group: "", version: "v1", kind: "ConfigMap" });
  const body = new Uint8Array(2);
  const response: ResponseStream = {
    destroyed: false,
    write: wrote,
    end: wrote,
    writeHead: wrote,
    once: () => undefined,
    removeListener: () => undefined,
  };
  const request = { on: () => undefined, pause: () => undefined, headers: {} };
  const watch = { ready: wrote, batches: wrote } as never;
  const managed = { fieldManager: "m", time: "2026-01-01T00:00:00Z" };
  return {
    "serverSideApply(options)": [(given) => serverSideApply(undefined, object, { ...managed, ...given })],
    "trackUpdate(options)": [(given) => trackUpdate(undefined, object, { ...managed, ...given })],
    "readBody(options)": [(given) => readBody(request, { ...given })],
    "sendBytes(options)": [(given) => sendBytes(response, 200, "text/plain", body, { ...given })],
    "sendDocument(options)": [(given) => sendDocument(response, form, 200, object, { ...given })],
    "sendList(options)": [
      (given) => sendList(response, form, { items: [], resourceVersion: "1" }, { ...given }),
    ],
    "sendObject(options)": [(given) => sendObject(response, form, body, { ...given })],
    "sendWatch(options)": [(given) => sendWatch(response, form, watch, { ...given })],
    "tableRepresentation(columns)": [(given) => tableRepresentation(given as never)],
  };
}

/** No sender may begin a response, or a watch, before its options are checked. */
function wrote(): never {
  throw new Error("a response was begun");
}

/** `read` says how fresh the initial events are. */
const initial = (given: object) => ({ ...("read" in given ? { sendInitialEvents: true } : {}), ...given });

async function watched(watch: { ready(): Promise<unknown> } & AsyncDisposable): Promise<unknown> {
  await using open = watch;
  return await open.ready();
}

const opened = watched;

async function first(steps: AsyncIterable<unknown>): Promise<unknown> {
  for await (const step of steps) return step;
  return undefined;
}
