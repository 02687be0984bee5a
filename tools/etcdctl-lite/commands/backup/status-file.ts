/** The file of `backup run --status-file`: always a whole status, also where several processes write the same file. */
import { randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import type { BackupRunStatus } from "keelson/backup";

/** @param path "": nothing is written */
export async function writeStatus(path: string, status: BackupRunStatus): Promise<void> {
  if (path === "") return;
  // Of this write alone: another process, which waits for its turn, may write the same file now.
  const partial = `${path}.${randomUUID()}.new`;
  try {
    await writeFile(partial, `${JSON.stringify(status)}\n`);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
