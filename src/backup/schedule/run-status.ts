/** The tasks of a backup process and the age of its backups: as one plain object, and as metrics. */
import type { DrillReport } from "./drill.ts";

/** A task of a backup process: full backups, deltas, removal of old ones, verification, drills. */
export type BackupTask = "full" | "delta" | "prune" | "verify" | "drill";
export const backupTasks: readonly BackupTask[] = ["full", "delta", "prune", "verify", "drill"];

/** Runs of one task by this process. */
export interface TaskStatus {
  /** Runs that succeeded. */
  readonly succeeded: number;
  /** Runs that failed. */
  readonly failed: number;
  /** Milliseconds since 1970; undefined before the first. */
  readonly lastSuccessMs: number | undefined;
  /** Duration of the last run, milliseconds; undefined before the first. */
  readonly lastDurationMs: number | undefined;
  /** Error of the last run, if it failed. */
  readonly lastError: string | undefined;
}

/** The tasks of a backup process and the age of its backups. */
export interface BackupRunStatus {
  /** Whether this process takes the backups; otherwise another one does. */
  readonly leading: boolean;
  /** When the newest recorded full was taken, milliseconds since 1970; undefined when there is none. */
  readonly newestFullMs: number | undefined;
  /** When the newest recorded delta was taken, milliseconds since 1970; undefined when there is none. */
  readonly newestDeltaMs: number | undefined;
  /** Last revision that can be restored, decimal. */
  readonly coveredRevision: string | undefined;
  /** Revisions that etcd had written beyond it at the last check. */
  readonly revisionLag: number | undefined;
  /** Bytes written to the repository by this process. */
  readonly writtenBytes: number;
  /** By task. */
  readonly tasks: Readonly<Record<BackupTask, TaskStatus>>;
  /** Report of the last drill; undefined before the first. */
  readonly lastDrill: DrillReport | undefined;
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  readonly samples: readonly (readonly [labels: string, value: number | undefined])[];
}

/** The status in Prometheus' text format; docs/backup.md lists the names. */
export function backupMetrics(status: BackupRunStatus, nowMs: number): string {
  const { tasks } = status;
  const ageOf = (ms: number | undefined): number | undefined =>
    ms === undefined ? undefined : (nowMs - ms) / 1000;
  const each = (value: (task: TaskStatus) => number | undefined): Metric["samples"] =>
    backupTasks.map((task) => [`{task="${task}"}`, value(tasks[task])]);
  const metrics: readonly Metric[] = [
    {
      name: "leading",
      help: "1 when this process takes the backups.",
      type: "gauge",
      samples: [["", Number(status.leading)]],
    },
    {
      name: "newest_age_seconds",
      help: "Age of the newest backup on record.",
      type: "gauge",
      samples: [
        ['{kind="full"}', ageOf(status.newestFullMs)],
        ['{kind="delta"}', ageOf(status.newestDeltaMs)],
      ],
    },
    {
      name: "revision_lag",
      help: "Revisions of etcd that no backup covers yet.",
      type: "gauge",
      samples: [["", status.revisionLag]],
    },
    {
      name: "written_bytes_total",
      help: "Bytes written to the repository.",
      type: "counter",
      samples: [["", status.writtenBytes]],
    },
    {
      name: "task_success_total",
      help: "Runs that succeeded.",
      type: "counter",
      samples: each(({ succeeded }) => succeeded),
    },
    {
      name: "task_failure_total",
      help: "Runs that failed.",
      type: "counter",
      samples: each(({ failed }) => failed),
    },
    {
      name: "task_last_success_timestamp_seconds",
      help: "When a run last succeeded.",
      type: "gauge",
      samples: each(({ lastSuccessMs }) => (lastSuccessMs === undefined ? undefined : lastSuccessMs / 1000)),
    },
    {
      name: "task_last_duration_seconds",
      help: "How long the last run took.",
      type: "gauge",
      samples: each(({ lastDurationMs }) =>
        lastDurationMs === undefined ? undefined : lastDurationMs / 1000,
      ),
    },
    {
      name: "drill_ok",
      help: "1 when the last drill restored, booted and compared without a difference.",
      type: "gauge",
      samples: [["", status.lastDrill === undefined ? undefined : Number(status.lastDrill.ok)]],
    },
    {
      name: "drill_restore_seconds",
      help: "How long the last drill's restore took.",
      type: "gauge",
      samples: [["", status.lastDrill === undefined ? undefined : status.lastDrill.restoreMs / 1000]],
    },
  ];
  return metrics
    .map(({ name, help, type, samples }) => {
      const full = `keelson_backup_${name}`;
      const lines = samples.flatMap(([labels, value]) =>
        value === undefined ? [] : [`${full}${labels} ${value}\n`],
      );
      return lines.length === 0 ? "" : `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join("")}`;
    })
    .join("");
}
