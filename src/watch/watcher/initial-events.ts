/**
 * The state a watcher begins with: every object at one version, in key order, a few hundred at a time as the consumer
 * asks. Costs a key between two pulls, however large the state is. When the version has left memory in between, the
 * rest of the same state is read from etcd.
 */
import { cacheLimits } from "../bounds/cache-options.ts";
import type { CachedKind } from "../fan-out/cached-kind.ts";
import type { WatchFilter } from "../fan-out/watch-filter.ts";
import type { Keeping, PendingEvent } from "../fan-out/watch-group.ts";
import type { Feed } from "../feed/feed.ts";
import type { KeySpan, Version } from "../state/version.ts";

export interface InitialPart {
  readonly events: readonly PendingEvent[];
  /** How their values are made. */
  readonly keeping: Keeping;
  /** The last part. */
  readonly done: boolean;
}

export class InitialEvents {
  readonly #feed: Feed;
  readonly #kind: CachedKind;
  readonly #filter: WatchFilter;
  readonly #revision: bigint;
  /** Key of the last object looked at. */
  #after: string | undefined;

  readonly #onUnreadable: (version: Version) => void;

  /** @param onUnreadable called with what the filter skips */
  constructor(
    feed: Feed,
    kind: CachedKind,
    filter: WatchFilter,
    revision: bigint,
    onUnreadable: (version: Version) => void,
  ) {
    this.#onUnreadable = onUnreadable;
    this.#feed = feed;
    this.#kind = kind;
    this.#filter = filter;
    this.#revision = revision;
  }

  /** @throws EXPIRED when neither memory nor etcd has the version any more */
  next(signal: AbortSignal): InitialPart | Promise<InitialPart> {
    const { heldFrom } = this.#kind;
    const held = heldFrom !== undefined && this.#revision >= heldFrom && this.#revision <= this.#feed.applied;
    return held ? this.#fromMemory() : this.#fromEtcd(signal);
  }

  #fromMemory(): InitialPart {
    const { state, definition } = this.#kind;
    const filter = this.#filter;
    const events: PendingEvent[] = [];
    state.scan(
      this.#span(),
      state.log.positionAt(this.#revision),
      // No index lists what cannot be read: to report it, all is looked at.
      filter.skipsUnreadable ? undefined : filter.pick(state, definition.indexes),
      (version) => {
        if (filter.matches(version)) events.push(added(version));
        else if (filter.reports(version)) this.#onUnreadable(version);
        this.#after = version.entry.key;
        return events.length < cacheLimits.pullEventsMax;
      },
    );
    return { events, keeping: "kept", done: events.length < cacheLimits.pullEventsMax };
  }

  async #fromEtcd(signal: AbortSignal): Promise<InitialPart> {
    const filter = this.#filter;
    const page = await this.#feed.source.only(this.#kind.definition).page(
      {
        after: this.#after ?? filter.span.from,
        revision: this.#revision,
        limit: cacheLimits.pullEventsMax,
      },
      { signal },
    );
    const events: PendingEvent[] = [];
    for (const record of page.records) {
      if (!filter.covers(record.key)) continue;
      const version = this.#kind.values.foreign(record, record.modRevision, filter.needsAttributes);
      if (filter.matches(version)) events.push(added(version));
      else if (filter.reports(version)) this.#onUnreadable(version);
    }
    this.#after = page.after;
    return { events, keeping: "once", done: page.after === undefined || page.after >= filter.span.end };
  }

  #span(): KeySpan {
    const { key } = this.#filter;
    if (key === undefined) return this.#filter.spanAfter(this.#after);
    return this.#after === undefined ? { from: key, end: `${key}\0` } : { from: `${key}\0`, end: `${key}\0` };
  }
}

function added(version: PendingEvent["version"]): PendingEvent {
  return { type: "ADDED", version, revision: version.modRevision, position: 0 };
}
