/** The output of `top`: a line about the cluster, a line of requests, and a table of prefixes. */

import { counted } from "../../text/counted.ts";
import { formatBytes } from "../../text/quote.ts";
import { alignColumns } from "../../text/table.ts";
import type { GroupCount } from "./live-counts.ts";
import type { RequestFigures } from "./request-figures.ts";

/** One sample. */
export interface TopFigures {
  readonly revision: bigint;
  readonly groups: readonly GroupCount[];
  readonly figures: RequestFigures;
  /** Monotonic clock. */
  readonly atMs: number;
}

/** With rates since `before`, or totals without it. @param rows maximum number of prefixes; undefined: all */
export function topScreen(now: TopFigures, before: TopFigures | undefined, rows: number | undefined): string {
  const { groups, figures, revision } = now;
  const keys = groups.reduce((sum, group) => sum + group.keys, 0);
  const bytes = groups.reduce((sum, group) => sum + group.bytes, 0);
  const shown = groups.slice(0, rows);
  const hidden = groups.length - shown.length;
  const seconds = before === undefined ? undefined : (now.atMs - before.atMs) / 1_000;
  const changed = (group: GroupCount): readonly string[] => {
    if (seconds === undefined) return [];
    const was = before?.groups.find(({ prefix }) => prefix === group.prefix);
    return [group.puts - (was?.puts ?? 0), group.deletes - (was?.deletes ?? 0)].map((count) =>
      rate(count, seconds),
    );
  };
  return [
    `revision ${revision}   ${counted(keys, "key")}   ${formatBytes(BigInt(bytes))}   ${counted(figures.watchers, "watch", "watches")}\n`,
    `${requestLine(figures, before?.figures, seconds)}\n\n`,
    alignColumns([
      ["PREFIX", "KEYS", "BYTES", ...(seconds === undefined ? [] : ["PUTS/S", "DELETES/S"])],
      ...shown.map((group) => [
        group.prefix === "" ? "(no prefix)" : group.prefix,
        String(group.keys),
        formatBytes(BigInt(group.bytes)),
        ...changed(group),
      ]),
    ]),
    hidden > 0 ? `and ${hidden} more prefixes\n` : "",
  ].join("");
}

function requestLine(
  now: RequestFigures,
  before: RequestFigures | undefined,
  seconds: number | undefined,
): string {
  if (now.members === 0) return "requests: no member serves metrics at its client URL";
  const counts = [...now.requests]
    .map(([name, count]) => [name, count - (before?.requests.get(name) ?? 0)] as const)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${seconds === undefined ? count : rate(count, seconds)}`);
  const what = seconds === undefined ? "requests since start" : "requests/s";
  return `${what}: ${counts.length === 0 ? "none" : counts.join("   ")}`;
}

const rate = (count: number, seconds: number): string => (Math.max(0, count) / seconds).toFixed(1);
