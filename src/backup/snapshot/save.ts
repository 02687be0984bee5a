/**
 * `saveSnapshot`: a member's database streamed to a file that exists only when it is whole and proved.
 *
 *   choose a member -> stream to <path>.partial (0600), hashing -> fsync -> read back: SHA-256, page graph, records,
 *   HashKV -> compare with the live member -> link to <path>, sync the folder
 *
 * A process that dies on the way leaves a `.partial` file at most, which the next save replaces.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:fs";
import { type FileHandle, link, lstat, open, stat, unlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Writable } from "node:stream";
import { type Call, CallScope, callNames } from "../../base/call.ts";
import type { Clock } from "../../base/clock.ts";
import { checkOptions, type NamesOf } from "../../base/known-options.ts";
import { setReadingTimer } from "../../base/reading-timer.ts";
import { systemErrorCode } from "../../base/system-error.ts";
import { invalidArgument, StoreError } from "../../errors.ts";
import type { Etcd, MemberStatus } from "../../etcd/ports/ports.ts";
import type { Progress } from "../../resource/contract.ts";
import { trailerBytes } from "../database/bolt-format.ts";
import type { ScratchFile } from "../database/scratch-file.ts";
import { hexOf, SnapshotFile } from "../database/snapshot-file.ts";
import { damaged } from "../files/damage.ts";
import { fileMode, syncDirectory, writeNewFile } from "../files/durable.ts";
import { inParallel } from "../files/in-parallel.ts";
import type { SnapshotInfo } from "../files/snapshot-info.ts";
import { compareWithLive } from "../records/compare-live.ts";
import { examine, hashKvOf } from "../records/examine.ts";

export interface SaveOptions extends Call {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Take it from this member. Default: a healthy voter, not the leader when another is as fresh. */
  readonly endpoint?: string | undefined;
  /** Longest silence of the stream, milliseconds; default 30,000. A member under load pauses for seconds. */
  readonly idleTimeoutMs?: number | undefined;
  /** Upper bound of the rate, so that the member's disk and network stay free for its work. Default: none. */
  readonly bytesPerSecond?: number | undefined;
  /** Write a JSON file here that says what was saved and what was proved. Must not exist. */
  readonly manifestPath?: string | undefined;
}

const saveNames: NamesOf<SaveOptions> = {
  ...callNames,
  onProgress: true,
  endpoint: true,
  idleTimeoutMs: true,
  bytesPerSecond: true,
  manifestPath: true,
};

/** What was saved, and what was proved of it. */
export interface SaveReport extends SnapshotInfo {
  readonly endpoint: string;
  /** "live": HashKV equals the member's. "self": hash, pages and records are sound; `notes` says why not more. */
  readonly proved: "live" | "self";
  readonly hashKv: number;
  readonly notes: readonly string[];
}

/** What is known of a snapshot that went into a stream: it cannot be read back. */
export interface StreamedSnapshot {
  readonly endpoint: string;
  readonly sizeBytes: number;
  /** Of the database, as etcd sent it behind the data and as it was computed here. */
  readonly sha256: string;
}

const idleTimeoutDefaultMs = 30_000;
/** Raft entries a follower may be behind and still count as fresh: it catches up before the snapshot is taken. */
const freshLagEntries = 1_000n;
/** Chunks of 32 KiB are gathered to this many bytes a write. */
const writeBytes = 1024 * 1024;
/** Progress is reported at most this often. */
const progressEveryMs = 100;

/**
 * Saves a snapshot to `path`, which must not exist.
 * @throws INVALID_ARGUMENT for an existing `path`; DEADLINE for silence or `timeoutMs`; CORRUPT_SNAPSHOT when what came
 *   is not sound; UNAVAILABLE, UNAUTHENTICATED, PERMISSION_DENIED as the member says. Nothing is left under `path` then.
 */
export async function saveSnapshot(etcd: Etcd, path: string, options?: SaveOptions): Promise<SaveReport>;
/** Streams a snapshot into `to`, with back-pressure, and leaves `to` open. What arrived before an error is no snapshot. */
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
  using scope = new CallScope(options, etcd.clock, what);
  const { signal } = scope;
  if (typeof to !== "string") {
    const endpoint = options.endpoint ?? (await chooseMember(etcd, signal));
    const stream = new SnapshotStream(etcd, endpoint, { ...options, signal });
    for await (const bytes of stream.pieces()) {
      if (!to.write(bytes)) await once(to, "drain", { signal });
    }
    return { endpoint, ...stream.end() };
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
    const stream = new SnapshotStream(etcd, endpoint, { ...options, signal });
    await writeStream(handle, stream);
    await using file = await SnapshotFile.open(partial);
    const report = await prove(file, etcd, endpoint, signal);
    // Another save to the same path may have taken the name over: its file is not ours to publish.
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
 * Takes a snapshot into a file in the making, proved as `saveSnapshot` proves it.
 * @param path what errors and the report call it
 * @throws as `saveSnapshot`
 */
export async function saveToScratch(
  etcd: Etcd,
  scratch: ScratchFile,
  path: string,
  options: Pick<SaveOptions, "onProgress" | "signal">,
): Promise<{ readonly report: SaveReport; readonly file: SnapshotFile }> {
  const { signal } = options;
  const endpoint = await chooseMember(etcd, signal);
  const stream = new SnapshotStream(etcd, endpoint, options);
  for await (const bytes of gathered(stream.pieces())) await scratch.append(bytes);
  stream.end();
  const file = await SnapshotFile.over(scratch, path);
  return { file, report: await prove(file, etcd, endpoint, signal) };
}

/** Reads a snapshot back and compares it with the member it came from. */
async function prove(
  file: SnapshotFile,
  etcd: Etcd,
  endpoint: string,
  signal: AbortSignal | undefined,
): Promise<SaveReport> {
  const [, examined] = await inParallel([file.checkHash(signal), examine(file, { signal })]);
  const hashKv = await hashKvOf(examined, examined.lastRevision, { signal });
  const comparison = await compareWithLive(examined, etcd, endpoint, signal);
  if (comparison.outcome === "different") throw damaged(file.path, undefined, comparison.what);
  const notes = comparison.outcome === "equal" ? [] : [`not compared with ${endpoint}: ${comparison.why}`];
  return { ...examined.info, endpoint, hashKv, notes, proved: notes.length === 0 ? "live" : "self" };
}

/**
 * The member to take a snapshot from: it answers, votes, has no alarm of its own and is not behind; the leader only
 * when no other is as fresh. A linearizable read through it then makes sure it holds all that was acknowledged so far.
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

/** The stream of one member, watched for silence, slowed to a rate, hashed on the way. */
class SnapshotStream {
  readonly #etcd: Etcd;
  readonly #endpoint: string;
  readonly #options: SaveOptions;
  readonly #clock: Clock;
  readonly #hash = createHash("sha256");
  /** The last 32 bytes so far: the hash etcd sends behind the database. */
  #tail = Buffer.alloc(0);
  #done = 0;
  #startedMs = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(etcd: Etcd, endpoint: string, options: SaveOptions) {
    this.#etcd = etcd;
    this.#endpoint = endpoint;
    this.#options = options;
    this.#clock = etcd.clock;
  }

  async *pieces(): AsyncGenerator<Uint8Array, void, void> {
    const { signal, bytesPerSecond } = this.#options;
    const idleMs = this.#options.idleTimeoutMs ?? idleTimeoutDefaultMs;
    const silence = new AbortController();
    const ended = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
    this.#startedMs = this.#clock.monotonicMs();
    const watch = (): { cancel(): void } =>
      setReadingTimer(this.#clock, idleMs, () =>
        silence.abort(
          new StoreError(
            "DEADLINE",
            `Cannot take a snapshot of ${this.#endpoint}: nothing came for ${idleMs} ms after ${this.#done} bytes`,
            { timeoutMs: idleMs, endpoint: this.#endpoint },
          ),
        ),
      );
    let idle = watch();
    try {
      const chunks = this.#etcd.maintenance.snapshot({ endpoint: this.#endpoint, signal: ended });
      for await (const { bytes, remainingBytes } of chunks) {
        idle.cancel();
        this.#take(bytes);
        this.#tell(Number(remainingBytes));
        yield bytes;
        if (bytesPerSecond !== undefined) {
          const earlyMs =
            (this.#done / bytesPerSecond) * 1000 - (this.#clock.monotonicMs() - this.#startedMs);
          if (earlyMs > 0) await this.#clock.sleep(earlyMs, signal);
        }
        idle = watch();
      }
      // A stream that was ended by a signal may end without an error of its own.
      ended.throwIfAborted();
    } finally {
      idle.cancel();
    }
  }

  /** Checks the hash that came last. @throws CORRUPT_SNAPSHOT when the stream was cut or damaged */
  end(): { readonly sizeBytes: number; readonly sha256: string } {
    const where = `snapshot of ${this.#endpoint}`;
    if (this.#done % 512 !== trailerBytes) {
      throw damaged(
        where,
        this.#done,
        `the stream ended after ${this.#done} bytes, which is no whole snapshot`,
      );
    }
    const digest = this.#hash.digest();
    if (!timingSafeEqual(digest, this.#tail)) {
      throw damaged(
        where,
        this.#done - trailerBytes,
        `SHA-256 of what came is ${hexOf(digest)}, expected ${hexOf(this.#tail)}`,
      );
    }
    this.#toldMs = Number.NEGATIVE_INFINITY;
    this.#tell(0);
    return { sizeBytes: this.#done, sha256: hexOf(digest) };
  }

  #take(bytes: Uint8Array): void {
    this.#done += bytes.length;
    const joined = Buffer.concat([this.#tail, bytes.subarray(Math.max(0, bytes.length - trailerBytes))]);
    const cut = Math.max(0, joined.length - trailerBytes);
    // Everything but the last 32 bytes is hashed as soon as it is known not to be the hash itself.
    if (bytes.length >= trailerBytes) {
      this.#hash.update(this.#tail);
      this.#hash.update(bytes.subarray(0, bytes.length - trailerBytes));
    } else this.#hash.update(joined.subarray(0, cut));
    this.#tail = Buffer.from(joined.subarray(cut));
  }

  #tell(remaining: number): void {
    const { onProgress } = this.#options;
    const nowMs = this.#clock.monotonicMs();
    if (onProgress === undefined || nowMs - this.#toldMs < progressEveryMs) return;
    this.#toldMs = nowMs;
    const rate = (this.#done / Math.max(1, nowMs - this.#startedMs)) * 1000;
    const total = this.#done + remaining;
    const etaMs = rate > 0 ? (remaining / rate) * 1000 : undefined;
    onProgress({ done: this.#done, total, unit: "bytes", rate, etaMs });
  }
}

/** Many small pieces as few large ones. */
async function* gathered(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for await (const bytes of pieces) {
    pending.push(bytes);
    pendingBytes += bytes.length;
    if (pendingBytes < writeBytes) continue;
    yield Buffer.concat(pending, pendingBytes);
    pending = [];
    pendingBytes = 0;
  }
  if (pendingBytes > 0) yield Buffer.concat(pending, pendingBytes);
}

async function writeStream(handle: FileHandle, stream: SnapshotStream): Promise<void> {
  for await (const bytes of gathered(stream.pieces())) {
    for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
  }
  stream.end();
  await handle.sync();
}

/** A new file; what a save that died left under the name goes. */
async function openPartial(partial: string): Promise<FileHandle> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  try {
    return await open(partial, flags, fileMode);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    if (error.code === "EEXIST") {
      await unlink(partial);
      return await open(partial, flags, fileMode);
    }
    throw invalidArgument("path", `Cannot save snapshot: "${partial}" cannot be created: ${error.message}`);
  }
}

/** A symbolic link is something that exists, wherever it leads. */
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
