/**
 * A directory with all its parents, made one step at a time.
 *
 * `mkdir(…, { recursive: true })` of Node 20 never returns below a directory in which nothing can be made and which
 * says so with ENOENT (`/proc`, a broken FUSE mount): it makes the parent, is told that it is there, and tries the
 * child again, endlessly and on a thread of the pool. Here each parent is made at most once, so this always ends.
 * Used for the data directory of a local etcd, for restores and for backup repositories.
 */
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { systemErrorCode } from "./system-error.ts";

/**
 * Afterwards `path` is a directory; what was missing of it has `mode`, what was there is left as it is.
 * @throws the file system's own error: ENOTDIR or EEXIST for a file in the way, ENOENT where nothing can be made, EACCES, EPERM, EROFS
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
      // Another process made it in the meantime.
      if (systemErrorCode(error) === "EEXIST" && (await isDirectory(directory))) return;
      throw error;
    });
  }
}

/** @throws what the file system says, absence apart: a parent that is a file or may not be entered */
async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  });
  return found?.isDirectory() ?? false;
}
