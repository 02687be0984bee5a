/**
 * Latest wins: of the events of one object in a batch only what they come to, flagged `coalesced`. For consumers that
 * want the state and not its history; opt-in per watch.
 *
 *   ADDED … MODIFIED   ADDED, last object        ADDED … DELETED      nothing
 *   MODIFIED …         MODIFIED, last object     DELETED … ADDED      both stay: another life of the name
 */
import type { WatchEvent } from "../../resource/contract.ts";

/** The key of an event's object; undefined when it cannot be told (a view without metadata): such events all stay. */
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
  events.forEach((event, at) => {
    const id = ids[at];
    if (id === undefined || event.type === "BOOKMARK") {
      kept.push(event);
      return;
    }
    const first = firstOf.get(id) ?? at;
    if (lastOf.get(id) !== at) return;
    if (first === at) {
      kept.push(event);
      return;
    }
    const was = events[first]?.type;
    if (event.type === "DELETED" && was === "ADDED") return;
    const type = event.type !== "DELETED" && was === "ADDED" ? "ADDED" : event.type;
    kept.push(Object.freeze({ ...event, type, coalesced: true as const }));
  });
  return kept;
}
