/** The options of a restore, its report, and the command line that starts what it made. */
import { type Call, callNames } from "../../base/call.ts";
import type { NamesOf } from "../../base/text/known-options.ts";
import type { Progress } from "../../resource/contract/contract.ts";
import { type OpenSnapshotOptions, openSnapshotNames } from "../database/snapshot-file.ts";
import type { InitialMember } from "./membership.ts";

/** What every restore of a data directory takes. */
export interface RestoreCommon extends OpenSnapshotOptions, Call {
  /** `m1=http://10.0.0.1:2380,m2=…`. Default: the restored members alone. */
  readonly initialCluster?: string | undefined;
  /**
   * Default: a new one for each restore, so that members of the old cluster can never talk to the new ones. Members
   * of one cluster that are restored in separate calls get the same one, made from the snapshot and `initialCluster`.
   */
  readonly initialClusterToken?: string | undefined;
  /** Last revision restored, decimal; from the compact revision to the snapshot's last. Default: the last. */
  readonly toRevision?: string | undefined;
  /** For repositories, which have clock marks; a single snapshot file has none. */
  readonly toTime?: Date | undefined;
  /**
   * Revisions to jump ahead of everything the old cluster can have handed out, with all history before marked as
   * compacted. Default 1,000,000,000 beyond the snapshot's last. False: exactly the old history, and old epochs: for
   * copies that no client of the old cluster will ever see.
   */
  readonly bumpRevision?: bigint | false | undefined;
  /** Keep raised alarms. Default: dropped; a carried-over NOSPACE alarm would refuse all writes. */
  readonly keepAlarms?: boolean | undefined;
  /**
   * Drop a downgrade that was enabled when the snapshot was taken (etcd 3.6 and later). Default: kept, as etcdutl keeps it;
   * the report's `downgradeTarget` says so.
   */
  readonly clearDowngrade?: boolean | undefined;
  /** Seconds for leases that a key of `toRevision` names and the snapshot no longer has; default 3600. */
  readonly missingLeaseTtlSeconds?: number | undefined;
  /** Restore although something answers at a peer URL of a restored member. */
  readonly allowLivePeers?: boolean | undefined;
  /** Told about ten times a second: bytes read, over all passes of the restore and its proof. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

const restoreCommonNames: NamesOf<RestoreCommon> = {
  ...callNames,
  ...openSnapshotNames,
  initialCluster: true,
  initialClusterToken: true,
  toRevision: true,
  toTime: true,
  bumpRevision: true,
  keepAlarms: true,
  clearDowngrade: true,
  missingLeaseTtlSeconds: true,
  allowLivePeers: true,
  onProgress: true,
};

/** What `restoreSnapshot` takes. */
export interface RestoreOptions extends RestoreCommon {
  /** Data directory to make; must not exist or be empty. */
  readonly dataDir: string;
  /**
   * Where the write-ahead log goes, e.g. a disk of its own: absent or empty, outside `dataDir`; etcd is started with `--wal-dir`
   * then. Default: within `dataDir`.
   */
  readonly walDir?: string | undefined;
  /** Default "default". */
  readonly name?: string | undefined;
  /** With commas when several. Default: the member's in `initialCluster`, or `http://localhost:2380`. */
  readonly initialAdvertisePeerUrls?: string | undefined;
}

export const restoreNames: NamesOf<RestoreOptions> = {
  ...restoreCommonNames,
  dataDir: true,
  walDir: true,
  name: true,
  initialAdvertisePeerUrls: true,
};

/** What `restoreCluster` takes. */
export interface RestoreClusterOptions extends RestoreCommon {
  /** `m1=http://10.0.0.1:2380,m2=…`: all members of the new cluster. */
  readonly initialCluster: string;
  /** Data directory of each member, by name. All members of `initialCluster`, or some. */
  readonly dataDirs: Readonly<Record<string, string>>;
}

export const restoreClusterNames: NamesOf<RestoreClusterOptions> = { ...restoreCommonNames, dataDirs: true };

/** What was restored, and how to start it. */
export interface RestoreReport {
  /** The member's name. */
  readonly name: string;
  /** Its data directory. */
  readonly dataDir: string;
  /** Undefined within `dataDir`. */
  readonly walDir: string | undefined;
  /** Hexadecimal, as etcdctl prints them. */
  readonly memberId: string;
  /** Id of the new cluster, hexadecimal. */
  readonly clusterId: string;
  /** Its --initial-cluster-token. */
  readonly clusterToken: string;
  /** The revision whose state was restored. */
  readonly toRevision: string;
  /** The revision the restored etcd starts at. */
  readonly revision: string;
  /** HashKV at `toRevision`, equal in the snapshot and in what was written. */
  readonly hashKv: number;
  /** History up to here counts as compacted, decimal. */
  readonly compactRevision: string;
  /** Its --initial-cluster. */
  readonly initialCluster: string;
  /** Leases given to keys whose own was gone. */
  readonly leasesAdded: number;
  /** Epoch keys that got a new value: stores and caches over them start over. */
  readonly epochs: readonly string[];
  /** The version that the restored cluster comes up on its way down to; undefined without an enabled downgrade. */
  readonly downgradeTarget: string | undefined;
  /** How to start this member. */
  readonly commandLine: string;
}

/** How to start the member: client ports are one below its peer ports, as etcd's defaults are. */
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
