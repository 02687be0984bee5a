/**
 * Latest wins: the events of one object in a batch become one event with their result, flagged `coalesced`. For consumers
 * that want the state and not its history; opt-in per watch.
 *
 *   first, last of one uid    the consumer gets
 *   ADDED … there             ADDED, last object        ADDED … gone       nothing
 *   else  … there             MODIFIED, last object     else  … gone       DELETED
 *
 * A recreated name has another uid, so its events stay apart; an object that leaves a selector and matches again is the same.
 * The last event left of a revision has no `more`, so that a consumer may resume from it.
 */
import type { WatchEvent } from "../../resource/contract/watch.ts";

/** The key of an event's object; undefined when it is unknown (a view without metadata): such events all stay. */
function identityOf(object: unknown): string | undefined {
  const metadata = (object as { metadata?: { uid?: string; name?: string; namespace?: string } } | undefined)
    ?.metadata;
  return metadata?.uid;
}

export function coalesceEvents<V>(events: readonly WatchEvent<V>[]): readonly WatchEvent<V>[] {
  const lastOf = new Map<string, number>();
  const firstOf = new Map<string, number>();
  const ids = events.map((event) => (event.type === "BOOKMARK" ? undefined : identityOf(event.object)));
  ids.forEach((id, at) => {
    if (id === undefined) return;
    if (!firstOf.has(id)) firstOf.set(id, at);
    lastOf.set(id, at);
  });
  const kept: WatchEvent<V>[] = [];
  const keep = (event: WatchEvent<V>): void => {
    endRevision(kept, event);
    kept.push(event);
  };
  events.forEach((event, at) => {
    const id = ids[at];
    if (id === undefined || event.type === "BOOKMARK") {
      keep(event);
      return;
    }
    const first = firstOf.get(id) ?? at;
    if (lastOf.get(id) !== at) return;
    if (first === at) {
      keep(event);
      return;
    }
    const isNew = events[first]?.type === "ADDED";
    if (event.type === "DELETED" && isNew) return;
    const type = event.type === "DELETED" ? "DELETED" : isNew ? "ADDED" : "MODIFIED";
    keep(Object.freeze({ ...event, type, coalesced: true as const }));
  });
  // The events come as whole revisions.
  endRevision(kept, undefined);
  return kept;
}

/** The last event kept is the last of its revision when `next` is of another one: it goes without `more` then. */
function endRevision<V>(kept: WatchEvent<V>[], next: WatchEvent<V> | undefined): void {
  const last = kept.at(-1);
  if (last === undefined || last.type === "BOOKMARK" || last.more !== true) return;
  if (next !== undefined && next.type !== "BOOKMARK" && next.resourceVersion === last.resourceVersion) return;
  const { more: _, ...ended } = last;
  kept[kept.length - 1] = Object.freeze(ended);
}
