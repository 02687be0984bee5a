/**
 * Objects as stored bytes: pages at a revision and the changes after it, for one kind or all kinds of a store.
 *
 * The store's own watches and the cache read from it. Records are opened (decrypted, checked) and not decoded; a
 * batch is whole revisions, in order; keys that are not objects of an open kind are skipped.
 */
import type { Call } from "../../base/call.ts";
import type { Random } from "../../base/random.ts";
import { textOfKey } from "../../base/text/text-of-key.ts";
import type { Clock } from "../../base/time/clock.ts";
import type { TurnBudget } from "../../base/time/turn-budget.ts";
import type { ValueCodec } from "../../codec/form/value.ts";
import { invariant } from "../../errors.ts";
import type { KvEvent, WatchBatch } from "../../etcd/ports/watches.ts";
import type { KeyRange } from "../../resource/model/key-range.ts";
import type { KeySpace } from "../../resource/model/keys.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";
import type { Key } from "../../resource/model/resource.ts";
import { currentRevision } from "../context/freshness.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { PageSizer } from "../context/range-pages.ts";
import { manyKeys, partsOf } from "../context/range-parts.ts";
import { openValue } from "../context/records.ts";
import type { StorageContext } from "../context/storage-context.ts";
import type {
  StoredBatch,
  StoredEvent,
  StoredPage,
  StoredRecord,
  StoredSource,
  StoredWatch,
} from "../seam/stored.ts";
import { progressIsReliable } from "./progress-trust.ts";

/** Which kinds a source carries, and how to find a key's kind. */
export interface SourceScope {
  readonly range: KeyRange;
  /** One key of the range, instead of all. */
  readonly key?: string | undefined;
  /** The kinds carried now, in key order. */
  readonly handles: () => readonly KindHandle[];
  /** Ends with the store, or with its only kind. */
  readonly closed: AbortSignal;
  /** Called when the only kind is replaced. */
  readonly onReplaced?: (listener: () => void) => Disposable;
}

export class RangeSource implements StoredSource {
  readonly #context: StorageContext;
  readonly #scope: SourceScope;
  readonly #sizer = new PageSizer();

  constructor(context: StorageContext, scope: SourceScope) {
    this.#context = context;
    this.#scope = scope;
  }

  readonly kinds = (): readonly KindDefinition[] => this.#scope.handles().map((handle) => handle.definition);

  codecOf(kind: KindDefinition): ValueCodec {
    return this.#handleFor(kind).codec;
  }

  async page(options: Parameters<StoredSource["page"]>[0], call: Call = {}): Promise<StoredPage> {
    const {
      after,
      limit = Number.POSITIVE_INFINITY,
      remaining,
      revision = 0n,
      serializable = false,
      views = false,
      part = this.#scope.range,
    } = options;
    const range = after === undefined ? part : part.after(after);
    const reply = await this.#context.etcd.kv.range(
      {
        key: range.key,
        rangeEnd: range.rangeEnd,
        limit: this.#sizer.items(limit, remaining),
        revision,
        serializable,
        views,
      },
      { ...call, lane: "bulk" },
    );
    this.#sizer.learn(reply.kvs);
    const records: StoredRecord[] = [];
    for (const kv of reply.kvs) {
      const opened = this.#record(textOfKey(kv.key), kv);
      const record = opened instanceof Promise ? await opened : opened;
      if (record !== undefined) records.push(record);
    }
    const last = reply.kvs.at(-1);
    return {
      records,
      revision: revision === 0n ? reply.header.revision : revision,
      after: reply.more && last !== undefined ? textOfKey(last.key) : undefined,
      remaining: Number(reply.count) - reply.kvs.length,
    };
  }

  parts(after: string, remaining: number, call: Call = {}): Promise<readonly KeyRange[]> | undefined {
    if (remaining < manyKeys) return undefined;
    const { kv } = this.#context.etcd;
    return partsOf(kv, this.#scope.range.after(after), remaining, { ...call, lane: "bulk" });
  }

  watch({ fromRevision, previous }: Parameters<StoredSource["watch"]>[0], call: Call = {}): StoredWatch {
    const { range, key } = this.#scope;
    const source = this.#context.etcd.watches.open(
      {
        ...(key === undefined ? { key: range.key, rangeEnd: range.rangeEnd } : { key }),
        startRevision: fromRevision + 1n,
        prevKv: true,
        // A batch is applied or decoded before the next is requested; a cache keeps copies of it.
        views: true,
      },
      call.signal === undefined ? {} : { signal: call.signal },
    );
    const states = previous !== "versions";
    const open = (batch: WatchBatch): Promise<StoredBatch | undefined> =>
      this.#batch(batch, fromRevision, states);
    return {
      ready: async () => {
        await source.ready();
      },
      requestProgress: () => source.requestProgress(),
      reopen: () => source.reopen?.(),
      async *[Symbol.asyncIterator]() {
        for await (const batch of source) {
          const opened = await open(batch);
          if (opened !== undefined) yield opened;
        }
      },
      [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
    };
  }

  get clock(): Clock {
    return this.#context.clock;
  }

  get random(): Random {
    return this.#context.random;
  }

  get turns(): TurnBudget {
    return this.#context.turns;
  }

  get keys(): KeySpace {
    return this.#context.keys;
  }

  only(kind: KindDefinition): StoredSource {
    const handle = this.#handleFor(kind);
    return kindSource(handle);
  }

  get closed(): AbortSignal {
    return this.#scope.closed;
  }

  get onReplaced(): ((listener: () => void) => Disposable) | undefined {
    return this.#scope.onReplaced;
  }

  seenRevision(): bigint {
    return this.#context.etcd.kv.highestRevision;
  }

  progressIsReliable(call: Call = {}): Promise<boolean> {
    return progressIsReliable(this.#context.etcd, call);
  }

  tokenKey(): Promise<Uint8Array> {
    return this.#context.continueKey.get();
  }

  tokenKeys(): Promise<readonly Uint8Array[]> {
    return this.#context.continueKey.all();
  }

  currentRevision(): Promise<bigint> {
    return currentRevision(this.#context);
  }

  epoch(): string {
    return this.#context.epoch.id;
  }

  onEpochChange(listener: () => void): Disposable {
    return this.#context.epoch.onChange(listener);
  }

  async #batch(batch: WatchBatch, fromRevision: bigint, states: boolean): Promise<StoredBatch | undefined> {
    // A response header may be ahead of the delivered events, so only progress and events show how far the stream is.
    if (batch.type === "created" || batch.revision < fromRevision) return undefined;
    if (batch.type === "progress") return { events: [], revision: batch.revision };
    const events: StoredEvent[] = [];
    for (const event of batch.events) {
      const key = textOfKey(event.kv.key);
      const handle = this.#handleOf(key);
      const at = handle && this.#context.keys.parse(handle.definition, key);
      if (handle === undefined || at === undefined) continue;
      const { kv, prevKv } = event;
      const before = prevKv === undefined || !states ? undefined : openValue(handle, key, at, prevKv);
      // Awaited only where a key service or etcd must be asked: nearly every value is opened synchronously.
      const previous = before instanceof Promise ? await before : before;
      const after = event.type === "put" ? openValue(handle, key, at, kv) : undefined;
      const record = after instanceof Promise ? await after : after;
      events.push(storedEvent(handle, at, event, record, previous));
    }
    return { events, revision: batch.revision };
  }

  #record(key: string, kv: KvEvent["kv"]): Promise<StoredRecord> | StoredRecord | undefined {
    const handle = this.#handleOf(key);
    const at = handle && this.#context.keys.parse(handle.definition, key);
    return handle === undefined || at === undefined ? undefined : openValue(handle, key, at, kv);
  }

  #handleFor(kind: KindDefinition): KindHandle {
    const handle = this.#scope.handles().find(({ definition }) => definition.resource === kind.resource);
    invariant(handle !== undefined, `kind ${kind.resource} is carried by this source`);
    return handle;
  }

  #handleOf(key: string): KindHandle | undefined {
    const handles = this.#scope.handles();
    const [only] = handles;
    if (handles.length === 1) return only;
    return handles.find(({ range }) => key.startsWith(range.prefix));
  }
}

function storedEvent(
  handle: KindHandle,
  { namespace, name }: Key,
  { kv, prevKv }: KvEvent,
  record: StoredRecord | undefined,
  previous: StoredRecord | undefined,
): StoredEvent {
  if (record !== undefined) {
    const created = kv.createRevision === kv.modRevision;
    return { type: "put", record, prevModRevision: created ? 0n : prevKv?.modRevision, previous };
  }
  return {
    type: "delete",
    kind: handle.definition,
    key: textOfKey(kv.key),
    namespace,
    name,
    revision: kv.modRevision,
    prevModRevision: prevKv?.modRevision,
    previous,
  };
}

/** A source of one kind. */
export function kindSource(handle: KindHandle): RangeSource {
  return new RangeSource(handle.context, {
    range: handle.range,
    handles: () => [handle],
    closed: AbortSignal.any([handle.context.gate.signal, handle.closed]),
    onReplaced: (listener) => handle.onReplaced(listener),
  });
}
