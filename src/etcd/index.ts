/**
 * The entry point `keelson/etcd`: a connection to etcd and what it speaks.
 *
 * @module keelson/etcd
 */
import "../base/supported-node.ts";

export type { RequestEvent, StreamEvent } from "./client/client-diagnostics.ts";
export { type DiscoveryOptions, discoverEndpoints } from "./client/discovery.ts";
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
export type * from "./ports/messages.ts";
export type {
  Alarm,
  Auth,
  Cluster,
  Downgrade,
  DowngradeReply,
  DowngradeState,
  Etcd,
  EtcdCall,
  EtcdStats,
  EtcdWatch,
  EtcdWatchRequest,
  History,
  Kv,
  KvEvent,
  Lease,
  LeaseStatus,
  Leases,
  Maintenance,
  Member,
  MemberCall,
  MemberList,
  MemberStatus,
  Permission,
  Probe,
  ProbeName,
  SnapshotChunk,
  WatchBatch,
  Watches,
  WatchStats,
} from "./ports/ports.ts";
export { prefixEnd } from "./ports/prefix-end.ts";
export { readOnlyEtcd } from "./read-only.ts";
export { etcdServerText } from "./server-text.ts";
export type { Pem, PemText, TlsOptions } from "./transport/transport.ts";
export { faultlessVersion, type KnownFault, knownFaults } from "./versions/known-faults.ts";
export { endedLineOf, type ReleaseLine } from "./versions/release-lines.ts";
