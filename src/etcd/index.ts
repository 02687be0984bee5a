/** The door `keelson/etcd`: a connection to etcd and what it speaks. */
export type { RequestEvent, StreamEvent } from "./client-diagnostics.ts";
export { connectEtcd, type EtcdOptions } from "./connect-etcd.ts";
export { faultlessVersion, type KnownFault, knownFaults } from "./known-faults.ts";
export {
  type LocalCluster,
  type LocalClusterOptions,
  type LocalMember,
  startLocalCluster,
} from "./local-cluster.ts";
export { type LocalEtcd, type LocalEtcdOptions, startLocalEtcd } from "./local-etcd.ts";
export type * from "./messages.ts";
export type * from "./ports.ts";
export { prefixEnd } from "./prefix-end.ts";
export { readOnlyEtcd } from "./read-only.ts";
export { etcdServerText } from "./server-text.ts";
export type { Pem, TlsOptions } from "./transport.ts";
