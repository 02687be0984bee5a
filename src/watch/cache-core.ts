/**
 * A running cache, of one kind or many: the feed with what lives beside it, bookmarks and the comparison with etcd.
 * `createWatchCache` and `withCaches` each make one and hand out readers over it.
 */
import type { Timer } from "../base/time/clock.ts";
import { setReadingTimer } from "../base/time/reading-timer.ts";
import { StoreError } from "../errors.ts";
import type { ResourceReader } from "../resource/contract/reader.ts";
import type { KindDefinition } from "../resource/model/kind.ts";
import type { StoredSource } from "../storage/seam/stored.ts";
import { CacheCounters } from "./bounds/cache-counters.ts";
import { type CacheBounds, type CacheStats, cacheLimits, type WatcherLag } from "./bounds/cache-options.ts";
import type { CachedKind } from "./fan-out/cached-kind.ts";
import { AddedKinds } from "./feed/added-kinds.ts";
import { Feed } from "./feed/feed.ts";
import { SelfCheck } from "./feed/self-check.ts";
import { EtcdPath } from "./freshness/etcd-path.ts";
import { FreshReads } from "./freshness/fresh-reads.ts";
import { KindReader, type ReaderParts } from "./kind-reader.ts";
import type { CacheWatch } from "./watcher/cache-watch.ts";

/** Bookmarks are sent after this share of their interval: the promise is at most a minute between two. */
const bookmarkShare = 0.8;
/** Milliseconds for etcd to answer a progress request; bookmarks then carry what is known. */
const bookmarkProgressMs = 200;

export class CacheCore {
  readonly feed: Feed;
  readonly fresh: FreshReads;
  readonly path: EtcdPath;
  readonly watchers: Set<CacheWatch<unknown>> = new Set();
  readonly #counters = new CacheCounters();
  readonly #added: AddedKinds;
  readonly #check: SelfCheck;
  #bookmarkTimer: Timer | undefined;

  constructor(source: StoredSource, bounds: CacheBounds, carries?: (kind: KindDefinition) => boolean) {
    this.feed = new Feed(source, bounds, this.#counters, carries);
    this.fresh = new FreshReads(this.feed);
    this.path = new EtcdPath(source.clock, this.#counters);
    this.#added = new AddedKinds(this.feed);
    this.#check = new SelfCheck(this.feed);
    // Also when it stops because its source is closed.
    this.feed.signal.addEventListener("abort", () => {
      this.#bookmarkTimer?.cancel();
      this.#check.stop();
    });
  }

  start(): void {
    this.feed.start();
    this.#added.start();
    this.#check.start();
    this.#armBookmarks();
  }

  async stop(): Promise<void> {
    await this.feed.stop();
  }

  /** Resolves once ready, with the kind filled if it is being added. Rejects with CLOSED when stopped. */
  async ready(resource: string): Promise<void> {
    await this.feed.ready();
    await this.#added.settled(resource);
  }

  /** Caches a kind opened after the start, or its new definition. Resolves once it is filled. */
  addKind(definition: KindDefinition): Promise<void> {
    return this.#added.add(definition);
  }

  /** Ends the kind's watches with CLOSED and drops what was cached of it. */
  removeKind(resource: string): void {
    const what = `cache of ${resource}`;
    const closed = new StoreError("CLOSED", `Cannot go on watching: ${resource} was removed`, { what });
    for (const watch of [...this.watchers]) if (watch.resource === resource) watch.end(closed);
    this.feed.removeKind(resource);
  }

  reader<T>(
    resource: string,
    source: ResourceReader<T>,
    options: Pick<ReaderParts, "whenNotReady" | "written">,
  ): KindReader<T> {
    const { feed, fresh, path, watchers } = this;
    return new KindReader<T>({ feed, fresh, path, watchers, resource, ...options }, source, undefined);
  }

  /** For health(): objects that cannot be read, one line per kind. */
  get problems(): readonly string[] {
    return [...this.feed.kinds.values()].flatMap((kind) => {
      const { size } = kind.state.unreadable;
      const [first] = kind.state.unreadable;
      if (first === undefined) return [];
      const what = `${size} ${size === 1 ? "object" : "objects"}`;
      return [
        `The cache of ${kind.definition.resource} cannot read ${what}, e.g. ${kind.values.textOf(first)}: restore or delete it, or give the key it is sealed under`,
      ];
    });
  }

  stats(resource?: string): CacheStats {
    const { feed } = this;
    const counters = this.#counters;
    const kinds =
      resource === undefined
        ? [...feed.kinds.values()]
        : [feed.kinds.get(resource)].filter((k) => k !== undefined);
    const sum = (read: (kind: CachedKind) => number): number =>
      kinds.reduce((total, kind) => total + read(kind), 0);
    const watchers = [...this.watchers].filter(
      (watch) => resource === undefined || watch.resource === resource,
    );
    const lagging = watchers
      .map((watch) => watch.lag())
      .filter((lag): lag is WatcherLag => lag !== undefined);
    lagging.sort((a, b) => b.ms - a.ms || b.events - a.events);
    const state = sum((kind) => kind.state.bytes);
    return {
      ...counters,
      state: feed.state,
      resourceVersion: feed.resourceVersion,
      objects: sum((kind) => kind.state.size),
      unreadable: sum((kind) => kind.state.unreadable.size),
      bytes: {
        total: feed.memory.bytes,
        state,
        holes: feed.memory.holes,
        decoded: feed.decoded.bytes,
        budget: feed.bounds.budgetBytes,
      },
      historyEvents: sum((kind) => kind.state.log.length),
      watchers: watchers.length,
      lagging: lagging.slice(0, cacheLimits.laggingListedMax),
      eventsOffered: sum((kind) => kind.offers),
      decodes: feed.decoded.decodes,
    };
  }

  #armBookmarks(): void {
    const { clock } = this.feed.source;
    this.#bookmarkTimer = clock.setTimer(this.feed.bounds.bookmarkIntervalMs * bookmarkShare, () => {
      const wanted = [...this.watchers].some((watch) => watch.bookmarks);
      if (!wanted || this.feed.state !== "ready") return this.#armBookmarks();
      this.feed.requestProgress();
      this.#bookmarkTimer = setReadingTimer(clock, bookmarkProgressMs, () => {
        for (const watch of this.watchers) watch.bookmark();
        this.#armBookmarks();
      });
    });
  }
}
