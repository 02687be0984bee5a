/** From a revision or a time to the backups that lead there. */
import { invalidArgument } from "../../errors.ts";
import { laterOf } from "../files/revision-order.ts";
import type { DeltaManifest, FullManifest, Manifest } from "./manifest.ts";

/** The revision asked for; for a time the last one known to have existed by then; else the last on record. */
export function targetRevision(
  backups: readonly Manifest[],
  options: { readonly toRevision?: string | undefined; readonly toTime?: Date | undefined },
): bigint {
  const { toRevision, toTime } = options;
  if (toRevision !== undefined) {
    if (/^[1-9]\d{0,18}$/.test(toRevision)) return BigInt(toRevision);
    throw invalidArgument(
      "toRevision",
      `Cannot restore: toRevision is "${toRevision}", expected a decimal number`,
    );
  }
  const limitMs = toTime?.getTime() ?? Number.POSITIVE_INFINITY;
  const marks = backups.flatMap((backup) => backup.marks).filter(({ timeMs }) => timeMs <= limitMs);
  const revisions = marks.map(({ revision }) => BigInt(revision));
  if (revisions.length === 0) {
    throw invalidArgument(
      "toTime",
      `Cannot restore: the repository holds nothing as old as ${toTime?.toISOString() ?? "now"}`,
    );
  }
  return revisions.reduce(laterOf);
}

/** The nearest full at or before `target`, and the unbroken deltas after it that reach `target`. */
export function chainTo(
  backups: readonly Manifest[],
  target: bigint,
): { readonly full: FullManifest; readonly deltas: readonly DeltaManifest[] } {
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
      if (delta.clusterId !== full.clusterId || BigInt(delta.lastRevision) <= reached) continue;
      if (BigInt(delta.firstRevision) > reached + 1n) break;
      chain.push(delta);
      reached = BigInt(delta.lastRevision);
    }
    if (reached >= target) return { full, deltas: chain };
  }
  // A later full still holds its own history back to its compact revision.
  const after = fulls
    .filter((full) => BigInt(full.lastRevision) > target && BigInt(full.compactRevision) <= target)
    .sort((a, b) => (BigInt(a.lastRevision) < BigInt(b.lastRevision) ? -1 : 1))[0];
  if (after !== undefined) return { full: after, deltas: [] };
  throw invalidArgument(
    "toRevision",
    `Cannot restore to revision ${target}: the repository's backups do not reach it without a gap`,
  );
}
