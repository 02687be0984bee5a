/**
 * Watchers with the same selection of a kind, in the same view: one match and one event serve them all.
 *
 *   tail   [e41 e42 e43 e44]        events some watcher has not taken yet; seq counts from the group's beginning
 *           ▲ slow       ▲ the others, waiting
 *
 * A watcher is a cursor into the tail and costs nothing while it keeps up. The tail is bounded: a watcher that falls
 * behind it is parked and later reads the kind's history instead (`cache-watch.ts`). While all are up to date it is empty.
 */
import type { WatchEvent } from "../../resource/contract/watch.ts";
import { eventTypeOf, type ObjectEventType } from "../../resource/event-type.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import type { Change } from "../state/change-log.ts";
import type { Version } from "../state/version.ts";
import type { AnyView, KindValues } from "./kind-values.ts";
import type { WatchFilter } from "./watch-filter.ts";

/** An event before its object is decoded: which version to show, and as what. */
export interface PendingEvent {
  readonly type: ObjectEventType;
  /** For DELETED the last matching state under the new version. */
  readonly version: Version;
  readonly revision: bigint;
  readonly position: number;
}

/** A watcher as its group sees it; `CacheWatch` implements it. */
export interface GroupCursor {
  /** Seq of the next event to take; meaningless while parked. */
  seq: number;
  /** The consumer waits for events. */
  readonly waiting: boolean;
  /** Takes what is pending and hands it to the consumer; called only while waiting. */
  deliver(): void;
  /** Its events have left the tail: it continues from history after what it last took, at once if it waits. */
  park(): void;
  /** Reports a version that the filter skips, as it is applied, before the events around it. */
  unreadable(version: Version): void;
  /** The log starts over: a live watcher continues from history after `reached`, up to which it has everything. */
  restart(reached: bigint): void;
}

/** "kept": the values are shared and kept with their versions; "once": made for one watcher alone. */
export type Keeping = "kept" | "once";

/** Events that a tail holds for slow watchers: at 100 bytes each, well under what one slow socket buffers. */
const tailEventsMax = 4_096;
/** Events handed over at once at most, revisions kept whole. */
const batchEventsMax = 1_024;

export class WatchGroup {
  readonly filter: WatchFilter;
  readonly view: AnyView | undefined;
  /** Position of the last change offered: a change is offered once. */
  offeredPosition: number;
  readonly cursors: Set<GroupCursor> = new Set();
  readonly #values: KindValues;
  #tail: PendingEvent[] = [];
  /** Seq of `#tail[0]`. */
  #base = 0;
  /** The last batch: all watchers that keep up take the same one. */
  #lastBatch:
    | { readonly from: number; readonly to: number; readonly events: readonly WatchEvent<unknown>[] }
    | undefined;

  constructor(filter: WatchFilter, view: AnyView | undefined, values: KindValues, offeredPosition: number) {
    this.filter = filter;
    this.view = view;
    this.#values = values;
    this.offeredPosition = offeredPosition;
  }

  /** Seq behind the last event. */
  get end(): number {
    return this.#base + this.#tail.length;
  }

  /** Takes a change in; true when there is an event of it for the watchers. */
  offer(change: Change): boolean {
    const { after } = change;
    if (after !== undefined && this.filter.reports(after)) {
      for (const cursor of this.cursors) cursor.unreadable(after);
    }
    const event = this.eventOf(change);
    if (event === undefined) return false;
    this.#tail.push(event);
    return true;
  }

  /** The event that `change` is to this group; undefined if it is none. */
  eventOf(change: Change): PendingEvent | undefined {
    const { before, after, position, revision, entry } = change;
    if (!this.filter.covers(entry.key)) return undefined;
    const was = before?.slab !== undefined && this.filter.matches(before);
    const is = after !== undefined && this.filter.matches(after);
    if (is) return { type: eventTypeOf(was, true), version: after, revision, position };
    return was
      ? { type: "DELETED", version: this.#values.tombstoneOf(change), revision, position }
      : undefined;
  }

  /** Hands the pending events to every waiting watcher, then drops those that all watchers have. */
  flush(): void {
    for (const cursor of this.cursors) if (cursor.waiting) cursor.deliver();
    this.#lastBatch = undefined;
    this.trim();
  }

  /** Position of the oldest event in the tail: before the log forgets it, the group is trimmed. */
  get firstPosition(): number | undefined {
    return this.#tail[0]?.position;
  }

  /** Drops events that all watchers have, that exceed the bound, or whose positions history has forgotten. */
  trim(forgottenPosition = 0): void {
    let keep = this.end;
    for (const cursor of this.cursors) if (cursor.seq < keep) keep = cursor.seq;
    keep = Math.max(keep, this.end - tailEventsMax);
    for (
      let event = this.#tail[keep - this.#base];
      event !== undefined;
      event = this.#tail[keep - this.#base]
    ) {
      if (event.position > forgottenPosition) break;
      keep++;
    }
    if (keep === this.#base) return;
    // Waiting watchers take what they can now: nothing would wake them once their events have left the tail.
    for (const cursor of this.cursors) if (cursor.seq < keep && cursor.waiting) cursor.deliver();
    this.#tail = keep === this.end ? [] : this.#tail.slice(keep - this.#base);
    this.#base = keep;
    for (const cursor of this.cursors) if (cursor.seq < keep) cursor.park();
  }

  /** Empties the tail, since positions start over: a cursor that has taken all of it has everything up to `applied`. */
  restart(applied: bigint): void {
    for (const cursor of this.cursors) if (cursor.waiting) cursor.deliver();
    for (const cursor of this.cursors) {
      const next = this.#revisionAt(cursor.seq);
      cursor.restart(next === undefined ? applied : next - 1n);
    }
    this.#base = this.end;
    this.#tail = [];
    this.#lastBatch = undefined;
    this.offeredPosition = 0;
  }

  /** The next events for a cursor, whole revisions; undefined when it has all. Advances the cursor. */
  take(cursor: GroupCursor): readonly WatchEvent<unknown>[] | undefined {
    const from = cursor.seq;
    const { end } = this;
    if (from >= end) return undefined;
    let to = Math.min(end, from + batchEventsMax);
    while (to < end && this.#revisionAt(to) === this.#revisionAt(to - 1)) to++;
    to = this.#beforeCorrupt(from, to);
    let batch = this.#lastBatch;
    if (batch === undefined || batch.from !== from || batch.to !== to) {
      const pending = this.#tail.slice(from - this.#base, to - this.#base);
      batch = { from, to, events: makeEvents(pending, this.#values, this.view, "kept") };
      this.#lastBatch = batch;
    }
    cursor.seq = to;
    return batch.events;
  }

  /** The events that the cursor has not taken, and the position of the oldest; for lag. */
  behind(cursor: GroupCursor): { readonly events: number; readonly position: number | undefined } {
    return { events: this.end - cursor.seq, position: this.#tail[cursor.seq - this.#base]?.position };
  }

  /** A value that cannot be read ends the stream, after the revisions before it have been handed over. */
  #beforeCorrupt(from: number, to: number): number {
    for (let seq = from; seq < to; seq++) {
      const event = this.#tail[seq - this.#base];
      if (event === undefined || event.version.slab !== undefined) continue;
      let start = seq;
      while (start > from && this.#revisionAt(start - 1) === event.revision) start--;
      return start > from ? start : to;
    }
    return to;
  }

  #revisionAt(seq: number): bigint | undefined {
    return this.#tail[seq - this.#base]?.revision;
  }
}

/**
 * Events as callers see them, frozen, `more` on all but the last of a revision.
 * @throws CORRUPT_OBJECT
 */
export function makeEvents(
  pending: readonly PendingEvent[],
  values: KindValues,
  view: AnyView | undefined,
  keeping: Keeping,
): readonly WatchEvent<unknown>[] {
  const events: WatchEvent<unknown>[] = [];
  for (let i = 0; i < pending.length; i++) {
    const event = pending[i];
    if (event === undefined) continue;
    const { type, version, revision } = event;
    const resourceVersion = formatResourceVersion(revision);
    const object = keeping === "kept" ? values.valueOf(version, view) : values.valueOnce(version, view);
    events.push(
      pending[i + 1]?.revision === revision
        ? Object.freeze({ type, object, resourceVersion, more: true as const })
        : Object.freeze({ type, object, resourceVersion }),
    );
  }
  return Object.freeze(events);
}

/** How many of `pending`, whole revisions, come before the first whose value cannot be read. */
export function soundRevisions(pending: readonly PendingEvent[]): number {
  const damaged = pending.findIndex(({ version }) => version.slab === undefined);
  if (damaged < 0) return pending.length;
  return pending.findIndex(({ revision }) => revision === pending[damaged]?.revision);
}
