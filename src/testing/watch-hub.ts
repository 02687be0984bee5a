/**
 * The watches of the in-memory etcd, as a real server keeps them.
 *
 *   created --start is past--> unsynced --(batches of 1000 revisions)--> synced --(each revision)--> ...
 *                                  ^------------- the stream is congested ------------'
 *
 * A reply carries whole revisions unless the watcher asked for fragments; progress is answered only while every
 * watcher of the stream is synced; a start below the compacted revision is created and then canceled.
 */
import type { Clock, Timer } from "../base/time/clock.ts";
import type { Header } from "../etcd/ports/messages.ts";
import type { KvEvent } from "../etcd/ports/watches.ts";
import {
  decodeWatchMessage,
  encodeWatchReply,
  type WatchCreate,
  type WatchReply,
} from "../etcd/wire/watch.ts";
import { type ByteRange, byteRange, contains } from "./byte-range.ts";
import type { LoggedRevision, Mvcc } from "./mvcc.ts";

/** Revisions in one reply while catching up (etcd: watchBatchMaxRevs). */
const batchRevisionsMax = 1000;
/** Unread replies from which on a stream counts as congested: its watchers then wait in the log. */
const unreadRepliesMax = 128;

export interface HubOptions {
  readonly mvcc: Mvcc;
  readonly clock: Clock;
  readonly header: () => Header;
  /** Pause between two rounds of catching up, milliseconds; etcd's is 100. */
  readonly syncIntervalMs: number;
  /** Replies above this are split for watchers that asked for fragments (etcd: request limit + 512 KiB). */
  readonly fragmentBytes: number;
}

/** Receives a stream's replies; `unread` is the number that waits there. */
export interface ReplySink {
  send(reply: Uint8Array): void;
  readonly unread: number;
}

interface Watcher {
  readonly id: bigint;
  readonly create: WatchCreate;
  readonly range: ByteRange;
  readonly stream: HubStream;
  /** First revision not yet delivered. */
  next: bigint;
  synced: boolean;
}

export interface HubStream {
  receive(message: Uint8Array): void;
  close(): void;
}

export class WatchHub {
  readonly #options: HubOptions;
  readonly #watchers = new Set<Watcher>();
  #timer: Timer | undefined;

  constructor(options: HubOptions) {
    this.#options = options;
  }

  /** A client's watch stream. @throws WireError from `receive` for a malformed message */
  open(sink: ReplySink): HubStream {
    const own = new Map<bigint, Watcher>();
    let assigned = 0n;
    const stream: HubStream = {
      receive: (bytes) => {
        const message = decodeWatchMessage(bytes);
        if (message.type === "progress") return this.#progress(own, sink);
        if (message.type === "cancel") return this.#cancel(own, message.watchId, sink);
        const { create } = message;
        const id = create.watchId === 0n ? assigned++ : create.watchId;
        if (own.has(id)) {
          const cancelReason = "mvcc: duplicate watch ID provided on the WatchStream";
          return this.#reply(sink, { watchId: -1n, created: true, canceled: true, cancelReason });
        }
        this.#create(own, id, create, stream, sink);
      },
      close: () => {
        for (const watcher of own.values()) this.#watchers.delete(watcher);
        own.clear();
      },
    };
    this.#sinks.set(stream, sink);
    return stream;
  }

  readonly #sinks = new WeakMap<HubStream, ReplySink>();

  /** Receives every revision, right after it is applied. */
  publish(logged: LoggedRevision): void {
    for (const watcher of this.#watchers) {
      if (!watcher.synced || logged.revision < watcher.next) continue;
      const sink = this.#sinks.get(watcher.stream);
      if (sink === undefined) continue;
      if (sink.unread >= unreadRepliesMax) {
        watcher.synced = false;
        this.#schedule(this.#options.syncIntervalMs);
        continue;
      }
      watcher.next = logged.revision + 1n;
      const events = this.#eventsFor(watcher, [logged]);
      if (events.length > 0) this.#send(watcher, sink, events);
    }
  }

  close(): void {
    this.#timer?.cancel();
    this.#watchers.clear();
  }

  #create(
    own: Map<bigint, Watcher>,
    id: bigint,
    create: WatchCreate,
    stream: HubStream,
    sink: ReplySink,
  ): void {
    const { mvcc, syncIntervalMs } = this.#options;
    const start = create.startRevision ?? 0n;
    this.#reply(sink, { watchId: id, created: true });
    const watcher: Watcher = {
      id,
      create,
      range: byteRange(create.key, create.rangeEnd),
      stream,
      next: start > 0n ? start : mvcc.revision + 1n,
      synced: start === 0n || start > mvcc.revision,
    };
    own.set(id, watcher);
    this.#watchers.add(watcher);
    if (!watcher.synced) this.#schedule(syncIntervalMs);
  }

  #cancel(own: Map<bigint, Watcher>, id: bigint, sink: ReplySink): void {
    const watcher = own.get(id);
    if (watcher === undefined) return;
    own.delete(id);
    this.#watchers.delete(watcher);
    this.#reply(sink, { watchId: id, canceled: true });
  }

  #progress(own: ReadonlyMap<bigint, Watcher>, sink: ReplySink): void {
    // A watcher of a future revision counts as unsynced, too: the stream then gets no progress replies.
    const behind = [...own.values()].some((w) => !w.synced || w.next > this.#options.mvcc.revision + 1n);
    if (!behind) this.#reply(sink, { watchId: -1n });
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = this.#options.clock.setTimer(delayMs, () => {
      this.#timer = undefined;
      this.#sync();
    });
  }

  #sync(): void {
    const { mvcc, syncIntervalMs } = this.#options;
    let behind = false;
    for (const watcher of this.#watchers) {
      if (watcher.synced) continue;
      const sink = this.#sinks.get(watcher.stream);
      if (sink === undefined) continue;
      if (watcher.next < mvcc.compactedRevision) {
        this.#watchers.delete(watcher);
        this.#reply(
          sink,
          { watchId: watcher.id, canceled: true, compactRevision: mvcc.compactedRevision },
          true,
        );
        continue;
      }
      if (sink.unread < unreadRepliesMax) {
        const batch = mvcc.logFrom(watcher.next).slice(0, batchRevisionsMax);
        const last = batch.at(-1);
        if (last !== undefined) watcher.next = last.revision + 1n;
        const events = this.#eventsFor(watcher, batch);
        if (events.length > 0) this.#send(watcher, sink, events);
        watcher.synced = watcher.next > mvcc.revision || batch.length === 0;
      }
      behind ||= !watcher.synced;
    }
    if (behind) this.#schedule(syncIntervalMs);
  }

  #eventsFor(watcher: Watcher, revisions: readonly LoggedRevision[]): readonly KvEvent[] {
    const { create, range } = watcher;
    const events: KvEvent[] = [];
    for (const logged of revisions) {
      for (const entry of logged.events) {
        if (!contains(range, entry.key)) continue;
        if (entry.event.type === "put" ? create.noPut : create.noDelete) continue;
        events.push(create.prevKv ? this.#options.mvcc.withPrevious(entry) : entry.event);
      }
    }
    return events;
  }

  #send(watcher: Watcher, sink: ReplySink, events: readonly KvEvent[]): void {
    if (!watcher.create.fragment) return this.#reply(sink, { watchId: watcher.id, events });
    let part: KvEvent[] = [];
    let bytes = 0;
    events.forEach((event, index) => {
      part.push(event);
      bytes += event.kv.key.length + event.kv.value.length + (event.prevKv?.value.length ?? 0);
      const last = index === events.length - 1;
      if (!last && bytes < this.#options.fragmentBytes) return;
      this.#reply(sink, { watchId: watcher.id, events: part, fragment: !last });
      part = [];
      bytes = 0;
    });
  }

  #reply(sink: ReplySink, reply: Partial<WatchReply>, headless = false): void {
    sink.send(
      encodeWatchReply({
        // etcd leaves the revision of a compaction's cancel reply at 0.
        header: headless ? { ...this.#options.header(), revision: 0n } : this.#options.header(),
        watchId: 0n,
        created: false,
        canceled: false,
        compactRevision: 0n,
        cancelReason: "",
        fragment: false,
        events: [],
        ...reply,
      }),
    );
  }
}
