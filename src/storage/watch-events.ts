/**
 * From a stored change to the event a watcher with this selection sees.
 *
 *              now matches    now does not
 *   matched    MODIFIED       DELETED, the last matching body in the new version
 *   did not    ADDED          nothing
 *   absent     ADDED          nothing
 *   removed: DELETED with the last body if it matched
 *
 * Pure but for decoding. A previous value that compaction has taken, where it is needed, ends the watch EXPIRED; a
 * value that cannot be read, where it is needed, ends it CORRUPT_OBJECT.
 */
import { StoreError } from "../errors.ts";
import type { WatchEvent } from "../resource/contract.ts";
import { formatResourceVersion } from "../resource/revision.ts";
import type { Selection } from "../resource/selection.ts";
import type { KindSlot } from "./kind-slot.ts";
import { headOf } from "./records.ts";
import type { StoredEvent, StoredRecord } from "./stored.ts";

/** What a record becomes for the caller; `revision` is the version it is shown in. */
export type Projection<V> = (record: StoredRecord, revision: bigint) => V;

/** The event of a change; undefined when this watcher does not see it. @throws EXPIRED, CORRUPT_OBJECT */
export function watchEventOf<V>(
  slot: KindSlot,
  selection: Selection,
  project: Projection<V>,
  event: StoredEvent,
): Exclude<WatchEvent<V>, { type: "BOOKMARK" }> | undefined {
  const matches = (record: StoredRecord): boolean =>
    selection.isWholeRange || selection.matches(headOf(slot.definition, slot.codec, record));
  if (event.type === "delete") {
    const previous = event.previous ?? lost(event.key, event.revision);
    return matches(previous) ? shown("DELETED", project, previous, event.revision) : undefined;
  }
  const { record, previous, prevModRevision } = event;
  const { modRevision } = record;
  if (prevModRevision === 0n) {
    return matches(record) ? shown("ADDED", project, record, modRevision) : undefined;
  }
  if (selection.isWholeRange) return shown("MODIFIED", project, record, modRevision);
  const before = previous ?? lost(record.key, modRevision);
  const matched = matches(before);
  if (matches(record)) return shown(matched ? "MODIFIED" : "ADDED", project, record, modRevision);
  return matched ? shown("DELETED", project, before, modRevision) : undefined;
}

function shown<V>(
  type: "ADDED" | "MODIFIED" | "DELETED",
  project: Projection<V>,
  record: StoredRecord,
  revision: bigint,
): Exclude<WatchEvent<V>, { type: "BOOKMARK" }> {
  return { type, object: project(record, revision), resourceVersion: formatResourceVersion(revision) };
}

function lost(key: string, revision: bigint): never {
  throw new StoreError(
    "EXPIRED",
    `Cannot go on watching: the state of "${key}" before version ${revision} has been compacted`,
    { key, reason: "compacted" },
  );
}
