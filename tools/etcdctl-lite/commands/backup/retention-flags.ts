/** Retention flags of `backup prune` and `backup run`. */
import type { RetentionPolicy } from "keelson/backup";
import type { FlagSpec, Flags } from "../../cli/flags.ts";

export const retentionFlags: readonly FlagSpec[] = [
  { name: "keep-daily", type: "integer", summary: "keep one backup of each of the last so many days" },
  { name: "keep-hourly", type: "integer", summary: "… hours" },
  { name: "keep-monthly", type: "integer", summary: "… months" },
  { name: "keep-weekly", type: "integer", summary: "… weeks" },
];

const names = ["last", "hourly", "daily", "weekly", "monthly"] as const;

/** Whether any of them was given, `--keep-last` included. */
export function keepsSome(flags: Flags): boolean {
  return names.some((name) => flags.integer(`keep-${name}`) !== 0n);
}

/** Also needs `--keep-last`, whose default depends on the command. */
export function retentionOf(flags: Flags): RetentionPolicy {
  const count = (name: (typeof names)[number]): number => Number(flags.integer(`keep-${name}`));
  return {
    keepLast: Math.max(1, count("last")),
    hourly: count("hourly"),
    daily: count("daily"),
    weekly: count("weekly"),
    monthly: count("monthly"),
  };
}
