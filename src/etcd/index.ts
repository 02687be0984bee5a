/** The door `keelson/etcd`: a connection to etcd and what it speaks. */
export { connectEtcd, type EtcdOptions } from "./connect-etcd.ts";
export type * from "./ports.ts";
