/** How far a watcher of a cache is behind: the changes of its kind that it has not taken, and the age of the oldest. */
import type { WatcherLag } from "../bounds/cache-options.ts";
import type { GroupCursor, WatchGroup } from "../fan-out/watch-group.ts";
import type { WatchStartParts } from "./watch-start.ts";

/** @returns undefined when the watcher has everything */
export function lagOf(
  { feed, kind }: WatchStartParts,
  group: WatchGroup,
  cursor: GroupCursor,
  phase: WatcherLag["phase"],
  delivered: bigint,
): WatcherLag | undefined {
  const { log } = kind.state;
  const position = log.positionAt(delivered);
  const live = phase === "live" ? group.behind(cursor) : undefined;
  const events = live?.events ?? log.position - position;
  if (live !== undefined && events <= 0) return undefined;
  const oldest = live === undefined ? position + 1 : live.position;
  const change = oldest === undefined ? undefined : (log.at(oldest) ?? log.first);
  const since = change === undefined ? undefined : feed.memory.timeOf(change.revision);
  const ms = since === undefined ? 0 : Math.max(0, feed.source.clock.monotonicMs() - since);
  return { resource: kind.definition.resource, events, ms, phase };
}
