/**
 * What a retention policy removes, and in which order.
 *
 *   manifests that are not kept, then chunks that no remaining manifest names
 *
 * Stopping at any point leaves a sound repository: a chunk is removed only when nothing names it any more.
 */
import type { CallScope } from "../../base/call.ts";
import { loadedAhead } from "../../base/loaded-ahead.ts";
import type { OnProgress } from "../files/pass-progress.ts";
import { manifestPath } from "./manifest.ts";
import { backupsIn } from "./manifests.ts";
import type { RepositoryParts } from "./new-backup.ts";
import { type RetentionPolicy, retain } from "./retention.ts";
import { chunksAtOnce } from "./stored-parts.ts";

/** Objects removed between two reports. */
const reportEvery = 100;

/** Ids of backups that the policy does not keep, and paths of chunks that no other backup names. */
export async function prunable(
  parts: RepositoryParts,
  policy: RetentionPolicy,
): Promise<{ readonly removed: readonly string[]; readonly unnamed: readonly string[] }> {
  const backups = await backupsIn(parts);
  const kept = retain(backups, policy);
  const named = new Set<string>();
  for (const { id, chunks } of backups) {
    if (kept.has(id)) for (const name of chunks) named.add(name);
  }
  const unnamed = (await parts.backend.list("chunks")).filter(
    (path) => !named.has(path.slice(path.lastIndexOf("/") + 1)),
  );
  return { removed: backups.filter(({ id }) => !kept.has(id)).map(({ id }) => id), unnamed };
}

/** Only the holder of the repository's lock calls it. @throws the reason of `scope` */
export async function pruned(
  parts: RepositoryParts,
  policy: RetentionPolicy,
  scope: CallScope,
  onProgress: OnProgress,
): Promise<{ readonly removed: readonly string[]; readonly chunks: number }> {
  const { removed, unnamed } = await prunable(parts, policy);
  const total = removed.length + unnamed.length;
  let done = 0;
  const remove = async (path: string): Promise<void> => {
    scope.throwIfEnded();
    await parts.backend.delete(path);
    if (++done % reportEvery === 0 || done === total) onProgress?.({ done, total, unit: "objects" });
  };
  for (const id of removed) await remove(manifestPath(id));
  let chunks = 0;
  for await (const _ of loadedAhead(unnamed, chunksAtOnce, remove)) chunks++;
  return { removed, chunks };
}
