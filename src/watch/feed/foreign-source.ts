/**
 * Any reader as a source of stored bytes. Its objects are encoded with the default codec, so that a cache over it costs no
 * more memory than one over a store.
 *
 * It has no progress notices (linearizable reads go to the reader), no leases and no previous versions (a deletion shows
 * the state that the cache holds). Without a kind, selectors know only labels, name and namespace, and the first object
 * listed decides whether there are namespaces.
 */

import { type Random, systemRandom } from "../../base/random.ts";
import { systemClock } from "../../base/time/clock.ts";
import { TurnBudget } from "../../base/time/turn-budget.ts";
import { msgpackCodec } from "../../codec/form/codec.ts";
import type { ValueCodec } from "../../codec/form/value.ts";
import { createValueCodec } from "../../codec/value-codec.ts";
import type { ResourceReader } from "../../resource/contract/reader.ts";
import type { WatchEvent } from "../../resource/contract/watch.ts";
import { defineKind, definitionOf } from "../../resource/model/define-kind.ts";
import { KeySpace } from "../../resource/model/keys.ts";
import type { Kind, KindDefinition } from "../../resource/model/kind.ts";
import type { AnyResource, Resource } from "../../resource/model/resource.ts";
import { parseResourceVersion } from "../../resource/model/revision.ts";
import type {
  StoredBatch,
  StoredEvent,
  StoredPage,
  StoredRecord,
  StoredSource,
  StoredWatch,
} from "../../storage/seam/stored.ts";

/** Objects asked for at a time. */
const pageItems = 500;
const tokenKeyBytes = 32;
/** Nothing is written to etcd, so write ids mean nothing. */
const noWriteId = new Uint8Array(16);

export function foreignSource<T extends Resource>(reader: ResourceReader<T>, kind?: Kind<T>): StoredSource {
  return new ForeignSource<T>(reader, kind);
}

class ForeignSource<T extends Resource> implements StoredSource {
  readonly clock = systemClock;
  readonly random: Random = systemRandom;
  readonly turns: TurnBudget = new TurnBudget(systemClock);
  readonly keys: KeySpace = new KeySpace("/foreign");
  readonly #reader: ResourceReader<T>;
  readonly #given: boolean;
  readonly #tokenKey: Uint8Array = systemRandom.bytes(tokenKeyBytes);
  /** Where the reader's walk continues, by the key after which our pages continue. */
  readonly #tokens = new Map<string, string>();
  #definition: KindDefinition;
  #codec: ValueCodec;

  constructor(reader: ResourceReader<T>, kind: Kind<T> | undefined) {
    this.#reader = reader;
    this.#given = kind !== undefined;
    this.#definition = kind === undefined ? unknownKind("Namespaced") : asDefinition(kind);
    this.#codec = codecFor(this.#definition);
  }

  readonly kinds = (): readonly KindDefinition[] => [this.#definition];

  codecOf(): ValueCodec {
    return this.#codec;
  }

  only(): StoredSource {
    return this;
  }

  async prepare(call: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (this.#given) return;
    const { items } = await this.#reader.list({ limit: 1, ...call });
    const [first] = items;
    if (first === undefined || first.metadata.namespace !== undefined) return;
    this.#definition = unknownKind("Cluster");
    this.#codec = codecFor(this.#definition);
  }

  async page(
    options: Parameters<StoredSource["page"]>[0],
    call: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<StoredPage> {
    const { after, revision, limit = pageItems } = options;
    const signal = call.signal;
    const token = after === undefined ? undefined : this.#tokens.get(`${revision} ${after}`);
    if (after !== undefined && token !== undefined) {
      this.#tokens.delete(`${revision} ${after}`);
      return this.#pageOf(await this.#reader.list({ limit, continueToken: token, signal }));
    }
    const read =
      revision === undefined
        ? undefined
        : ({ consistency: "exact", resourceVersion: `${revision}` } as const);
    if (after === undefined) return this.#pageOf(await this.#reader.list({ limit, read, signal }));
    // No walk has reached this key: list everything and skip what is before it.
    const whole = await this.#pageOf(await this.#reader.list({ read, signal }));
    return { ...whole, records: whole.records.filter((record) => record.key > after) };
  }

  watch(
    { fromRevision }: { readonly fromRevision: bigint },
    call: { readonly signal?: AbortSignal | undefined } = {},
  ): StoredWatch {
    const watch = this.#reader.watch({
      resourceVersion: `${fromRevision}`,
      bookmarks: true,
      signal: call.signal,
    });
    const batchOf = (events: readonly WatchEvent<T>[]): Promise<StoredBatch> => this.#batch(events);
    return {
      ready: async () => {
        await watch.ready();
      },
      requestProgress: () => undefined,
      async *[Symbol.asyncIterator]() {
        for await (const events of watch.batches()) yield await batchOf(events);
      },
      [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose](),
    };
  }

  async currentRevision(call: { readonly signal?: AbortSignal | undefined } = {}): Promise<bigint> {
    const { resourceVersion } = await this.#reader.list({ limit: 1, signal: call.signal });
    return parseResourceVersion(resourceVersion, "resourceVersion");
  }

  epoch(): string {
    return "foreign";
  }

  onEpochChange(): Disposable {
    return { [Symbol.dispose]: () => undefined };
  }

  seenRevision(): bigint {
    return 0n;
  }

  progressIsReliable(): Promise<boolean> {
    return Promise.resolve(false);
  }

  tokenKey(): Promise<Uint8Array> {
    return Promise.resolve(this.#tokenKey);
  }

  tokenKeys(): Promise<readonly Uint8Array[]> {
    return Promise.resolve([this.#tokenKey]);
  }

  async #pageOf(page: Awaited<ReturnType<ResourceReader<T>["list"]>>): Promise<StoredPage> {
    const revision = parseResourceVersion(page.resourceVersion, "resourceVersion");
    const records: StoredRecord[] = [];
    for (const object of page.items) records.push(await this.#record(object));
    const last = records.at(-1)?.key;
    const after = page.continueToken === undefined ? undefined : last;
    if (after !== undefined && page.continueToken !== undefined) {
      this.#tokens.set(`${revision} ${after}`, page.continueToken);
    }
    return { records, revision, after, remaining: page.remainingItemCount };
  }

  async #batch(events: readonly WatchEvent<T>[]): Promise<StoredBatch> {
    const stored: StoredEvent[] = [];
    let revision = 0n;
    for (const event of events) {
      revision = parseResourceVersion(event.resourceVersion, "resourceVersion");
      if (event.type === "BOOKMARK") continue;
      if (event.type === "DELETED") {
        const { namespace, name } = event.object.metadata;
        const kind = this.#definition;
        stored.push({
          type: "delete",
          kind,
          key: this.#key(event.object),
          namespace,
          name,
          revision,
          previous: undefined,
        });
      } else {
        const record = await this.#record(event.object, revision);
        stored.push({ type: "put", record, prevModRevision: undefined, previous: undefined });
      }
    }
    return { events: stored, revision };
  }

  async #record(object: T, modRevision?: bigint): Promise<StoredRecord> {
    const key = this.#key(object);
    const { namespace, name, resourceVersion } = object.metadata;
    // A kind's objects are objects of any kind to the codec, which checks that they are plain data.
    const whole = object as unknown as AnyResource;
    const head = this.#definition.headOf(whole);
    const stored = await this.#codec.seal({ key, object: whole, head, writeId: noWriteId });
    const revision = modRevision ?? parseResourceVersion(resourceVersion, "metadata.resourceVersion");
    return {
      kind: this.#definition,
      key,
      namespace,
      name,
      modRevision: revision,
      createRevision: revision,
      lease: 0n,
      value: await this.#codec.open(key, stored),
      corrupt: undefined,
    };
  }

  #key({ metadata: { namespace, name } }: T): string {
    return this.keys.object(
      this.#definition,
      this.#definition.scope === "Cluster" ? { name } : { namespace, name },
    );
  }
}

function codecFor(kind: KindDefinition): ValueCodec {
  return createValueCodec({ kind, codec: msgpackCodec({ dictionaries: "off", compressAboveBytes: false }) });
}

/** Stands for an unnamed kind: objects are returned as they came, whatever kind they name. */
function unknownKind(scope: "Namespaced" | "Cluster"): KindDefinition {
  const named = definitionOf(defineKind({ version: "v1", kind: "Object", plural: "objects", scope }));
  return {
    ...named,
    headOf: (object) => ({ ...named.headOf(object), apiVersion: object.apiVersion, kind: object.kind }),
    upgrade: (stored) => stored,
    validate: () => [],
  };
}

function asDefinition<T extends Resource>(kind: Kind<T>): KindDefinition {
  // The functions of T get only objects that this reader handed out.
  return definitionOf(kind) as unknown as KindDefinition;
}
