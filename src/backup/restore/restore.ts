/**
 * `restoreSnapshot` and `restoreCluster`: data directories that real etcd boots from, proved before they get their final name.
 *
 *   refuse early -> SHA-256 -> page graph, every record -> rewrite, HashKV of the source
 *                -> read the output back: page graph, same HashKV -> WAL, .snap -> fsync -> rename
 *
 * By default the cluster token is new, the revision skips ahead and all revisions before are marked as compacted: no client
 * and no cache can mistake the restored history for the one it knew.
 */
import { constants } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { CallScope } from "../../base/call.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { systemClock } from "../../base/time/clock.ts";
import { invalidArgument } from "../../errors.ts";
import { BoltWriter } from "../database/bolt-writer.ts";
import { SnapshotFile } from "../database/snapshot-file.ts";
import { damaged } from "../files/damage.ts";
import { writeNewFile } from "../files/durable.ts";
import { peekKeyValue } from "../files/etcd-records.ts";
import { inParallel } from "../files/in-parallel.ts";
import { PassProgress } from "../files/pass-progress.ts";
import { laterOf } from "../files/revision-order.ts";
import { type Examined, examine, hashKvOfCopy } from "../records/examine.ts";
import { tombstoneBytes } from "../records/mvcc-record.ts";
import { publish, syncFile, writeLogs } from "./member-files.ts";
import { type InitialMember, type Membership, membershipOf } from "./membership.ts";
import { chooseToken, newEpochs } from "./new-identity.ts";
import { checkBump, checkBumpTo, checkReach, parseRevision, pathOf } from "./restore-checks.ts";
import {
  commandLine,
  type RestoreClusterOptions,
  type RestoreOptions,
  type RestoreReport,
  restoreClusterNames,
  restoreNames,
} from "./restore-options.ts";
import {
  checkApart,
  checkPeersSilent,
  checkTarget,
  createPartial,
  createPartialLog,
} from "./restore-target.ts";
import { type RawRecord, rewriteDatabase } from "./rewrite-database.ts";

/** More than any cluster writes between its last backup and its loss; etcd's documentation uses the same. */
const bumpDefault = 1_000_000_000n;
const missingLeaseTtlDefaultSeconds = 3_600;
const epochStart = Buffer.from("/keelson");
const epochEnd = Buffer.from("/epoch");

/**
 * Builds one member's data directory.
 * @throws INVALID_ARGUMENT for a bad option, a directory that is not empty, a running peer; CORRUPT_SNAPSHOT for any
 * damage; EXPIRED for a revision before the compaction. After an error nothing is left under `dataDir`.
 *
 *
 * @example
 * ```ts
 * import { restoreSnapshot } from "keelson/backup";
 *
 * const { commandLine, revision } = await restoreSnapshot("/var/backups/etcd.db", { dataDir: "/var/lib/etcd" });
 * console.log(revision, commandLine);
 * ```
 */
export async function restoreSnapshot(path: string, options: RestoreOptions): Promise<RestoreReport> {
  checkOptions(options ?? null, "restore a snapshot", restoreNames);
  const name = options.name ?? "default";
  const peerUrls = options.initialAdvertisePeerUrls;
  const initialCluster =
    options.initialCluster ??
    (peerUrls ?? "http://localhost:2380")
      .split(",")
      .map((url) => `${name}=${url.trim()}`)
      .join(",");
  const [report] = await restoreMembers(path, {
    ...options,
    initialCluster,
    dataDirs: { [name]: options.dataDir },
    walDirs: options.walDir === undefined ? undefined : { [name]: options.walDir },
    peerUrls: peerUrls?.split(",").map((url) => url.trim()),
  });
  if (report === undefined) throw new Error("a restore of one member gave no report");
  return report;
}

/** Builds the data directories of several members at once; the snapshot is read once. Errors as `restoreSnapshot`. */
export async function restoreCluster(
  path: string,
  options: RestoreClusterOptions,
): Promise<readonly RestoreReport[]> {
  checkOptions(options ?? null, "restore a cluster", restoreClusterNames);
  return restoreMembers(path, options);
}

interface MembersOptions extends RestoreClusterOptions {
  /** By member name, as `dataDirs`. */
  readonly walDirs?: Readonly<Record<string, string>> | undefined;
  readonly peerUrls?: readonly string[] | undefined;
}

async function restoreMembers(path: string, options: MembersOptions): Promise<readonly RestoreReport[]> {
  using scope = new CallScope(options, systemClock, `restore snapshot "${path}"`);
  if (options.toTime !== undefined) {
    throw invalidArgument(
      "toTime",
      `Cannot restore snapshot "${path}" to a time: it has no clock marks, a repository has`,
    );
  }
  const progress = new PassProgress(systemClock, options.onProgress);
  await using file = await SnapshotFile.open(path, options, progress.add);
  progress.expect(restorePasses * file.databaseBytes);
  const token = options.initialClusterToken ?? chooseToken(file, options);
  return await restoreFrom(file, { ...options, token, progress, signal: scope.signal });
}

/** How often `restoreFrom` reads a database: to examine it, to copy it, and to check the output. */
export const restorePasses = 3;

/** Options of `restoreFrom` beyond the caller's. */
export interface RestoreFromOptions extends MembersOptions {
  readonly token: string;
  /** Gets the passes; `file` must report its reads to it. */
  readonly progress?: PassProgress | undefined;
  /** Disable authentication: for a scratch etcd that only this process uses. */
  readonly withoutAuth?: boolean | undefined;
  /** Highest revision that the old cluster is known to have reached: the bump starts from it. */
  readonly seenRevision?: bigint | undefined;
  /** Records after the snapshot's last: deltas of a repository. */
  readonly delta?: RestoreDelta | undefined;
}

export interface RestoreDelta {
  readonly lastRevision: bigint;
  /** Can be read several times. */
  records(toRevision: bigint): AsyncIterable<readonly RawRecord[]>;
}

/** The common part of every restore, from an open snapshot. */
export async function restoreFrom(
  file: SnapshotFile,
  options: RestoreFromOptions,
): Promise<readonly RestoreReport[]> {
  const { signal } = options;
  const membership = membershipOf(options.initialCluster, options.token);
  const targets = Object.entries(options.dataDirs).map(([name, dataDir]) => ({
    member: memberNamed(membership, name, options),
    dataDir: pathOf("dataDir", dataDir),
    walDir: options.walDirs?.[name] === undefined ? undefined : pathOf("walDir", options.walDirs[name]),
  }));
  const asked = parseRevision(options.toRevision);
  checkBump(options.bumpRevision);
  for (const { dataDir, walDir } of targets) {
    await checkTarget("dataDir", dataDir);
    if (walDir === undefined) continue;
    checkApart(dataDir, walDir);
    await checkTarget("walDir", walDir);
  }
  if (options.allowLivePeers !== true) {
    await checkPeersSilent(targets.flatMap(({ member }) => member.peerUrls));
  }
  const { progress } = options;
  progress?.begin(file.databaseBytes);
  const [, examined] = await inParallel([
    file.checkHash(signal),
    examine(file, {
      toRevision: asked,
      watchKeys: { start: epochStart, end: epochEnd },
      skipStatusHash: true,
      signal,
    }),
  ]);
  const { delta } = options;
  // Without a record there is no last revision; etcd itself begins at 1.
  const last = delta?.lastRevision ?? laterOf(examined.lastRevision, 1n);
  const revision = asked ?? last;
  checkReach(examined, revision, last);
  const bump = options.bumpRevision ?? bumpDefault;
  const seen = options.seenRevision ?? last;
  const bumpTo = bump === false ? undefined : laterOf(seen, last) + bump;
  if (delta !== undefined) await indexRecords(examined, delta.records(revision));
  checkBumpTo(bumpTo);
  const epochs =
    bumpTo === undefined
      ? new Map<string, Uint8Array>()
      : newEpochs(examined, options.token, membership.clusterId);
  const partials: string[] = [];
  const logs: (string | undefined)[] = [];
  try {
    for (const { dataDir, walDir } of targets) {
      partials.push(await createPartial(dataDir, walDir === undefined ? "with log" : "without log"));
      logs.push(walDir === undefined ? undefined : await createPartialLog(walDir));
    }
    const databases = partials.map((partial) => join(partial, "member", "snap", "db"));
    const [first] = databases;
    if (first === undefined) throw invalidArgument("dataDirs", "Cannot restore snapshot: no data directory");
    let leasesAdded = 0;
    let hashKv = 0;
    progress?.begin(file.databaseBytes);
    await writeNewFile(first, async (handle) => {
      const writer = new BoltWriter(handle, file.meta.pageSize);
      ({ hashKv, leasesAdded } = await rewriteDatabase(examined, writer, {
        membership,
        revision,
        bumpTo,
        epochs,
        keepAlarms: options.keepAlarms === true,
        clearDowngrade: options.clearDowngrade === true,
        withoutAuth: options.withoutAuth === true,
        more: delta?.records(revision),
        missingLeaseTtlSeconds: BigInt(options.missingLeaseTtlSeconds ?? missingLeaseTtlDefaultSeconds),
        signal,
      }));
    });
    progress?.begin(file.databaseBytes);
    const written = await hashOfOutput(first, { examined, revision, progress, signal });
    if (written !== hashKv) {
      throw damaged(first, undefined, `HashKV of what was written is ${written}, expected ${hashKv}`);
    }
    for (const database of databases.slice(1)) {
      await copyFile(first, database, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      await syncFile(database);
    }
    for (const [i, { member }] of targets.entries()) {
      await writeLogs(partials[i] ?? "", logs[i], membership, member);
    }
    for (const [i, { dataDir, walDir }] of targets.entries()) {
      // The data directory is renamed last: its presence means a complete restore.
      const log = logs[i];
      if (log !== undefined && walDir !== undefined) await publish(log, walDir);
      await publish(partials[i] ?? "", dataDir);
    }
    progress?.end();
    return targets.map(({ member, dataDir, walDir }) => ({
      name: member.name,
      dataDir,
      walDir,
      memberId: member.id.toString(16),
      clusterId: membership.clusterId.toString(16),
      clusterToken: membership.token,
      toRevision: revision.toString(),
      revision: (bumpTo ?? revision).toString(),
      hashKv: written,
      compactRevision: (bumpTo ?? (examined.compactRevision < 0n ? 0n : examined.compactRevision)).toString(),
      initialCluster: options.initialCluster,
      leasesAdded,
      downgradeTarget: options.clearDowngrade === true ? undefined : examined.info.downgradeTarget,
      epochs: [...epochs.keys()],
      commandLine: commandLine(member, { dataDir, walDir }, options.initialCluster, membership.token),
    }));
  } catch (error) {
    for (const partial of [...partials, ...logs]) {
      if (partial !== undefined) await rm(partial, { recursive: true, force: true });
    }
    throw error;
  }
}

/** Adds the records after the snapshot's own to its index: they may supersede its records, epochs included. */
async function indexRecords(examined: Examined, batches: AsyncIterable<readonly RawRecord[]>): Promise<void> {
  for await (const batch of batches) {
    for (const { key, value } of batch) {
      const facts = peekKeyValue(value);
      if (facts === undefined)
        throw damaged(examined.info.path, undefined, "a record of a delta is no key-value");
      const view = new DataView(value.buffer, value.byteOffset, value.length);
      const deleted = key.length === tombstoneBytes;
      examined.index.add(value, view, facts.keyStart, facts.keyEnd, deleted);
    }
  }
}

/** Reads the written database back: page graph, the same records, HashKV. */
async function hashOfOutput(
  path: string,
  against: {
    readonly examined: Examined;
    readonly revision: bigint;
    readonly progress: PassProgress | undefined;
    readonly signal: AbortSignal | undefined;
  },
): Promise<number> {
  const { examined, revision, progress, signal } = against;
  await using file = await SnapshotFile.open(path, { skipHashCheck: true }, progress?.add);
  return await hashKvOfCopy(file, examined, revision, signal);
}

function memberNamed(membership: Membership, name: string, options: MembersOptions): InitialMember {
  const member = membership.members.find((candidate) => candidate.name === name);
  if (member === undefined) {
    throw invalidArgument(
      "name",
      `Cannot restore snapshot: "${name}" is not among the members of initialCluster "${options.initialCluster}"`,
    );
  }
  const { peerUrls } = options;
  if (peerUrls !== undefined && [...peerUrls].sort().join() !== member.peerUrls.join()) {
    throw invalidArgument(
      "initialAdvertisePeerUrls",
      `Cannot restore snapshot: initialAdvertisePeerUrls is "${peerUrls.join()}", initialCluster says ` +
        `"${member.peerUrls.join()}" for "${name}"`,
    );
  }
  return member;
}
