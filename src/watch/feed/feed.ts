/**
 * How a cache follows etcd: it lists everything at one version, then applies every later change.
 *
 *   pending ─ list all pages at R ─► ready ─ follow from R ─┐
 *      ▲                               ▲    gone (compacted): list again, differences become events
 *      │ missed event, failed check,   └────────────────────┘
 *      └ restore of etcd ───────────────────────────────────┘  restore: watchers end EXPIRED, all is dropped
 *
 * One loop, one source, any number of kinds: their versions advance together. A version counts as reached when all
 * of it has been applied; reads and watchers never see half of one. A broken source is tried again with growing
 * waits; reads with freshness "any" are still served then.
 */
import { Backoff } from "../../base/backoff.ts";
import { soon } from "../../base/time/microtask.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { historyReplaced } from "../../resource/objects/read-errors.ts";
import type { StoredBatch, StoredEvent, StoredSource, StoredWatch } from "../../storage/seam/stored.ts";
import type { CacheCounters } from "../bounds/cache-counters.ts";
import { type CacheBounds, cacheLimits } from "../bounds/cache-options.ts";
import { CachedKind } from "../fan-out/cached-kind.ts";
import { PendingGroups } from "../fan-out/pending-groups.ts";
import { DecodedValues } from "../state/decoded-values.ts";
import { Slabs } from "../state/slabs.ts";
import { JoiningKinds } from "./joining-kinds.ts";
import { applyDifference, compareAll, fillAll, type ListingParts } from "./listing.ts";
import { MemoryBounds } from "./memory-bounds.ts";
import { type FeedState, Readiness } from "./readiness.ts";
import { followLag } from "./stream-lag.ts";
import { StreamProgress } from "./stream-progress.ts";

export class Feed {
  readonly source: StoredSource;
  readonly bounds: CacheBounds;
  readonly counters: CacheCounters;
  readonly decoded: DecodedValues;
  readonly slabs: Slabs = new Slabs();
  readonly kinds: Map<string, CachedKind> = new Map();
  readonly memory: MemoryBounds;
  /** Called when the history was replaced, or the feed stops: what watchers have seen is no longer the past. */
  readonly endings: Set<(error: StoreError) => void> = new Set();
  /** Kinds that are listed beside the stream; `added-kinds.ts` lists them. */
  readonly joining: JoiningKinds = new JoiningKinds();
  /** Which of the source's kinds are cached. */
  readonly carries: (kind: KindDefinition) => boolean;
  readonly #stop = new AbortController();
  readonly #progress: StreamProgress;
  readonly #readiness = new Readiness();
  readonly #pending = new PendingGroups();
  #again = new AbortController();
  #watch: StoredWatch | undefined;
  #applied = 0n;
  #running: Promise<void> | undefined;
  #resync = false;

  constructor(
    source: StoredSource,
    bounds: CacheBounds,
    counters: CacheCounters,
    carries: (kind: KindDefinition) => boolean = () => true,
  ) {
    const { clock, random } = source;
    this.source = source;
    this.bounds = bounds;
    this.counters = counters;
    this.carries = carries;
    this.decoded = new DecodedValues(bounds.decodedBytes);
    this.memory = new MemoryBounds(bounds, clock, this);
    this.#progress = new StreamProgress({ clock, random, counters, watch: () => this.#watch });
  }

  get state(): FeedState {
    return this.#readiness.state;
  }

  /** The version up to which every change is applied. */
  get applied(): bigint {
    return this.#applied;
  }

  /** How many times the history was replaced: versions of an earlier one mean nothing. */
  get history(): number {
    return this.counters.restoresNoticed;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  start(): void {
    for (const definition of this.source.kinds()) if (this.carries(definition)) this.open(definition);
    const epoch = this.source.onEpochChange(() => this.#rewind("epoch"));
    this.#stop.signal.addEventListener("abort", () => epoch[Symbol.dispose](), { once: true });
    const { closed } = this.source;
    if (closed?.aborted) this.#end(closed.reason);
    closed?.addEventListener("abort", () => this.#end(closed.reason), { once: true, signal: this.signal });
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#end(new StoreError("CLOSED", "Cannot use the cache: it is closed", { what: "cache" }));
    await this.#running;
  }

  /** Stops for good: the owner has closed the cache, or the source is closed. */
  #end(closed: StoreError): void {
    if (this.state === "stopped") return;
    this.#readiness.stop(closed);
    this.#stop.abort(closed);
    this.#again.abort(closed);
    for (const end of [...this.endings]) end(closed);
    this.#progress.close();
    for (const kind of this.kinds.values()) kind.reset(this.#applied);
    this.decoded.clear();
  }

  /** Resolves once ready. Rejects with CLOSED when stopped. */
  ready(): Promise<void> {
    return this.#readiness.ready();
  }

  /** NOT_READY, with the reason and when to ask again. */
  notReady(action: string): StoreError<"NOT_READY"> {
    return this.#readiness.notReady(action);
  }

  /** False when `timeoutMs` passed before `revision` was applied. Requests progress while it waits. */
  reach(revision: bigint, timeoutMs: number): Promise<boolean> {
    if (this.#applied >= revision && this.state === "ready") return Promise.resolve(true);
    if (this.state === "stopped") return Promise.resolve(false);
    return this.#progress.reach(revision, timeoutMs);
  }

  /** Opens the watch again if it was silent for a whole wait. For callers that know by another way that the store answers. */
  reopenIfSilent(): void {
    this.#progress.reopenIfSilent();
  }

  /** Starts over, because everything held is of another history: watchers end EXPIRED. */
  #rewind(reason: "epoch" | "restored"): void {
    if (this.state === "stopped") return;
    this.counters.restoresNoticed++;
    this.#dropAll();
    const error = historyReplaced(reason);
    for (const end of [...this.endings]) end(error);
    this.listAgain(error);
  }

  /** Compares what is held with etcd before it is read again, because it cannot be trusted. */
  heal(reason: string): void {
    if (this.state === "stopped") return;
    this.#readiness.becomePending();
    this.listAgain(
      new StoreError("NOT_READY", `Cannot read from the cache: ${reason}`, { retryAfterMs: 100, reason }),
    );
  }

  /** Lists everything again and compares it with what is held. @param reason of NOT_READY until then */
  listAgain(reason: StoreError): void {
    this.#resync = true;
    this.#readiness.failed(reason);
    this.#again.abort(reason);
  }

  open(definition: KindDefinition): CachedKind {
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

  /** Completes a kind listed at `revision`, which the stream has reached, with the events kept for it. */
  join(kind: CachedKind, revision: bigint): void {
    const kept = this.joining.end(kind.definition.resource, revision);
    kind.filled(revision);
    for (const event of kept) this.#applyEvent(event);
    this.#pending.flushSoon();
  }

  removeKind(resource: string): void {
    this.kinds.get(resource)?.reset(this.#applied);
    this.kinds.delete(resource);
    this.joining.end(resource, 0n);
  }

  /** The kind as it is cached now. @throws CLOSED when it was removed, or the feed has stopped */
  kind(resource: string): CachedKind {
    const kind = this.kinds.get(resource);
    if (kind !== undefined && this.state !== "stopped") return kind;
    const what = this.state === "stopped" ? "cache" : `cache of ${resource}`;
    throw new StoreError("CLOSED", `Cannot use the ${what}: it is closed`, { what });
  }

  /** True when reads of the kind can be answered. */
  covers(kind: CachedKind): boolean {
    return this.state === "ready" && kind.heldFrom !== undefined;
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
        if (this.#readiness.becomeReady()) this.#progress.reached(this.#applied);
        backoff.reset();
        await this.#follow(signal);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        // Started over from inside: at once, since the source has not failed.
        if (signal.aborted) continue;
        // A closed store or connection does not come back.
        if (isStoreError(error, "CLOSED")) return this.#end(error);
        this.counters.sourceFailures++;
        this.#readiness.failed(error);
        if (isStoreError(error, "EXPIRED") && isRestore(error)) this.#rewind("restored");
        else this.#resync = true;
        await backoff.wait(this.#stop.signal).catch(() => undefined);
      }
    }
  }

  async #fill(signal: AbortSignal): Promise<void> {
    this.counters.fills++;
    const revision = await fillAll(this.#listing(), this.#applied, signal);
    signal.throwIfAborted();
    this.joining.clear();
    for (const kind of this.kinds.values()) kind.filled(revision);
    this.#advance(revision);
  }

  /** Lists again and applies the differences as one step. */
  async #relist(signal: AbortSignal): Promise<void> {
    this.counters.relists++;
    const difference = await compareAll(this.#listing(), signal);
    // The history that the stream continues may be gone because etcd was restored under the same cluster id. A restore is
    // reported before this resolves, so nothing of the other history reaches watchers of this one.
    await this.source.currentRevision({ signal });
    signal.throwIfAborted();
    if (difference.revision < this.#applied) {
      this.#rewind("restored");
      throw new StoreError("EXPIRED", "the store went back", { reason: "restored" });
    }
    // A kind that was being listed beside the stream is complete with this list.
    this.joining.clear();
    applyDifference(this.kinds, difference, this.#applied, this.#pending);
    this.#advance(difference.revision);
    this.#pending.flushSoon();
  }

  #listing(): ListingParts {
    const { source, kinds } = this;
    return { source, kinds, check: () => this.#bounded(() => this.memory.check()) };
  }

  async #follow(signal: AbortSignal): Promise<void> {
    await using watch = this.source.watch({ fromRevision: this.#applied, previous: "versions" }, { signal });
    this.#watch = watch;
    using _ = followLag(this.source, this, this.#progress);
    try {
      for await (const batch of watch) {
        this.#progress.heard();
        const moves = batch.events.length === 0 && batch.revision > this.#applied;
        if (moves && !(await this.source.progressIsReliable({ signal: this.signal }))) continue;
        signal.throwIfAborted();
        this.#apply(batch);
      }
    } finally {
      this.#watch = undefined;
    }
    signal.throwIfAborted();
    throw new StoreError("UNAVAILABLE", "Cannot follow the store: its watch ended", { retryAfterMs: 100 });
  }

  #apply({ events, revision }: StoredBatch): void {
    if (revision <= this.#applied) {
      this.counters.repeatedEvents += events.length;
      return;
    }
    for (const event of events) {
      this.counters.eventsReceived++;
      if (!this.joining.keeps(event)) this.#applyEvent(event);
    }
    this.#advance(revision);
    if (events.length > 0) {
      this.#pending.flushSoon();
      this.#bounded(() => this.memory.trim(revision));
    }
  }

  #applyEvent(event: StoredEvent): void {
    const { resource } = event.type === "put" ? event.record.kind : event.kind;
    const applied = this.kinds.get(resource)?.apply(event, this.#pending);
    if (applied === "repeated") this.counters.repeatedEvents++;
    if (applied !== "missed") return;
    this.counters.missedEvents++;
    const key = event.type === "put" ? event.record.key : event.key;
    soon(() => this.heal(`an event of "${key}" was missed`));
  }

  #advance(revision: bigint): void {
    this.#applied = revision;
    this.#progress.reached(revision);
  }

  /** Asks etcd how far the stream is; the answer advances `applied` even without a change. */
  requestProgress(): void {
    this.#watch?.requestProgress();
  }

  /** Runs a check of the memory in use, and drops everything when it fails. */
  #bounded(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#dropAll();
      throw error;
    }
  }

  #dropAll(): void {
    this.#readiness.becomePending();
    for (const kind of this.kinds.values()) kind.reset(this.#applied);
    this.decoded.clear();
    this.memory.clear();
    this.#applied = 0n;
  }

  get resourceVersion(): string {
    return this.#applied === 0n ? "" : formatResourceVersion(this.#applied);
  }
}

function isRestore(error: StoreError<"EXPIRED">): boolean {
  return error.details.reason === "restored" || error.details.reason === "epoch";
}
