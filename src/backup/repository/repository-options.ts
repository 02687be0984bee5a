/**
 * What a repository is opened with, and what can be done with it. `repository.ts` implements it.
 */
import { type Call, callNames } from "../../base/call.ts";
import type { NamesOf } from "../../base/text/known-options.ts";
import type { Clock } from "../../base/time/clock.ts";
import type { StoreError } from "../../errors.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import type { Progress } from "../../resource/contract/contract.ts";
import type { SnapshotProblem } from "../files/damage.ts";
import type { RestoreCommon, RestoreReport } from "../restore/restore-options.ts";
import type { RepositoryBackend } from "./backend/backend.ts";
import type { Backup } from "./histories.ts";
import type { SigningKey } from "./manifest.ts";
import type { RetentionPolicy } from "./retention.ts";
import type { S3Options } from "./s3/s3-address.ts";

/** Work that can take long says how far it is, about ten times a second. */
export interface Watched extends Call {
  /** Default: nobody is told. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export const watchedNames: NamesOf<Watched> = { ...callNames, onProgress: true };

/** What `openRepository` takes. */
export interface RepositoryOptions {
  /** A path, `file:///path`, or `s3://bucket/prefix`. */
  readonly directory: string;
  /** How an `s3://` repository is reached; the environment completes it. */
  readonly s3?: S3Options | undefined;
  /**
   * 32 bytes: every chunk is sealed with AES-256-GCM. Several: the first seals what is new, all of them open what is there,
   * so a key is replaced by giving the new one before it.
   */
  readonly encryptionKey?: Uint8Array | readonly Uint8Array[] | undefined;
  /** Every manifest is signed with it, and only signed ones are read. Several: the first signs, all of them check. */
  readonly signingKey?: SigningKey | readonly SigningKey[] | undefined;
  /** Instead of the directory itself, which then only holds files in the making. */
  readonly backend?: RepositoryBackend | undefined;
  /**
   * Bytes a second that go into the repository at most, and as many out of it; at least 65,536. Less leaves more of the
   * network to others, and a restore takes longer. Default: no bound.
   */
  readonly bytesPerSecond?: number | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
}

export const repositoryNames: NamesOf<RepositoryOptions> = {
  directory: true,
  encryptionKey: true,
  signingKey: true,
  backend: true,
  bytesPerSecond: true,
  clock: true,
  s3: true,
};

/** What `BackupRepository.restore` takes. */
export interface RepositoryRestoreOptions extends RestoreCommon {
  /** Data directory to make; must not exist or be empty. */
  readonly dataDir: string;
  /**
   * Where the write-ahead log goes, e.g. a disk of its own: absent or empty, outside `dataDir`; etcd is started with `--wal-dir`
   * then. Default: within `dataDir`.
   */
  readonly walDir?: string | undefined;
  /** The member's name; default "default". */
  readonly name?: string | undefined;
  /** With commas when several. Default: the member's in `initialCluster`, or `http://localhost:2380`. */
  readonly initialAdvertisePeerUrls?: string | undefined;
  /**
   * Name of the history to restore, as `list()` tells it; default that of the newest backup. Others were abandoned: by a
   * restore to an earlier state, or for another cluster.
   */
  readonly history?: string | undefined;
}

/** A backup that was taken. */
export interface BackupOutcome {
  /** What is on record of it. */
  readonly backup: Backup;
  /** Bytes written for it: what the repository did not hold already. */
  readonly newBytes: number;
  /** Bytes it stands for. */
  readonly sizeBytes: number;
}

/** What `follow` takes. */
export interface FollowOptions {
  /** Between two deltas, milliseconds; above 0. */
  readonly intervalMs: number;
  /** Ends the loop without an error; the delta under way is given up. */
  readonly signal?: AbortSignal | undefined;
  /** Called each time nothing could be taken: why, and how long until it is tried again. */
  readonly onWaiting?:
    | ((wait: {
        /** Why nothing could be taken. */
        readonly error: StoreError;
        /** Milliseconds until it is tried again. */
        readonly retryMs: number;
      }) => void)
    | undefined;
}

export const followNames: NamesOf<FollowOptions> = { intervalMs: true, signal: true, onWaiting: true };

/**
 * Full backups and deltas in a directory or object store, deduplicated, sealed and signed as its options say. One process
 * writes at a time; docs/backup.md.
 */
export interface BackupRepository {
  /** Oldest first. @throws CORRUPT_SNAPSHOT for a manifest that is damaged or not signed as it must be */
  list(): Promise<readonly Backup[]>;
  /** A full backup, proved. */
  backup(etcd: Etcd, options?: Watched): Promise<BackupOutcome>;
  /** All that was written since the last backup; undefined when nothing was. @throws EXPIRED when etcd has compacted it: take a full */
  delta(etcd: Etcd, options?: Call): Promise<BackupOutcome | undefined>;
  /**
   * Deltas every `intervalMs` until the signal aborts; yields each. A full is taken where the chain breaks. While etcd or the
   * repository cannot be reached, or another writer has it, it waits and tries again, at most 10 s apart; `onWaiting` hears why.
   * @throws what waiting does not mend: PERMISSION_DENIED, CORRUPT_SNAPSHOT, CLOSED, …
   */
  follow(etcd: Etcd, options: FollowOptions): AsyncIterable<BackupOutcome>;
  /**
   * To `toRevision`, `toTime`, or the last revision on record, of one history.
   * @throws INVALID_ARGUMENT for a history, revision or time that is not on record, naming the history that has it
   */
  restore(options: RepositoryRestoreOptions): Promise<RestoreReport>;
  /** Every manifest, signature and chunk. */
  verify(options?: Watched): Promise<{
    /** No problem was found. */
    readonly ok: boolean;
    /** What is damaged or missing. */
    readonly problems: readonly SnapshotProblem[];
  }>;
  /**
   * Removes what the policy does not keep and nothing kept needs, and what backups that were killed have left. The policy
   * holds for each history by itself. Returns ids removed, and chunks. With `dryRun` it tells what would go, and removes nothing.
   * A prune that is stopped has removed some of it, and nothing that is needed.
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
    /** Chunks that nothing kept needs. */
    readonly chunks: number;
  }>;
}
