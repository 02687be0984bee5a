/**
 * What the rest of keelson sees of etcd: `Kv`, `Watches`, `Leases`, `Maintenance`, `Cluster`, `Auth`.
 *
 * 64-bit ids and revisions are bigint, keys and values are bytes (text is taken as UTF-8), and a value given
 * out is a copy of its own: it never pins the reply it came in. Failures are `StoreError`s:
 *
 *   reads   UNAVAILABLE, DEADLINE, EXPIRED (compacted), FUTURE_VERSION, UNAUTHENTICATED, PERMISSION_DENIED …
 *   writes  the same when the write was certainly NOT applied; OUTCOME_UNKNOWN when it may have been.
 *           A port never retries a write that may have been applied.
 */
import type { Auth } from "./auth.ts";
import type { EtcdCall } from "./call.ts";
import type { Cluster } from "./cluster.ts";
import type { History, Kv } from "./kv.ts";
import type { Leases } from "./leases.ts";
import type { Maintenance } from "./maintenance.ts";
import type { Watches } from "./watches.ts";

/** A connection to an etcd cluster. The caller that opened it closes it. */
export interface Etcd extends AsyncDisposable {
  /** Keys and values. */
  readonly kv: Kv;
  /** Streams of changes. */
  readonly watches: Watches;
  /** Times to live. */
  readonly leases: Leases;
  /** A member's status, alarms, snapshot. */
  readonly maintenance: Maintenance;
  /** The members. */
  readonly cluster: Cluster;
  /** Users and roles. */
  readonly auth: Auth;
  /** The restores this client has noticed. */
  readonly history: History;
  /** As given, normalised. */
  readonly endpoints: readonly string[];
  /** Time and chance this client runs on; what is built over it uses the same. */
  readonly clock: import("../../base/time/clock.ts").Clock;
  /** Chance this client runs on. */
  readonly random: import("../../base/random.ts").Random;
  /** Default of one request to etcd, milliseconds. */
  readonly requestTimeoutMs: number;
  /**
   * Lowest etcd version among the members asked so far, such as "3.5.30"; asks one when none has been.
   * @throws UNAVAILABLE, DEADLINE
   */
  serverVersion(call?: EtcdCall): Promise<string>;
  /**
   * Whether an endpoint is etcd's grpc-proxy, which drops progress requests: a quiet watch through it cannot say how far it is, so
   * reads from a cache go to etcd. False where it cannot be found out.
   */
  behindGrpcProxy(call?: Pick<EtcdCall, "signal">): Promise<boolean>;
  /** Plain counters since the client was opened; synchronous. */
  stats(): EtcdStats;
  /** Streams end CLOSED, calls under way fail, sockets and timers go. Idempotent. */
  close(): Promise<void>;
}

/** Plain counters since the client was opened. */
export interface EtcdStats {
  /** Requests sent, by full method path. */
  readonly requests: Readonly<Record<string, number>>;
  /** Calls that ended without an answer to be used, by full method path. */
  readonly failures: Readonly<Record<string, number>>;
  /** Tries beyond a call's first. */
  readonly retries: number;
  /** Calls on their way now. */
  readonly inFlight: number;
  /** Calls in line for their turn, beyond the in-flight limit. */
  readonly waiting: number;
  /** Calls by duration: `counts[i]` took at most `boundsMs[i]`, the last count is of all beyond. */
  readonly latency: {
    /** Upper bounds of the buckets, milliseconds, inclusive. */
    readonly boundsMs: readonly number[];
    /** Calls in each bucket, not cumulative. */
    readonly counts: readonly number[];
    /** Milliseconds of all calls together. */
    readonly sumMs: number;
  };
  /** Encoded requests, without framing. */
  readonly bytesSent: number;
  /** Encoded answers, without framing. */
  readonly bytesReceived: number;
  /** Streams that are open now: watches, lease keepalives, snapshots. */
  readonly openStreams: number;
  /** Of them, those in line for a place: the peer takes no more, on as many connections as there may be. */
  readonly waitingStreams: number;
  /** Watch streams opened again after a failure. */
  readonly streamReconnects: number;
  /** Restores or replacements of the cluster noticed. */
  readonly restores: number;
  /** Of connections made from now on; absent without TLS. */
  readonly tls?:
    | {
        /** The end of the client certificate, RFC 3339; undefined without one. */
        readonly clientCertificateExpiresAt: string | undefined;
        /** Why the certificates and keys that are there now cannot be used: those used last still are. */
        readonly problem: string | undefined;
      }
    | undefined;
  /** What this client knows of each endpoint. */
  readonly endpoints: readonly {
    /** As given, normalised. */
    readonly url: string;
    /**
     * "unknown": not asked yet; "healthy"; "failing": rests before it is tried again; "quarantined": another
     * cluster's, or a version that is refused.
     */
    readonly state: "unknown" | "healthy" | "failing" | "quarantined";
    /** What it said its version is, such as "3.5.30". */
    readonly version?: string | undefined;
  }[];
}
