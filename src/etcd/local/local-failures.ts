/**
 * Explains why a local etcd did not start: turns its last log lines into one clear error.
 *
 * Only the local process uses it. The texts matched here are from etcd 3.4 and 3.5; a failure that matches none
 * still carries the log's last lines, so no information is lost.
 */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { StoreError } from "../../errors.ts";

/** How an etcd process ended. */
export interface Exit {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it; null when it exited. */
  readonly signal: NodeJS.Signals | null;
}

/** The error for an etcd that ended, or never served. */
export function startFailure(log: readonly string[], exit: Exit | undefined, dataDir: string): StoreError {
  const text = log.join("\n");
  const has = (...parts: readonly string[]): boolean => parts.some((part) => text.includes(part));
  if (has("address already in use")) {
    const address = /listen tcp ([0-9.:[\]a-f]+): bind: address already in use/.exec(text)?.[1];
    return unavailable(
      `Cannot start etcd: port taken: ${address ?? "an address"} is already in use, expected a free one`,
      "port taken",
    );
  }
  if (has("is flocked by another process", "file already locked", "resource temporarily unavailable")) {
    return dataDirLocked(dataDir, undefined);
  }
  if (
    has(
      "cannot be downgraded",
      "cluster cannot be downgraded",
      "unsupported storage version",
      "invalid downgrade",
    )
  ) {
    const [, found, wanted] =
      /current-server-version":"([^"]+)".*determined-cluster-version":"([^"]+)"/.exec(text) ?? [];
    return dataDirNewer(dataDir, found, wanted);
  }
  const how =
    exit === undefined
      ? "it does not serve"
      : `it ended with ${exit.signal ?? `exit code ${exit.code}`} before it served`;
  return unavailable(
    `Cannot start etcd: ${how}; its last log lines:\n${text === "" ? "(none)" : text}`,
    "start failed",
  );
}

export function dataDirNewer(
  dataDir: string,
  etcd: string | undefined,
  data: string | undefined,
): StoreError {
  const versions = etcd === undefined ? "" : ` (etcd is ${etcd}, the data is of ${data})`;
  return unavailable(
    `Cannot start etcd: data directory "${dataDir}" was written by a newer etcd${versions}: ` +
      "use an etcd of at least that version, or another data directory",
    "data directory from a newer version",
  );
}

export function dataDirLocked(dataDir: string, pid: number | undefined): StoreError {
  const holder = pid === undefined ? "another process" : `process ${pid}`;
  return unavailable(
    `Cannot start etcd: data directory "${dataDir}" is locked by ${holder}: ` +
      "an etcd is already running on it; stop that one, or use another data directory",
    "data directory locked",
  );
}

/**
 * The process that holds the database of `dataDir` open, if the system shows it (Linux). etcd itself waits
 * for that lock without limit and reports it only after ten seconds.
 */
export async function lockHolder(dataDir: string): Promise<number | undefined> {
  const database = await stat(join(dataDir, "member", "snap", "db")).catch(() => undefined);
  const locks = await readFile("/proc/locks", "utf8").catch(() => undefined);
  if (database === undefined || locks === undefined) return undefined;
  for (const line of locks.split("\n")) {
    // 1: FLOCK  ADVISORY  WRITE 4711 fe:01:123456 0 EOF
    const [, kind, , , pid, file] = line.trim().split(/\s+/);
    if (kind === "FLOCK" && file?.split(":")[2] === `${database.ino}`) return Number(pid);
  }
  return undefined;
}

function unavailable(message: string, reason: string): StoreError {
  return new StoreError("UNAVAILABLE", message, { retryAfterMs: 1000, reason });
}
