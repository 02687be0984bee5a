/** Port `Leases`: times to live. */
import type { EtcdCall } from "./call.ts";

/** A lease kept alive by this client until closed or lost. */
export interface Lease extends AsyncDisposable {
  /** etcd's id of it. */
  readonly id: bigint;
  /** As granted: the time it lives without a keepalive. */
  readonly ttlSeconds: number;
  /**
   * Aborted, with the cause as its reason, once the lease may be gone: last success + TTL - margin on the
   * monotonic clock, counted from before that ping was sent, or etcd's own word. Never unset again.
   */
  readonly lost: AbortSignal;
  /** Gives the lease back, its keys go. */
  revoke(call?: EtcdCall): Promise<void>;
}

/** What etcd knows of a lease. */
export interface LeaseStatus {
  /** etcd's id of it. */
  readonly id: bigint;
  /** Seconds left; -1 when there is no such lease. */
  readonly ttlSeconds: number;
  /** As granted. */
  readonly grantedTtlSeconds: number;
  /** The keys attached, when asked for; else empty. */
  readonly keys: readonly Uint8Array[];
}

/** Times to live: etcd's Lease service. */
export interface Leases {
  /** Grants under an id of the client's own choosing, so that an unknown outcome can be resolved. */
  grant(
    options: {
      /** Seconds above 0, rounded up; etcd grants at least 2. */
      readonly ttlSeconds: number;
      /** Of the lease; default a random one. */
      readonly id?: bigint | undefined;
    },
    call?: EtcdCall,
  ): Promise<{ readonly id: bigint; readonly ttlSeconds: number }>;
  /** Grants and keeps alive. */
  hold(
    options: {
      /** Seconds above 0, rounded up; etcd grants at least 2. */
      readonly ttlSeconds: number;
    },
    call?: EtcdCall,
  ): Promise<Lease>;
  /** One keepalive ping; the new TTL, or -1 when there is no such lease. */
  keepAliveOnce(
    id: bigint,
    call?: EtcdCall,
  ): Promise<{
    /** The new time to live, seconds; -1 when there is no such lease. */
    readonly ttlSeconds: number;
  }>;
  /**
   * A lease for a key that shall live at least `ttlSeconds` from now. Shared among keys of close TTL: it may
   * outlive the request by at most max(2 s, 5 % of ttlSeconds, at most 60 s), and carries at most 1,000 keys.
   */
  shared(ttlSeconds: number, call?: EtcdCall): Promise<bigint>;
  /** A write was refused because this shared lease is gone: it is not handed out again. */
  forgetShared(id: bigint): void;
  /** Unknown lease counts as done, or with `ifMissing: "fail"` rejects NOT_FOUND. */
  revoke(
    id: bigint,
    call?: EtcdCall & {
      /** What it means that there is no such lease; default "done". */
      readonly ifMissing?: "done" | "fail";
    },
  ): Promise<void>;
  /** What is left of a lease. A lease that is not there has `ttlSeconds` -1. */
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
