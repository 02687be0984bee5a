/**
 * New backups: what a full and a delta read from an etcd, how they continue the recorded backups, and their manifests.
 * `repository.ts` holds the lock and passes in the recorded backups.
 */

import { systemRandom } from "../../base/random.ts";
import type { Clock } from "../../base/time/clock.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import type { ScratchFile } from "../database/scratch-file.ts";
import { hexOf } from "../database/snapshot-file.ts";
import { PassProgress } from "../files/pass-progress.ts";
import { laterOf } from "../files/revision-order.ts";
import { savePasses, saveToScratch } from "../snapshot/save.ts";
import type { RepositoryBackend } from "./backend/backend.ts";
import type { ChunkStore } from "./chunks.ts";
import { assertSameHistory, forkOf, isContinuedBy } from "./continuation.ts";
import { encodeSegment } from "./delta.ts";
import { watchedRecords } from "./delta-records.ts";
import { type Backup, newHistoryName } from "./histories.ts";
import {
  type DeltaManifest,
  encodeManifest,
  type FullManifest,
  type Manifest,
  manifestPath,
  type SigningKey,
} from "./manifest.ts";
import type { BackupOutcome, Watched } from "./repository-options.ts";
import { storeBytes, storeFile } from "./stored-parts.ts";

/** Revision of an etcd to which nothing was ever written. */
const firstRevision = 1n;

/** The parts of a repository. */
export interface RepositoryParts {
  readonly backend: RepositoryBackend;
  readonly chunks: ChunkStore;
  /** The first one signs, all of them verify. */
  readonly signingKeys: readonly SigningKey[];
  readonly clock: Clock;
}

/** A full backup of `etcd`, saved to `scratch` and proved, then stored. The repository is locked until then. */
export async function takeFull(
  parts: RepositoryParts,
  backups: readonly Backup[],
  source: { readonly etcd: Etcd; readonly scratch: ScratchFile; readonly name: string },
  options: Watched,
): Promise<BackupOutcome> {
  const { etcd, scratch, name } = source;
  const { signal } = options;
  const { header } = await etcd.kv.range(
    { key: "\0", limit: 1, keysOnly: true },
    { signal, timeoutMs: options.timeoutMs },
  );
  const { generation } = etcd.history;
  const clusterId = header.clusterId.toString(16);
  const newest = backups.at(-1);
  const goesOn =
    newest !== undefined &&
    (await isContinuedBy(newest, { etcd, clusterId, revision: header.revision, signal }));
  const history = goesOn
    ? newest.history
    : newHistoryName(clusterId, new Set(backups.map((backup) => backup.history)));
  const forkedFrom = goesOn ? undefined : await forkOf(backups, etcd, header.revision, signal);
  const progress = new PassProgress(parts.clock, options.onProgress);
  const { report: saved } = await saveToScratch(etcd, scratch, name, {
    signal,
    progress,
    passes: savePasses + 1,
  });
  assertSameHistory(etcd, generation);
  using _known = await parts.chunks.learn(namesIn(backups));
  progress.begin(scratch.sizeBytes);
  const { newBytes, ...stored } = await storeFile(parts.chunks, scratch, { onBytes: progress.add, signal });
  progress.end();
  const nowMs = timeAfter(parts.clock, newest);
  // A file without a record reports 0; etcd itself begins at 1.
  const revision = laterOf(BigInt(saved.revision), firstRevision).toString();
  const manifest: FullManifest = {
    kind: "full",
    id: newId("full", revision, nowMs),
    createdAt: new Date(nowMs).toISOString(),
    clusterId,
    history,
    ...(forkedFrom === undefined ? {} : { forkedFrom }),
    lastRevision: revision,
    compactRevision: saved.compactRevision,
    hashKv: saved.hashKv,
    proved: saved.proved,
    marks: [{ timeMs: nowMs, revision }],
    ...stored,
  };
  return await publish(parts, manifest, newBytes);
}

/**
 * The records written since `previous` in the same history; undefined when there are none.
 * @throws NOT_FOUND without a previous backup · PRECONDITION_FAILED when the cluster does not continue it · EXPIRED when etcd
 *   has compacted records it needs: each requires a full
 */
export async function takeDelta(
  parts: RepositoryParts,
  previous: Backup | undefined,
  etcd: Etcd,
  signal: AbortSignal | undefined,
): Promise<BackupOutcome | undefined> {
  if (previous === undefined) {
    throw new StoreError("NOT_FOUND", "Cannot take a delta: the repository holds no full backup yet", {});
  }
  const { header } = await etcd.kv.range({ key: "\0", limit: 1, keysOnly: true }, { signal });
  const clusterId = header.clusterId.toString(16);
  const { generation } = etcd.history;
  if (!(await isContinuedBy(previous, { etcd, clusterId, revision: header.revision, signal }))) {
    throw new StoreError(
      "PRECONDITION_FAILED",
      `Cannot take a delta: cluster ${clusterId} at revision ${header.revision} does not go on with history "${previous.history}" of the newest backup, at revision ${previous.lastRevision}: take a full`,
      { field: "uid", expected: previous.clusterId, actual: clusterId },
    );
  }
  // Earlier versions recorded 0 for an empty etcd.
  const from = laterOf(BigInt(previous.lastRevision), firstRevision);
  if (header.revision <= from) return undefined;
  const { records, last, marks } = await watchedRecords(
    etcd,
    { first: from + 1n, until: header.revision },
    parts.clock,
    signal,
  );
  const [endpoint = ""] = etcd.endpoints;
  const live = await etcd.maintenance.hashKv(last, { endpoint, signal }).catch(() => undefined);
  assertSameHistory(etcd, generation);
  const { newBytes, ...stored } = await storeBytes(parts.chunks, encodeSegment(records));
  const nowMs = timeAfter(parts.clock, previous);
  const manifest: DeltaManifest = {
    kind: "delta",
    id: newId("delta", last.toString(), nowMs),
    createdAt: new Date(nowMs).toISOString(),
    clusterId: previous.clusterId,
    history: previous.history,
    firstRevision: (from + 1n).toString(),
    lastRevision: last.toString(),
    base: previous.kind === "full" ? previous.id : previous.base,
    previous: previous.id,
    marks,
    liveHash:
      live === undefined || live.compactRevision >= last
        ? undefined
        : { hash: live.hash, compactRevision: live.compactRevision.toString() },
    ...stored,
  };
  return await publish(parts, manifest, newBytes);
}

/**
 * Whether a delta failed because its chain has ended, so that a full must begin a new one: etcd has compacted what the delta
 * needs, there is no backup yet, or the cluster does not continue the history of the newest.
 */
export function chainIsOver(error: unknown): boolean {
  return isStoreError(error, "EXPIRED", "NOT_FOUND", "PRECONDITION_FAILED");
}

function* namesIn(backups: readonly Backup[]): Generator<string> {
  for (const { chunks } of backups) yield* chunks;
}

/** The manifest is written last: everything it names is stored. */
async function publish(parts: RepositoryParts, manifest: Manifest, newBytes: number): Promise<BackupOutcome> {
  await parts.backend.write(manifestPath(manifest.id), encodeManifest(manifest, parts.signingKeys[0]));
  const { history = manifest.clusterId, sizeBytes } = manifest;
  return { backup: { ...manifest, history, abandoned: false }, newBytes, sizeBytes };
}

/** Now, but later than the newest backup: ids sort by it, even when a clock goes back. */
function timeAfter(clock: Clock, newest: Backup | undefined): number {
  const nowMs = clock.nowMs();
  return newest === undefined ? nowMs : Math.max(nowMs, Date.parse(newest.createdAt) + 1);
}

function newId(kind: string, revision: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:.]/g, "");
  return `${time}-${kind}-${revision}-${hexOf(systemRandom.bytes(4))}`;
}
