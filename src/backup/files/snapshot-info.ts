/** The content of a snapshot in figures: the shapes that `inspectSnapshot`, `verifySnapshot` and `saveSnapshot` return. */

/** Live keys and their bytes (key and value) under one prefix or of one kind. */
export interface KeyGroup {
  /** `/registry` for a prefix; `pods` or `apps/deployments`-like `<group>/<plural>` for a kind. */
  readonly name: string;
  /** Keys in the group that exist at the snapshot's revision. */
  readonly liveKeys: number;
  /** Their bytes, key and value. */
  readonly bytes: number;
}

/** A member of the cluster a snapshot was taken from. */
export interface SnapshotMember {
  /** Hexadecimal, as etcdctl prints it. */
  readonly id: string;
  /** Its --name. */
  readonly name: string;
  /** Where other members reach it. */
  readonly peerUrls: readonly string[];
  /** Where clients reach it. */
  readonly clientUrls: readonly string[];
  /** Whether it is a learner, which does not vote. */
  readonly isLearner: boolean;
}

/** The content of a snapshot in figures. */
export interface SnapshotInfo {
  /** The file. */
  readonly path: string;
  /** CRC-32C over all buckets: `etcdutl snapshot status`' hash. */
  readonly hash: number;
  /** Last recorded revision, decimal. */
  readonly revision: string;
  /** The count by the tool of the snapshot's own version: `records` up to 3.5, `liveKeys` with a storage version (3.6 and later). */
  readonly totalKey: number;
  /** Records of all buckets, old versions and deletions included. */
  readonly records: number;
  /** User keys that exist at `revision`. */
  readonly liveKeys: number;
  /** Bytes of the database, without the hash that follows it. */
  readonly totalSize: number;
  /** Bytes of the file. */
  readonly sizeBytes: number;
  /** Bytes of a page of the database. */
  readonly pageSize: number;
  /** SHA-256 of the database, hexadecimal; undefined for a raw database file. */
  readonly sha256: string | undefined;
  /** History up to this revision was compacted, decimal; "0" when never compacted. */
  readonly compactRevision: string;
  /** Recorded leases. */
  readonly leases: number;
  /** Members of the cluster it was taken from. */
  readonly members: readonly SnapshotMember[];
  /** Alarms that were raised. */
  readonly alarms: readonly {
    /** The member that raised it, hexadecimal. */
    readonly memberId: string;
    /** Which alarm. */
    readonly type: "NONE" | "NOSPACE" | "CORRUPT";
  }[];
  /** Whether etcd's authentication was on. */
  readonly authEnabled: boolean;
  /** Version of the cluster, such as "3.5.0"; undefined when it is not recorded. */
  readonly clusterVersion: string | undefined;
  /** Written by etcd 3.6 and later, e.g. "3.6.0". */
  readonly storageVersion: string | undefined;
  /** A downgrade that was enabled when the snapshot was taken: a cluster restored from it starts with it still enabled. */
  readonly downgradeTarget: string | undefined;
  /** Live keys by the first segment of their key. */
  readonly prefixes: readonly KeyGroup[];
  /** Live keys by kind. */
  readonly kinds: readonly KeyGroup[];
}
