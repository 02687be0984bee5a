/**
 * Which backups are kept: the newest of each of the last so many hours, days, weeks and months that have one, the last so
 * many, and the backups that a kept one needs. Each history is counted separately, so new ones do not displace an abandoned one.
 */
import type { NamesOf } from "../../base/text/known-options.ts";
import { earlierOf } from "../files/revision-order.ts";
import type { Backup } from "./histories.ts";

/** Which fulls are kept; a full that several rules keep counts for each. Deltas are kept with the backups they need. */
export interface RetentionPolicy {
  /** The last so many fulls; at least 1. */
  readonly keepLast: number;
  /** The newest of each of the last so many hours that have one; default 0. */
  readonly hourly?: number | undefined;
  /** The newest of each of the last so many days that have one; default 0. */
  readonly daily?: number | undefined;
  /**
   * The newest of each of the last so many weeks that have one; default 0. Weeks begin on Monday, UTC like all others.
   */
  readonly weekly?: number | undefined;
  /** The newest of each of the last so many months that have one; default 0. */
  readonly monthly?: number | undefined;
  /** "drop": removes backups of abandoned histories. Default "keep": the policy applies to each of them, too. */
  readonly abandoned?: "keep" | "drop" | undefined;
}

export const retentionNames: NamesOf<RetentionPolicy> = {
  keepLast: "whole",
  hourly: "whole",
  daily: "whole",
  weekly: "whole",
  monthly: "whole",
  abandoned: ["keep", "drop"],
};

const dayMs = 86_400_000;

/** Ids to keep. Deltas after the oldest kept full are kept, with the full their chain begins at. */
export function retain(backups: readonly Backup[], policy: RetentionPolicy): ReadonlySet<string> {
  const histories = new Map<string, Backup[]>();
  for (const backup of backups) {
    if (backup.abandoned && policy.abandoned === "drop") continue;
    const known = histories.get(backup.history);
    if (known === undefined) histories.set(backup.history, [backup]);
    else known.push(backup);
  }
  return new Set([...histories.values()].flatMap((each) => [...retainOfOne(each, policy)]));
}

function retainOfOne(backups: readonly Backup[], policy: RetentionPolicy): ReadonlySet<string> {
  const fulls = backups
    .filter((backup) => backup.kind === "full")
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  const kept = new Set(fulls.slice(0, Math.max(1, policy.keepLast)).map(({ id }) => id));
  const periods = [
    [policy.hourly, (text: string) => text.slice(0, 13)],
    [policy.daily, (text: string) => text.slice(0, 10)],
    // 1970-01-05 was a Monday.
    [policy.weekly, (text: string) => String(Math.floor((Date.parse(text) / dayMs - 4) / 7))],
    [policy.monthly, (text: string) => text.slice(0, 7)],
  ] as const;
  for (const [count = 0, periodOf] of periods) {
    const seen = new Set<string>();
    for (const { id, createdAt } of fulls) {
      const period = periodOf(createdAt);
      if (seen.has(period) || seen.size >= count) continue;
      seen.add(period);
      kept.add(id);
    }
  }
  const oldest = fulls.filter(({ id }) => kept.has(id)).map(({ lastRevision }) => BigInt(lastRevision));
  const floor = oldest.reduce(earlierOf, oldest[0] ?? 0n);
  for (const backup of backups) {
    if (backup.kind !== "delta" || BigInt(backup.lastRevision) <= floor) continue;
    kept.add(backup.id);
    kept.add(backup.base);
  }
  // A base that is kept after all needs the deltas of its own chain, or the chain would have a gap.
  for (const backup of backups) {
    if (backup.kind === "delta" && kept.has(backup.base)) kept.add(backup.id);
  }
  return kept;
}
