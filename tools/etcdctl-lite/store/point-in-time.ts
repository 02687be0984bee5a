/** Flags that select the state of a backup, shared by all commands that restore one. */
import { badArguments } from "../cli/failure.ts";
import type { FlagSpec, Flags } from "../cli/flags.ts";

export const pointFlags: readonly FlagSpec[] = [
  { name: "to-revision", type: "integer", summary: "the state of this revision (default: the newest)" },
  { name: "to-time", type: "text", summary: "the state at this time, e.g. 2026-01-31T12:00:00Z" },
];

/** At most one is set; neither means the newest state. */
export interface PointInTime {
  readonly toRevision?: string | undefined;
  readonly toTime?: Date | undefined;
}

/** @throws CliFailure for an invalid time, and for both */
export function pointInTimeOf(flags: Flags): PointInTime {
  const revision = flags.integer("to-revision");
  const text = flags.text("to-time");
  if (revision !== 0n && text !== "") throw badArguments("--to-revision and --to-time exclude each other");
  if (revision !== 0n) return { toRevision: revision.toString() };
  if (text === "") return {};
  const toTime = new Date(text);
  if (Number.isNaN(toTime.getTime())) throw badArguments(`bad time ${JSON.stringify(text)}`);
  return { toTime };
}
