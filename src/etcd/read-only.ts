/**
 * A connection that cannot write: a call that would change etcd fails with PERMISSION_DENIED before anything is
 * sent; reads and watches work. For tools that inspect another owner's etcd: what is built on it, a store included,
 * behaves as for an etcd user with read permission only.
 *
 * Invariant: no call through it changes etcd's revision, leases, members or users.
 */
import { StoreError } from "../errors.ts";
import type { Auth } from "./ports/auth.ts";
import type { Cluster } from "./ports/cluster.ts";
import type { Etcd } from "./ports/etcd.ts";
import type { Kv } from "./ports/kv.ts";
import type { Leases } from "./ports/leases.ts";
import type { Maintenance } from "./ports/maintenance.ts";
import type { TxnOp, TxnRequest } from "./ports/messages.ts";

/** `etcd` restricted to reads. Closing it closes `etcd`. */
export function readOnlyEtcd(etcd: Etcd): Etcd {
  return {
    kv: readingKv(etcd.kv),
    watches: etcd.watches,
    leases: readingLeases(etcd.leases),
    maintenance: readingMaintenance(etcd.maintenance),
    cluster: readingCluster(etcd.cluster),
    auth: readingAuth(etcd.auth),
    history: etcd.history,
    endpoints: etcd.endpoints,
    clock: etcd.clock,
    random: etcd.random,
    requestTimeoutMs: etcd.requestTimeoutMs,
    serverVersion: (call) => etcd.serverVersion(call),
    behindGrpcProxy: (call) => etcd.behindGrpcProxy(call),
    stats: () => etcd.stats(),
    close: () => etcd.close(),
    [Symbol.asyncDispose]: () => etcd[Symbol.asyncDispose](),
  };
}

const refuse = (action: string) => (): Promise<never> =>
  Promise.reject(
    new StoreError("PERMISSION_DENIED", `Cannot ${action}: this connection is only for reading`, {
      reason: "read-only connection",
    }),
  );

function readingKv(kv: Kv): Kv {
  const refused = refuse("write a transaction");
  return {
    range: (request, call) => kv.range(request, call),
    put: refuse("put a key"),
    deleteRange: refuse("delete keys"),
    txn: (request, call) => (writes(request) ? refused() : kv.txn(request, call)),
    compact: refuse("compact etcd"),
    get highestRevision() {
      return kv.highestRevision;
    },
  };
}

function writes({ success, failure }: TxnRequest): boolean {
  const isWrite = (op: TxnOp): boolean =>
    op.type === "put" || op.type === "delete" || (op.type === "txn" && writes(op.txn));
  return success.some(isWrite) || failure.some(isWrite);
}

function readingLeases(leases: Leases): Leases {
  return {
    grant: refuse("grant a lease"),
    hold: refuse("grant a lease"),
    keepAliveOnce: refuse("keep a lease alive"),
    shared: refuse("grant a lease"),
    forgetShared: (id) => leases.forgetShared(id),
    revoke: refuse("revoke a lease"),
    timeToLive: (id, call) => leases.timeToLive(id, call),
    list: (call) => leases.list(call),
  };
}

function readingMaintenance(maintenance: Maintenance): Maintenance {
  return {
    status: (call) => maintenance.status(call),
    metrics: (call) => maintenance.metrics(call),
    probe: (name, call) => maintenance.probe(name, call),
    quotaBytes: (call) => maintenance.quotaBytes(call),
    alarms: (call) => maintenance.alarms(call),
    disarm: refuse("disarm an alarm of etcd"),
    defragment: refuse("defragment a member"),
    hashKv: (revision, call) => maintenance.hashKv(revision, call),
    snapshot: (call) => maintenance.snapshot(call),
    moveLeader: refuse("move etcd's leader"),
    downgrade: {
      validate: (version, call) => maintenance.downgrade.validate(version, call),
      enable: refuse("enable a downgrade of etcd"),
      cancel: refuse("cancel a downgrade of etcd"),
    },
  };
}

function readingCluster(cluster: Cluster): Cluster {
  return {
    members: (call) => cluster.members(call),
    add: refuse("add a member"),
    remove: refuse("remove a member"),
    update: refuse("update a member"),
    promote: refuse("promote a member"),
  };
}

function readingAuth(auth: Auth): Auth {
  const refused = refuse("change users and roles");
  return {
    status: (call) => auth.status(call),
    userGet: (name, call) => auth.userGet(name, call),
    userList: (call) => auth.userList(call),
    roleGet: (name, call) => auth.roleGet(name, call),
    roleList: (call) => auth.roleList(call),
    enable: refused,
    disable: refused,
    userAdd: refused,
    userDelete: refused,
    userChangePassword: refused,
    userGrantRole: refused,
    userRevokeRole: refused,
    roleAdd: refused,
    roleDelete: refused,
    roleGrantPermission: refused,
    roleRevokePermission: refused,
  };
}
