/**
 * From a stored change to the event a watcher with this selection sees.
 *
 * `eventTypeOf` decides which event that is; DELETED shows the last matching state under the new version.
 *
 * With `onCorrupt` a state that cannot be read counts as absent, and the new one is reported.
 *
 * Pure but for decoding. A previous value that compaction has taken, where it is needed, ends the watch EXPIRED; a
 * value that cannot be read, where it is needed, ends it CORRUPT_OBJECT.
 */
import { isStoreError, type StoreError } from "../../errors.ts";
import type { WatchEvent } from "../../resource/contract/contract.ts";
import { eventTypeOf, type ObjectEventType } from "../../resource/event-type.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { stateCompacted } from "../../resource/objects/read-errors.ts";
import type { Selection } from "../../resource/select/selection.ts";
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
  onCorrupt?: ((error: StoreError) => void) | undefined,
): SeenEvents<V> {
  const seen: ObjectEvent<V>[] = [];
  let failed: { readonly error: unknown; readonly revision: bigint } | undefined;
  for (const event of events) {
    const revision = revisionOf(event);
    if (failed !== undefined && revision > failed.revision) break;
    try {
      const shown =
        onCorrupt === undefined
          ? watchEventOf(slot, selection, project, event)
          : readableEventOf(slot, selection, project, event, onCorrupt);
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
    selection.isWholeRange || selection.matches(headOf(slot.definition, slot.codec, record, "selected"));
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
  const matchesNow = matches(record);
  const type = eventTypeOf(matched, matchesNow);
  return type && shown(type, project, matchesNow ? record : before, modRevision);
}

/** As `watchEventOf`, for a watcher to whom what cannot be read is not there. @throws EXPIRED */
function readableEventOf<V>(
  slot: KindSlot,
  selection: Selection,
  project: Projection<V>,
  event: StoredEvent,
  onCorrupt: (error: StoreError) => void,
): ObjectEvent<V> | undefined {
  const { revision, before, after } = sidesOf(slot, event);
  const read = (record: StoredRecord | undefined, report: boolean): { readonly object: V } | undefined => {
    if (record === undefined) return undefined;
    try {
      if (!selection.isWholeRange && !selection.matches(headOf(slot.definition, slot.codec, record)))
        return undefined;
      return { object: project(record, revision) };
    } catch (error) {
      if (!isStoreError(error, "CORRUPT_OBJECT")) throw error;
      if (report) onCorrupt(error);
      return undefined;
    }
  };
  const is = read(after, true);
  const was = read(before, false);
  const found = is ?? was;
  if (found === undefined) return undefined;
  const type = eventTypeOf(was !== undefined, is !== undefined);
  return type && { type, object: found.object, resourceVersion: formatResourceVersion(revision) };
}

/** The states before and after a change. @throws EXPIRED when the one before is compacted */
function sidesOf(
  slot: KindSlot,
  event: StoredEvent,
): {
  readonly revision: bigint;
  readonly before: StoredRecord | undefined;
  readonly after: StoredRecord | undefined;
} {
  if (event.type === "delete") {
    const before = event.previous ?? lost(slot, event, event.revision);
    return { revision: event.revision, before, after: undefined };
  }
  const { record, previous, prevModRevision } = event;
  const revision = record.modRevision;
  const before = prevModRevision === 0n ? undefined : (previous ?? lost(slot, record, revision));
  return { revision, before, after: record };
}

function shown<V>(
  type: ObjectEventType,
  project: Projection<V>,
  record: StoredRecord,
  revision: bigint,
): ObjectEvent<V> {
  return { type, object: project(record, revision), resourceVersion: formatResourceVersion(revision) };
}

function lost(slot: KindSlot, at: Pick<StoredRecord, "key" | "namespace" | "name">, revision: bigint): never {
  throw stateCompacted(slot.definition.resource, at, at.key, revision);
}
