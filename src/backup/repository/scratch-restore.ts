/**
 * A repository's state at a revision or time as a snapshot file, for code that reads objects from it: restored into a
 * temporary folder, which disposing of it removes. No etcd boots from it, so revisions stay unchanged.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import type { BackupRepository, RepositoryRestoreOptions } from "./repository-options.ts";

/** A restored state in a temporary folder, which disposing of it removes. */
export interface ScratchRestore extends AsyncDisposable {
  /** Path of the snapshot; it has no SHA-256: open it with `skipHashCheck`. */
  readonly snapshot: string;
  /** The restored revision. */
  readonly revision: string;
}

const pointNames = {
  toRevision: "text",
  toTime: "date",
  onProgress: "function",
  signal: "signal",
} as const satisfies NamesOf<
  Pick<RepositoryRestoreOptions, "toRevision" | "toTime" | "onProgress" | "signal">
>;

/**
 * The repository's state at a revision or time as a snapshot file in a temporary folder, to read objects from.
 * @throws as `repository.restore`
 */
export async function restoreToScratch(
  repository: BackupRepository,
  point: Pick<RepositoryRestoreOptions, "toRevision" | "toTime" | "onProgress" | "signal">,
): Promise<ScratchRestore> {
  checkOptions(point ?? null, "restore from a repository", pointNames, "point");
  const folder = await mkdtemp(join(tmpdir(), "keelson-restore-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const dataDir = join(folder, "data");
    const { toRevision } = await repository.restore({
      ...point,
      dataDir,
      bumpRevision: false,
      allowLivePeers: true,
    });
    const snapshot = join(dataDir, "member", "snap", "db");
    return { snapshot, revision: toRevision, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
