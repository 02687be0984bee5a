/** Port `Maintenance`: the upkeep of members: status, alarms, snapshots, downgrades, probes. */
import type { EtcdCall, MemberCall } from "./call.ts";
import type { Header } from "./messages.ts";

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
