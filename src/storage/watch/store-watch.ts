/**
 * A watch straight from etcd: begins at the call, hands over whole revisions in order, and ends as its contract
 * says: without error when left, aborted or timed out, with a typed error otherwise.
 *
 *   begin ─► from a version:  established
 *         ─► from now:        one quorum read says which version that is
 *         ─► initial events:  pages at one version, then BOOKMARK initialEventsEnd
 *   then live ─► events │ bookmark every minute, or as often as the store is told ─► last bookmark at timeoutMs
 *
 * The consumer pulls: nothing is read ahead of it but what etcd's client holds, so a slow one costs flow control and
 * no memory.
 */
import { type Call, CallScope, callNames, expectManyListeners } from "../../base/call.ts";
import type { Timer } from "../../base/clock.ts";
import { checkOptions } from "../../base/known-options.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import { invariant, isStoreError, StoreError } from "../../errors.ts";
import type { Watch, WatchEvent, WatchOptions } from "../../resource/contract.ts";
import { type ParsedWatchOptions, parseWatchOptions } from "../../resource/read-options.ts";
import { formatResourceVersion } from "../../resource/revision.ts";
import { awaitRevision, currentRevision } from "../context/freshness.ts";
import type { KindSlot } from "../context/kind-slot.ts";
import { rangePages, wholeWalk } from "../context/range-pages.ts";
import { headOf, openRecord } from "../context/records.ts";
import type { StorageContext } from "../context/storage-context.ts";
import { onlyKey } from "../read/lists.ts";
import type { StoredBatch, StoredWatch } from "../seam/stored.ts";
import { BookmarkTimer } from "./bookmark-timer.ts";
import { progressIsReliable } from "./progress-trust.ts";
import { type Projection, watchEventsOf } from "./watch-events.ts";
import { RangeSource } from "./watch-source.ts";

/** How long before the end of the loop etcd is asked, so that the last bookmark is a fresh one. */
const lastBookmarkLeadMs = 500;

/** Why the loop is over. */
type End = { readonly error: unknown } | "left" | "timeout";

type Batch<V> = readonly WatchEvent<V>[];
type Bookmark = Extract<WatchEvent<never>, { type: "BOOKMARK" }>;

interface Begun {
  /** Everything handed over is after it, or is the state at it. */
  readonly revision: bigint;
  readonly stream: StoredWatch;
}

export class StoreWatch<V> implements Watch<V> {
  readonly #context: StorageContext;
  readonly #slot: KindSlot;
  readonly #project: Projection<V>;
  readonly #options: ParsedWatchOptions;
  /** Ends everything inside: etcd's stream, reads, waits. */
  readonly #stop = new AbortController();
  readonly #cleanups: (() => void)[] = [];
  readonly #begun: Promise<Begun>;
  readonly #batches: AsyncGenerator<Batch<V>, void, undefined>;
  /** The version up to which everything has been handed over; 0n before it is known. */
  #delivered = 0n;
  #end: End | undefined;
  #hurry: (() => void) | undefined;
  #taken = false;

  /** @throws INVALID_ARGUMENT, CLOSED, the signal's reason */
  constructor(context: StorageContext, slot: KindSlot, project: Projection<V>, options: WatchOptions & Call) {
    this.#context = context;
    this.#slot = slot;
    this.#project = project;
    this.#options = parseWatchOptions(slot.definition, options);
    context.gate.throwIfClosed();
    slot.closed.throwIfAborted();
    context.counters.watchOpened();
    this.#cleanups.push(() => context.counters.openWatches--);
    this.#endWith(context.gate.signal, (reason) => ({ error: reason }));
    this.#endWith(slot.closed, (reason) => ({ error: reason }));
    if (options.signal !== undefined) this.#endWith(options.signal, () => "left");
    const epochChange = context.epoch.onChange(() => this.#finish({ error: this.#replaced() }));
    this.#cleanups.push(() => epochChange[Symbol.dispose]());
    if (options.timeoutMs !== undefined) this.#endAfter(options.timeoutMs);
    this.#begun = this.#begin();
    // Whoever loops learns of it there, whoever asks ready() there; nobody asking is no fault of the process.
    this.#begun.catch(() => undefined);
    this.#batches = this.#run();
  }

  async ready(call: Call = {}): Promise<{ readonly resourceVersion: string }> {
    checkOptions(call, "wait for the watch", callNames);
    using scope = new CallScope(call, this.#context.clock, "wait for the watch");
    const { revision } = await untilAborted(this.#begun, scope.signal);
    return { resourceVersion: formatResourceVersion(revision) };
  }

  [Symbol.asyncIterator](): AsyncIterator<WatchEvent<V>> {
    const batches = this.#take();
    let batch: Batch<V> = [];
    let at = 0;
    return {
      next: async () => {
        while (at >= batch.length) {
          const next = await batches.next();
          if (next.done === true) return { done: true, value: undefined };
          batch = next.value;
          at = 0;
        }
        const value = batch[at++];
        invariant(value !== undefined, "a batch has no holes");
        return { done: false, value };
      },
      return: async () => {
        batch = [];
        await this[Symbol.asyncDispose]();
        return { done: true, value: undefined };
      },
    };
  }

  batches(): AsyncIterable<Batch<V>> {
    const batches = this.#take();
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => batches.next(),
        return: async () => {
          await this[Symbol.asyncDispose]();
          return { done: true, value: undefined };
        },
      }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#finish("left");
    // A generator that never ran runs nothing; one that waits is woken by the stop above.
    await this.#batches.return();
  }

  #take(): AsyncGenerator<Batch<V>, void, undefined> {
    if (this.#taken) {
      throw new StoreError(
        "INVALID_ARGUMENT",
        "Cannot loop over the watch: it has one loop, and it was begun",
        {
          argument: "watch",
        },
      );
    }
    this.#taken = true;
    return this.#batches;
  }

  /** Finds the version everything starts from and opens etcd's stream behind it. */
  async #begin(): Promise<Begun> {
    using scope = new CallScope({ signal: this.#stop.signal }, this.#context.clock, "watch");
    const revision = await this.#startRevision(scope);
    scope.throwIfEnded();
    const stream = this.#open(revision);
    await untilAborted(stream.ready(), scope.signal);
    return { revision, stream };
  }

  async #startRevision(scope: CallScope): Promise<bigint> {
    const { fromRevision, initial, initialMinRevision = 0n } = this.#options;
    const wanted = initial !== undefined && "revision" in initial ? initial.revision : 0n;
    const floor = fromRevision ?? (wanted > initialMinRevision ? wanted : initialMinRevision);
    if (floor > 0n) await awaitRevision(this.#context, floor, scope, this.#subject());
    if (fromRevision !== undefined) return fromRevision;
    const now = this.#context.watchStarts.track(currentRevision(this.#context));
    return untilAborted(now, scope.signal);
  }

  async *#run(): AsyncGenerator<Batch<V>, void, undefined> {
    try {
      const { revision, stream } = await this.#begun;
      if (this.#options.initial === undefined) this.#delivered = revision;
      else yield* this.#initialEvents(revision);
      yield* this.#live(stream);
    } catch (error) {
      if (this.#end === undefined) this.#finish({ error });
    } finally {
      // Left by its reader: nothing is waited for any more.
      if (this.#end === undefined) this.#finish("left");
      this.#begun.then(({ stream }) => stream[Symbol.asyncDispose]()).catch(() => undefined);
    }
    if (this.#end === "timeout" && this.#options.bookmarks && this.#delivered > 0n) {
      yield [bookmark(this.#delivered)];
    }
    if (typeof this.#end === "object") {
      this.#context.counters.count(this.#end.error);
      throw this.#end.error;
    }
  }

  async *#initialEvents(revision: bigint): AsyncGenerator<Batch<V>, void, undefined> {
    const { selection } = this.#options;
    const pages = rangePages(
      this.#context.etcd.kv,
      this.#slot.sizer,
      {
        ...wholeWalk(this.#context.keys.range(this.#slot.definition, selection.namespace)),
        key: onlyKey(this.#context.keys, this.#slot, selection),
        revision,
      },
      { signal: this.#stop.signal },
    );
    for await (const page of pages) {
      const events: WatchEvent<V>[] = [];
      for (const kv of page.kvs) {
        await this.#context.turns.pause();
        const opened = openRecord(this.#context.keys, this.#slot, kv);
        const record = opened instanceof Promise ? await untilAborted(opened, this.#stop.signal) : opened;
        if (record === undefined) continue;
        try {
          if (!selection.matches(headOf(this.#slot.definition, this.#slot.codec, record, "selected")))
            continue;
          events.push({
            type: "ADDED",
            object: this.#project(record, record.modRevision),
            resourceVersion: formatResourceVersion(record.modRevision),
            more: true,
          });
        } catch (error) {
          if (this.#options.onCorrupt === undefined || !isStoreError(error, "CORRUPT_OBJECT")) throw error;
          this.#context.counters.count(error);
          this.#options.onCorrupt(error);
        }
      }
      if (events.length > 0) yield this.#handedOver(events);
    }
    // Not before: a bookmark says that everything up to its version has been handed over.
    this.#delivered = revision;
    yield [{ ...bookmark(revision), initialEventsEnd: true }];
  }

  async *#live(stream: StoredWatch): AsyncGenerator<Batch<V>, void, undefined> {
    const { selection, bookmarks, onCorrupt } = this.#options;
    const batches = stream[Symbol.asyncIterator]();
    using timer = bookmarks ? await this.#bookmarkTimer(stream) : undefined;
    let pending: Promise<IteratorResult<StoredBatch>> | undefined;
    try {
      for (;;) {
        pending ??= batches.next();
        const waited = untilAborted(pending, this.#stop.signal);
        const next = await (timer === undefined ? waited : timer.interrupt(waited));
        if (next === "bookmark") {
          yield [bookmark(this.#delivered)];
          continue;
        }
        pending = undefined;
        if (next.done === true) throw streamEnded();
        const { events, revision } = next.value;
        const { seen, failure } = watchEventsOf(this.#slot, selection, this.#project, events, onCorrupt);
        if (seen.length > 0) yield this.#handedOver(seen);
        if (failure !== undefined) throw failure.error;
        this.#delivered = revision;
        if (timer?.takesAnswer() === true) yield [bookmark(revision)];
      }
    } finally {
      pending?.catch(() => undefined);
    }
  }

  async #bookmarkTimer(stream: StoredWatch): Promise<BookmarkTimer> {
    const { clock, etcd } = this.#context;
    const reliable = await progressIsReliable(etcd, { signal: this.#stop.signal }).catch(() => false);
    const timer = new BookmarkTimer(clock, {
      intervalMs: this.#context.bookmarkIntervalMs,
      ask: reliable ? () => stream.requestProgress() : undefined,
    });
    this.#hurry = () => timer.hurry();
    return timer;
  }

  #open(revision: bigint): StoredWatch {
    const { keys } = this.#context;
    const { selection } = this.#options;
    const source = new RangeSource(this.#context, {
      range: keys.range(this.#slot.definition, selection.namespace),
      key: onlyKey(keys, this.#slot, selection),
      slots: () => [this.#slot],
      closed: this.#slot.closed,
    });
    return source.watch({ fromRevision: revision }, { signal: this.#stop.signal });
  }

  #handedOver(events: Batch<V>): Batch<V> {
    this.#context.counters.eventsDelivered += events.length;
    return events;
  }

  #endWith(signal: AbortSignal, end: (reason: unknown) => End): void {
    if (signal.aborted) {
      this.#finish(end(signal.reason), signal.reason);
      return;
    }
    const onAbort = (): void => this.#finish(end(signal.reason), signal.reason);
    expectManyListeners(signal);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#cleanups.push(() => signal.removeEventListener("abort", onAbort));
  }

  #endAfter(timeoutMs: number): void {
    const { clock } = this.#context;
    const timers: readonly Timer[] = [
      clock.setTimer(timeoutMs, () => this.#finish("timeout")),
      clock.setTimer(Math.max(0, timeoutMs - lastBookmarkLeadMs), () => this.#hurry?.()),
    ];
    for (const timer of timers) this.#cleanups.push(() => timer.cancel());
  }

  #finish(end: End, reason?: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    const over = (): unknown =>
      new StoreError("CLOSED", "Cannot use the watch: it is over", { what: "watch" });
    this.#stop.abort(typeof end === "object" ? end.error : (reason ?? over()));
  }

  #replaced(): StoreError<"EXPIRED"> {
    return new StoreError("EXPIRED", "Cannot go on watching: the store's history was replaced", {
      ...this.#subject(),
      reason: "epoch",
    });
  }

  #subject(): ReturnType<KindSlot["subject"]> {
    const { namespace, name } = this.#options.selection;
    const { group, kind, plural } = this.#slot.definition;
    return { group, kind, plural, namespace, name };
  }
}

function bookmark(revision: bigint): Bookmark {
  return { type: "BOOKMARK", resourceVersion: formatResourceVersion(revision) };
}

function streamEnded(): StoreError<"CLOSED"> {
  return new StoreError("CLOSED", "Cannot go on watching: the connection to etcd is closed", {
    what: "etcd",
  });
}
