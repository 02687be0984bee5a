/**
 * A watch directly from etcd: it begins at the call, delivers whole revisions in order, and ends without error when
 * left, aborted or timed out, otherwise with a typed error.
 *
 *   begin ─► from a version:  established
 *         ─► from now:        one quorum read says which version that is
 *         ─► initial events:  pages at one version, then BOOKMARK initialEventsEnd
 *   then live ─► events │ bookmark every minute, or at the store's interval ─►  last bookmark at timeoutMs
 *
 * The consumer pulls: nothing is read ahead except what etcd's client holds, so a slow consumer costs flow control
 * and no memory.
 */
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import type { Timer } from "../../base/time/clock.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import type { Subject } from "../../errors/codes.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { Watch, WatchEvent, WatchOptions } from "../../resource/contract/watch.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { historyReplaced, subjectOf } from "../../resource/objects/read-errors.ts";
import { type ParsedWatchOptions, parseWatchOptions } from "../../resource/options/read-options.ts";
import { oneByOne, WatchShell } from "../../resource/watch-shell.ts";
import { awaitRevision, currentRevision } from "../context/freshness.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { rangePages, wholeWalk } from "../context/range-pages.ts";
import { headOf, openRecord } from "../context/records.ts";
import type { StorageContext } from "../context/storage-context.ts";
import { onlyKey } from "../read/lists.ts";
import type { StoredBatch, StoredWatch } from "../seam/stored.ts";
import { BookmarkTimer } from "./bookmark-timer.ts";
import { progressIsReliable } from "./progress-trust.ts";
import { type Projection, watchEventsOf } from "./watch-events.ts";
import { RangeSource } from "./watch-source.ts";

/** How long before the end of the loop progress is requested, so that the last bookmark is recent. */
const lastBookmarkLeadMs = 500;

type Batch<V> = readonly WatchEvent<V>[];
type Bookmark = Extract<WatchEvent<never>, { type: "BOOKMARK" }>;

interface Begun {
  /** Every delivered event is after this version, or is the state at it. */
  readonly revision: bigint;
  readonly stream: StoredWatch;
}

export class StoreWatch<V> implements Watch<V> {
  readonly #context: StorageContext;
  readonly #handle: KindHandle;
  readonly #project: Projection<V>;
  readonly #options: ParsedWatchOptions;
  /** Its signal ends everything inside: etcd's stream, reads, waits. */
  readonly #shell = new WatchShell();
  readonly #begun: Promise<Begun>;
  readonly #batches: AsyncGenerator<Batch<V>, void, undefined>;
  /** The version up to which everything has been delivered; 0n before it is known. */
  #delivered = 0n;
  #hurry: (() => void) | undefined;

  /** @throws INVALID_ARGUMENT, CLOSED, the signal's reason */
  constructor(handle: KindHandle, project: Projection<V>, options: WatchOptions & Call) {
    const { context } = handle;
    this.#context = context;
    this.#handle = handle;
    this.#project = project;
    this.#options = parseWatchOptions(handle.definition, options);
    context.gate.throwIfClosed();
    handle.closed.throwIfAborted();
    context.counters.watchOpened();
    const shell = this.#shell;
    shell.onEnd(() => context.counters.openWatches--);
    shell.endWith(context.gate.signal, (reason) => ({ error: reason }));
    shell.endWith(handle.closed, (reason) => ({ error: reason }));
    if (options.signal !== undefined) shell.endWith(options.signal, () => "left");
    const epochChange = context.epoch.onChange(() =>
      shell.finish({ error: historyReplaced("epoch", this.#subject()) }),
    );
    shell.onEnd(() => epochChange[Symbol.dispose]());
    if (options.timeoutMs !== undefined) this.#endAfter(options.timeoutMs);
    this.#begun = this.#begin();
    // The loop and ready() report a failure; without either it must not count as an unhandled rejection.
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
    this.#shell.take();
    return oneByOne<V>({
      next: () => this.#batches.next() as Promise<IteratorResult<Batch<V>, undefined>>,
      leave: () => this.#leave(),
    });
  }

  batches(): AsyncIterable<Batch<V>> {
    this.#shell.take();
    return {
      [Symbol.asyncIterator]: () => ({ next: () => this.#batches.next(), return: () => this.#leave() }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave();
  }

  async #leave(): Promise<IteratorResult<never, undefined>> {
    this.#shell.finish("left");
    // A generator that never started runs no cleanup; the shell's signal wakes a waiting one.
    await this.#batches.return();
    return { done: true, value: undefined };
  }

  /** Finds the start version and opens etcd's stream after it. */
  async #begin(): Promise<Begun> {
    using scope = new CallScope({ signal: this.#shell.signal }, this.#context.clock, "watch");
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
      this.#shell.finish({ error });
    } finally {
      // The reader has left: all waits end.
      this.#shell.finish("left");
      this.#begun.then(({ stream }) => stream[Symbol.asyncDispose]()).catch(() => undefined);
    }
    const { end } = this.#shell;
    if (end === "timeout" && this.#options.bookmarks && this.#delivered > 0n) {
      yield [bookmark(this.#delivered)];
    }
    if (typeof end === "object") {
      this.#context.counters.count(end.error);
      throw end.error;
    }
  }

  async *#initialEvents(revision: bigint): AsyncGenerator<Batch<V>, void, undefined> {
    const { selection } = this.#options;
    const pages = rangePages(
      this.#context.etcd.kv,
      this.#handle.sizer,
      {
        ...wholeWalk(this.#context.keys.range(this.#handle.definition, selection.namespace)),
        key: onlyKey(this.#handle, selection),
        revision,
      },
      { signal: this.#shell.signal },
    );
    for await (const page of pages) {
      const events: WatchEvent<V>[] = [];
      for (const kv of page.kvs) {
        await this.#context.turns.pause();
        const opened = openRecord(this.#handle, kv);
        const record = opened instanceof Promise ? await untilAborted(opened, this.#shell.signal) : opened;
        if (record === undefined) continue;
        try {
          if (
            !selection.isWholeRange &&
            !selection.matches(headOf(this.#handle.definition, this.#handle.codec, record, "selected"))
          )
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
    // Not earlier: a bookmark says that everything up to its version has been delivered.
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
        const waited = untilAborted(pending, this.#shell.signal);
        const next = await (timer === undefined ? waited : timer.interrupt(waited));
        if (next === "bookmark") {
          yield [bookmark(this.#delivered)];
          continue;
        }
        pending = undefined;
        if (next.done === true) throw streamEnded();
        const { events, revision } = next.value;
        const { seen, failure } = watchEventsOf(this.#handle, selection, this.#project, events, onCorrupt);
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
    const reliable = await progressIsReliable(etcd, { signal: this.#shell.signal }).catch(() => false);
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
      range: keys.range(this.#handle.definition, selection.namespace),
      key: onlyKey(this.#handle, selection),
      handles: () => [this.#handle],
      closed: this.#handle.closed,
    });
    return source.watch({ fromRevision: revision }, { signal: this.#shell.signal });
  }

  #handedOver(events: Batch<V>): Batch<V> {
    this.#context.counters.eventsDelivered += events.length;
    return events;
  }

  #endAfter(timeoutMs: number): void {
    const { clock } = this.#context;
    const timers: readonly Timer[] = [
      clock.setTimer(timeoutMs, () => this.#shell.finish("timeout")),
      clock.setTimer(Math.max(0, timeoutMs - lastBookmarkLeadMs), () => this.#hurry?.()),
    ];
    for (const timer of timers) this.#shell.onEnd(() => timer.cancel());
  }

  #subject(): Subject {
    return subjectOf(this.#handle.definition, this.#options.selection);
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
