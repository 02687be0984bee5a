/** Errors of the in-memory etcd, with etcd's codes and texts (api/v3rpc/rpctypes/error.go). */
import { grpcStatus } from "../etcd/transport/transport.ts";

/** An error that the server returns instead of a reply; its text is etcd's. */
export class EtcdRefusal extends Error {
  override readonly name = "EtcdRefusal";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export const refusals = {
  emptyKey: (): EtcdRefusal => new EtcdRefusal(grpcStatus.invalidArgument, "etcdserver: key is not provided"),
  compacted: (): EtcdRefusal =>
    new EtcdRefusal(grpcStatus.outOfRange, "etcdserver: mvcc: required revision has been compacted"),
  future: (): EtcdRefusal =>
    new EtcdRefusal(grpcStatus.outOfRange, "etcdserver: mvcc: required revision is a future revision"),
  leaseNotFound: (): EtcdRefusal =>
    new EtcdRefusal(grpcStatus.notFound, "etcdserver: requested lease not found"),
  keyNotFound: (): EtcdRefusal => new EtcdRefusal(grpcStatus.invalidArgument, "etcdserver: key not found"),
  valueProvided: (): EtcdRefusal =>
    new EtcdRefusal(grpcStatus.invalidArgument, "etcdserver: value is provided"),
  leaseProvided: (): EtcdRefusal =>
    new EtcdRefusal(grpcStatus.invalidArgument, "etcdserver: lease is provided"),
} as const;
