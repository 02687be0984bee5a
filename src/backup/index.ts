/**
 * The entry point `keelson/backup`: snapshots, restores, repositories and scheduled backups of etcd.
 *
 * @module keelson/backup
 */
import "../base/supported-node.ts";

export { type DefragmentReport, defragmentDataDir } from "./database/defragment.ts";
export type { OpenSnapshotOptions } from "./database/snapshot-file.ts";
export type { SnapshotProblem } from "./files/damage.ts";
export type { KeyGroup, SnapshotInfo, SnapshotMember } from "./files/snapshot-info.ts";
export { type DeletedVersion, deletedVersion } from "./history/deleted-version.ts";
export { diff, history, type KeyChange, type KeyVersion } from "./history/history.ts";
export { type StoredKey, type StoredKeysOptions, storedKeys } from "./history/stored-keys.ts";
export { changesBetween, type FieldChange } from "./objects/object-changes.ts";
export type { ObjectDiff } from "./objects/object-diff.ts";
export type { RestoreSource } from "./objects/object-source.ts";
export {
  type ObjectRestoreReport,
  type RestoreObjectsOptions,
  restoreObjects,
  undelete,
} from "./objects/restore-objects.ts";
export { undoObjectRestore } from "./objects/undo-restore.ts";
export type { RepositoryBackend } from "./repository/backend/backend.ts";
export type { Backup, Fork } from "./repository/histories.ts";
export type { DeltaManifest, FullManifest, Manifest, SigningKey, TimeMark } from "./repository/manifest.ts";
export { chainIsOver } from "./repository/new-backup.ts";
export { openRepository } from "./repository/repository.ts";
export type {
  BackupOutcome,
  BackupRepository,
  FollowOptions,
  RepositoryOptions,
  RepositoryRestoreOptions,
  Watched,
} from "./repository/repository-options.ts";
export type { RetentionPolicy } from "./repository/retention.ts";
export type { S3Credentials, S3Options } from "./repository/s3/s3-address.ts";
export { restoreToScratch, type ScratchRestore } from "./repository/scratch-restore.ts";
export { restoreCluster, restoreSnapshot } from "./restore/restore.ts";
export type {
  RestoreClusterOptions,
  RestoreCommon,
  RestoreOptions,
  RestoreReport,
} from "./restore/restore-options.ts";
export { type DrillOptions, type DrillReport, drill } from "./schedule/drill.ts";
export { type BackupRunEvent, type BackupRunOptions, runBackups } from "./schedule/run-backups.ts";
export {
  type BackupRunStatus,
  type BackupTask,
  backupMetrics,
  type TaskStatus,
} from "./schedule/run-status.ts";
export { parseSchedule, type Schedule } from "./schedule/schedule.ts";
export { inspectSnapshot } from "./snapshot/inspect.ts";
export { type SaveOptions, type SaveReport, type StreamedSnapshot, saveSnapshot } from "./snapshot/save.ts";
export { type VerifyOptions, type VerifyReport, verifySnapshot } from "./snapshot/verify.ts";
