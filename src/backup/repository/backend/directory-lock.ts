/**
 * The lock of a repository in a directory: one writer at a time, and one successor of a writer that died.
 *
 *   lock                  its holder: process, host, id                   taken by linking a complete file to the name
 *   lock.after.<id>       the claimant that may remove the lock of the dead holder <id>; taken in the same way
 *
 * Between reading that a holder is dead and removing its lock, another claimant may have removed it and now hold the lock.
 * So only the claimant of that very holder may remove it, and it reads the lock again first.
 */
import { link, readdir, readFile, stat, unlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { randomUuid, systemRandom } from "../../../base/random.ts";
import { systemErrorCode } from "../../../base/system-error.ts";
import { systemClock } from "../../../base/time/clock.ts";
import { StoreError } from "../../../errors.ts";
import { fileMode } from "../../files/durable.ts";

interface LockHolder {
  readonly pid: number;
  readonly host: string;
  readonly id: string;
}

const lockName = "lock";
/** Attempts on a lock whose holder died or released it at that moment. */
const attemptsMax = 5;
/** Claimants that died one after the other during a takeover: beyond this an operator must check. */
const claimDepthMax = 4;
/** How long files of processes of another host, or unreadable ones, are kept. */
const strangerMs = 86_400_000;

/** @throws UNAVAILABLE while another writer holds it */
export async function lockDirectory(directory: string): Promise<AsyncDisposable> {
  const path = join(directory, lockName);
  const own: LockHolder = { pid: process.pid, host: hostname(), id: randomUuid(systemRandom) };
  const ready = `${path}.${own.id}`;
  await writeFile(ready, JSON.stringify(own), { mode: fileMode, flag: "wx" });
  try {
    for (let attempt = 0; !(await linked(ready, path)); attempt++) {
      const holder = await readHolder(path);
      const mayTry = attempt < attemptsMax;
      if (holder === undefined && mayTry) continue;
      if (holder !== undefined && mayTry && isDead(holder) && (await takeAway(path, holder, ready, 0)))
        continue;
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

/** Removes lock files of dead claimants. Only the holder of the lock calls it. */
export async function sweepLockFiles(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(`${lockName}.`)) continue;
    const path = join(directory, name);
    const holder = await readHolder(path);
    const isOver = holder === undefined || holder.host !== hostname() ? await isOld(path) : isDead(holder);
    if (isOver) await unlink(path).catch(absent);
  }
}

/** Removes the lock of a dead holder; false when another claimant is doing it. */
async function takeAway(path: string, dead: LockHolder, ready: string, depth: number): Promise<boolean> {
  const claim = `${join(path, "..", lockName)}.after.${dead.id}`;
  if (!(await linked(ready, claim))) {
    const claimant = await readHolder(claim);
    // Another claimant has already removed it.
    if (claimant === undefined) return true;
    if (!isDead(claimant) || depth === claimDepthMax) return false;
    return await takeAway(claim, claimant, ready, depth + 1);
  }
  try {
    if ((await readHolder(path))?.id === dead.id) await unlink(path).catch(absent);
    return true;
  } finally {
    await unlink(claim).catch(absent);
  }
}

async function linked(ready: string, path: string): Promise<boolean> {
  try {
    await link(ready, path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Undefined if there is no lock file, or it names no holder. */
async function readHolder(path: string): Promise<LockHolder | undefined> {
  const text = await readFile(path, "utf8").catch(absent);
  if (text === undefined) return undefined;
  const holder = parsed(text);
  if (
    typeof holder !== "object" ||
    holder === null ||
    !("pid" in holder && "host" in holder && "id" in holder)
  ) {
    return undefined;
  }
  return { pid: Number(holder.pid), host: String(holder.host), id: String(holder.id) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** True only if certain: a process of another host cannot be checked. */
function isDead({ host, pid }: LockHolder): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return systemErrorCode(error) !== "EPERM";
  }
}

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(absent);
  return found !== undefined && found.mtimeMs < systemClock.nowMs() - strangerMs;
}

function absent(error: unknown): undefined {
  if (systemErrorCode(error) === "ENOENT") return undefined;
  throw error;
}
