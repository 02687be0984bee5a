/** Finds the backups needed to restore a revision or a time, along the path of one history. */
import { quote } from "../../base/text/quote.ts";
import { invalidArgument } from "../../errors.ts";
import { laterOf } from "../files/revision-order.ts";
import type { Backup, HistoryPath } from "./histories.ts";
import type { DeltaManifest, FullManifest } from "./manifest.ts";

/**
 * The requested revision; for a time, the last revision of this path known to have existed by then; else the last recorded one.
 * @throws INVALID_ARGUMENT
 */
export function targetRevision(
  { parts }: HistoryPath,
  options: { readonly toRevision?: string | undefined; readonly toTime?: Date | undefined },
  others: readonly Backup[],
): bigint {
  const { toRevision, toTime } = options;
  if (toRevision !== undefined && toTime !== undefined) {
    throw invalidArgument("toTime", "Cannot restore: toRevision and toTime are both given, expected one");
  }
  if (toRevision !== undefined) {
    if (/^[1-9]\d{0,18}$/.test(toRevision)) return BigInt(toRevision);
    throw invalidArgument(
      "toRevision",
      `Cannot restore: toRevision is "${toRevision}", expected a decimal number`,
    );
  }
  if (toTime !== undefined && !(toTime instanceof Date && toTime.getTime() >= 0)) {
    const given = toTime instanceof Date ? "no time" : quote(toTime);
    throw invalidArgument("toTime", `Cannot restore: toTime is ${given}, expected a Date`);
  }
  const limitMs = toTime?.getTime() ?? Number.POSITIVE_INFINITY;
  // A history that had begun by then is used; its parent history only for times before that.
  for (const backups of [...parts].reverse()) {
    const revisions = backups
      .flatMap((backup) => backup.marks)
      .filter(({ timeMs }) => timeMs <= limitMs)
      .map(({ revision }) => BigInt(revision));
    if (revisions.length > 0) return revisions.reduce(laterOf);
  }
  const elsewhere = others.find(({ marks }) => marks.some(({ timeMs }) => timeMs <= limitMs));
  throw invalidArgument(
    "toTime",
    `Cannot restore: the repository holds nothing as old as ${toTime?.toISOString() ?? "now"}${inHistory(elsewhere)}`,
  );
}

/** The nearest full at or before `target`, and the unbroken deltas after it that reach `target`. @throws INVALID_ARGUMENT */
export function chainTo(
  { parts }: HistoryPath,
  target: bigint,
  others: readonly Backup[],
): { readonly full: FullManifest; readonly deltas: readonly DeltaManifest[] } {
  const backups = parts.flat();
  const fulls = backups.filter((backup) => backup.kind === "full");
  const deltas = backups
    .filter((backup) => backup.kind === "delta")
    .sort((a, b) => (BigInt(a.firstRevision) < BigInt(b.firstRevision) ? -1 : 1));
  const before = fulls
    .filter(({ lastRevision }) => BigInt(lastRevision) <= target)
    .sort((a, b) => (BigInt(a.lastRevision) < BigInt(b.lastRevision) ? 1 : -1));
  for (const full of before) {
    const chain: DeltaManifest[] = [];
    let reached = BigInt(full.lastRevision);
    for (const delta of deltas) {
      if (reached >= target) break;
      if (delta.history !== full.history || BigInt(delta.lastRevision) <= reached) continue;
      if (BigInt(delta.firstRevision) > reached + 1n) break;
      chain.push(delta);
      reached = BigInt(delta.lastRevision);
    }
    if (reached >= target) return { full, deltas: chain };
  }
  // A later full still contains its own history back to its compact revision.
  const after = fulls
    .filter((full) => BigInt(full.lastRevision) > target && BigInt(full.compactRevision) <= target)
    .sort((a, b) => (BigInt(a.lastRevision) < BigInt(b.lastRevision) ? -1 : 1))[0];
  if (after !== undefined) return { full: after, deltas: [] };
  const elsewhere = others.find(({ lastRevision }) => BigInt(lastRevision) >= target);
  throw invalidArgument(
    "toRevision",
    `Cannot restore to revision ${target}: the backups of this history do not reach it without a gap${inHistory(elsewhere)}`,
  );
}

function inHistory(backup: Backup | undefined): string {
  return backup === undefined ? "" : `; history "${backup.history}", which was abandoned, does: name it`;
}
