/**
 * Takes the lock that a running etcd holds on its database (`flock`, exclusive, bbolt's own). Node has no such call, so the
 * program of that name from util-linux or busybox takes it and keeps it while its standard input is open. When this
 * process dies, the lock is released.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, readlink } from "node:fs/promises";
import { systemErrorCode } from "../../base/system-error.ts";
import { isError } from "../../base/text/message-of.ts";
import { StoreError } from "../../errors.ts";

/** Exit code of `flock -n` when another process holds the lock. */
const conflictExitCode = 1;

export interface FileHold extends AsyncDisposable {
  /**
   * Other processes that have the file open, as far as this one can see: a process that waits for the lock would continue with
   * the old file after a rename. Empty without `/proc`.
   */
  openers(): Promise<readonly number[]>;
}

/**
 * Locks `path`, an existing file, against every other opener of a bbolt database.
 * @param action completes "Cannot …"
 * @throws UNAVAILABLE reason "locked" while another process holds it, or if there is no `flock` program
 */
export async function holdFile(path: string, action: string): Promise<FileHold> {
  const child = spawn("flock", ["-n", "-x", path, "cat"], { stdio: ["pipe", "pipe", "ignore"] });
  const ended = once(child, "close").then(
    ([code]: readonly unknown[]) => code,
    (error: unknown) => error,
  );
  // The program may have ended already.
  child.stdin.on("error", () => {});
  child.stdin.write("held\n");
  const answer = await Promise.race([once(child.stdout, "data").then(() => "held"), ended]);
  if (answer !== "held") {
    throw new StoreError("UNAVAILABLE", `Cannot ${action}: ${whyNot(answer, path)}`, {
      retryAfterMs: 10_000,
      reason: "locked",
    });
  }
  return {
    async openers() {
      const holders = new Set([process.pid, child.pid]);
      const found: number[] = [];
      for (const pid of await openersOf(path)) {
        if (!holders.has(pid) && !holders.has(await parentOf(pid))) found.push(pid);
      }
      return found;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}

function whyNot(answer: unknown, path: string): string {
  if (answer === conflictExitCode) return `"${path}" is locked: an etcd runs on it, stop it first`;
  if (systemErrorCode(answer) === "ENOENT") {
    return `the program "flock" (util-linux, busybox) is not on the PATH: nothing else tells whether an etcd runs on "${path}"`;
  }
  return `"${path}" cannot be locked: flock ended with ${isError(answer) ? answer.message : String(answer)}`;
}

async function openersOf(path: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await entriesOf("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    for (const descriptor of await entriesOf(`/proc/${name}/fd`)) {
      const target = await readlink(`/proc/${name}/fd/${descriptor}`).catch(() => undefined);
      if (target !== path) continue;
      found.push(Number(name));
      break;
    }
  }
  return found;
}

/** `pid (name) state parent …`; the name may contain any character. */
async function parentOf(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  const parent = text.slice(text.lastIndexOf(")") + 2).split(" ")[1];
  return parent === undefined ? undefined : Number(parent);
}

/** Empty for a process that has ended or belongs to another user. */
function entriesOf(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch(() => []);
}
