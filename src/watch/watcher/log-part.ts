/**
 * The events that a parked watcher has missed, read from its kind's log: whole revisions, a few hundred events at a time.
 */
import { cacheLimits } from "../bounds/cache-options.ts";
import type { PendingEvent, WatchGroup } from "../fan-out/watch-group.ts";
import type { ChangeLog } from "../state/change-log.ts";

export interface LogPart {
  readonly events: readonly PendingEvent[];
  /** Everything up to it is in this part or before it. */
  readonly revision: bigint;
  /** The log has nothing after it. */
  readonly isLast: boolean;
}

/** The group's next events after `delivered`; the log must reach back to it. */
export function nextLogPart(log: ChangeLog, group: WatchGroup, delivered: bigint): LogPart {
  let position = log.positionAt(delivered);
  const events: PendingEvent[] = [];
  const stop = position + cacheLimits.pullChangesMax;
  let revision = delivered;
  for (let change = log.at(position + 1); change !== undefined; change = log.at(position + 1)) {
    const whole = change.revision !== revision;
    if (whole && (events.length >= cacheLimits.pullEventsMax || position >= stop)) break;
    const event = group.eventOf(change);
    // A value that cannot be read ends the stream, after the revisions before it have been handed over.
    if (event !== undefined && event.version.slab === undefined && whole && events.length > 0) break;
    if (event !== undefined) events.push(event);
    revision = change.revision;
    position++;
  }
  return { events, revision, isLast: position >= log.position };
}
