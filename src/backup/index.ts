/** The door `keelson/backup`. */
export type { SnapshotProblem } from "./damage.ts";
export { type DeletedVersion, deletedVersion } from "./deleted-version.ts";
export { diff, history, type KeyChange, type KeyVersion } from "./history.ts";
export { inspectSnapshot } from "./inspect.ts";
export { changesBetween, type FieldChange } from "./object-changes.ts";
export type { RestoreSource } from "./object-source.ts";
export type { RepositoryBackend } from "./repository/backend.ts";
export type { DeltaManifest, FullManifest, SigningKey, TimeMark } from "./repository/manifest.ts";
export {
  type Backup,
  type BackupOutcome,
  type BackupRepository,
  openRepository,
  type RepositoryOptions,
  type RepositoryRestoreOptions,
} from "./repository/repository.ts";
export type { RetentionPolicy } from "./repository/retention.ts";
export { restoreToScratch, type ScratchRestore } from "./repository/scratch-restore.ts";
export { restoreCluster, restoreSnapshot } from "./restore.ts";
export {
  type ObjectDiff,
  type ObjectRestoreReport,
  type RestoreObjectsOptions,
  restoreObjects,
  undelete,
  undoObjectRestore,
} from "./restore-objects.ts";
export type {
  RestoreClusterOptions,
  RestoreCommon,
  RestoreOptions,
  RestoreReport,
} from "./restore-options.ts";
export { type SaveOptions, type SaveReport, type StreamedSnapshot, saveSnapshot } from "./save.ts";
export type { OpenSnapshotOptions } from "./snapshot-file.ts";
export type { KeyGroup, SnapshotInfo, SnapshotMember } from "./snapshot-info.ts";
export { type VerifyOptions, type VerifyReport, verifySnapshot } from "./verify.ts";
