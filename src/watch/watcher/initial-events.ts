/**
 * The state a watcher begins with: every object at one version, in key order, a few hundred per pull of the consumer.
 * Between two pulls it keeps only a key, however large the state is. When the version has left memory in between, the
 * rest of the same state is read from etcd.
 */
import { cacheLimits } from "../bounds/cache-options.ts";
import type { WatchFilter } from "../fan-out/watch-filter.ts";
import type { Keeping, PendingEvent } from "../fan-out/watch-group.ts";
import type { KeySpan, Version } from "../state/version.ts";
import type { WatchStartParts } from "./watch-start.ts";

export interface InitialPart {
  readonly events: readonly PendingEvent[];
  /** How their values are made. */
  readonly keeping: Keeping;
  /** The last part. */
  readonly done: boolean;
}

export class InitialEvents {
  readonly #parts: WatchStartParts;
  readonly #filter: WatchFilter;
  readonly #revision: bigint;
  /** Key of the last object looked at. */
  #after: string | undefined;

  constructor(parts: WatchStartParts, filter: WatchFilter, revision: bigint) {
    this.#parts = parts;
    this.#filter = filter;
    this.#revision = revision;
  }

  /** @throws EXPIRED when neither memory nor etcd has the version any more */
  next(signal: AbortSignal): InitialPart | Promise<InitialPart> {
    const { feed, kind } = this.#parts;
    const { heldFrom } = kind;
    const held = heldFrom !== undefined && this.#revision >= heldFrom && this.#revision <= feed.applied;
    return held ? this.#fromMemory() : this.#fromEtcd(signal);
  }

  #fromMemory(): InitialPart {
    const { state, definition } = this.#parts.kind;
    const filter = this.#filter;
    const events: PendingEvent[] = [];
    state.scan(
      this.#span(),
      state.log.positionAt(this.#revision),
      // No index lists values that cannot be read: to report them, the whole span is walked.
      filter.skipsUnreadable ? undefined : filter.pick(state, definition.indexes),
      (version) => {
        if (filter.matches(version)) events.push(added(version));
        else if (filter.reports(version)) this.#report(version);
        this.#after = version.entry.key;
        return events.length < cacheLimits.pullEventsMax;
      },
    );
    return { events, keeping: "kept", done: events.length < cacheLimits.pullEventsMax };
  }

  async #fromEtcd(signal: AbortSignal): Promise<InitialPart> {
    const { feed, kind } = this.#parts;
    const filter = this.#filter;
    const page = await feed.source.only(kind.definition).page(
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
      const version = kind.values.foreign(record, record.modRevision, filter.needsAttributes);
      if (filter.matches(version)) events.push(added(version));
      else if (filter.reports(version)) this.#report(version);
    }
    this.#after = page.after;
    return { events, keeping: "once", done: page.after === undefined || page.after >= filter.span.end };
  }

  #report(version: Version): void {
    const { kind, options } = this.#parts;
    options.onCorrupt?.(kind.values.faultOf(version));
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
