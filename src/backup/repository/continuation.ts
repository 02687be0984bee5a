/**
 * Whether a live cluster continues a recorded history, or an earlier state of it.
 *
 * Most restores change the cluster id, and others lower the revision. HashKV detects a cluster that was restored under its old
 * id and has since written past the last backup: its content at a recorded revision differs from the backup.
 */
import { isStoreError, StoreError } from "../../errors.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import type { Backup, Fork } from "./histories.ts";

/** Backups compared to find the last one that a new history includes. */
const forkTriesMax = 20;

export interface LiveCluster {
  readonly etcd: Etcd;
  readonly clusterId: string;
  readonly revision: bigint;
  readonly signal?: AbortSignal | undefined;
}

/** Whether the cluster's content follows `backup`. */
export async function isContinuedBy(
  backup: Backup,
  { etcd, clusterId, revision, signal }: LiveCluster,
): Promise<boolean> {
  if (clusterId !== backup.clusterId || revision < BigInt(backup.lastRevision)) return false;
  return (await holds(etcd, backup, signal)) !== "other content";
}

/** Where a new history left a recorded one: the last revision at which both have the same content. */
export async function forkOf(
  backups: readonly Backup[],
  etcd: Etcd,
  revision: bigint,
  signal: AbortSignal | undefined,
): Promise<Fork | undefined> {
  const candidates = backups
    .filter((backup) => BigInt(backup.lastRevision) <= revision)
    .sort((a, b) => (BigInt(a.lastRevision) < BigInt(b.lastRevision) ? 1 : -1))
    .slice(0, forkTriesMax);
  for (const backup of candidates) {
    if ((await holds(etcd, backup, signal)) === "the same") {
      return { history: backup.history, revision: backup.lastRevision };
    }
  }
  return undefined;
}

/** @throws EXPIRED when the cluster was restored while the backup was being taken */
export function assertSameHistory(etcd: Etcd, generation: number): void {
  if (etcd.history.generation === generation) return;
  throw new StoreError("EXPIRED", "Cannot back up: etcd was restored or replaced under way", {
    reason: "restored",
  });
}

/** Whether the member has the backup's content at its last revision, by HashKV; unknown if the two cannot be compared. */
async function holds(
  etcd: Etcd,
  backup: Backup,
  signal: AbortSignal | undefined,
): Promise<"the same" | "other content" | "unknown"> {
  const recorded = recordedHash(backup);
  const [endpoint] = etcd.endpoints;
  if (recorded === undefined || endpoint === undefined) return "unknown";
  const revision = BigInt(backup.lastRevision);
  // etcd reads 0 as "now"; earlier versions recorded it for an empty etcd.
  if (revision === 0n) return "unknown";
  try {
    const live = await etcd.maintenance.hashKv(revision, { endpoint, signal });
    if (live.hashRevision !== undefined && live.hashRevision !== revision) return "unknown";
    // A hash covers only what is above the compact revision it was computed with.
    if (atLeastZero(live.compactRevision) !== atLeastZero(recorded.compactRevision)) return "unknown";
    return live.hash === recorded.hash ? "the same" : "other content";
  } catch (error) {
    signal?.throwIfAborted();
    if (!isStoreError(error)) throw error;
    return "unknown";
  }
}

function recordedHash(
  backup: Backup,
): { readonly hash: number; readonly compactRevision: bigint } | undefined {
  if (backup.kind === "full") {
    if (backup.proved !== "live") return undefined;
    return { hash: backup.hashKv, compactRevision: BigInt(backup.compactRevision) };
  }
  const { liveHash } = backup;
  return liveHash && { hash: liveHash.hash, compactRevision: BigInt(liveHash.compactRevision) };
}

/** etcd reports -1 if nothing was ever compacted. */
const atLeastZero = (revision: bigint): bigint => (revision < 0n ? 0n : revision);
