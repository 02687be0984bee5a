/**
 * The options and the interface of a repository. `repository.ts` implements it.
 */
import { type Call, callNames } from "../../base/call.ts";
import type { NamesOf } from "../../base/text/known-options.ts";
import type { Clock } from "../../base/time/clock.ts";
import type { StoreError } from "../../errors.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import type { Progress } from "../../resource/contract/write-options.ts";
import type { SnapshotProblem } from "../files/damage.ts";
import type { RestoreCommon, RestoreReport } from "../restore/restore-options.ts";
import type { RepositoryBackend } from "./backend/backend.ts";
import type { Backup } from "./histories.ts";
import type { SigningKey } from "./manifest.ts";
import type { RetentionPolicy } from "./retention.ts";
import type { S3Options } from "./s3/s3-address.ts";

/** Options of a long call, with its progress about ten times a second. */
export interface Watched extends Call {
  /** Default: no reports. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export const watchedNames: NamesOf<Watched> = { ...callNames, onProgress: "function" };

/** Options of `openRepository`. */
export interface RepositoryOptions {
  /** A path, `file:///path`, or `s3://bucket/prefix`. */
  readonly directory: string;
  /** Connection to an `s3://` repository; the environment supplies what is missing. */
  readonly s3?: S3Options | undefined;
  /**
   * 32 bytes: every chunk is sealed with AES-256-GCM. Several: the first seals new chunks, all of them open existing ones, so
   * a key is replaced by putting the new one before it.
   */
  readonly encryptionKey?: Uint8Array | readonly Uint8Array[] | undefined;
  /** Signs every manifest; only signed manifests are accepted. Several: the first signs, all of them verify. */
  readonly signingKey?: SigningKey | readonly SigningKey[] | undefined;
  /** Storage instead of the directory itself, which then holds only temporary files. */
  readonly backend?: RepositoryBackend | undefined;
  /**
   * Most bytes a second written to the repository, and as many read from it; at least 65,536. A lower rate leaves more of the
   * network to others, and a restore takes longer. Default: no limit.
   */
  readonly bytesPerSecond?: number | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
}

export const repositoryNames: NamesOf<RepositoryOptions> = {
  directory: "text",
  encryptionKey: true,
  signingKey: true,
  backend: "object",
  bytesPerSecond: "count",
  clock: "clock",
  s3: "object",
};

/** Options of `BackupRepository.restore`. */
export interface RepositoryRestoreOptions extends RestoreCommon {
  /** Data directory to create; must not exist or be empty. */
  readonly dataDir: string;
  /**
   * Folder of the write-ahead log, e.g. on a separate disk: absent or empty, outside `dataDir`; etcd must then be started with
   * `--wal-dir`. Default: within `dataDir`.
   */
  readonly walDir?: string | undefined;
  /** The member's name; default "default". */
  readonly name?: string | undefined;
  /** Comma-separated if several. Default: the member's in `initialCluster`, or `http://localhost:2380`. */
  readonly initialAdvertisePeerUrls?: string | undefined;
  /**
   * Name of the history to restore, as in `list()`; default that of the newest backup. The others were abandoned after a
   * restore to an earlier state, or belong to another cluster.
   */
  readonly history?: string | undefined;
}

/** A backup that was taken. */
export interface BackupOutcome {
  /** The record of it. */
  readonly backup: Backup;
  /** Bytes written for it, which the repository did not have. */
  readonly newBytes: number;
  /** Bytes of its content, before deduplication and compression. */
  readonly sizeBytes: number;
}

/** Options of `follow`. */
export interface FollowOptions {
  /** Time between two deltas, milliseconds; above 0. */
  readonly intervalMs: number;
  /** Ends the loop without an error; a delta in progress is abandoned. */
  readonly signal?: AbortSignal | undefined;
  /** Called each time a backup fails temporarily, with the cause and the time until the next try. */
  readonly onWaiting?:
    | ((wait: {
        /** Why the backup failed. */
        readonly error: StoreError;
        /** Milliseconds until the next try. */
        readonly retryMs: number;
      }) => void)
    | undefined;
}

export const followNames: NamesOf<FollowOptions> = {
  intervalMs: "positive",
  signal: "signal",
  onWaiting: "function",
};

/**
 * Full backups and deltas in a directory or object store, deduplicated, and sealed and signed if its options say so. One process
 * writes at a time; docs/backup.md.
 */
export interface BackupRepository {
  /** Oldest first. @throws CORRUPT_SNAPSHOT for a manifest that is damaged or not signed as required */
  list(): Promise<readonly Backup[]>;
  /** Takes a full backup and proves it. */
  backup(etcd: Etcd, options?: Watched): Promise<BackupOutcome>;
  /** Backs up all writes since the last backup; undefined when there are none. @throws EXPIRED when etcd has compacted them: take a full */
  delta(etcd: Etcd, options?: Call): Promise<BackupOutcome | undefined>;
  /**
   * Takes a delta every `intervalMs` until the signal aborts; yields each. Takes a full when the chain breaks. While etcd or the
   * repository is unreachable, or another writer has it, it waits and tries again, at most 10 s apart; `onWaiting` gets the cause.
   * @throws errors that waiting does not fix: PERMISSION_DENIED, CORRUPT_SNAPSHOT, CLOSED, …
   */
  follow(etcd: Etcd, options: FollowOptions): AsyncIterable<BackupOutcome>;
  /**
   * Restores to `toRevision`, `toTime`, or the last recorded revision, of one history.
   * @throws INVALID_ARGUMENT for a history, revision or time that is not recorded, naming the history that has it
   */
  restore(options: RepositoryRestoreOptions): Promise<RestoreReport>;
  /** Checks every manifest, signature and chunk. */
  verify(options?: Watched): Promise<{
    /** Whether no problem was found. */
    readonly ok: boolean;
    /** What is damaged or missing. */
    readonly problems: readonly SnapshotProblem[];
  }>;
  /**
   * Removes backups and chunks that neither the policy nor a kept backup needs, and what killed backups left. The policy
   * applies to each history separately. Returns the removed ids, and the number of chunks. With `dryRun` it only reports them.
   * A prune that is stopped has removed a part of them, and nothing that is needed.
   */
  prune(
    policy: RetentionPolicy,
    options?: {
      /** Remove nothing; default false. */
      readonly dryRun?: boolean | undefined;
    } & Watched,
  ): Promise<{
    /** Ids of backups. */
    readonly removed: readonly string[];
    /** Number of chunks that no kept backup needs. */
    readonly chunks: number;
  }>;
}
