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
import type { NamesOf } from "../../base/text/known-options.ts";
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

/** What each call of a port takes. */
export interface EtcdCall extends Call {
  /** Ask this endpoint only, without failover. Default: any healthy one. */
  readonly endpoint?: string | undefined;
  /** "bulk" for bodies of megabytes: they travel on connections of their own. Default: by method. */
  readonly lane?: "unary" | "bulk" | undefined;
  /** Bound of each single request of this call, milliseconds; default the client's `requestTimeoutMs`. Less leaves time to settle. */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * How long it goes on where every endpoint refuses (nothing listens there, no such host, certificates that do not fit),
   * milliseconds; 0: not at all. Then it is UNAVAILABLE with `refused`. Default: its `timeoutMs`, or 1000 without one.
   */
  readonly refusalPatienceMs?: number | undefined;
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

/** What a call to one member takes. */
export interface MemberCall extends EtcdCall {
  /** Which member: one of `Etcd.endpoints`. */
  readonly endpoint: string;
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
  refusalPatienceMs: true,
  onHeader: true,
  onSend: true,
  doubtsRefusal: true,
  physical: true,
  ifCompacted: true,
  ifMissing: true,
  keys: true,
  linearizable: true,
};

/** Keys and values: etcd's KV service. */
export interface Kv {
  /**
   * Reads one key or a range, at one revision.
   * @throws EXPIRED for a compacted `revision`; FUTURE_VERSION; UNAVAILABLE, DEADLINE, PERMISSION_DENIED,
   * UNAUTHENTICATED
   */
  range(request: RangeRequest, call?: EtcdCall): Promise<RangeResponse>;
  /**
   * Writes one key.
   * @throws OUTCOME_UNKNOWN; NO_SPACE; TOO_LARGE; NOT_FOUND for a lease that is not there; as `range` otherwise, and
   * then it was not applied
   */
  put(request: PutRequest, call?: EtcdCall): Promise<PutResponse>;
  /**
   * Deletes one key or a range, in one revision.
   * @throws OUTCOME_UNKNOWN; as `range` otherwise, and then it was not applied
   */
  deleteRange(request: DeleteRangeRequest, call?: EtcdCall): Promise<DeleteRangeResponse>;
  /** A txn without put or delete is a read, and retried like one. */
  txn(request: TxnRequest, call?: EtcdCall): Promise<TxnResponse>;
  /**
   * Compacts up to `revision`; already compacted counts as done, or with `ifCompacted: "fail"` rejects EXPIRED.
   * `physical`: waits until the space is free in the file.
   */
  compact(
    revision: bigint,
    call?: EtcdCall & {
      /** Waits until the space is free in the file; default false. */
      readonly physical?: boolean;
      /** What it means that `revision` is compacted already; default "done". */
      readonly ifCompacted?: "done" | "fail";
    },
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

/** One change of one key. */
export interface KvEvent {
  /** What has been done to the key. */
  readonly type: "put" | "delete";
  /** The key as it is now; for a delete only key and modRevision mean anything. */
  readonly kv: KeyValue;
  /** With `prevKv`; absent for a creation, and when compaction has removed it. */
  readonly prevKv?: KeyValue | undefined;
}

/** What `watches.open` watches, and how. */
export interface EtcdWatchRequest {
  /** The key, or the first key of the range, inclusive. */
  readonly key: Bytes;
  /** Exclusive end; `prefixEnd(key)` for a prefix. Absent: the one key. */
  readonly rangeEnd?: Bytes | undefined;
  /** First revision wanted, inclusive; absent: from now. */
  readonly startRevision?: bigint | undefined;
  /** Events carry what was there before; default false. */
  readonly prevKv?: boolean | undefined;
  /** Leave out puts; default false. */
  readonly noPut?: boolean | undefined;
  /** Leave out deletes; default false. */
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
      /** "created": the stream is open; "events"; "progress": nothing has happened up to `revision`. */
      readonly type: "events";
      /** At least one, whole revisions. */
      readonly events: readonly KvEvent[];
      /** Everything up to and including it has been handed over. */
      readonly revision: bigint;
      /** Header of the last reply of the batch. */
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
  ready(): Promise<{
    /** etcd's revision when the watch was created. */
    readonly revision: bigint;
  }>;
  /** Asks etcd for a "progress" batch. etcd drops the request while the watch is catching up. */
  requestProgress(): void;
  /**
   * Opens the stream again where it is, over another connection: for who finds it silent before keepalive does. Nothing
   * is lost or repeated. Does nothing while it is being opened anyway.
   */
  reopen?(): void;
}

/** Streams of changes: etcd's Watch service. */
export interface Watches {
  /**
   * Opens a watch at once; failures come from its loop and from `ready()`. An abort ends the loop without an error.
   */
  open(request: EtcdWatchRequest, call?: Pick<EtcdCall, "signal" | "endpoint">): EtcdWatch;
  /** Plain counters; synchronous. */
  stats(): WatchStats;
}

/** Plain counters over all watches of a client. */
export interface WatchStats {
  /** Watches opened so far. */
  readonly opened: number;
  /** Watches that are open now. */
  readonly open: number;
  /** Streams opened again after a failure. */
  readonly reconnects: number;
  /** Events handed over. */
  readonly events: number;
  /** Events that had been handed on before, dropped: old etcds repeat some after a snapshot transfer. */
  readonly duplicates: number;
  /** Streams given up because of what they carried: damaged messages, keys or revisions not asked for. */
  readonly faults: number;
}

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

/** What a member says of itself. */
export interface MemberStatus {
  /** The reply's first line; its revision is the member's own, which may lag. */
  readonly header: Header;
  /** Which endpoint was asked. */
  readonly endpoint: string;
  /** The program's, such as "3.5.30". */
  readonly version: string;
  /** Size of its file. */
  readonly databaseBytes: bigint;
  /** Of it in use; the rest is given back by a defragmentation. */
  readonly databaseBytesInUse: bigint;
  /** Member id of the leader it knows; 0n for none. */
  readonly leader: bigint;
  /** Last entry of raft's log that is committed. */
  readonly raftIndex: bigint;
  /** Current term of raft. */
  readonly raftTerm: bigint;
  /** Last entry that is applied to the database. */
  readonly raftAppliedIndex: bigint;
  /** What it reports as wrong, such as alarms; in etcd's words. */
  readonly errors: readonly string[];
  /** It does not vote. */
  readonly isLearner: boolean;
  /** Version of the member's database file, e.g. "3.6.0"; undefined before etcd 3.6. */
  readonly storageVersion?: string | undefined;
  /** The space quota (etcd --quota-backend-bytes); undefined before etcd 3.6, and from 3.6.0 to 3.6.5 where it is the default. */
  readonly databaseQuotaBytes?: bigint | undefined;
  /** Undefined before etcd 3.6. */
  readonly downgrade?: DowngradeState | undefined;
}

/** A probe that etcd serves over HTTP. */
export type ProbeName = "health" | "livez" | "readyz";

/** What a member's probe of itself has found. */
export interface Probe {
  /** Every check holds. */
  readonly ok: boolean;
  /** What was checked, in no order. */
  readonly checks: readonly {
    /** E.g. "linearizable_read", "data_corruption"; "health" for that probe. */
    readonly name: string;
    /** This check holds. */
    readonly ok: boolean;
    /** etcd's words for a check that fails; undefined for one that holds, and where etcd 3.4 gives none. */
    readonly reason: string | undefined;
  }[];
}

/** Whether a cluster is on its way down to an older minor version, and to which. */
export interface DowngradeState {
  /** A downgrade is under way. */
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

/** What a step of a downgrade answers. */
export interface DowngradeReply {
  /** The reply's first line. */
  readonly header: Header;
  /** What the cluster as a whole runs as now, e.g. "3.6". */
  readonly clusterVersion: string;
}

/** An alarm that a member has raised. */
export interface Alarm {
  /** The member; 0n stands for all where a request names one. */
  readonly memberId: bigint;
  /** "NOSPACE": its quota is reached; "CORRUPT": its data differ from the others'; "NONE": any, in a request. */
  readonly type: "NONE" | "NOSPACE" | "CORRUPT";
}

/** A part of a member's database. */
export interface SnapshotChunk {
  /** The next bytes of the file. */
  readonly bytes: Uint8Array;
  /** Bytes that follow, as etcd has announced them. */
  readonly remainingBytes: bigint;
  /** Version of the database the snapshot is of, e.g. "3.6.0"; undefined before etcd 3.6. */
  readonly storageVersion?: string | undefined;
}

/** A member's upkeep: etcd's Maintenance service. */
export interface Maintenance {
  /**
   * What the member says of itself.
   * @throws UNAVAILABLE, DEADLINE
   */
  status(call: MemberCall): Promise<MemberStatus>;
  /** The member's metrics, in Prometheus' text format; undefined where it serves none at its client URL. */
  metrics(call: MemberCall): Promise<string | undefined>;
  /**
   * etcd's own probe of the member: `livez`, it answers reads of its own; `readyz`, it answers linearizable ones, is no learner and
   * has no corrupt data; `health`, the older one, which fails for every alarm. Undefined where the member serves none at its
   * client URL: `livez` and `readyz` came with etcd 3.4.29 and 3.5.11.
   * @throws INVALID_ARGUMENT for another name; DEADLINE when it is begun and not answered in time
   */
  probe(name: ProbeName, call: MemberCall): Promise<Probe | undefined>;
  /** The member's space quota (etcd --quota-backend-bytes); undefined where it does not tell. */
  quotaBytes(call: MemberCall): Promise<bigint | undefined>;
  /** Alarms of all members; empty is good. */
  alarms(call?: EtcdCall): Promise<readonly Alarm[]>;
  /** With the exact member id; verified by reading the alarms back is the caller's part. */
  disarm(alarm: Alarm, call?: EtcdCall): Promise<readonly Alarm[]>;
  /** Stops the member for seconds per gigabyte. */
  defragment(call: MemberCall): Promise<void>;
  /**
   * Hash of the member's keys and values up to `revision` (0n: its latest), to be compared among members.
   * @throws EXPIRED, FUTURE_VERSION; UNAVAILABLE, DEADLINE
   */
  hashKv(
    revision: bigint,
    call: MemberCall,
  ): Promise<{
    /** The reply's first line. */
    readonly header: Header;
    /** CRC-32C of the content; equal on members that agree on `compactRevision`. */
    readonly hash: number;
    /** The revision up to which the member has compacted. */
    readonly compactRevision: bigint;
    /** The revision hashed, where etcd tells (3.6 and later). */
    readonly hashRevision?: bigint | undefined;
  }>;
  /** The member's database and its 32-byte SHA-256 tail, with back-pressure. */
  snapshot(call?: EtcdCall): AsyncIterable<SnapshotChunk>;
  /**
   * Makes another member the leader; the one asked must lead.
   * @throws UNAVAILABLE, DEADLINE
   */
  moveLeader(targetId: bigint, call: MemberCall): Promise<void>;
  /** Downgrades of the cluster by one minor version. */
  readonly downgrade: Downgrade;
}

/** A member as the cluster knows it. */
export interface Member {
  /** Its id in the cluster. */
  readonly id: bigint;
  /** Its --name; "" before it has started for the first time. */
  readonly name: string;
  /** Where other members reach it. */
  readonly peerUrls: readonly string[];
  /** Where clients reach it; empty before it has started. */
  readonly clientUrls: readonly string[];
  /** It does not vote. */
  readonly isLearner: boolean;
}
/** The members of a cluster. */
export interface MemberList {
  /** The reply's first line. */
  readonly header: Header;
  /** All of them, learners included. */
  readonly members: readonly Member[];
}

/** Who the members are: etcd's Cluster service. */
export interface Cluster {
  /** The members. */
  members(
    call?: EtcdCall & {
      /** Ask a quorum, so that the list is current; default true. etcd before 3.5 answers from one member whatever is asked. */
      readonly linearizable?: boolean;
    },
  ): Promise<MemberList>;
  /** Adds a member, which is to be started afterwards. */
  add(
    options: {
      /** Where other members will reach it, at least one. */
      readonly peerUrls: readonly string[];
      /** It does not vote until promoted; default false. */
      readonly isLearner?: boolean | undefined;
    },
    call?: EtcdCall,
  ): Promise<
    MemberList & {
      /** The new one; its name is "" until it starts. */
      readonly member: Member;
    }
  >;
  /**
   * Removes a member.
   * @throws NOT_FOUND
   */
  remove(id: bigint, call?: EtcdCall): Promise<MemberList>;
  /**
   * Changes where other members reach a member.
   * @throws NOT_FOUND
   */
  update(
    id: bigint,
    options: {
      /** All of its peer URLs from now on, at least one. */
      readonly peerUrls: readonly string[];
    },
    call?: EtcdCall,
  ): Promise<MemberList>;
  /**
   * Makes a learner vote; it must have caught up with the leader.
   * @throws NOT_FOUND
   */
  promote(id: bigint, call?: EtcdCall): Promise<MemberList>;
}

/** What a role may do with a range of keys. */
export interface Permission {
  /** Read, write, or both. */
  readonly type: "read" | "write" | "readwrite";
  /** The key, or the first key of the range, inclusive. */
  readonly key: Uint8Array;
  /** Exclusive end; absent: the one key. */
  readonly rangeEnd?: Uint8Array | undefined;
}

/** Users and roles of etcd itself, for operators. */
export interface Auth {
  /** Whether authentication is on. */
  status(call?: EtcdCall): Promise<{
    /** The reply's first line. */
    readonly header: Header;
    /** Requests need a user. */
    readonly enabled: boolean;
    /** Grows with each change of users, roles and permissions. */
    readonly authRevision: bigint;
  }>;
  /** Turns authentication on; a user "root" with role "root" must be there. */
  enable(call?: EtcdCall): Promise<void>;
  /** Turns authentication off. */
  disable(call?: EtcdCall): Promise<void>;
  /**
   * Adds a user.
   * @throws ALREADY_EXISTS
   */
  userAdd(
    name: string,
    options: {
      /** Not empty, unless `noPassword`. */
      readonly password?: string | undefined;
      /** The user is known by the common name of its client certificate alone. */
      readonly noPassword?: boolean | undefined;
    },
    call?: EtcdCall,
  ): Promise<void>;
  /**
   * Roles of a user.
   * @throws NOT_FOUND
   */
  userGet(name: string, call?: EtcdCall): Promise<readonly string[]>;
  /** Names of all users. */
  userList(call?: EtcdCall): Promise<readonly string[]>;
  /**
   * Removes a user.
   * @throws NOT_FOUND
   */
  userDelete(name: string, call?: EtcdCall): Promise<void>;
  /**
   * Gives a user another password; its tokens end.
   * @throws NOT_FOUND
   */
  userChangePassword(name: string, password: string, call?: EtcdCall): Promise<void>;
  /**
   * Gives a user a role.
   * @throws NOT_FOUND for either
   */
  userGrantRole(user: string, role: string, call?: EtcdCall): Promise<void>;
  /**
   * Takes a role from a user.
   * @throws NOT_FOUND
   */
  userRevokeRole(user: string, role: string, call?: EtcdCall): Promise<void>;
  /**
   * Adds a role without permissions.
   * @throws ALREADY_EXISTS
   */
  roleAdd(name: string, call?: EtcdCall): Promise<void>;
  /**
   * Permissions of a role.
   * @throws NOT_FOUND
   */
  roleGet(name: string, call?: EtcdCall): Promise<readonly Permission[]>;
  /** Names of all roles. */
  roleList(call?: EtcdCall): Promise<readonly string[]>;
  /**
   * Removes a role, from its users too.
   * @throws NOT_FOUND
   */
  roleDelete(name: string, call?: EtcdCall): Promise<void>;
  /**
   * Lets a role read or write a range of keys; replaces its permission for that same range.
   * @throws NOT_FOUND
   */
  roleGrantPermission(role: string, permission: Permission, call?: EtcdCall): Promise<void>;
  /**
   * Takes the permission for exactly this range from a role.
   * @throws NOT_FOUND
   */
  roleRevokePermission(role: string, key: Bytes, rangeEnd?: Bytes, call?: EtcdCall): Promise<void>;
}

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
