/**
 * `saveSnapshot`: streams a member's database to a file that exists only when it is complete and proved.
 *
 *   choose a member -> stream to <path>.partial (0600), hashing -> fsync -> read back: SHA-256, page graph, records,
 *   HashKV -> compare with the live member -> link to <path>, sync the folder
 *
 * A process that dies during a save leaves at most a `.partial` file, which the next save replaces.
 */

import { once } from "node:events";
import { constants } from "node:fs";
import { type FileHandle, link, lstat, open, stat, unlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Writable } from "node:stream";
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { systemErrorCode } from "../../base/system-error.ts";
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { isError } from "../../base/text/message-of.ts";
import { invalidArgument, StoreError } from "../../errors.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import type { MemberStatus } from "../../etcd/ports/maintenance.ts";
import type { Progress } from "../../resource/contract/write-options.ts";
import type { ScratchFile } from "../database/scratch-file.ts";
import { SnapshotFile } from "../database/snapshot-file.ts";
import { damaged } from "../files/damage.ts";
import { fileMode, syncDirectory, writeNewFile } from "../files/durable.ts";
import { inParallel } from "../files/in-parallel.ts";
import { PassProgress } from "../files/pass-progress.ts";
import type { SnapshotInfo } from "../files/snapshot-info.ts";
import { compareWithLive } from "../records/compare-live.ts";
import { examine, hashKvOf } from "../records/examine.ts";
import { SnapshotStream } from "./snapshot-stream.ts";

/** Options of `saveSnapshot`. */
export interface SaveOptions extends Call {
  /** Called about ten times a second: bytes streamed and, for a file, bytes read back for its proof. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Use this member. Default: a healthy voter, not the leader if another is as fresh. */
  readonly endpoint?: string | undefined;
  /** Longest silence of the stream, milliseconds; default 30,000. A member under load pauses for seconds. */
  readonly idleTimeoutMs?: number | undefined;
  /** Upper bound of the rate, to limit the load on the member's disk and network. Default: none. */
  readonly bytesPerSecond?: number | undefined;
  /** Write a JSON file here that describes what was saved and proved. Must not exist. */
  readonly manifestPath?: string | undefined;
}

const saveNames: NamesOf<SaveOptions> = {
  ...callNames,
  onProgress: "function",
  endpoint: "text",
  idleTimeoutMs: "positive",
  bytesPerSecond: "number",
  manifestPath: "text",
};

/** The saved snapshot, and what was proved about it. */
export interface SaveReport extends SnapshotInfo {
  /** The member it was taken from. */
  readonly endpoint: string;
  /** "live": HashKV equals the member's. "self": hash, pages and records are sound; `notes` has the reason. */
  readonly proved: "live" | "self";
  /** HashKV at its last revision. */
  readonly hashKv: number;
  /** What could not be proved, and why. */
  readonly notes: readonly string[];
}

/** The facts about a snapshot written to a stream, which cannot be read back. */
export interface StreamedSnapshot {
  /** The member it was taken from. */
  readonly endpoint: string;
  /** Bytes written to the stream. */
  readonly sizeBytes: number;
  /** SHA-256 of the database, as sent by etcd after the data and as computed here. */
  readonly sha256: string;
}

/** Raft entries that a follower may be behind and still count as fresh: it catches up before the snapshot is taken. */
const freshLagEntries = 1_000n;
/** How often a saved snapshot is read: from the stream, to examine it, and for its HashKV. */
export const savePasses = 3;

/**
 * Saves a snapshot to `path`, which must not exist.
 * @throws INVALID_ARGUMENT for an existing `path`; DEADLINE for silence or `timeoutMs`; CORRUPT_SNAPSHOT when the
 * received data is not sound; UNAVAILABLE, UNAUTHENTICATED, PERMISSION_DENIED from the member. After an error nothing is
 * left under `path`.
 *
 *
 * @example
 * ```ts
 * import { saveSnapshot } from "keelson/backup";
 * import { connectEtcd } from "keelson/etcd";
 *
 * const etcd = await connectEtcd({ endpoints: "http://127.0.0.1:2379" });
 * const { revision, proved } = await saveSnapshot(etcd, "/var/backups/etcd.db");
 * console.log(revision, proved); // "live": its hash equals the member's
 * await etcd.close();
 * ```
 */
export async function saveSnapshot(etcd: Etcd, path: string, options?: SaveOptions): Promise<SaveReport>;
/** Streams a snapshot into `to`, with back-pressure, and leaves `to` open. The bytes before an error are not a snapshot. */
export async function saveSnapshot(
  etcd: Etcd,
  to: Writable,
  options?: SaveOptions,
): Promise<StreamedSnapshot>;
export async function saveSnapshot(
  etcd: Etcd,
  to: string | Writable,
  options: SaveOptions = {},
): Promise<SaveReport | StreamedSnapshot> {
  if (typeof etcd?.maintenance?.snapshot !== "function") {
    throw invalidArgument("etcd", "Cannot save snapshot: etcd is no connection");
  }
  if (to === "" || (typeof to !== "string" && typeof to?.write !== "function")) {
    throw invalidArgument("path", "Cannot save snapshot: path is neither text nor a stream to write to");
  }
  const what = typeof to === "string" ? `save snapshot "${to}"` : "stream a snapshot";
  checkOptions(options, what, saveNames);
  checkRate(options.bytesPerSecond, what);
  using scope = new CallScope(options, etcd.clock, what);
  const { signal } = scope;
  const progress = new PassProgress(etcd.clock, options.onProgress);
  if (typeof to !== "string") {
    const endpoint = options.endpoint ?? (await chooseMember(etcd, signal));
    const stream = new SnapshotStream(etcd, endpoint, { ...options, progress, signal });
    for await (const bytes of stream.pieces()) {
      if (!to.write(bytes)) await once(to, "drain", { signal });
    }
    const streamed = stream.end();
    progress.end();
    return { endpoint, ...streamed };
  }
  const path = resolve(to);
  for (const target of [path, options.manifestPath]) {
    if (target !== undefined) await refuseExisting(target);
  }
  const endpoint = options.endpoint ?? (await chooseMember(etcd, signal));
  const partial = `${path}.partial`;
  const handle = await openPartial(partial);
  const { ino } = await handle.stat();
  try {
    const watched = { progress, passes: savePasses, signal };
    const stream = new SnapshotStream(etcd, endpoint, { ...options, ...watched });
    await writeStream(handle, stream);
    await using file = await SnapshotFile.open(partial, {}, progress.add);
    const report = await prove(file, { etcd, endpoint, progress, signal });
    progress.end();
    // Another save to the same path may have replaced the partial file: its file is not ours to publish.
    if ((await stat(partial)).ino !== ino) throw existing(path);
    await link(partial, path).catch((error: unknown) => {
      throw systemErrorCode(error) === "EEXIST" ? existing(path) : error;
    });
    await unlink(partial);
    await syncDirectory(dirname(path));
    const saved = { ...report, path: to };
    if (options.manifestPath !== undefined) {
      const manifest = {
        format: "keelson-snapshot/1",
        savedAt: new Date(etcd.clock.nowMs()).toISOString(),
        ...saved,
      };
      await writeNewFile(options.manifestPath, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
    }
    return saved;
  } catch (error) {
    const now = await stat(partial).catch(() => undefined);
    if (now?.ino === ino) await unlink(partial);
    throw error;
  } finally {
    await handle.close();
  }
}

/**
 * Takes a snapshot into a temporary file, proved like one of `saveSnapshot`.
 * @param path its name in errors and the report
 * @throws as `saveSnapshot`
 */
export async function saveToScratch(
  etcd: Etcd,
  scratch: ScratchFile,
  path: string,
  options: {
    /** Gets `savePasses` passes, the first of all. */
    readonly progress: PassProgress;
    readonly passes: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<{ readonly report: SaveReport; readonly file: SnapshotFile }> {
  const { progress, signal } = options;
  const endpoint = await chooseMember(etcd, signal);
  const stream = new SnapshotStream(etcd, endpoint, options);
  for await (const bytes of stream.gathered()) await scratch.append(bytes);
  stream.end();
  const file = await SnapshotFile.over(scratch, path, {}, progress.add);
  return { file, report: await prove(file, { etcd, endpoint, progress, signal }) };
}

/** Reads a snapshot back and compares it with the member it came from. */
async function prove(
  file: SnapshotFile,
  by: {
    readonly etcd: Etcd;
    readonly endpoint: string;
    readonly progress: PassProgress;
    readonly signal: AbortSignal | undefined;
  },
): Promise<SaveReport> {
  const { etcd, endpoint, progress, signal } = by;
  progress.begin(file.databaseBytes);
  const [, examined] = await inParallel([file.checkHash(signal), examine(file, { signal })]);
  progress.begin(file.databaseBytes);
  const hashKv = await hashKvOf(examined, examined.lastRevision, { signal });
  const comparison = await compareWithLive(examined, etcd, endpoint, signal);
  if (comparison.outcome === "different") throw damaged(file.path, undefined, comparison.what);
  const notes = comparison.outcome === "equal" ? [] : [`not compared with ${endpoint}: ${comparison.why}`];
  return { ...examined.info, endpoint, hashKv, notes, proved: notes.length === 0 ? "live" : "self" };
}

/**
 * The member to take a snapshot from: it answers, votes, has no alarm and is not behind; the leader only
 * if no other is as fresh. A linearizable read through it then ensures that it has everything acknowledged so far.
 */
async function chooseMember(etcd: Etcd, signal: AbortSignal | undefined): Promise<string> {
  const failures: unknown[] = [];
  const asked = await Promise.all(
    etcd.endpoints.map((endpoint) =>
      etcd.maintenance.status({ endpoint, signal }).catch((error: unknown) => {
        failures.push(error);
        return undefined;
      }),
    ),
  );
  signal?.throwIfAborted();
  const members = asked.filter((status) => status !== undefined && !status.isLearner) as MemberStatus[];
  const [freshest = 0n] = members
    .map(({ raftAppliedIndex }) => raftAppliedIndex)
    .sort((a, b) => (a < b ? 1 : -1));
  const isLeader = (status: MemberStatus): boolean => status.leader === status.header.memberId;
  const chosen = members
    .filter(({ raftAppliedIndex }) => freshest - raftAppliedIndex <= freshLagEntries)
    .sort(
      (a, b) =>
        Number(a.errors.length > 0) - Number(b.errors.length > 0) ||
        Number(isLeader(a)) - Number(isLeader(b)),
    )[0];
  if (chosen === undefined) {
    if (failures[0] instanceof StoreError) throw failures[0];
    throw new StoreError(
      "UNAVAILABLE",
      `Cannot take a snapshot: none of ${etcd.endpoints.join(", ")} is a healthy voting member`,
      { retryAfterMs: 1_000 },
    );
  }
  await etcd.kv.range({ key: "\0", keysOnly: true, limit: 1 }, { endpoint: chosen.endpoint, signal });
  return chosen.endpoint;
}

async function writeStream(handle: FileHandle, stream: SnapshotStream): Promise<void> {
  for await (const bytes of stream.gathered()) {
    for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
  }
  stream.end();
  await handle.sync();
}

/** Creates a new file; removes one that a dead save left under the name. */
async function openPartial(partial: string): Promise<FileHandle> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  try {
    return await open(partial, flags, fileMode);
  } catch (error) {
    if (!(isError(error) && "code" in error)) throw error;
    if (error.code === "EEXIST") {
      await unlink(partial);
      return await open(partial, flags, fileMode);
    }
    throw invalidArgument("path", `Cannot save snapshot: "${partial}" cannot be created: ${error.message}`);
  }
}

/** A symbolic link counts as existing, wherever it leads. */
async function refuseExisting(path: string): Promise<void> {
  const there = await lstat(path).then(
    () => true,
    () => false,
  );
  if (there) throw existing(path);
}

function existing(path: string): Error {
  return invalidArgument("path", `Cannot save snapshot: "${path}" exists, expected a new file`);
}

function checkRate(bytesPerSecond: number | undefined, what: string): void {
  if (bytesPerSecond === undefined || (Number.isFinite(bytesPerSecond) && bytesPerSecond > 0)) return;
  throw invalidArgument(
    "bytesPerSecond",
    `Cannot ${what}: bytesPerSecond is ${String(bytesPerSecond)}, expected a number above 0`,
  );
}
