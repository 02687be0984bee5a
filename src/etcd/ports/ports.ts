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
import { type Call, callNames } from "../../base/call.ts";
import type { NamesOf } from "../../base/known-options.ts";
import type {
  Bytes,
  DeleteRangeRequest,
  DeleteRangeResponse,
  Header,
  KeyValue,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from "./messages.ts";

export interface EtcdCall extends Call {
  /** Ask this endpoint only, without failover. Default: any healthy one. */
  readonly endpoint?: string | undefined;
  /** "bulk" for bodies of megabytes: they travel on connections of their own. Default: by method. */
  readonly lane?: "unary" | "bulk" | undefined;
  /** Bound of each single request of this call, milliseconds; default the client's `requestTimeoutMs`. Less leaves time to settle. */
  readonly requestTimeoutMs?: number | undefined;
  /** Called with the header of the answer this call returns; for tools that show it. Streams of snapshots have none. */
  readonly onHeader?: ((header: Header) => void) | undefined;
  /** Called when the request is handed to a connection, at each try: a call that ended without it has never left. */
  readonly onSend?: (() => void) | undefined;
  /**
   * For a write: when a peer says that it has not looked at the request (GOAWAY, REFUSED_STREAM), the call is
   * OUTCOME_UNKNOWN instead of being sent again, for a caller that can find out whether that was true. A proxy in between may
   * have passed the request on.
   */
  readonly doubtsRefusal?: boolean | undefined;
}

/** What a call of any port may take, its own options included (`compact`, `revoke`, `timeToLive`, `members`). */
export const etcdCallNames: NamesOf<
  EtcdCall & {
    readonly physical?: unknown;
    readonly ifCompacted?: unknown;
    readonly ifMissing?: unknown;
    readonly keys?: unknown;
    readonly linearizable?: unknown;
  }
> = {
  ...callNames,
  endpoint: true,
  lane: true,
  requestTimeoutMs: true,
  onHeader: true,
  onSend: true,
  doubtsRefusal: true,
  physical: true,
  ifCompacted: true,
  ifMissing: true,
  keys: true,
  linearizable: true,
};

export interface Kv {
  range(request: RangeRequest, call?: EtcdCall): Promise<RangeResponse>;
  put(request: PutRequest, call?: EtcdCall): Promise<PutResponse>;
  deleteRange(request: DeleteRangeRequest, call?: EtcdCall): Promise<DeleteRangeResponse>;
  /** A txn without put or delete is a read, and retried like one. */
  txn(request: TxnRequest, call?: EtcdCall): Promise<TxnResponse>;
  /**
   * Compacts up to `revision`; already compacted counts as done, or with `ifCompacted: "fail"` rejects EXPIRED.
   * `physical`: waits until the space is free in the file.
   */
  compact(
    revision: bigint,
    call?: EtcdCall & { readonly physical?: boolean; readonly ifCompacted?: "done" | "fail" },
  ): Promise<void>;
  /** Highest revision any linearizable answer of this client carried; 0n before the first. No call. */
  readonly highestRevision: bigint;
}

/**
 * The restores, and replacements of the cluster behind the endpoints, that this client has noticed. Revisions, leases and
 * states read in one generation say nothing in another: numbers come again with other content.
 */
export interface History {
  /** Restores noticed so far. */
  readonly generation: number;
  /** `listener` runs at once when one is noticed, before any call of the new generation is answered. */
  onReplaced(listener: () => void): Disposable;
}

export interface KvEvent {
  readonly type: "put" | "delete";
  /** For a delete only key and modRevision mean anything. */
  readonly kv: KeyValue;
  /** With `prevKv`; absent for a creation, and when compaction has removed it. */
  readonly prevKv?: KeyValue | undefined;
}

export interface EtcdWatchRequest {
  readonly key: Bytes;
  readonly rangeEnd?: Bytes | undefined;
  /** First revision wanted, inclusive; absent: from now. */
  readonly startRevision?: bigint | undefined;
  readonly prevKv?: boolean | undefined;
  readonly noPut?: boolean | undefined;
  readonly noDelete?: boolean | undefined;
  /** Let etcd send progress on an idle stream by itself (about every 10 minutes). */
  readonly progressNotify?: boolean | undefined;
  /**
   * Replies above about 2 MiB come in parts. Default true: a reply may have 1,000 revisions of up to 1.5 MiB each, and
   * etcd and client then hold it whole. false replays a long history of small transactions with a quarter of etcd's CPU:
   * etcd measures a part again for every event it adds to it.
   */
  readonly fragment?: boolean | undefined;
  /** Keys and values of events may be views of the reply they came in, for a caller that keeps none of them long. */
  readonly views?: boolean | undefined;
}

/**
 * What a watch yields: whole revisions, each exactly once, in order.
 * `revision`: every event up to and including it has been handed over; resuming from it + 1 misses nothing.
 * `header` is that of the last reply of the batch: a replay of history carries etcd's revision of now.
 * "progress" carries no event, "created" comes first and again after each reconnect (with the header's revision).
 */
export type WatchBatch =
  | {
      readonly type: "events";
      readonly events: readonly KvEvent[];
      readonly revision: bigint;
      readonly header: Header;
    }
  | { readonly type: "progress"; readonly revision: bigint }
  | { readonly type: "created"; readonly revision: bigint };

/**
 * One watch. It reconnects by itself and resumes without gap or repetition; the loop ends with EXPIRED
 * (compacted, or the cluster was restored), FUTURE_VERSION, UNAUTHENTICATED, PERMISSION_DENIED or CLOSED,
 * and without error when left, disposed or aborted. Not reading holds etcd back: memory stays bounded.
 */
export interface EtcdWatch extends AsyncIterable<WatchBatch>, AsyncDisposable {
  /** Resolves at the first "created"; rejects as the loop would. */
  ready(): Promise<{ readonly revision: bigint }>;
  /** Asks etcd for a "progress" batch. etcd drops the request while the watch is catching up. */
  requestProgress(): void;
  /**
   * Opens the stream again where it is, over another connection: for who finds it silent before keepalive does. Nothing
   * is lost or repeated. Does nothing while it is being opened anyway.
   */
  reopen?(): void;
}

export interface Watches {
  open(request: EtcdWatchRequest, call?: Pick<EtcdCall, "signal" | "endpoint">): EtcdWatch;
  stats(): WatchStats;
}

/** Plain counters over all watches of a client. */
export interface WatchStats {
  readonly opened: number;
  readonly open: number;
  readonly reconnects: number;
  readonly events: number;
  /** Events that had been handed on before, dropped: old etcds repeat some after a snapshot transfer. */
  readonly duplicates: number;
  /** Streams given up because of what they carried: damaged messages, keys or revisions not asked for. */
  readonly faults: number;
}

/** A lease kept alive by this client until closed or lost. */
export interface Lease extends AsyncDisposable {
  readonly id: bigint;
  readonly ttlSeconds: number;
  /**
   * Aborted, with the cause as its reason, once the lease may be gone: last success + TTL - margin on the
   * monotonic clock, counted from before that ping was sent, or etcd's own word. Never unset again.
   */
  readonly lost: AbortSignal;
  /** Gives the lease back, its keys go. */
  revoke(call?: EtcdCall): Promise<void>;
}

export interface LeaseStatus {
  readonly id: bigint;
  /** Seconds left; -1 when there is no such lease. */
  readonly ttlSeconds: number;
  readonly grantedTtlSeconds: number;
  readonly keys: readonly Uint8Array[];
}

export interface Leases {
  /** Grants under an id of the client's own choosing, so that an unknown outcome can be resolved. */
  grant(
    options: { readonly ttlSeconds: number; readonly id?: bigint | undefined },
    call?: EtcdCall,
  ): Promise<{ readonly id: bigint; readonly ttlSeconds: number }>;
  /** Grants and keeps alive. */
  hold(options: { readonly ttlSeconds: number }, call?: EtcdCall): Promise<Lease>;
  /** One keepalive ping; the new TTL, or -1 when there is no such lease. */
  keepAliveOnce(id: bigint, call?: EtcdCall): Promise<{ readonly ttlSeconds: number }>;
  /**
   * A lease for a key that shall live at least `ttlSeconds` from now. Shared among keys of close TTL: it may
   * outlive the request by at most max(2 s, 5 % of ttlSeconds, at most 60 s), and carries at most 1,000 keys.
   */
  shared(ttlSeconds: number, call?: EtcdCall): Promise<bigint>;
  /** A write was refused because this shared lease is gone: it is not handed out again. */
  forgetShared(id: bigint): void;
  /** Unknown lease counts as done, or with `ifMissing: "fail"` rejects NOT_FOUND. */
  revoke(id: bigint, call?: EtcdCall & { readonly ifMissing?: "done" | "fail" }): Promise<void>;
  timeToLive(id: bigint, call?: EtcdCall & { readonly keys?: boolean }): Promise<LeaseStatus>;
  list(call?: EtcdCall): Promise<readonly bigint[]>;
}

export interface MemberStatus {
  readonly header: Header;
  readonly endpoint: string;
  readonly version: string;
  readonly databaseBytes: bigint;
  readonly databaseBytesInUse: bigint;
  readonly leader: bigint;
  readonly raftIndex: bigint;
  readonly raftTerm: bigint;
  readonly raftAppliedIndex: bigint;
  readonly errors: readonly string[];
  readonly isLearner: boolean;
  /** Version of the member's database file, e.g. "3.6.0"; undefined before etcd 3.6. */
  readonly storageVersion?: string | undefined;
  /** The space quota (etcd --quota-backend-bytes); undefined before etcd 3.6, and from 3.6.0 to 3.6.5 where it is the default. */
  readonly databaseQuotaBytes?: bigint | undefined;
  /** Undefined before etcd 3.6. */
  readonly downgrade?: DowngradeState | undefined;
}

/** Whether a cluster is on its way down to an older minor version, and to which. */
export interface DowngradeState {
  readonly enabled: boolean;
  /** E.g. "3.5.0"; undefined where none is enabled. */
  readonly targetVersion?: string | undefined;
}

/**
 * Downgrades of the whole cluster by one minor version, from etcd 3.6 to 3.5: enable, then replace member after member by
 * the older version; etcd ends it by itself when all are replaced. Each rejects INVALID_ARGUMENT where etcd refuses (another
 * version than the next lower one, a downgrade under way already) and with etcd 3.4, which has no downgrades.
 */
export interface Downgrade {
  /** Whether `enable` would be taken now. @param version the target, as "3.5" or "3.5.0" */
  validate(version: string, call?: EtcdCall): Promise<DowngradeReply>;
  /** From here on the cluster keeps to what `version` can do. @param version the target, as "3.5" or "3.5.0" */
  enable(version: string, call?: EtcdCall): Promise<DowngradeReply>;
  /**
   * etcd 3.6 answers alike where nothing was enabled, and where it could not cancel: `status().downgrade` says what holds.
   * etcd 3.5 refuses where nothing was enabled.
   */
  cancel(call?: EtcdCall): Promise<DowngradeReply>;
}

export interface DowngradeReply {
  readonly header: Header;
  /** What the cluster as a whole runs as now, e.g. "3.6". */
  readonly clusterVersion: string;
}

export interface Alarm {
  readonly memberId: bigint;
  readonly type: "NONE" | "NOSPACE" | "CORRUPT";
}

export interface SnapshotChunk {
  readonly bytes: Uint8Array;
  readonly remainingBytes: bigint;
  /** Version of the database the snapshot is of, e.g. "3.6.0"; undefined before etcd 3.6. */
  readonly storageVersion?: string | undefined;
}

export interface Maintenance {
  status(call: EtcdCall & { readonly endpoint: string }): Promise<MemberStatus>;
  /** The member's metrics, in Prometheus' text format; undefined where it serves none at its client URL. */
  metrics(call: EtcdCall & { readonly endpoint: string }): Promise<string | undefined>;
  /** The member's space quota (etcd --quota-backend-bytes); undefined where it does not tell. */
  quotaBytes(call: EtcdCall & { readonly endpoint: string }): Promise<bigint | undefined>;
  alarms(call?: EtcdCall): Promise<readonly Alarm[]>;
  /** With the exact member id; verified by reading the alarms back is the caller's part. */
  disarm(alarm: Alarm, call?: EtcdCall): Promise<readonly Alarm[]>;
  /** Stops the member for seconds per gigabyte. */
  defragment(call: EtcdCall & { readonly endpoint: string }): Promise<void>;
  hashKv(
    revision: bigint,
    call: EtcdCall & { readonly endpoint: string },
  ): Promise<{
    readonly header: Header;
    readonly hash: number;
    readonly compactRevision: bigint;
    readonly hashRevision?: bigint | undefined;
  }>;
  /** The member's database and its 32-byte SHA-256 tail, with back-pressure. */
  snapshot(call?: EtcdCall): AsyncIterable<SnapshotChunk>;
  moveLeader(targetId: bigint, call: EtcdCall & { readonly endpoint: string }): Promise<void>;
  readonly downgrade: Downgrade;
}

export interface Member {
  readonly id: bigint;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}
export interface MemberList {
  readonly header: Header;
  readonly members: readonly Member[];
}

export interface Cluster {
  members(call?: EtcdCall & { readonly linearizable?: boolean }): Promise<MemberList>;
  add(
    options: { readonly peerUrls: readonly string[]; readonly isLearner?: boolean | undefined },
    call?: EtcdCall,
  ): Promise<MemberList & { readonly member: Member }>;
  remove(id: bigint, call?: EtcdCall): Promise<MemberList>;
  update(id: bigint, options: { readonly peerUrls: readonly string[] }, call?: EtcdCall): Promise<MemberList>;
  promote(id: bigint, call?: EtcdCall): Promise<MemberList>;
}

export interface Permission {
  readonly type: "read" | "write" | "readwrite";
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array | undefined;
}

/** Users and roles of etcd itself, for operators. */
export interface Auth {
  status(
    call?: EtcdCall,
  ): Promise<{ readonly header: Header; readonly enabled: boolean; readonly authRevision: bigint }>;
  enable(call?: EtcdCall): Promise<void>;
  disable(call?: EtcdCall): Promise<void>;
  userAdd(
    name: string,
    options: { readonly password?: string | undefined; readonly noPassword?: boolean | undefined },
    call?: EtcdCall,
  ): Promise<void>;
  userGet(name: string, call?: EtcdCall): Promise<readonly string[]>;
  userList(call?: EtcdCall): Promise<readonly string[]>;
  userDelete(name: string, call?: EtcdCall): Promise<void>;
  userChangePassword(name: string, password: string, call?: EtcdCall): Promise<void>;
  userGrantRole(user: string, role: string, call?: EtcdCall): Promise<void>;
  userRevokeRole(user: string, role: string, call?: EtcdCall): Promise<void>;
  roleAdd(name: string, call?: EtcdCall): Promise<void>;
  roleGet(name: string, call?: EtcdCall): Promise<readonly Permission[]>;
  roleList(call?: EtcdCall): Promise<readonly string[]>;
  roleDelete(name: string, call?: EtcdCall): Promise<void>;
  roleGrantPermission(role: string, permission: Permission, call?: EtcdCall): Promise<void>;
  roleRevokePermission(role: string, key: Bytes, rangeEnd?: Bytes, call?: EtcdCall): Promise<void>;
}

/** A connection to an etcd cluster. The caller that opened it closes it. */
export interface Etcd extends AsyncDisposable {
  readonly kv: Kv;
  readonly watches: Watches;
  readonly leases: Leases;
  readonly maintenance: Maintenance;
  readonly cluster: Cluster;
  readonly auth: Auth;
  readonly history: History;
  /** As given, normalised. */
  readonly endpoints: readonly string[];
  /** Time and chance this client runs on; what is built over it uses the same. */
  readonly clock: import("../../base/clock.ts").Clock;
  readonly random: import("../../base/random.ts").Random;
  /** Default of one request to etcd, milliseconds. */
  readonly requestTimeoutMs: number;
  /** Lowest etcd version among the members asked so far, e.g. "3.5.30"; undefined before the first answer. */
  serverVersion(call?: EtcdCall): Promise<string>;
  stats(): EtcdStats;
  /** Streams end CLOSED, calls under way fail, sockets and timers go. Idempotent. */
  close(): Promise<void>;
}

/** Plain counters since the client was opened. */
export interface EtcdStats {
  /** Requests sent, by full method path. */
  readonly requests: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
  readonly retries: number;
  readonly inFlight: number;
  /** Calls in line for their turn, beyond the in-flight limit. */
  readonly waiting: number;
  /** Calls by duration: `counts[i]` took at most `boundsMs[i]`, the last count is of all beyond. */
  readonly latency: {
    readonly boundsMs: readonly number[];
    readonly counts: readonly number[];
    readonly sumMs: number;
  };
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly openStreams: number;
  /** Of them, those in line for a place: the peer takes no more, on as many connections as there may be. */
  readonly waitingStreams: number;
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
  readonly endpoints: readonly {
    readonly url: string;
    readonly state: "unknown" | "healthy" | "failing" | "quarantined";
    readonly version?: string | undefined;
  }[];
}
