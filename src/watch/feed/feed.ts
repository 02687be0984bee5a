/**
 * How a cache follows etcd: lists everything at one version, then applies what changes after it, for as long as it
 * lives.
 *
 *   pending ─ list all pages at R ─► ready ─ follow from R ─┐
 *      ▲                               ▲    gone (compacted): list again, differences become events
 *      │ missed event, failed check,   └────────────────────┘
 *      └ restore of etcd ───────────────────────────────────┘  restore: watchers end EXPIRED, all is dropped
 *
 * One loop, one source, any number of kinds: their versions advance together. A version counts as reached when all
 * of it has been applied; reads and watchers never see half of one. A broken source is tried again with growing
 * waits, and reads with freshness "any" are still served.
 */

import { setImmediate } from "node:timers";
import { Backoff } from "../../base/backoff.ts";
import { isError } from "../../base/text/message-of.ts";
import { soon } from "../../base/time/microtask.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { historyReplaced } from "../../resource/objects/read-errors.ts";
import type { StoredBatch, StoredEvent, StoredSource, StoredWatch } from "../../storage/seam/stored.ts";
import type { CacheCounters } from "../bounds/cache-counters.ts";
import { type CacheBounds, cacheLimits } from "../bounds/cache-options.ts";
import { CachedKind } from "../fan-out/cached-kind.ts";
import type { PendingGroups } from "../fan-out/watch-group.ts";
import { DecodedValues } from "../state/decoded-values.ts";
import { Slabs } from "../state/slabs.ts";
import { JoiningKinds } from "./joining-kinds.ts";
import { applyDifference, compareAll, fillAll, type ListingParts } from "./listing.ts";
import { MemoryBounds } from "./memory-bounds.ts";
import { followLag } from "./stream-lag.ts";
import { StreamProgress } from "./stream-progress.ts";

export type FeedState = "pending" | "ready" | "stopped";

/** What ends watchers when what they have seen is no longer the past. */
export type Ending = (error: StoreError) => void;

export class Feed {
  readonly source: StoredSource;
  readonly bounds: CacheBounds;
  readonly counters: CacheCounters;
  readonly decoded: DecodedValues;
  readonly slabs: Slabs = new Slabs();
  readonly kinds: Map<string, CachedKind> = new Map();
  readonly memory: MemoryBounds;
  /** Called when everything is dropped (restore) or the feed stops. */
  readonly endings: Set<Ending> = new Set();
  readonly #joining = new JoiningKinds();
  /** Additions under way: one of a kind at a time. */
  readonly #adding = new Map<string, Promise<void>>();
  readonly #carries: (kind: KindDefinition) => boolean;
  readonly #stop = new AbortController();
  readonly #progress: StreamProgress;
  readonly #readyWaiters = new Set<(error: StoreError | undefined) => void>();
  readonly #pending: PendingGroups = new Set();
  #again: AbortController;
  #watch: StoredWatch | undefined;
  #flushScheduled = false;
  #state: FeedState = "pending";
  #applied = 0n;
  #failure: unknown;
  #running: Promise<void> | undefined;
  #resync = false;

  /** @param carries which of the source's kinds are cached */
  constructor(
    source: StoredSource,
    bounds: CacheBounds,
    counters: CacheCounters,
    carries: (kind: KindDefinition) => boolean = () => true,
  ) {
    this.source = source;
    this.#carries = carries;
    this.bounds = bounds;
    this.counters = counters;
    this.decoded = new DecodedValues(bounds.decodedBytes);
    this.memory = new MemoryBounds(bounds, source.clock, this);
    this.#again = new AbortController();
    const { clock, random } = source;
    this.#progress = new StreamProgress({ clock, random, counters, watch: () => this.#watch });
  }

  get state(): FeedState {
    return this.#state;
  }

  /** Every change up to it has been applied. */
  get applied(): bigint {
    return this.#applied;
  }

  /** Histories that were replaced so far: versions of an earlier one mean nothing. */
  get history(): number {
    return this.counters.restoresNoticed;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  start(): void {
    for (const definition of this.source.kinds()) if (this.#carries(definition)) this.#open(definition);
    const epoch = this.source.onEpochChange(() => this.rewind("epoch"));
    const replaced = this.source.onReplaced?.(() => this.#replace());
    this.#stop.signal.addEventListener(
      "abort",
      () => {
        epoch[Symbol.dispose]();
        replaced?.[Symbol.dispose]();
      },
      { once: true },
    );
    const { closed } = this.source;
    if (closed?.aborted) this.#end(closed.reason);
    closed?.addEventListener("abort", () => this.#end(closed.reason), { once: true, signal: this.signal });
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#end(new StoreError("CLOSED", "Cannot use the cache: it is closed", { what: "cache" }));
    await this.#running;
  }

  /** Nothing more comes: its owner has closed it, or the source is closed. */
  #end(closed: StoreError): void {
    if (this.#state === "stopped") return;
    this.#state = "stopped";
    this.#stop.abort(closed);
    this.#again.abort(closed);
    for (const end of [...this.endings]) end(closed);
    this.#progress.close();
    this.#settleReady(closed);
    for (const kind of this.kinds.values()) kind.reset(this.#applied);
    this.decoded.clear();
  }

  /** Resolves once ready. Rejects with CLOSED when stopped. */
  ready(): Promise<void> {
    if (this.#state === "ready") return Promise.resolve();
    if (this.#state === "stopped") return Promise.reject(this.#stop.signal.reason);
    return new Promise((resolve, reject) => {
      this.#readyWaiters.add((error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  /** Resolves once ready, with the kind filled that may be joining now. */
  async readyFor(resource: string): Promise<void> {
    await this.ready();
    await this.#adding.get(resource);
  }

  /** False when `timeoutMs` passed before `revision` was applied. Progress is asked for while somebody waits. */
  reach(revision: bigint, timeoutMs: number): Promise<boolean> {
    if (this.#applied >= revision && this.#state === "ready") return Promise.resolve(true);
    if (this.#state === "stopped") return Promise.resolve(false);
    return this.#progress.reach(revision, timeoutMs);
  }

  /** The store has answered that it is ahead, elsewhere: a watch that has been silent for a whole wait is opened again. */
  reopenIfSilent(): void {
    this.#progress.reopenIfSilent();
  }

  /** Everything held is of another history: watchers end EXPIRED, and the cache starts over. */
  rewind(reason: "epoch" | "restored"): void {
    if (this.#state === "stopped") return;
    this.counters.restoresNoticed++;
    this.#dropAll();
    const error = historyReplaced(reason);
    for (const end of [...this.endings]) end(error);
    this.#restart(error);
  }

  /** What is held cannot be trusted: compared with etcd again before it is read. */
  heal(reason: string): void {
    if (this.#state === "stopped") return;
    this.#state = "pending";
    this.#resync = true;
    this.#restart(
      new StoreError("NOT_READY", `Cannot read from the cache: ${reason}`, { retryAfterMs: 100, reason }),
    );
  }

  /** Carries a kind opened after the start, or its new definition. Resolves once it is filled. */
  async addKind(definition: KindDefinition): Promise<void> {
    const { resource } = definition;
    if (!this.#carries(definition)) return;
    const before = this.#adding.get(resource);
    const adding =
      before === undefined ? this.#addKind(resource) : before.then(() => this.#addKind(resource));
    const settled = adding.catch(() => undefined);
    this.#adding.set(resource, settled);
    try {
      await adding;
    } finally {
      if (this.#adding.get(resource) === settled) this.#adding.delete(resource);
    }
  }

  /** The kind as it is open now: it may have been replaced again, or removed, since it was added. */
  async #addKind(resource: string): Promise<void> {
    const definition = this.source.kinds().find((kind) => kind.resource === resource);
    if (definition === undefined) return;
    const known = this.kinds.get(resource);
    if (known !== undefined && known.definition === definition) return;
    if (this.#state === "pending") {
      // The list under way may have passed it already.
      if (known === undefined) this.#open(definition);
      else known.reset(this.#applied, definition, this.source.codecOf(definition));
      this.#resync = true;
      this.#restart(new StoreError("NOT_READY", "a kind was added", { retryAfterMs: 100 }));
      return this.ready();
    }
    const kind = known ?? this.#open(definition);
    kind.reset(this.#applied, definition, this.source.codecOf(definition));
    this.#joining.begin(resource);
    try {
      await this.#join(kind);
    } catch (error) {
      if (this.#stop.signal.aborted || this.kinds.get(resource) !== kind) throw error;
      // Tried again until it succeeds, with everything.
      this.heal(`kind ${resource} was added, and could not be listed`);
      return this.ready();
    }
  }

  /** Lists a kind beside the stream, whose events of it wait until then, and joins the two. */
  async #join(kind: CachedKind): Promise<void> {
    const { resource } = kind.definition;
    if (!(await this.source.progressIsReliable({ signal: this.signal }))) {
      // The stream cannot say that it has come to the version of a list of its own: everything is listed once more.
      this.heal(`kind ${resource} was added`);
      return this.ready();
    }
    const revision = await this.#joining.list(kind, this.source, this.signal);
    if (revision === undefined) return this.ready();
    await this.reach(revision, Number.POSITIVE_INFINITY);
    if (kind.heldFrom !== undefined) return this.ready();
    const waiting = this.#joining.end(resource, revision);
    kind.filled(revision);
    for (const event of waiting) this.#applyEvent(event);
    this.#scheduleFlush();
  }

  /** The source's own kinds have new definitions. What cannot be listed is tried again with everything, until it ends. */
  #replace(): void {
    for (const definition of this.source.kinds()) this.addKind(definition).catch(() => undefined);
  }

  removeKind(resource: string): void {
    this.kinds.get(resource)?.reset(this.#applied);
    this.kinds.delete(resource);
    this.#joining.end(resource, 0n);
  }

  /** True when reads of the kind can be answered. */
  covers(kind: CachedKind): boolean {
    return this.#state === "ready" && kind.heldFrom !== undefined;
  }

  async #run(): Promise<void> {
    const backoff = new Backoff(
      { firstMs: cacheLimits.retryFirstMs, maxMs: cacheLimits.retryMaxMs },
      this.source.clock,
      this.source.random,
    );
    while (!this.#stop.signal.aborted) {
      this.#again = new AbortController();
      const { signal } = this.#again;
      try {
        if (this.#applied === 0n) await this.#fill(signal);
        else if (this.#resync) await this.#relist(signal);
        this.#resync = false;
        this.#becomeReady();
        backoff.reset();
        await this.#follow(signal);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        // Asked for from inside: at once, without counting it against the source.
        if (signal.aborted) continue;
        // Closed is closed: a store or a connection does not come back.
        if (isStoreError(error, "CLOSED")) return this.#end(error);
        this.counters.sourceFailures++;
        this.#failure = error;
        if (isStoreError(error, "EXPIRED") && isRestore(error)) this.rewind("restored");
        else this.#resync = true;
        await backoff.wait(this.#stop.signal).catch(() => undefined);
      }
    }
  }

  async #fill(signal: AbortSignal): Promise<void> {
    this.counters.fills++;
    const revision = await fillAll(this.#listing(), this.#applied, signal);
    signal.throwIfAborted();
    this.#joining.clear();
    for (const kind of this.kinds.values()) kind.filled(revision);
    this.#advance(revision);
  }

  /** Lists again and applies the differences as one step. */
  async #relist(signal: AbortSignal): Promise<void> {
    this.counters.relists++;
    const difference = await compareAll(this.#listing(), signal);
    // What compacted the stream away may be a restore under the same cluster id: it is reported before this resolves, and
    // nothing of the other history reaches watchers of this one.
    await this.source.currentRevision({ signal });
    signal.throwIfAborted();
    if (difference.revision < this.#applied) {
      this.rewind("restored");
      throw new StoreError("EXPIRED", "the store went back", { reason: "restored" });
    }
    // A kind that is being filled beside the stream is whole now.
    this.#joining.clear();
    applyDifference(this.kinds, difference, this.#applied, this.#pending);
    this.#advance(difference.revision);
    this.#scheduleFlush();
  }

  #listing(): ListingParts {
    const { source, kinds } = this;
    return { source, kinds, check: () => this.#bounded(() => this.memory.check()) };
  }

  async #follow(signal: AbortSignal): Promise<void> {
    await using watch = this.source.watch({ fromRevision: this.#applied, previous: "versions" }, { signal });
    this.#watch = watch;
    using _ = this.#followLag();
    try {
      for await (const batch of watch) {
        signal.throwIfAborted();
        await this.#apply(batch);
      }
    } finally {
      this.#watch = undefined;
    }
    signal.throwIfAborted();
    throw new StoreError("UNAVAILABLE", "Cannot follow the store: its watch ended", { retryAfterMs: 100 });
  }

  async #apply({ events, revision }: StoredBatch): Promise<void> {
    this.#progress.heard();
    if (revision <= this.#applied) {
      this.counters.repeatedEvents += events.length;
      return;
    }
    if (events.length === 0 && !(await this.source.progressIsReliable({ signal: this.signal }))) return;
    for (const event of events) {
      const resource = event.type === "put" ? event.record.kind.resource : event.kind.resource;
      this.counters.eventsReceived++;
      if (!this.#joining.keeps(resource, event)) this.#applyEvent(event);
    }
    this.#advance(revision);
    if (events.length > 0) {
      this.#scheduleFlush();
      this.#bounded(() => this.memory.trim(revision));
    }
  }

  #applyEvent(event: StoredEvent): void {
    const { resource } = event.type === "put" ? event.record.kind : event.kind;
    const outcome = this.kinds.get(resource)?.apply(event, this.#pending);
    if (outcome === "repeated") this.counters.repeatedEvents++;
    if (outcome !== "missed") return;
    this.counters.missedEvents++;
    const key = event.type === "put" ? event.record.key : event.key;
    soon(() => this.heal(`an event of "${key}" was missed`));
  }

  #advance(revision: bigint): void {
    this.#applied = revision;
    this.#progress.reached(revision);
  }

  #followLag(): Disposable {
    const { source } = this;
    return followLag({
      clock: source.clock,
      seen: () => source.seenRevision(),
      applied: () => this.#applied,
      ask: () => this.requestProgress(),
      reopen: () => this.#progress.reopen(),
      progressIsReliable: () => source.progressIsReliable({ signal: this.signal }),
    });
  }

  /** Asks etcd how far the stream is; an answer moves `applied` though nothing happened. */
  requestProgress(): void {
    this.#watch?.requestProgress();
  }

  /** Runs a check of what is held; when it is too much, everything goes. */
  #bounded(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#dropAll();
      throw error;
    }
  }

  #dropAll(): void {
    if (this.#state !== "stopped") this.#state = "pending";
    for (const kind of this.kinds.values()) kind.reset(this.#applied);
    this.decoded.clear();
    this.memory.clear();
    this.#applied = 0n;
  }

  #restart(reason: StoreError): void {
    this.#failure = reason;
    this.#again.abort(reason);
  }

  #open(definition: KindDefinition): CachedKind {
    const kind = new CachedKind({
      definition,
      codec: this.source.codecOf(definition),
      keys: this.source.keys,
      slabs: this.slabs,
      decoded: this.decoded,
      freeze: this.bounds.freeze,
    });
    this.kinds.set(definition.resource, kind);
    return kind;
  }

  #becomeReady(): void {
    this.#failure = undefined;
    if (this.#state !== "pending") return;
    this.#state = "ready";
    this.#settleReady(undefined);
    this.#progress.reached(this.#applied);
  }

  #settleReady(error: StoreError | undefined): void {
    for (const settle of this.#readyWaiters) settle(error);
    this.#readyWaiters.clear();
  }

  /** Once a turn: everything that arrived in it goes out together. */
  #scheduleFlush(): void {
    if (this.#flushScheduled || this.#pending.size === 0) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      const groups = [...this.#pending];
      this.#pending.clear();
      for (const group of groups) group.flush();
    });
  }

  /** NOT_READY, saying why and when to ask again. */
  notReady(action: string): StoreError<"NOT_READY"> {
    const cause = this.#failure;
    return new StoreError(
      "NOT_READY",
      `Cannot ${action}: the cache is not filled yet${isError(cause) ? `: ${cause.message}` : ""}`,
      { retryAfterMs: cacheLimits.retryAfterMs, reason: isError(cause) ? cause.message : undefined },
      cause === undefined ? undefined : { cause },
    );
  }

  get resourceVersion(): string {
    return this.#applied === 0n ? "" : formatResourceVersion(this.#applied);
  }
}

function isRestore(error: StoreError<"EXPIRED">): boolean {
  return error.details.reason === "restored" || error.details.reason === "epoch";
}
