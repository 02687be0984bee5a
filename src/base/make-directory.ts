/**
 * Creates a directory with all its parents, one step at a time.
 *
 * On Node 20, `mkdir(…, { recursive: true })` does not return when a parent exists but rejects new entries with
 * ENOENT (`/proc`, a broken FUSE mount): it creates the parent, gets EEXIST, and retries the child endlessly on a
 * pool thread. Here each parent is created at most once, so the call always ends. Local etcd data directories,
 * restores and backup repositories use it.
 */
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { systemErrorCode } from "./system-error.ts";

/**
 * Afterwards `path` is a directory. Created directories have `mode`; existing ones are unchanged.
 * @throws the file system's own error: ENOTDIR or EEXIST for a file in the way, ENOENT where nothing can be created, EACCES, EPERM, EROFS
 */
export async function makeDirectory(path: string, mode: number): Promise<void> {
  const target = resolve(path);
  const missing: string[] = [];
  for (let at = target; ; at = dirname(at)) {
    if (await isDirectory(at)) break;
    missing.push(at);
    if (dirname(at) === at) break;
  }
  for (const directory of missing.reverse()) {
    await mkdir(directory, { mode }).catch(async (error: unknown) => {
      // Another process has created it.
      if (systemErrorCode(error) === "EEXIST" && (await isDirectory(directory))) return;
      throw error;
    });
  }
}

/** @throws the file system's error, except that the path is absent: a parent that is a file or may not be entered */
async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  });
  return found?.isDirectory() ?? false;
}
