/** Prints the plan or the result of a restore of objects to stdout, and failures to stderr. */
import type { ObjectRestoreReport } from "keelson/backup";
import { causeOf } from "../../cli/failure-text.ts";
import type { Session } from "../../cli/session.ts";
import { painter } from "../../text/colour.ts";
import { objectDiff, restoreSummary } from "../../text/object-diff.ts";

/** The report that both ways of restoring share. */
export type ShownReport = Omit<ObjectRestoreReport, "text">;

export function showRestore({ flags, io }: Session, report: ShownReport, done: "done" | "planned"): void {
  for (const { key, error } of report.failed) io.stderr.write(`${key}: ${causeOf(error)}\n`);
  if (flags.text("write-out") === "json") {
    const { created, overwritten, skipped, unchanged, diff } = report;
    const failures = report.failed.map(({ key, error }) => ({ key, error: causeOf(error) }));
    io.stdout.write(
      `${JSON.stringify({ created, overwritten, skipped, unchanged, failed: failures, diff })}\n`,
    );
    return;
  }
  io.stdout.write(objectDiff(report.diff, painter(io.stdout, io.env)));
  io.stdout.write(`${restoreSummary(report, done)}\n`);
}
