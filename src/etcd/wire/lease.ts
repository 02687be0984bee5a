/** Lease messages, both directions. Ids are exact 64-bit; times are seconds, -1 for a lease that does not exist. */
import type { Header } from "../ports/messages.ts";
import {
  bool,
  header,
  int64,
  type MessageCodec,
  many,
  manyBytes,
  message,
  seconds,
  text,
} from "./message.ts";

export interface LeaseGrantRequest {
  readonly ttlSeconds: number;
  readonly id: bigint;
}
export interface LeaseGrantResponse {
  readonly header: Header;
  readonly id: bigint;
  readonly ttlSeconds: number;
  readonly error: string;
}
export const leaseGrantRequest: MessageCodec<LeaseGrantRequest> = message({
  ttlSeconds: seconds(1),
  id: int64(2),
});
export const leaseGrantResponse: MessageCodec<LeaseGrantResponse> = message({
  header: header(1),
  id: int64(2),
  ttlSeconds: seconds(3),
  error: text(4),
});

/** Revoke and keepalive contain only a lease id. */
export interface LeaseIdRequest {
  readonly id: bigint;
}
export const leaseIdRequest: MessageCodec<LeaseIdRequest> = message({ id: int64(1) });

export interface LeaseKeepAliveResponse {
  readonly header: Header;
  readonly id: bigint;
  /** 0: there is no such lease. */
  readonly ttlSeconds: number;
}
export const leaseKeepAliveResponse: MessageCodec<LeaseKeepAliveResponse> = message({
  header: header(1),
  id: int64(2),
  ttlSeconds: seconds(3),
});

export interface LeaseTimeToLiveRequest {
  readonly id: bigint;
  readonly keys: boolean;
}
export interface LeaseTimeToLiveResponse {
  readonly header: Header;
  readonly id: bigint;
  readonly ttlSeconds: number;
  readonly grantedTtlSeconds: number;
  readonly keys: readonly Uint8Array[];
}
export const leaseTimeToLiveRequest: MessageCodec<LeaseTimeToLiveRequest> = message({
  id: int64(1),
  keys: bool(2),
});
export const leaseTimeToLiveResponse: MessageCodec<LeaseTimeToLiveResponse> = message({
  header: header(1),
  id: int64(2),
  ttlSeconds: seconds(3),
  grantedTtlSeconds: seconds(4),
  keys: manyBytes(5),
});

export interface LeaseLeasesResponse {
  readonly header: Header;
  readonly leases: readonly LeaseIdRequest[];
}
export const leaseLeasesResponse: MessageCodec<LeaseLeasesResponse> = message({
  header: header(1),
  leases: many(2, leaseIdRequest),
});
