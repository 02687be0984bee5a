/** The options of a restore, its report, and the command line that starts the result. */
import { type Call, callNames } from "../../base/call.ts";
import type { NamesOf } from "../../base/text/known-options.ts";
import type { Progress } from "../../resource/contract/write-options.ts";
import { type OpenSnapshotOptions, openSnapshotNames } from "../database/snapshot-file.ts";
import type { InitialMember } from "./membership.ts";

/** Options of every restore of a data directory. */
export interface RestoreCommon extends OpenSnapshotOptions, Call {
  /** `m1=http://10.0.0.1:2380,m2=…`. Default: only the restored members. */
  readonly initialCluster?: string | undefined;
  /**
   * Default: a new token for each restore, so that members of the old cluster can never talk to the new ones. Members
   * of one cluster that are restored in separate calls get the same one, derived from the snapshot and `initialCluster`.
   */
  readonly initialClusterToken?: string | undefined;
  /** Last revision restored, decimal; from the compact revision to the snapshot's last. Default: the last. */
  readonly toRevision?: string | undefined;
  /** For repositories, which record the time of revisions; a single snapshot file does not. */
  readonly toTime?: Date | undefined;
  /**
   * How far to raise the revision above the snapshot's last, beyond any that the old cluster can have returned, with all
   * history before marked as compacted. Default 1,000,000,000. False: exactly the old history, and old epochs: for
   * copies that no client of the old cluster will ever use.
   */
  readonly bumpRevision?: bigint | false | undefined;
  /** Keep raised alarms. Default: dropped; a kept NOSPACE alarm would refuse all writes. */
  readonly keepAlarms?: boolean | undefined;
  /**
   * Drop a downgrade that was enabled when the snapshot was taken (etcd 3.6 and later). Default: kept, as etcdutl does;
   * the report names it in `downgradeTarget`.
   */
  readonly clearDowngrade?: boolean | undefined;
  /** TTL in seconds for leases that a key of `toRevision` names but the snapshot no longer has; default 3600. */
  readonly missingLeaseTtlSeconds?: number | undefined;
  /** Restore although something answers at a peer URL of a restored member. */
  readonly allowLivePeers?: boolean | undefined;
  /** Called about ten times a second: bytes read, over all passes of the restore and its proof. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

const restoreCommonNames: NamesOf<RestoreCommon> = {
  ...callNames,
  ...openSnapshotNames,
  initialCluster: "text",
  initialClusterToken: "text",
  toRevision: "text",
  toTime: "date",
  bumpRevision: "bigintOrFalse",
  keepAlarms: "boolean",
  clearDowngrade: "boolean",
  missingLeaseTtlSeconds: "whole",
  allowLivePeers: "boolean",
  onProgress: "function",
};

/** Options of `restoreSnapshot`. */
export interface RestoreOptions extends RestoreCommon {
  /** Data directory to create; must not exist or be empty. */
  readonly dataDir: string;
  /**
   * Folder of the write-ahead log, e.g. on a separate disk: absent or empty, outside `dataDir`; etcd must then be started with
   * `--wal-dir`. Default: within `dataDir`.
   */
  readonly walDir?: string | undefined;
  /** Default "default". */
  readonly name?: string | undefined;
  /** Comma-separated if several. Default: the member's in `initialCluster`, or `http://localhost:2380`. */
  readonly initialAdvertisePeerUrls?: string | undefined;
}

export const restoreNames: NamesOf<RestoreOptions> = {
  ...restoreCommonNames,
  dataDir: "text",
  walDir: "text",
  name: "text",
  initialAdvertisePeerUrls: "text",
};

/** Options of `restoreCluster`. */
export interface RestoreClusterOptions extends RestoreCommon {
  /** `m1=http://10.0.0.1:2380,m2=…`: all members of the new cluster. */
  readonly initialCluster: string;
  /** Data directory of each member to restore, by name: all members of `initialCluster`, or some. */
  readonly dataDirs: Readonly<Record<string, string>>;
}

export const restoreClusterNames: NamesOf<RestoreClusterOptions> = {
  ...restoreCommonNames,
  dataDirs: "object",
};

/** The restored member, and how to start it. */
export interface RestoreReport {
  /** The member's name. */
  readonly name: string;
  /** Its data directory. */
  readonly dataDir: string;
  /** Undefined if within `dataDir`. */
  readonly walDir: string | undefined;
  /** Id of the member, hexadecimal, as etcdctl prints it. */
  readonly memberId: string;
  /** Id of the new cluster, hexadecimal. */
  readonly clusterId: string;
  /** Its --initial-cluster-token. */
  readonly clusterToken: string;
  /** The restored revision. */
  readonly toRevision: string;
  /** The revision at which the restored etcd starts. */
  readonly revision: string;
  /** HashKV at `toRevision`, equal in the snapshot and in the output. */
  readonly hashKv: number;
  /** History up to this revision counts as compacted, decimal. */
  readonly compactRevision: string;
  /** Its --initial-cluster. */
  readonly initialCluster: string;
  /** Leases added for keys whose own lease was missing. */
  readonly leasesAdded: number;
  /** Epoch keys with a new value: stores and caches over them start over. */
  readonly epochs: readonly string[];
  /** Target version of the downgrade that is still enabled in the restored cluster; undefined if none is. */
  readonly downgradeTarget: string | undefined;
  /** How to start this member. */
  readonly commandLine: string;
}

/** The command line that starts the member: client ports are one below its peer ports, as in etcd's defaults. */
export function commandLine(
  member: InitialMember,
  { dataDir, walDir }: Pick<RestoreReport, "dataDir" | "walDir">,
  initialCluster: string,
  token: string,
): string {
  const peers = member.peerUrls.join(",");
  const clients = member.peerUrls
    .map((url) => url.replace(/:(\d+)$/, (_match, port: string) => `:${Number(port) - 1}`))
    .join(",");
  const quote = (text: string): string =>
    /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  return [
    "etcd",
    `--name=${member.name}`,
    `--data-dir=${dataDir}`,
    ...(walDir === undefined ? [] : [`--wal-dir=${walDir}`]),
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--initial-cluster=${initialCluster}`,
    `--initial-cluster-token=${token}`,
  ]
    .map(quote)
    .join(" ");
}
