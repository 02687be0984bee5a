/**
 * One watcher of a cache: a cursor that is in one of five places
 *
 *   starting ─► initial ─► live ◄──────► log ◄────── etcd
 *               state at   events of     parked:     etcd's own history, when the
 *               one        its group,    reads the   kind's log has moved on
 *               version    pushed        kind's log
 *
 * Live, it costs a pointer; its group's events are shared. Slow, it is parked and costs a version number: at its next pull
 * it reads what it missed from the log, or from etcd when the log has forgotten it. It never delays others and never ends
 * for being slow: EXPIRED only when neither log nor etcd has what it needs. There is no promise per event: a consumer of
 * `batches()` gets every pending event, whole revisions.
 */
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import { StoreError } from "../../errors.ts";
import type { Watch, WatchEvent } from "../../resource/contract/watch.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { oneByOne, WatchShell } from "../../resource/watch-shell.ts";
import type { WatcherLag } from "../bounds/cache-options.ts";
import type { AnyView } from "../fan-out/kind-values.ts";
import { type GroupCursor, makeEvents, type WatchGroup } from "../fan-out/watch-group.ts";
import type { Version } from "../state/version.ts";
import { CatchUp } from "./catch-up.ts";
import { coalesceEvents } from "./coalesce.ts";
import { type Batch, bookmarkAt, Consumer, finished, type Taken } from "./consumer.ts";
import { nextLogPart } from "./log-part.ts";
import { startOf, type WatchStartParts } from "./watch-start.ts";
import { lagOf } from "./watcher-lag.ts";

export interface CacheWatchParts extends WatchStartParts {
  readonly view: AnyView | undefined;
  readonly coalesce: boolean;
  readonly call: Call;
  /** Has the watcher while it is open. */
  readonly watchers: Set<CacheWatch<unknown>>;
}

export class CacheWatch<V> implements Watch<V>, GroupCursor {
  /** Past every event while not live: it holds nothing in its group's tail. */
  seq: number = Number.MAX_SAFE_INTEGER;
  readonly #parts: CacheWatchParts;
  readonly #group: WatchGroup;
  readonly #catchUp: CatchUp;
  /** Its signal ends everything inside: reads, waits, etcd's history. */
  readonly #shell = new WatchShell();
  readonly #consumer: Consumer<V> = new Consumer<V>(this.#shell);
  readonly #begun: Promise<bigint>;
  #phase: WatcherLag["phase"] = "starting";
  /** The version up to which all events have been handed over; for initial events the version of their state. */
  #delivered = 0n;
  #bookmarkDue = false;
  #begunAhead = false;

  constructor(parts: CacheWatchParts) {
    this.#parts = parts;
    const { kind, options, view, call, feed } = parts;
    this.#group = kind.join(this, kind.filter(options.selection, options.onCorrupt !== undefined), view);
    this.#catchUp = new CatchUp(parts, this.#group);
    const shell = this.#shell;
    const ending = (error: StoreError): void => this.end(error);
    feed.endings.add(ending);
    shell.onEnd(() => {
      feed.endings.delete(ending);
      this.#over();
    });
    if (call.timeoutMs !== undefined && call.timeoutMs !== Number.POSITIVE_INFINITY)
      this.#endAfter(call.timeoutMs);
    parts.watchers.add(this as CacheWatch<unknown>);
    if (call.signal !== undefined) shell.endWith(call.signal, () => "left");
    this.#begun = this.#begin();
    this.#begun.catch((error: unknown) => shell.finish({ error }));
  }

  /** The consumer waits and the cursor is live. */
  get waiting(): boolean {
    return this.#consumer.waits && this.#phase === "live";
  }

  get bookmarks(): boolean {
    return this.#parts.options.bookmarks;
  }

  get resource(): string {
    return this.#parts.kind.definition.resource;
  }

  async ready(call: Call = {}): Promise<{ readonly resourceVersion: string }> {
    checkOptions(call, "wait for the watch", callNames);
    using scope = new CallScope(call, this.#parts.feed.source.clock, "wait for the watch");
    const revision = await untilAborted(this.#begun, scope.signal);
    return { resourceVersion: formatResourceVersion(revision) };
  }

  batches(): AsyncIterable<Batch<V>> {
    this.#shell.take();
    return {
      [Symbol.asyncIterator]: () => ({ next: () => this.#next(), return: () => this.#leave() }),
    };
  }

  [Symbol.asyncIterator](): AsyncIterator<WatchEvent<V>, undefined> {
    this.#shell.take();
    return oneByOne<V>({ next: () => this.#next(), leave: () => this.#leave() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave();
  }

  deliver(): void {
    if (!this.#consumer.waits) return;
    if (this.#leavesForHistory()) {
      this.#consumer.handFrom(() => this.#pull());
      return;
    }
    try {
      const taken = this.#takeLive();
      if (taken !== undefined) this.#consumer.hand(taken);
    } catch (error) {
      this.#shell.finish({ error });
    }
  }

  unreadable(version: Version): void {
    const { kind, options } = this.#parts;
    // The initial events report what is older.
    if (this.#phase !== "starting" && version.modRevision > this.#delivered)
      options.onCorrupt?.(kind.values.faultOf(version));
  }

  park(): void {
    if (this.#phase !== "live") return;
    this.#parts.feed.counters.parked++;
    this.#leaveTail();
  }

  restart(reached: bigint): void {
    if (this.#phase !== "live") return;
    if (reached > this.#delivered) this.#delivered = reached;
    this.#leaveTail();
  }

  #leaveTail(): void {
    this.#phase = "log";
    this.seq = Number.MAX_SAFE_INTEGER;
    this.#consumer.handFrom(() => this.#pull());
  }

  /** Ends the loop with `error`. */
  end(error: StoreError): void {
    this.#shell.finish({ error });
  }

  /** Sends a bookmark: now if the consumer waits, else before anything else at its next pull. */
  bookmark(): void {
    if (!this.bookmarks || this.#shell.end !== undefined) return;
    this.#bookmarkDue = true;
    if (!this.waiting) return;
    const bookmark = this.#takeBookmark();
    if (bookmark !== undefined) this.#consumer.hand(bookmark);
  }

  /** How far it is behind; undefined when it has everything. */
  lag(): WatcherLag | undefined {
    return lagOf(this.#parts, this.#group, this, this.#phase, this.#delivered);
  }

  async #begin(): Promise<bigint> {
    const { feed, kind, options, call } = this.#parts;
    if (call.signal?.aborted === true) throw call.signal.reason;
    if (!feed.covers(kind)) throw feed.notReady(`watch ${this.resource}`);
    using scope = new CallScope({ signal: this.#shell.signal }, feed.source.clock, "watch");
    const revision = await startOf(this.#parts, scope);
    if (options.fromRevision !== undefined && !kind.logCovers(revision)) await this.#openHistory(revision);
    this.#delivered = revision;
    if (options.initial !== undefined) this.#phase = "initial";
    else if (!this.#catchUp.readsHistory) {
      const { last } = kind.state.log;
      const nothingMissed = kind.logCovers(revision) && (last === undefined || last.revision <= revision);
      // A kind that is being filled again has no log to be live in.
      const filled = kind.heldFrom !== undefined;
      if (filled && (revision >= feed.applied || nothingMissed)) this.#goLive();
      else this.#phase = "log";
    }
    if (this.waiting) this.deliver();
    return revision;
  }

  #next(): Promise<Taken<V>> {
    if (this.#shell.end !== undefined) return this.#consumer.ended(this.#delivered);
    if (this.#phase === "live" && !this.#leavesForHistory()) {
      try {
        const taken = this.#takeBookmark() ?? this.#takeLive();
        if (taken !== undefined) return Promise.resolve({ done: false, value: taken as Batch<V> });
      } catch (error) {
        this.#shell.finish({ error });
        return this.#consumer.ended(this.#delivered);
      }
      return this.#consumer.wait();
    }
    return this.#pull();
  }

  /** The next batch where the watcher is not live: reads until there are events, or it becomes live. */
  async #pull(): Promise<Taken<V>> {
    try {
      await untilAborted(this.#begun, this.#shell.signal);
      while (this.#shell.end === undefined) {
        const phase: WatcherLag["phase"] = this.#phase;
        if (phase === "live") return await this.#next();
        const bookmark = this.#takeBookmark();
        if (bookmark !== undefined) return { done: false, value: bookmark };
        const events =
          phase === "initial"
            ? await this.#pullInitial()
            : phase === "etcd"
              ? await this.#pullHistory()
              : await this.#pullLog();
        if (events !== undefined && events.length > 0) {
          this.#parts.feed.counters.eventsDelivered += events.length;
          return { done: false, value: events as Batch<V> };
        }
      }
    } catch (error) {
      this.#shell.finish({ error });
    }
    return this.#consumer.ended(this.#delivered);
  }

  /** True when it began ahead of the cache, which has since stepped over that version: only etcd has what follows it. */
  #leavesForHistory(): boolean {
    if (!this.#begunAhead || this.#parts.kind.logCovers(this.#delivered)) return false;
    this.#begunAhead = false;
    this.#phase = "log";
    this.seq = Number.MAX_SAFE_INTEGER;
    return true;
  }

  #takeLive(): Batch<unknown> | undefined {
    // A batch may coalesce to nothing; the next one is taken then, since no consumer is woken for an empty batch.
    for (let events = this.#takeNew(); events !== undefined; events = this.#takeNew()) {
      const last = events[events.length - 1];
      if (last !== undefined) this.#delivered = BigInt(last.resourceVersion);
      const batch = this.#parts.coalesce ? coalesceEvents(events) : events;
      this.#parts.feed.counters.eventsDelivered += batch.length;
      if (batch.length > 0) return batch;
    }
    return undefined;
  }

  #takeNew(): Batch<unknown> | undefined {
    let events = this.#group.take(this);
    if (!this.#begunAhead) return events;
    // It began at a version that the cache had not reached yet: events up to that version are skipped.
    const isNew = (event: WatchEvent<unknown>): boolean => BigInt(event.resourceVersion) > this.#delivered;
    while (events !== undefined && (events = events.filter(isNew)).length === 0)
      events = this.#group.take(this);
    if (events !== undefined) this.#begunAhead = false;
    return events;
  }

  #takeBookmark(): Batch<V> | undefined {
    // Until the initial state is complete there is no version to give; its end is a bookmark itself.
    if (!this.#bookmarkDue || this.#phase === "starting" || this.#phase === "initial") return undefined;
    this.#bookmarkDue = false;
    const { applied } = this.#parts.feed;
    const hasAll = this.#phase === "live" && this.seq >= this.#group.end;
    if (hasAll && applied > this.#delivered) this.#delivered = applied;
    return [bookmarkAt(this.#delivered)];
  }

  async #pullInitial(): Promise<Batch<unknown> | undefined> {
    const revision = this.#delivered;
    const { events, done } = await this.#catchUp.initial(revision, this.#shell.signal);
    if (!done) return events;
    this.#phase = "log";
    this.#bookmarkDue = false;
    return [...events, Object.freeze({ ...bookmarkAt(revision), initialEventsEnd: true as const })];
  }

  async #pullLog(): Promise<Batch<unknown> | undefined> {
    const { feed, kind, view } = this.#parts;
    if (!kind.logCovers(this.#delivered)) {
      await this.#openHistory(this.#delivered);
      return undefined;
    }
    const part = nextLogPart(kind.state.log, this.#group, this.#delivered);
    const events = makeEvents(part.events, kind.values, view, "kept");
    this.#delivered = part.revision;
    if (part.isLast) this.#goLive();
    else if (part.events.length === 0) await feed.source.turns.pause();
    return this.#parts.coalesce ? coalesceEvents(events) : events;
  }

  async #openHistory(from: bigint): Promise<void> {
    await this.#catchUp.openHistory(from, this.#shell.signal);
    this.#phase = "etcd";
  }

  async #pullHistory(): Promise<Batch<unknown> | undefined> {
    // Back to the log as soon as it reaches back to where this watcher is.
    if (this.#parts.kind.logCovers(this.#delivered)) {
      this.#phase = "log";
      this.#catchUp.closeHistory();
      return undefined;
    }
    const part = await this.#catchUp.history();
    if (part === undefined) {
      if (this.#shell.end !== undefined) return undefined;
      throw new StoreError("EXPIRED", "Cannot go on watching: etcd's history ended", { reason: "overrun" });
    }
    this.#delivered = part.revision;
    return this.#parts.coalesce ? coalesceEvents(part.events) : part.events;
  }

  #goLive(): void {
    this.#begunAhead = this.#delivered > this.#parts.feed.applied;
    this.#phase = "live";
    this.seq = this.#group.end;
  }

  #leave(): Promise<IteratorResult<never, undefined>> {
    this.#shell.finish("left");
    return Promise.resolve(finished);
  }

  #endAfter(timeoutMs: number): void {
    const timer = this.#parts.feed.source.clock.setTimer(timeoutMs, () => {
      const { applied, state } = this.#parts.feed;
      const current = this.#phase === "live" && this.seq >= this.#group.end && state === "ready";
      if (current && applied > this.#delivered) this.#delivered = applied;
      this.#consumer.lastBookmark =
        this.bookmarks && this.#delivered > 0n && this.#phase !== "starting" && this.#phase !== "initial";
      this.#shell.finish("timeout");
    });
    this.#shell.onEnd(() => timer.cancel());
  }

  /** Releases everything, and ends the wait of the consumer. */
  #over(): void {
    const { kind, watchers } = this.#parts;
    kind.leave(this, this.#group);
    watchers.delete(this as CacheWatch<unknown>);
    this.#catchUp.closeHistory();
    this.#consumer.handFrom(() => this.#consumer.ended(this.#delivered));
  }
}
