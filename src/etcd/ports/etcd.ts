/**
 * What the rest of keelson sees of etcd: `Kv`, `Watches`, `Leases`, `Maintenance`, `Cluster`, `Auth`.
 *
 * 64-bit ids and revisions are bigint, keys and values are bytes (text is taken as UTF-8), and a returned value is
 * a copy: it does not keep the response in memory. Failures are `StoreError`s:
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
  /** The restores that this client has detected. */
  readonly history: History;
  /** As given, normalised. */
  readonly endpoints: readonly string[];
  /** Clock of this client; what is built over it uses the same. */
  readonly clock: import("../../base/time/clock.ts").Clock;
  /** Random source of this client. */
  readonly random: import("../../base/random.ts").Random;
  /** Default limit of one request to etcd, milliseconds. */
  readonly requestTimeoutMs: number;
  /**
   * Lowest etcd version among the members identified so far, such as "3.5.30"; asks one if there are none yet.
   * @throws UNAVAILABLE, DEADLINE
   */
  serverVersion(call?: EtcdCall): Promise<string>;
  /**
   * Whether an endpoint is etcd's grpc-proxy. It drops progress requests, so an idle watch through it cannot show how current it
   * is, and reads from a cache go to etcd. False if it cannot be determined.
   */
  behindGrpcProxy(call?: EtcdCall): Promise<boolean>;
  /** Plain counters since the client was opened; synchronous. */
  stats(): EtcdStats;
  /** Ends streams with CLOSED, fails the calls in flight, and frees sockets and timers. Idempotent. */
  close(): Promise<void>;
}

/** Plain counters since the client was opened. */
export interface EtcdStats {
  /** Requests sent, by full method path. */
  readonly requests: Readonly<Record<string, number>>;
  /** Calls that ended without a usable response, by full method path. */
  readonly failures: Readonly<Record<string, number>>;
  /** Tries beyond a call's first. */
  readonly retries: number;
  /** Calls in flight now. */
  readonly inFlight: number;
  /** Calls queued because of the in-flight limit. */
  readonly waiting: number;
  /** Calls by duration: `counts[i]` took at most `boundsMs[i]`, the last count is of all slower ones. */
  readonly latency: {
    /** Upper bounds of the buckets, milliseconds, inclusive. */
    readonly boundsMs: readonly number[];
    /** Calls in each bucket, not cumulative. */
    readonly counts: readonly number[];
    /** Total duration of all calls, milliseconds. */
    readonly sumMs: number;
  };
  /** Encoded requests, without framing. */
  readonly bytesSent: number;
  /** Encoded responses, without framing. */
  readonly bytesReceived: number;
  /** Open streams: watches, lease keepalives, snapshots. */
  readonly openStreams: number;
  /** The open streams that wait because the peer accepts no more, on as many connections as allowed. */
  readonly waitingStreams: number;
  /** Watch streams opened again after a failure. */
  readonly streamReconnects: number;
  /** Restores or replacements of the cluster detected. */
  readonly restores: number;
  /** For new connections; absent without TLS. */
  readonly tls?:
    | {
        /** Expiry of the client certificate, RFC 3339; undefined without one. */
        readonly clientCertificateExpiresAt: string | undefined;
        /** Why the current certificates and keys cannot be used; the last usable ones stay in use. */
        readonly problem: string | undefined;
      }
    | undefined;
  /** State of each endpoint in this client. */
  readonly endpoints: readonly {
    /** As given, normalised. */
    readonly url: string;
    /**
     * "unknown": not asked yet; "healthy"; "failing": waits for its back-off before it is tried again; "quarantined":
     * another cluster's, or a refused version.
     */
    readonly state: "unknown" | "healthy" | "failing" | "quarantined";
    /** The version it reported, such as "3.5.30". */
    readonly version?: string | undefined;
  }[];
}
