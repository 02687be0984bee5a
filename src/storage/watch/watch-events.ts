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
import { StoreError } from "../../errors.ts";
import type { WatchEvent } from "../../resource/contract.ts";
import { formatResourceVersion } from "../../resource/revision.ts";
import type { Selection } from "../../resource/selection.ts";
import type { KindSlot } from "../context/kind-slot.ts";
import { headOf } from "../context/records.ts";
import type { StoredEvent, StoredRecord } from "../seam/stored.ts";

/** What a record becomes for the caller; `revision` is the version it is shown in. */
export type Projection<V> = (record: StoredRecord, revision: bigint) => V;

/** An event about an object. */
export type ObjectEvent<V> = Exclude<WatchEvent<V>, { type: "BOOKMARK" }>;

export interface SeenEvents<V> {
  /** In order; of those that share a version all but the last have `more`. */
  readonly seen: readonly ObjectEvent<V>[];
  /**
   * What ends the watch. Every event before that version is in `seen`, and what could be read of the version itself:
   * with `more`, since it is not whole.
   */
  readonly failure: { readonly error: unknown } | undefined;
}

/** The events this watcher sees of a batch of whole versions. */
export function watchEventsOf<V>(
  slot: KindSlot,
  selection: Selection,
  project: Projection<V>,
  events: readonly StoredEvent[],
): SeenEvents<V> {
  const seen: ObjectEvent<V>[] = [];
  let failed: { readonly error: unknown; readonly revision: bigint } | undefined;
  for (const event of events) {
    const revision = revisionOf(event);
    if (failed !== undefined && revision > failed.revision) break;
    try {
      const shown = watchEventOf(slot, selection, project, event);
      if (shown !== undefined) seen.push(shown);
    } catch (error) {
      failed ??= { error, revision };
    }
  }
  const unfinished = failed === undefined ? undefined : formatResourceVersion(failed.revision);
  return { seen: markShared(seen, unfinished), failure: failed };
}

function revisionOf(event: StoredEvent): bigint {
  return event.type === "put" ? event.record.modRevision : event.revision;
}

/** Of the events that share a version all but the last say that more of it follow; of an unfinished one all do. */
function markShared<V>(
  events: readonly ObjectEvent<V>[],
  unfinished: string | undefined,
): readonly ObjectEvent<V>[] {
  return events.map((event, at) => {
    const { resourceVersion } = event;
    const followed = events[at + 1]?.resourceVersion === resourceVersion;
    return followed || resourceVersion === unfinished ? { ...event, more: true } : event;
  });
}

/** The event of a change; undefined when this watcher does not see it. @throws EXPIRED, CORRUPT_OBJECT */
export function watchEventOf<V>(
  slot: KindSlot,
  selection: Selection,
  project: Projection<V>,
  event: StoredEvent,
): ObjectEvent<V> | undefined {
  const matches = (record: StoredRecord): boolean =>
    selection.isWholeRange || selection.matches(headOf(slot.definition, slot.codec, record));
  if (event.type === "delete") {
    const previous = event.previous ?? lost(slot, event, event.revision);
    return matches(previous) ? shown("DELETED", project, previous, event.revision) : undefined;
  }
  const { record, previous, prevModRevision } = event;
  const { modRevision } = record;
  if (prevModRevision === 0n) {
    return matches(record) ? shown("ADDED", project, record, modRevision) : undefined;
  }
  if (selection.isWholeRange) return shown("MODIFIED", project, record, modRevision);
  const before = previous ?? lost(slot, record, modRevision);
  const matched = matches(before);
  if (matches(record)) return shown(matched ? "MODIFIED" : "ADDED", project, record, modRevision);
  return matched ? shown("DELETED", project, before, modRevision) : undefined;
}

function shown<V>(
  type: "ADDED" | "MODIFIED" | "DELETED",
  project: Projection<V>,
  record: StoredRecord,
  revision: bigint,
): ObjectEvent<V> {
  return { type, object: project(record, revision), resourceVersion: formatResourceVersion(revision) };
}

function lost(
  slot: KindSlot,
  { key, namespace, name }: Pick<StoredRecord, "key" | "namespace" | "name">,
  revision: bigint,
): never {
  throw new StoreError(
    "EXPIRED",
    `Cannot go on watching: the state of ${slot.text({ namespace, name })} before version ${revision} has been compacted`,
    { key, reason: "compacted" },
  );
}
