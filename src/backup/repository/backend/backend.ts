/**
 * Where a repository keeps its bytes: verbs that any object store has, and a lock. The directory backend is here; one over an
 * object store fits behind the same interface: docs/guides/backup-backend.md has every rule, and an example.
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

/** Where a repository keeps its bytes: any object store can be one. */
export interface RepositoryBackend {
  /** The whole object; undefined when there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Durable, all or nothing. An object of that name is replaced. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Whether there is an object of that name. */
  has(name: string): Promise<boolean>;
  /**
   * Names below `folder` ("backups", "chunks"), in no order. "backups" shows every write that has resolved; "chunks" may
   * lag behind writes and deletes.
   */
  list(folder: string): Promise<readonly string[]>;
  /** An absent object counts as done. */
  delete(name: string): Promise<void>;
  /** One writer at a time. @throws UNAVAILABLE while another holds it */
  lock(): Promise<AsyncDisposable>;
  /**
   * Removes what writers that died have left behind, what no list tells of included. For the holder of the lock.
   * "scratch": what every writer makes, cheap enough for each backup. "all": whatever it takes. Absent where writers leave
   * nothing.
   */
  sweep?(depth: "scratch" | "all"): Promise<void>;
  /** A folder on this machine for files in the making: whatever lies in it may go at any time. */
  readonly scratch: string;
}

/** Of a file that has not got its name yet. */
const partialEnd = ".partial";

/** The repository in a directory of a file system. */
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
      // Where earlier versions wrote files before they had their name.
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
