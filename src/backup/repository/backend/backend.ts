/**
 * The storage interface of a repository: operations that any object store has, and a lock. The directory backend is here; an
 * object store implements the same interface: docs/guides/backup-backend.md has every rule, and an example.
 */
import { readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDirectory } from "../../../base/make-directory.ts";
import { randomUuid, systemRandom } from "../../../base/random.ts";
import { systemErrorCode } from "../../../base/system-error.ts";
import { messageOf } from "../../../base/text/message-of.ts";
import { quote } from "../../../base/text/quote.ts";
import { invalidArgument } from "../../../errors.ts";
import { directoryMode, syncDirectory, writeNewFile } from "../../files/durable.ts";
import { lockDirectory, sweepLockFiles } from "./directory-lock.ts";

/** The storage of a repository; any object store can implement it. */
export interface RepositoryBackend {
  /** The whole object; undefined when there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Durable, all or nothing. Replaces an object of that name. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Whether there is an object of that name. */
  has(name: string): Promise<boolean>;
  /**
   * Names below `folder` ("backups", "chunks"), in no order. "backups" includes every write that has resolved; "chunks" may
   * be behind writes and deletes.
   */
  list(folder: string): Promise<readonly string[]>;
  /** An absent object counts as done. */
  delete(name: string): Promise<void>;
  /** Takes the lock: one writer at a time. @throws UNAVAILABLE while another holds it */
  lock(): Promise<AsyncDisposable>;
  /**
   * Removes what dead writers left behind, including what no list shows. Only the holder of the lock calls it.
   * "scratch": files that every writer creates, fast enough for each backup. "all": everything, however long it takes. Absent if
   * writers leave nothing.
   */
  sweep?(depth: "scratch" | "all"): Promise<void>;
  /** A folder on this machine for temporary files: any file in it may be removed at any time. */
  readonly scratch: string;
}

/** Suffix of a file that does not have its final name yet. */
const partialEnd = ".partial";

/** Opens a repository in a directory of a file system. */
export async function openDirectoryBackend(directory: string): Promise<RepositoryBackend> {
  for (const folder of ["chunks", "backups", "scratch"]) {
    await makeDirectory(join(directory, folder), directoryMode).catch((error: unknown) => {
      const reason = messageOf(error);
      throw invalidArgument("directory", `Cannot open repository ${quote(directory)}: ${reason}`);
    });
  }
  const scratch = join(directory, "scratch");
  const pathOf = (name: string): string => join(directory, ...name.split("/"));
  return {
    scratch,
    async read(name) {
      return await readFile(pathOf(name)).catch(absent);
    },
    async has(name) {
      return (await stat(pathOf(name)).catch(absent)) !== undefined;
    },
    async write(name, bytes) {
      const path = pathOf(name);
      await makeDirectory(dirname(path), directoryMode);
      const partial = join(scratch, `${randomUuid(systemRandom)}${partialEnd}`);
      await writeNewFile(partial, bytes);
      await rename(partial, path);
      await syncDirectory(dirname(path));
    },
    async list(folder) {
      const entries = await readdir(pathOf(folder), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && !entry.name.endsWith(partialEnd))
        .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
    },
    async delete(name) {
      await rm(pathOf(name), { force: true });
    },
    lock: () => lockDirectory(directory),
    async sweep(depth) {
      await sweepLockFiles(directory);
      for (const name of await readdir(scratch)) {
        await rm(join(scratch, name), { recursive: true, force: true });
      }
      if (depth !== "all") return;
      // Earlier versions wrote unfinished files here.
      for (const folder of ["chunks", "backups"]) {
        for (const entry of await readdir(pathOf(folder), { recursive: true, withFileTypes: true })) {
          if (!entry.isFile() || !entry.name.endsWith(partialEnd)) continue;
          await rm(join(entry.parentPath, entry.name), { force: true });
        }
      }
    },
  };
}

function absent(error: unknown): undefined {
  if (systemErrorCode(error) === "ENOENT") return undefined;
  throw error;
}
