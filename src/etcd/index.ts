/**
 * The entry point `keelson/etcd`: a connection to etcd and what it speaks.
 *
 * @module keelson/etcd
 */
import "../base/supported-node.ts";

export type { RequestEvent, StreamEvent } from "./client/client-diagnostics.ts";
export { type DiscoveryOptions, discoverEndpoints } from "./client/endpoints/discovery.ts";
export { type AuthOptions, connectEtcd, type EtcdOptions } from "./connect-etcd.ts";
export {
  campaign,
  type Leader,
  type Leadership,
  leaderOf,
  observeLeader,
} from "./coordination/election.ts";
export { lock } from "./coordination/lock.ts";
export type { Turn, TurnOptions } from "./coordination/turn.ts";
export {
  type LocalCluster,
  type LocalClusterOptions,
  type LocalMember,
  startLocalCluster,
} from "./local/local-cluster.ts";
export { type LocalEtcd, type LocalEtcdOptions, startLocalEtcd } from "./local/local-etcd.ts";
export type { Exit } from "./local/local-failures.ts";
export type { Auth, Permission } from "./ports/auth.ts";
export type { EtcdCall, MemberCall } from "./ports/call.ts";
export type { Cluster, Member, MemberList } from "./ports/cluster.ts";
export type { Etcd, EtcdStats } from "./ports/etcd.ts";
export type { History, Kv } from "./ports/kv.ts";
export type { Lease, LeaseStatus, Leases } from "./ports/leases.ts";
export type {
  Alarm,
  Downgrade,
  DowngradeReply,
  DowngradeState,
  Maintenance,
  MemberStatus,
  Probe,
  ProbeName,
  SnapshotChunk,
} from "./ports/maintenance.ts";
export type * from "./ports/messages.ts";
export { prefixEnd } from "./ports/prefix-end.ts";
export type {
  EtcdWatch,
  EtcdWatchRequest,
  KvEvent,
  WatchBatch,
  Watches,
  WatchStats,
} from "./ports/watches.ts";
export { readOnlyEtcd } from "./read-only.ts";
export { etcdServerText } from "./server-text.ts";
export type { Pem, PemText, TlsOptions } from "./transport/transport.ts";
export { faultlessVersion, type KnownFault, knownFaults } from "./versions/known-faults.ts";
export { endedLineOf, type ReleaseLine } from "./versions/release-lines.ts";
