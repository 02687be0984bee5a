/** Backups on the page: those of the given repository, and the status file of `backup run`. */
import { readFile } from "node:fs/promises";
import type { BackupRepository, BackupRunStatus } from "keelson/backup";

export interface BackupRow {
  readonly id: string;
  readonly kind: "full" | "delta";
  readonly createdAt: string;
  readonly lastRevision: string;
  readonly sizeBytes: number;
  /** How a full backup was verified. */
  readonly proved: string | undefined;
  readonly abandoned: boolean;
}

export interface BackupView {
  /** Newest first; undefined: no repository was given. */
  readonly backups: readonly BackupRow[] | undefined;
  readonly repositoryFault: string | undefined;
  /** Undefined: no status file was given, or it does not exist yet. */
  readonly run: BackupRunStatus | undefined;
  readonly statusFault: string | undefined;
  readonly nowMs: number;
}

export async function backupView(
  repository: BackupRepository | undefined,
  statusFile: string,
  nowMs: number,
): Promise<BackupView> {
  const [listed, run] = await Promise.allSettled([
    repository?.list(),
    statusFile === "" ? undefined : readStatus(statusFile),
  ]);
  return {
    backups:
      listed.status === "fulfilled"
        ? listed.value
            ?.map((backup) => ({
              id: backup.id,
              kind: backup.kind,
              createdAt: backup.createdAt,
              lastRevision: backup.lastRevision,
              sizeBytes: backup.sizeBytes,
              proved: backup.kind === "full" ? backup.proved : undefined,
              abandoned: backup.abandoned,
            }))
            .reverse()
        : undefined,
    repositoryFault: faultOf(listed),
    run: run.status === "fulfilled" ? run.value : undefined,
    statusFault: faultOf(run),
    nowMs,
  };
}

/** `backup run` writes it atomically. */
async function readStatus(path: string): Promise<BackupRunStatus> {
  const status: unknown = JSON.parse(await readFile(path, "utf8"));
  if (typeof status !== "object" || status === null || !("tasks" in status)) {
    throw new Error(`${path} is not the status of a backup run.`);
  }
  return status as BackupRunStatus;
}

function faultOf(result: PromiseSettledResult<unknown>): string | undefined {
  if (result.status === "fulfilled") return undefined;
  return result.reason instanceof Error ? result.reason.message : String(result.reason);
}
