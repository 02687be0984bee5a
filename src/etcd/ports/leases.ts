/** Port `Leases`: times to live. */
import type { EtcdCall } from "./call.ts";

/** A lease kept alive by this client until closed or lost. */
export interface Lease extends AsyncDisposable {
  /** The id of the lease in etcd. */
  readonly id: bigint;
  /** The granted TTL: how long it lives without a keepalive. */
  readonly ttlSeconds: number;
  /**
   * Aborted, with the cause as its reason, once the lease may be gone: when last success + TTL - margin passes on the
   * monotonic clock, counted from before that ping was sent, or when etcd reports it. Never reset.
   */
  readonly lost: AbortSignal;
  /** Revokes the lease; its keys are deleted. */
  revoke(call?: EtcdCall): Promise<void>;
}

/** The state of a lease in etcd. */
export interface LeaseStatus {
  /** The id of the lease in etcd. */
  readonly id: bigint;
  /** Seconds left; -1 when there is no such lease. */
  readonly ttlSeconds: number;
  /** The granted TTL. */
  readonly grantedTtlSeconds: number;
  /** The attached keys, if requested; else empty. */
  readonly keys: readonly Uint8Array[];
}

/** Times to live: etcd's Lease service. */
export interface Leases {
  /** Grants a lease under an id that the client chooses, so that an unknown outcome can be resolved. */
  grant(
    options: {
      /** Seconds above 0, rounded up; etcd grants at least 2. */
      readonly ttlSeconds: number;
      /** The lease's id; default a random one. */
      readonly id?: bigint | undefined;
    },
    call?: EtcdCall,
  ): Promise<{ readonly id: bigint; readonly ttlSeconds: number }>;
  /** Grants a lease and keeps it alive. */
  hold(
    options: {
      /** Seconds above 0, rounded up; etcd grants at least 2. */
      readonly ttlSeconds: number;
    },
    call?: EtcdCall,
  ): Promise<Lease>;
  /** Sends one keepalive ping; returns the new TTL, or -1 when there is no such lease. */
  keepAliveOnce(
    id: bigint,
    call?: EtcdCall,
  ): Promise<{
    /** The new time to live, seconds; -1 when there is no such lease. */
    readonly ttlSeconds: number;
  }>;
  /**
   * A lease for a key that must live at least `ttlSeconds` from now. Shared among keys of similar TTL: it may
   * outlive the request by at most max(2 s, 5 % of ttlSeconds, at most 60 s), and carries at most 1,000 keys.
   */
  shared(ttlSeconds: number, call?: EtcdCall): Promise<bigint>;
  /** Reports that a write was refused because this shared lease is gone: it is not used again. */
  forgetShared(id: bigint): void;
  /** An unknown lease counts as done, or with `ifMissing: "fail"` rejects NOT_FOUND. */
  revoke(
    id: bigint,
    call?: EtcdCall & {
      /** What to do when there is no such lease; default "done". */
      readonly ifMissing?: "done" | "fail";
    },
  ): Promise<void>;
  /** The remaining TTL of a lease; -1 as `ttlSeconds` when the lease does not exist. */
  timeToLive(
    id: bigint,
    call?: EtcdCall & {
      /** List the attached keys too; default false. */
      readonly keys?: boolean;
    },
  ): Promise<LeaseStatus>;
  /** Ids of all leases. */
  list(call?: EtcdCall): Promise<readonly bigint[]>;
}
