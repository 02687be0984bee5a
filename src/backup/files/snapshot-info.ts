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
  /** Records of all buckets, old versions and deletions included, as etcdutl 3.4 and 3.5 count. */
  readonly totalKey: number;
  /** User keys that exist at `revision`, as etcdutl 3.6 and later count. */
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
  readonly storageVersion: string | undefined;
  readonly prefixes: readonly KeyGroup[];
  readonly kinds: readonly KeyGroup[];
}
