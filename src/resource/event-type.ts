/**
 * Which event a watcher with a selection sees of a change: one table for the store, the cache and the replay of
 * history.
 *
 *                    matches now    does not match now
 *   matched before   MODIFIED       DELETED, with the last matching state under the new version
 *   did not          ADDED          no event
 *
 * An object that did not exist before, or does not exist now, does not match.
 */
export type ObjectEventType = "ADDED" | "MODIFIED" | "DELETED";

/** undefined: the watcher sees no event. */
export function eventTypeOf(matchedBefore: boolean, matchesNow: true): "ADDED" | "MODIFIED";
export function eventTypeOf(matchedBefore: boolean, matchesNow: boolean): ObjectEventType | undefined;
export function eventTypeOf(matchedBefore: boolean, matchesNow: boolean): ObjectEventType | undefined {
  if (matchesNow) return matchedBefore ? "MODIFIED" : "ADDED";
  return matchedBefore ? "DELETED" : undefined;
}
