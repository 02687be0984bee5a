/**
 * `openRepository`: fulls as shared chunks, deltas between them, restores to any recorded revision or time.
 *
 *   backup()  takes a proved snapshot, cut into chunks; writes only new ones
 *   delta()   takes every record since the last backup, from a watch; follow() repeats it
 *   restore() takes the nearest full at or before the target and the deltas up to it, rewritten and hash-checked as any restore
 *
 * A cluster restored to an earlier state begins another history (histories.ts): all three use that of the newest backup.
 *
 * One writer at a time (a lock). Readers need no lock: what a manifest names is written before the manifest.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { systemRandom } from "../../base/random.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { type Clock, systemClock } from "../../base/time/clock.ts";
import { invalidArgument } from "../../errors.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import { ScratchFile } from "../database/scratch-file.ts";
import { hexOf, SnapshotFile } from "../database/snapshot-file.ts";
import { damaged, type SnapshotProblem } from "../files/damage.ts";
import { PassProgress } from "../files/pass-progress.ts";
import { laterOf } from "../files/revision-order.ts";
import { restoreFrom, restorePasses } from "../restore/restore.ts";
import { type RestoreReport, restoreNames } from "../restore/restore-options.ts";
import type { RepositoryBackend } from "./backend/backend.ts";
import { openBackend } from "./backend/open-backend.ts";
import { chainTo, targetRevision } from "./chain.ts";
import { ChunkStore, checkEncryptionKey } from "./chunks.ts";
import { storedRecords } from "./delta-records.ts";
import { followWith } from "./follow.ts";
import { type Backup, pathOf } from "./histories.ts";
import { checkRate, limitedBackend } from "./limited-backend.ts";
import {
  assertCanSign,
  checkSigningKey,
  type DeltaManifest,
  type FullManifest,
  type SigningKey,
} from "./manifest.ts";
import { backupsIn } from "./manifests.ts";
import { chainIsOver, type RepositoryParts, takeDelta, takeFull } from "./new-backup.ts";
import { prunable, pruned } from "./prune.ts";
import {
  type BackupOutcome,
  type BackupRepository,
  type FollowOptions,
  type RepositoryOptions,
  type RepositoryRestoreOptions,
  repositoryNames,
  type Watched,
  watchedNames,
} from "./repository-options.ts";
import { type RetentionPolicy, retentionNames } from "./retention.ts";
import { writeStored } from "./stored-parts.ts";
import { repositoryProblems } from "./verify-repository.ts";
import { checkWriterKeys } from "./writer-keys.ts";

/**
 * Opens the repository in a directory or object store; creates it if there is none.
 * @throws INVALID_ARGUMENT for a key of the wrong size or type, or a directory that cannot be created
 * @example
 * ```ts
 * import { openRepository } from "keelson/backup";
 * import { connectEtcd } from "keelson/etcd";
 *
 * const etcd = await connectEtcd({ endpoints: "http://127.0.0.1:2379" });
 * const repository = await openRepository({ directory: "/var/backups/etcd" });
 * const { backup, newBytes } = await repository.backup(etcd);
 * console.log(backup.id, newBytes);
 * await repository.prune({ keepLast: 3, daily: 7, weekly: 4 });
 * await etcd.close();
 * ```
 */
export async function openRepository(options: RepositoryOptions): Promise<BackupRepository> {
  checkOptions(options ?? null, "open the repository", repositoryNames);
  const encryptionKeys = listOf(options.encryptionKey);
  for (const key of encryptionKeys) checkEncryptionKey(key);
  const signingKeys = listOf(options.signingKey);
  for (const key of signingKeys) checkSigningKey(key);
  if (typeof options.directory !== "string" || options.directory === "") {
    throw invalidArgument("directory", "Cannot open repository: directory is no path");
  }
  const { bytesPerSecond, clock = systemClock } = options;
  checkRate(bytesPerSecond);
  const opened = options.backend ?? (await openBackend(options.directory, options.s3));
  const backend = bytesPerSecond === undefined ? opened : limitedBackend(opened, bytesPerSecond, clock);
  const chunks = new ChunkStore(backend, systemRandom, encryptionKeys);
  return new Repository({ backend, chunks, signingKeys, clock });
}

function listOf<T extends object>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as T];
}

class Repository implements BackupRepository {
  readonly #backend: RepositoryBackend;
  readonly #chunks: ChunkStore;
  /** The first one signs, all of them verify. */
  readonly #signingKeys: readonly SigningKey[];
  readonly #clock: Clock;

  constructor({ backend, chunks, signingKeys, clock }: RepositoryParts) {
    this.#backend = backend;
    this.#chunks = chunks;
    this.#signingKeys = signingKeys;
    this.#clock = clock;
  }

  async list(): Promise<readonly Backup[]> {
    return await backupsIn(this.#parts());
  }

  async backup(etcd: Etcd, options: Watched = {}): Promise<BackupOutcome> {
    checkOptions(options, "take a backup", watchedNames);
    assertCanSign(this.#signingKeys[0]);
    using scope = new CallScope(options, this.#clock, "take a backup");
    await using _lock = await this.#locked("scratch");
    await checkWriterKeys(this.#backend, this.#chunks, this.#signingKeys);
    const { scratch, name } = await this.#scratch("full");
    try {
      const backups = await this.list();
      const { onProgress } = options;
      return await takeFull(
        this.#parts(),
        backups,
        { etcd, scratch, name },
        { onProgress, signal: scope.signal },
      );
    } finally {
      await scratch.close();
    }
  }

  async delta(etcd: Etcd, options: Call = {}): Promise<BackupOutcome | undefined> {
    assertCanSign(this.#signingKeys[0]);
    checkOptions(options, "take a delta", callNames);
    using scope = new CallScope(options, this.#clock, "take a delta");
    await using _lock = await this.#locked("scratch");
    await checkWriterKeys(this.#backend, this.#chunks, this.#signingKeys);
    return await takeDelta(this.#parts(), (await this.list()).at(-1), etcd, scope.signal);
  }

  follow(etcd: Etcd, options: FollowOptions): AsyncGenerator<BackupOutcome, void, void> {
    return followWith((signal) => this.#next(etcd, signal), this.#clock, options);
  }

  /** Takes a delta, or the full that begins the next chain. */
  async #next(etcd: Etcd, signal: AbortSignal | undefined): Promise<BackupOutcome | undefined> {
    try {
      return await this.delta(etcd, { signal });
    } catch (error) {
      if (signal?.aborted === true || !chainIsOver(error)) throw error;
      return await this.backup(etcd, { signal });
    }
  }

  async restore(options: RepositoryRestoreOptions): Promise<RestoreReport> {
    checkOptions(options ?? null, "restore from a repository", { ...restoreNames, history: "text" });
    using scope = new CallScope(options, this.#clock, "restore from a repository");
    const { signal } = scope;
    const backups = await this.list();
    const history = chosenHistory(backups, options.history);
    const others = backups.filter((backup) => backup.history !== history);
    const path = pathOf(backups, history);
    const target = targetRevision(path, options, others);
    const { full, deltas } = chainTo(path, target, others);
    const { scratch, name: scratchName } = await this.#scratch("restore");
    const progress = new PassProgress(this.#clock, options.onProgress);
    progress.expect((1 + restorePasses) * full.sizeBytes);
    try {
      progress.begin(full.sizeBytes);
      await writeStored(this.#chunks, full.chunks, scratch, { onBytes: progress.add, signal });
      const file = await SnapshotFile.over(scratch, scratchName, {}, progress.add);
      const name = options.name ?? "default";
      const peer = options.initialAdvertisePeerUrls ?? "http://localhost:2380";
      const initialCluster =
        options.initialCluster ??
        peer
          .split(",")
          .map((url) => `${name}=${url.trim()}`)
          .join(",");
      const single = !initialCluster.includes(",") || options.initialCluster === undefined;
      const facts = createHash("sha256")
        .update(`${full.id} ${target} ${initialCluster}`)
        .digest("hex")
        .slice(0, 16);
      const token = options.initialClusterToken ?? `keelson-${single ? hexOf(systemRandom.bytes(8)) : facts}`;
      const newest = backups.map(({ lastRevision }) => BigInt(lastRevision)).reduce(laterOf);
      const [report] = await restoreFrom(file, {
        ...options,
        toTime: undefined,
        toRevision: target.toString(),
        initialCluster,
        dataDirs: { [name]: options.dataDir },
        walDirs: options.walDir === undefined ? undefined : { [name]: options.walDir },
        peerUrls: options.initialAdvertisePeerUrls?.split(",").map((url) => url.trim()),
        token,
        seenRevision: newest,
        delta:
          deltas.length === 0
            ? undefined
            : {
                lastRevision: BigInt(deltas.at(-1)?.lastRevision ?? "0"),
                records: (toRevision) =>
                  storedRecords(this.#chunks, deltas, BigInt(full.lastRevision), toRevision),
              },
        progress,
        signal,
      });
      if (report === undefined) throw new Error("a restore of one member gave no report");
      this.#checkLive(report, full, deltas);
      return report;
    } finally {
      await scratch.close();
    }
  }

  async verify(
    options: Watched = {},
  ): Promise<{ readonly ok: boolean; readonly problems: readonly SnapshotProblem[] }> {
    checkOptions(options, "verify a repository", watchedNames);
    using scope = new CallScope(options, this.#clock, "verify a repository");
    const problems = await repositoryProblems(this.#parts(), scope, options.onProgress);
    return { ok: problems.length === 0, problems };
  }

  async prune(
    policy: RetentionPolicy,
    options: { readonly dryRun?: boolean | undefined } & Watched = {},
  ): Promise<{ readonly removed: readonly string[]; readonly chunks: number }> {
    checkOptions(policy ?? null, "remove backups", retentionNames, "policy");
    checkOptions(options, "remove backups", { ...watchedNames, dryRun: "boolean" });
    using scope = new CallScope(options, this.#clock, "remove backups");
    if (options.dryRun === true) {
      const { removed, unnamed } = await prunable(this.#parts(), policy);
      return { removed, chunks: unnamed.length };
    }
    await using _lock = await this.#locked("all");
    return await pruned(this.#parts(), policy, scope, options.onProgress);
  }

  #parts(): RepositoryParts {
    return {
      backend: this.#backend,
      chunks: this.#chunks,
      signingKeys: this.#signingKeys,
      clock: this.#clock,
    };
  }

  /** Takes the lock and removes what dead writers left. */
  async #locked(depth: "scratch" | "all"): Promise<AsyncDisposable> {
    const lock = await this.#backend.lock();
    try {
      await this.#backend.sweep?.(depth);
      return lock;
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #scratch(use: string): Promise<{ readonly scratch: ScratchFile; readonly name: string }> {
    const name = join(this.#backend.scratch, `${use}-${hexOf(systemRandom.bytes(8))}.db`);
    return { scratch: await ScratchFile.create(name, systemRandom), name };
  }

  /** If the live member was asked for its HashKV at this revision, the restore must have the same. */
  #checkLive(report: RestoreReport, full: FullManifest, deltas: readonly DeltaManifest[]): void {
    const exact = deltas.find(({ lastRevision }) => lastRevision === report.toRevision)?.liveHash;
    if (
      exact === undefined ||
      exact.compactRevision !== (full.compactRevision === "0" ? "-1" : full.compactRevision)
    ) {
      return;
    }
    if (exact.hash === report.hashKv) return;
    throw damaged(
      report.dataDir,
      undefined,
      `HashKV at revision ${report.toRevision} is ${report.hashKv}, the live member said ${exact.hash}`,
    );
  }
}

/** @throws INVALID_ARGUMENT for an unknown name, or an empty repository */
function chosenHistory(backups: readonly Backup[], wanted: string | undefined): string {
  const newest = backups.at(-1);
  if (newest === undefined) {
    throw invalidArgument("directory", "Cannot restore: the repository holds no backup yet");
  }
  if (wanted === undefined) return newest.history;
  const names = [...new Set(backups.map(({ history }) => history))];
  if (names.includes(wanted)) return wanted;
  throw invalidArgument(
    "history",
    `Cannot restore history ${JSON.stringify(wanted)}: the repository holds ${names.map((name) => JSON.stringify(name)).join(", ")}`,
  );
}
