/**
 * Where a repository keeps its bytes: four verbs that any object store has, and a lock. The directory backend is here;
 * one over an object store fits behind the same interface.
 */
import { link, readdir, readFile, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { makeDirectory } from "../../base/make-directory.ts";
import { quote } from "../../base/quote.ts";
import { randomUuid, systemRandom } from "../../base/random.ts";
import { systemErrorCode } from "../../base/system-error.ts";
import { invalidArgument, StoreError } from "../../errors.ts";
import { directoryMode, syncDirectory, writeNewFile } from "../files/durable.ts";

export interface RepositoryBackend {
  /** The whole object; undefined when there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Durable, all or nothing. An object of that name is replaced. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  has(name: string): Promise<boolean>;
  /** Names below `folder` ("backups", "chunks"), in no order. */
  list(folder: string): Promise<readonly string[]>;
  /** An absent object counts as done. */
  delete(name: string): Promise<void>;
  /** One writer at a time. @throws UNAVAILABLE while another holds it */
  lock(): Promise<AsyncDisposable>;
  /** A folder on this machine for a file in the making. */
  readonly scratch: string;
}

/** The repository in a directory of a file system. */
export async function openDirectoryBackend(directory: string): Promise<RepositoryBackend> {
  for (const folder of ["chunks", "backups", "scratch"]) {
    await makeDirectory(join(directory, folder), directoryMode).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw invalidArgument("directory", `Cannot open repository ${quote(directory)}: ${reason}`);
    });
  }
  const pathOf = (name: string): string => join(directory, ...name.split("/"));
  return {
    scratch: join(directory, "scratch"),
    async read(name) {
      return await readFile(pathOf(name)).catch(absent);
    },
    async has(name) {
      return (await stat(pathOf(name)).catch(absent)) !== undefined;
    },
    async write(name, bytes) {
      const path = pathOf(name);
      await makeDirectory(dirname(path), directoryMode);
      const partial = `${path}.${randomUuid(systemRandom)}.partial`;
      await writeNewFile(partial, bytes);
      await rename(partial, path);
      await syncDirectory(dirname(path));
    },
    async list(folder) {
      const entries = await readdir(pathOf(folder), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && !entry.name.endsWith(".partial"))
        .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
    },
    async delete(name) {
      await rm(pathOf(name), { force: true });
    },
    lock: () => lockDirectory(directory),
  };
}

interface LockHolder {
  readonly pid: number;
  readonly host: string;
  readonly id: string;
}

/** A lock file is taken by linking a finished file to its name, so that it is never seen half written. */
async function lockDirectory(directory: string): Promise<AsyncDisposable> {
  const path = join(directory, "lock");
  const own: LockHolder = { pid: process.pid, host: hostname(), id: randomUuid(systemRandom) };
  const ready = `${path}.${own.id}`;
  await writeFile(ready, JSON.stringify(own), { mode: 0o600 });
  try {
    for (let attempt = 0; ; attempt++) {
      const taken = await link(ready, path).then(
        () => true,
        () => false,
      );
      if (taken) break;
      const holder = await readHolder(path);
      if (holder === undefined && attempt < 3) continue;
      if (holder !== undefined && attempt < 3 && holder.host === own.host && !isAlive(holder.pid)) {
        await unlink(path).catch(absent);
        continue;
      }
      throw new StoreError(
        "UNAVAILABLE",
        `Cannot write to repository "${directory}": process ${holder?.pid} on "${holder?.host}" is writing to it`,
        { retryAfterMs: 10_000, reason: "locked" },
      );
    }
  } finally {
    await unlink(ready).catch(absent);
  }
  return {
    async [Symbol.asyncDispose]() {
      if ((await readHolder(path))?.id === own.id) await unlink(path).catch(absent);
    },
  };
}

async function readHolder(path: string): Promise<LockHolder | undefined> {
  const text = await readFile(path, "utf8").catch(absent);
  if (text === undefined) return undefined;
  const holder: unknown = JSON.parse(text);
  if (
    typeof holder !== "object" ||
    holder === null ||
    !("pid" in holder && "host" in holder && "id" in holder)
  ) {
    return undefined;
  }
  return { pid: Number(holder.pid), host: String(holder.host), id: String(holder.id) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === "EPERM";
  }
}

function absent(error: unknown): undefined {
  if (systemErrorCode(error) === "ENOENT") return undefined;
  throw error;
}
