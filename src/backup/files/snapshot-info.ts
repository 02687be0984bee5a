/** What a snapshot says of itself: the shapes `inspectSnapshot`, `verifySnapshot` and `saveSnapshot` give out. */

/** Live keys and their bytes (key and value) under one prefix or of one kind. */
export interface KeyGroup {
  /** `/registry` for a prefix; `pods` or `apps/deployments`-like `<group>/<plural>` for a kind. */
  readonly name: string;
  readonly liveKeys: number;
  readonly bytes: number;
}

export interface SnapshotMember {
  /** Hexadecimal, as etcdctl prints it. */
  readonly id: string;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface SnapshotInfo {
  readonly path: string;
  /** CRC-32C over all buckets: `etcdutl snapshot status`' hash. */
  readonly hash: number;
  /** Last revision on record, decimal. */
  readonly revision: string;
  /** What the tool of the snapshot's own version counts: `records` up to 3.5, `liveKeys` with a storage version (3.6 and later). */
  readonly totalKey: number;
  /** Records of all buckets, old versions and deletions included. */
  readonly records: number;
  /** User keys that exist at `revision`. */
  readonly liveKeys: number;
  /** Bytes of the database, without the hash behind it. */
  readonly totalSize: number;
  /** Bytes of the file. */
  readonly sizeBytes: number;
  readonly pageSize: number;
  /** Hexadecimal, of the database; undefined for a raw database file. */
  readonly sha256: string | undefined;
  /** History up to here is gone, decimal; "0" when never compacted. */
  readonly compactRevision: string;
  readonly leases: number;
  readonly members: readonly SnapshotMember[];
  readonly alarms: readonly { readonly memberId: string; readonly type: "NONE" | "NOSPACE" | "CORRUPT" }[];
  readonly authEnabled: boolean;
  readonly clusterVersion: string | undefined;
  /** Written by etcd 3.6 and later, e.g. "3.6.0". */
  readonly storageVersion: string | undefined;
  /** A downgrade that was enabled when the snapshot was taken: a cluster restored from it comes up with it still enabled. */
  readonly downgradeTarget: string | undefined;
  readonly prefixes: readonly KeyGroup[];
  readonly kinds: readonly KeyGroup[];
}
