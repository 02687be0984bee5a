/**
 * Etcd's own history for one watcher whose place is before the beginning of its kind's log: a separate watch of etcd,
 * pulled by the consumer, so that back-pressure reaches etcd. Whole revisions, a few hundred events at a time.
 */
import type { Timer } from "../../base/time/clock.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import type { StoreError } from "../../errors.ts";
import { eventTypeOf } from "../../resource/event-type.ts";
import { stateCompacted } from "../../resource/objects/read-errors.ts";
import type { StoredBatch, StoredEvent, StoredWatch } from "../../storage/seam/stored.ts";
import { cacheLimits } from "../bounds/cache-options.ts";
import type { CachedKind } from "../fan-out/cached-kind.ts";
import type { WatchFilter } from "../fan-out/watch-filter.ts";
import { type PendingEvent, soundRevisions } from "../fan-out/watch-group.ts";
import type { WatchStartParts } from "./watch-start.ts";

/** Events up to and including `revision`. */
export interface ReplayedPart {
  readonly events: readonly PendingEvent[];
  readonly revision: bigint;
}

export class HistoryReplay {
  readonly #parts: WatchStartParts;
  readonly #filter: WatchFilter;
  readonly #watch: StoredWatch;
  readonly #batches: AsyncIterator<StoredBatch>;
  /** The rest of the last batch. */
  #rest: ReplayedPart | undefined;

  private constructor(parts: WatchStartParts, filter: WatchFilter, watch: StoredWatch) {
    this.#parts = parts;
    this.#filter = filter;
    this.#watch = watch;
    this.#batches = watch[Symbol.asyncIterator]();
  }

  /** History after `from`. What the filter skips goes to the watch's `onCorrupt`. @throws EXPIRED when etcd does not have it */
  static async open(
    parts: WatchStartParts,
    filter: WatchFilter,
    from: bigint,
    signal: AbortSignal,
  ): Promise<HistoryReplay> {
    const { feed, kind } = parts;
    const watch = feed.source.only(kind.definition).watch({ fromRevision: from }, { signal });
    try {
      await untilAborted(watch.ready(), signal);
    } catch (error) {
      await watch[Symbol.asyncDispose]();
      throw error;
    }
    feed.counters.replays++;
    return new HistoryReplay(parts, filter, watch);
  }

  /** The next part; undefined when the stream was closed. @throws EXPIRED when a previous value is gone */
  async next(): Promise<ReplayedPart | undefined> {
    let part = this.#rest;
    if (part === undefined) {
      const batch = await this.#nextBatch();
      if (batch === undefined) return undefined;
      const events: PendingEvent[] = [];
      for (const event of batch.events) {
        const pending = this.#eventOf(event);
        if (pending !== undefined) events.push(pending);
      }
      part = { events, revision: batch.revision };
    }
    const cut = cutOf(part.events);
    this.#rest =
      cut < part.events.length ? { events: part.events.slice(cut), revision: part.revision } : undefined;
    if (this.#rest === undefined) return part;
    const events = part.events.slice(0, cut);
    return { events, revision: events.at(-1)?.revision ?? part.revision };
  }

  close(): void {
    void this.#watch[Symbol.asyncDispose]();
  }

  /** A watch without new events sends nothing by itself: while it waits, etcd is asked how far it is. */
  async #nextBatch(): Promise<StoredBatch | undefined> {
    const { clock } = this.#parts.feed.source;
    let timer: Timer | undefined;
    const askLater = (): void => {
      timer = clock.setTimer(cacheLimits.progressEveryMs, () => {
        this.#watch.requestProgress();
        askLater();
      });
    };
    askLater();
    try {
      const next = await this.#batches.next();
      return next.done === true ? undefined : next.value;
    } finally {
      timer?.cancel();
    }
  }

  #eventOf(event: StoredEvent): PendingEvent | undefined {
    const { kind, options } = this.#parts;
    const filter = this.#filter;
    const key = event.type === "put" ? event.record.key : event.key;
    if (!filter.covers(key)) return undefined;
    const revision = event.type === "put" ? event.record.modRevision : event.revision;
    const { previous } = event;
    const seen = (record: typeof previous): PendingEvent["version"] | undefined =>
      record === undefined ? undefined : kind.values.foreign(record, revision, filter.needsAttributes);
    const after = event.type === "put" ? seen(event.record) : undefined;
    const created = event.type === "put" && event.prevModRevision === 0n;
    if (!filter.needsAttributes && after !== undefined) {
      return { type: eventTypeOf(!created, true), version: after, revision, position: 0 };
    }
    if (after !== undefined && filter.reports(after)) options.onCorrupt?.(kind.values.faultOf(after));
    const before = seen(previous);
    if (before === undefined && !created) throw lost(kind, key, revision);
    const was = before?.slab !== undefined && filter.matches(before);
    if (after !== undefined && filter.matches(after)) {
      return { type: eventTypeOf(was, true), version: after, revision, position: 0 };
    }
    return was ? { type: "DELETED", version: before, revision, position: 0 } : undefined;
  }
}

/** How many events to hand over first: whole revisions, about one pull, and only those before a value that cannot be read. */
function cutOf(events: readonly PendingEvent[]): number {
  const sound = soundRevisions(events);
  if (sound > 0 && sound < events.length) return Math.min(sound, wholeRevisions(events));
  return wholeRevisions(events);
}

function wholeRevisions(events: readonly PendingEvent[]): number {
  let cut: number = cacheLimits.pullEventsMax;
  if (cut >= events.length) return events.length;
  while (cut < events.length && events[cut]?.revision === events[cut - 1]?.revision) cut++;
  return cut;
}

function lost(kind: CachedKind, key: string, revision: bigint): StoreError<"EXPIRED"> {
  const { definition, keys } = kind;
  return stateCompacted(definition.resource, keys.parse(definition, key) ?? {}, key, revision);
}
