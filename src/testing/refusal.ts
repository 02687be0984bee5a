/** What the in-memory etcd refuses, with etcd's own codes and texts (api/v3rpc/rpctypes/error.go). */
import { grpcStatus } from "../etcd/transport.ts";

/** What the server answers instead of a reply; text as etcd's. */
export class EtcdRefusal extends Error {
  override readonly name = "EtcdRefusal";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export const refusals = {
  emptyKey: () => new EtcdRefusal(grpcStatus.invalidArgument, "etcdserver: key is not provided"),
  compacted: () =>
    new EtcdRefusal(grpcStatus.outOfRange, "etcdserver: mvcc: required revision has been compacted"),
  future: () =>
    new EtcdRefusal(grpcStatus.outOfRange, "etcdserver: mvcc: required revision is a future revision"),
  leaseNotFound: () => new EtcdRefusal(grpcStatus.notFound, "etcdserver: requested lease not found"),
  keyNotFound: () => new EtcdRefusal(grpcStatus.invalidArgument, "etcdserver: key not found"),
  valueProvided: () => new EtcdRefusal(grpcStatus.invalidArgument, "etcdserver: value is provided"),
  leaseProvided: () => new EtcdRefusal(grpcStatus.invalidArgument, "etcdserver: lease is provided"),
} as const;
