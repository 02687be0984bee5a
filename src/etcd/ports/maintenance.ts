/** Port `Maintenance`: the upkeep of members: status, alarms, snapshots, downgrades, probes. */
import type { EtcdCall, MemberCall } from "./call.ts";
import type { Header } from "./messages.ts";

/** The status that a member reports. */
export interface MemberStatus {
  /** The header of the response; its revision is the member's own, which may lag. */
  readonly header: Header;
  /** The endpoint asked. */
  readonly endpoint: string;
  /** Version of the program, such as "3.5.30". */
  readonly version: string;
  /** Size of its database file. */
  readonly databaseBytes: bigint;
  /** The part in use; a defragmentation frees the rest. */
  readonly databaseBytesInUse: bigint;
  /** Member id of the leader it knows; 0n for none. */
  readonly leader: bigint;
  /** Last committed entry of raft's log. */
  readonly raftIndex: bigint;
  /** Current term of raft. */
  readonly raftTerm: bigint;
  /** Last entry applied to the database. */
  readonly raftAppliedIndex: bigint;
  /** Problems it reports, such as alarms; in etcd's words. */
  readonly errors: readonly string[];
  /** Whether it is a learner, which does not vote. */
  readonly isLearner: boolean;
  /** Version of the member's database file, e.g. "3.6.0"; undefined before etcd 3.6. */
  readonly storageVersion?: string | undefined;
  /** The space quota (etcd --quota-backend-bytes); undefined before etcd 3.6, and from 3.6.0 to 3.6.5 if it is the default. */
  readonly databaseQuotaBytes?: bigint | undefined;
  /** Undefined before etcd 3.6. */
  readonly downgrade?: DowngradeState | undefined;
}

/** A health probe that etcd serves over HTTP. */
export type ProbeName = "health" | "livez" | "readyz";

/** The result of a member's probe. */
export interface Probe {
  /** Whether every check passes. */
  readonly ok: boolean;
  /** The checks, in no order. */
  readonly checks: readonly {
    /** E.g. "linearizable_read", "data_corruption"; "health" for that probe. */
    readonly name: string;
    /** Whether this check passes. */
    readonly ok: boolean;
    /** etcd's reason for a failed check; undefined for a passed one, and where etcd 3.4 gives none. */
    readonly reason: string | undefined;
  }[];
}

/** Whether a downgrade of the cluster to an older minor version is in progress, and to which. */
export interface DowngradeState {
  /** Whether a downgrade is in progress. */
  readonly enabled: boolean;
  /** E.g. "3.5.0"; undefined if none is enabled. */
  readonly targetVersion?: string | undefined;
}

/**
 * Downgrades of the whole cluster by one minor version, from etcd 3.6 to 3.5: enable it, then replace one member after another
 * by the older version; etcd ends the downgrade when all are replaced. Each call rejects INVALID_ARGUMENT when etcd refuses
 * (a version other than the next lower one, a downgrade already in progress) and with etcd 3.4, which has no downgrades.
 */
export interface Downgrade {
  /** Checks whether `enable` would be accepted now. @param version the target, as "3.5" or "3.5.0" */
  validate(version: string, call?: EtcdCall): Promise<DowngradeReply>;
  /** Limits the cluster from now on to the features of `version`. @param version the target, as "3.5" or "3.5.0" */
  enable(version: string, call?: EtcdCall): Promise<DowngradeReply>;
  /**
   * etcd 3.6 gives the same answer if nothing was enabled and if it could not cancel: `status().downgrade` shows the state.
   * etcd 3.5 refuses if nothing was enabled.
   */
  cancel(call?: EtcdCall): Promise<DowngradeReply>;
}

/** The response to a step of a downgrade. */
export interface DowngradeReply {
  /** The header of the response. */
  readonly header: Header;
  /** The version of the cluster as a whole, e.g. "3.6". */
  readonly clusterVersion: string;
}

/** An alarm that a member has raised. */
export interface Alarm {
  /** The member; 0n in a request: all. */
  readonly memberId: bigint;
  /** "NOSPACE": its quota is reached; "CORRUPT": its data differs from the others'; "NONE" in a request: any. */
  readonly type: "NONE" | "NOSPACE" | "CORRUPT";
}

/** A part of a member's database. */
export interface SnapshotChunk {
  /** The next bytes of the file. */
  readonly bytes: Uint8Array;
  /** Bytes that follow, as announced by etcd. */
  readonly remainingBytes: bigint;
  /** Version of the snapshot's database, e.g. "3.6.0"; undefined before etcd 3.6. */
  readonly storageVersion?: string | undefined;
}

/** Maintenance of a member: etcd's Maintenance service. */
export interface Maintenance {
  /**
   * The member's status.
   * @throws UNAVAILABLE, DEADLINE
   */
  status(call: MemberCall): Promise<MemberStatus>;
  /** The member's metrics, in Prometheus' text format; undefined if it serves none at its client URL. */
  metrics(call: MemberCall): Promise<string | undefined>;
  /**
   * etcd's own probe of the member. `livez`: it answers serializable reads; `readyz`: it answers linearizable reads, is not a
   * learner and has no corrupt data; `health`: the older probe, which fails for every alarm. Undefined if the member serves none
   * at its client URL: `livez` and `readyz` came with etcd 3.4.29 and 3.5.11.
   * @throws INVALID_ARGUMENT for another name; DEADLINE when it is begun and not answered in time
   */
  probe(name: ProbeName, call: MemberCall): Promise<Probe | undefined>;
  /** The member's space quota (etcd --quota-backend-bytes); undefined if it does not report it. */
  quotaBytes(call: MemberCall): Promise<bigint | undefined>;
  /** Alarms of all members; empty when there is no problem. */
  alarms(call?: EtcdCall): Promise<readonly Alarm[]>;
  /** Needs the exact member id; the caller verifies the result by reading the alarms again. */
  disarm(alarm: Alarm, call?: EtcdCall): Promise<readonly Alarm[]>;
  /** Blocks the member for seconds per gigabyte. */
  defragment(call: MemberCall): Promise<void>;
  /**
   * Hash of the member's keys and values up to `revision` (0n: its latest), for comparison among members.
   * @throws EXPIRED, FUTURE_VERSION; UNAVAILABLE, DEADLINE
   */
  hashKv(
    revision: bigint,
    call: MemberCall,
  ): Promise<{
    /** The header of the response. */
    readonly header: Header;
    /** CRC-32C of the content; equal on members that agree on `compactRevision`. */
    readonly hash: number;
    /** The revision up to which the member has compacted. */
    readonly compactRevision: bigint;
    /** The hashed revision, if etcd reports it (3.6 and later). */
    readonly hashRevision?: bigint | undefined;
  }>;
  /** The member's database and its 32-byte SHA-256 trailer, with back-pressure. */
  snapshot(call?: EtcdCall): AsyncIterable<SnapshotChunk>;
  /**
   * Makes another member the leader; the member asked must be the leader.
   * @throws UNAVAILABLE, DEADLINE
   */
  moveLeader(targetId: bigint, call: MemberCall): Promise<void>;
  /** Downgrades of the cluster by one minor version. */
  readonly downgrade: Downgrade;
}
