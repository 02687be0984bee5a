import { describe, expect, test } from "vitest";
import {
  type BackupRunStatus,
  backupMetrics,
  backupTasks,
} from "../../../../src/backup/schedule/run-status.ts";
import { parseSchedule } from "../../../../src/backup/schedule/schedule.ts";

const at = (text: string): number => Date.parse(text);
const next = (schedule: string, from: string): string =>
  new Date(parseSchedule(schedule, "full").next(at(from)) ?? Number.NaN).toISOString();

describe("parseSchedule()", () => {
  test("intervals count from the time given, cron is in UTC and after it", () => {
    expect(next("5m", "2026-03-01T02:59:30.000Z")).toBe("2026-03-01T03:04:30.000Z");
    expect(next("7d", "2026-02-25T00:00:00.000Z")).toBe("2026-03-04T00:00:00.000Z");
    expect(next("0 3 * * *", "2026-03-01T02:59:30.000Z")).toBe("2026-03-01T03:00:00.000Z");
    expect(next("0 3 * * *", "2026-03-01T03:00:00.000Z")).toBe("2026-03-02T03:00:00.000Z");
    expect(next("*/15 * * * 0", "2026-02-28T23:59:00.000Z")).toBe("2026-03-01T00:00:00.000Z");
  });

  test.each(["", "5", "5w", "0s", "0m", "* * *", "61 * * * *", "* * * * * *", "tomorrow"])(
    "%j is no schedule",
    (text) => {
      expect(() => parseSchedule(text, "full")).toThrow(
        expect.objectContaining({
          code: "INVALID_ARGUMENT",
          details: { argument: "full", errors: undefined },
        }),
      );
    },
  );
});

test("metrics leave out what is not known, and give ages in seconds", () => {
  const none = {
    succeeded: 0,
    failed: 0,
    lastSuccessMs: undefined,
    lastDurationMs: undefined,
    lastError: undefined,
  };
  const status: BackupRunStatus = {
    leading: true,
    newestFullMs: 1_000_000,
    newestDeltaMs: undefined,
    coveredRevision: "7",
    revisionLag: 3,
    writtenBytes: 12,
    tasks: {
      full: { ...none, succeeded: 2, lastSuccessMs: 5_000, lastDurationMs: 1_500 },
      delta: none,
      prune: none,
      verify: none,
      drill: none,
    },
    lastDrill: undefined,
  };
  const lines = backupMetrics(status, 1_090_000)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  expect(lines).toContain('keelson_backup_newest_age_seconds{kind="full"} 90');
  expect(lines.some((line) => line.includes('kind="delta"'))).toBe(false);
  expect(lines.some((line) => line.startsWith("keelson_backup_drill"))).toBe(false);
  expect(lines).toContain('keelson_backup_task_last_duration_seconds{task="full"} 1.5');
  expect(lines.filter((line) => line.startsWith("keelson_backup_task_failure_total"))).toHaveLength(
    backupTasks.length,
  );
  for (const line of lines) expect(line).toMatch(/^keelson_backup_[a-z_]+(?:\{[a-z]+="[a-z]+"\})? [\d.]+$/);
});
