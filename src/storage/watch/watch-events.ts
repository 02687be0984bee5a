/**
 * Converts a stored change to the event that a watcher with this selection sees.
 *
 * `eventTypeOf` decides the event type; DELETED shows the last matching state under the new version.
 *
 * With `onCorrupt` a state that cannot be read counts as absent, and the new one is reported.
 *
 * Pure except for decoding. If a needed previous value has been compacted, the watch ends with EXPIRED; if a needed
 * value cannot be read, it ends with CORRUPT_OBJECT.
 */
import { isStoreError, type StoreError } from "../../errors.ts";
import type { WatchEvent } from "../../resource/contract/watch.ts";
import { eventTypeOf, type ObjectEventType } from "../../resource/event-type.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { stateCompacted } from "../../resource/objects/read-errors.ts";
import type { Selection } from "../../resource/select/selection.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { headOf } from "../context/records.ts";
import type { StoredEvent, StoredRecord } from "../seam/stored.ts";

/** Converts a record for the caller; `revision` is the version that it shows. */
export type Projection<V> = (record: StoredRecord, revision: bigint) => V;

/** An event about an object. */
export type ObjectEvent<V> = Exclude<WatchEvent<V>, { type: "BOOKMARK" }>;

export interface SeenEvents<V> {
  /** In order; of those that share a version all but the last have `more`. */
  readonly seen: readonly ObjectEvent<V>[];
  /**
   * The error that ends the watch. `seen` has every event before that version, and the readable events of that
   * version itself: with `more`, since the version is incomplete.
   */
  readonly failure: { readonly error: unknown } | undefined;
}

/** The events this watcher sees of a batch of whole versions. */
export function watchEventsOf<V>(
  handle: KindHandle,
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
          ? watchEventOf(handle, selection, project, event)
          : readableEventOf(handle, selection, project, event, onCorrupt);
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

/** All but the last of the events with one version have `more`; in an unfinished version all do. */
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
  handle: KindHandle,
  selection: Selection,
  project: Projection<V>,
  event: StoredEvent,
): ObjectEvent<V> | undefined {
  const matches = matcher(handle, selection);
  if (event.type === "delete") {
    const previous = event.previous ?? lost(handle, event, event.revision);
    return matches(previous) ? shown("DELETED", project, previous, event.revision) : undefined;
  }
  const { record, previous, prevModRevision } = event;
  const { modRevision } = record;
  if (prevModRevision === 0n) {
    return matches(record) ? shown("ADDED", project, record, modRevision) : undefined;
  }
  if (selection.isWholeRange) return shown("MODIFIED", project, record, modRevision);
  const before = previous ?? lost(handle, record, modRevision);
  const matched = matches(before);
  const matchesNow = matches(record);
  const type = eventTypeOf(matched, matchesNow);
  return type && shown(type, project, matchesNow ? record : before, modRevision);
}

/** As `watchEventOf`, for a watcher to which unreadable states do not exist. @throws EXPIRED */
function readableEventOf<V>(
  handle: KindHandle,
  selection: Selection,
  project: Projection<V>,
  event: StoredEvent,
  onCorrupt: (error: StoreError) => void,
): ObjectEvent<V> | undefined {
  const { revision, before, after } = sidesOf(handle, event);
  const matches = matcher(handle, selection);
  const read = (record: StoredRecord | undefined, report: boolean): { readonly object: V } | undefined => {
    if (record === undefined) return undefined;
    try {
      if (!matches(record)) return undefined;
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

/** Whether a state is in the selection. A selection of everything needs no head: none of the kind's functions runs. */
function matcher(handle: KindHandle, selection: Selection): (record: StoredRecord) => boolean {
  return (record) =>
    selection.isWholeRange || selection.matches(headOf(handle.definition, handle.codec, record, "selected"));
}

/** The states before and after a change. @throws EXPIRED when the one before is compacted */
function sidesOf(
  handle: KindHandle,
  event: StoredEvent,
): {
  readonly revision: bigint;
  readonly before: StoredRecord | undefined;
  readonly after: StoredRecord | undefined;
} {
  if (event.type === "delete") {
    const before = event.previous ?? lost(handle, event, event.revision);
    return { revision: event.revision, before, after: undefined };
  }
  const { record, previous, prevModRevision } = event;
  const revision = record.modRevision;
  const before = prevModRevision === 0n ? undefined : (previous ?? lost(handle, record, revision));
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

function lost(
  handle: KindHandle,
  at: Pick<StoredRecord, "key" | "namespace" | "name">,
  revision: bigint,
): never {
  throw stateCompacted(handle.definition.resource, at, at.key, revision);
}
