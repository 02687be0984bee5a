/**
 * The store of one kind: its reader, and the writes. Each public call passes the gate, the counters and one scope;
 * the files of this folder implement it.
 */
import type { Call, CallScope } from "../base/call.ts";
import { checkOptions, type KnownNames } from "../base/text/known-options.ts";
import type { StoreError } from "../errors.ts";
import type { GetOptions, ListOptions, ListPage, ResourceReader } from "../resource/contract/reader.ts";
import type { ResourceStore } from "../resource/contract/resource-store.ts";
import type { Scoped } from "../resource/contract/scope.ts";
import { checkView, type View } from "../resource/contract/view.ts";
import type { Watch, WatchOptions } from "../resource/contract/watch.ts";
import {
  type CollectionDeleteOptions,
  type CreateManyOptions,
  type CreateOptions,
  createManyNames,
  createNames,
  type DeleteOptions,
  deleteCollectionNames,
  deleteNames,
  type GuaranteedUpdateOptions,
  guaranteedUpdateNames,
  type WriteOptions,
  writeNames,
} from "../resource/contract/write-options.ts";
import type { AnyResource, Draft, Key, Resource } from "../resource/model/resource.ts";
import type { KindHandle } from "./context/kind-handle.ts";
import type { StorageContext } from "./context/storage-context.ts";
import { WriteScope } from "./context/write-scope.ts";
import { type HasStoredSource, type StoredRecord, type StoredSource, storedSource } from "./seam/stored.ts";
import { metadataProjection, objectProjection, StoreReader } from "./store-reader.ts";
import { kindSource } from "./watch/watch-source.ts";
import { createMany } from "./write/create-many.ts";
import { createObject } from "./write/creates.ts";
import { deleteCollection } from "./write/delete-collection.ts";
import { checkedDeleteOptions, deleteObject } from "./write/deletes.ts";
import { deleteUnreadable } from "./write/unreadable-deletes.ts";
import { guaranteedUpdateObject, type Mutate, updateObject } from "./write/updates.ts";

/** Internal option of writes: a state that is probably current, e.g. the cache's. No result is based on it alone. */
export const suggestedRecord: unique symbol = Symbol("keelson.suggestedRecord");

export interface Suggested {
  readonly [suggestedRecord]?: StoredRecord | undefined;
}

export type ObjectStore = ResourceStore<AnyResource> & HasStoredSource;

export function createObjectStore(handle: KindHandle): ObjectStore {
  return new KindObjects(handle);
}

class KindObjects implements ObjectStore {
  readonly [storedSource]: StoredSource;
  readonly #context: StorageContext;
  readonly #handle: KindHandle;
  readonly #reader: StoreReader<AnyResource>;

  constructor(handle: KindHandle) {
    this.#context = handle.context;
    this.#handle = handle;
    this.#reader = new StoreReader(handle, objectProjection(handle));
    this[storedSource] = kindSource(handle);
  }

  get(key: Key, options?: GetOptions): Promise<AnyResource> {
    return this.#reader.get(key, options);
  }

  list(options?: ListOptions): Promise<ListPage<AnyResource>> {
    return this.#reader.list(options);
  }

  watch(options?: WatchOptions): Watch<AnyResource> {
    return this.#reader.watch(options);
  }

  as<V>(view: View<AnyResource, V>): ResourceReader<V> {
    checkView(view);
    if (view.from !== "metadata") return this.#reader.as(view);
    return new StoreReader(this.#handle, metadataProjection(this.#handle)).as(view);
  }

  create(draft: Draft<AnyResource>, options: CreateOptions = {}): Promise<AnyResource> {
    return this.#write("create", createNames, options, (scope) =>
      createObject(this.#handle, draft, options, scope),
    );
  }

  update(object: AnyResource, options: WriteOptions & Suggested = {}): Promise<AnyResource> {
    return this.#write("update", writeNames, options, (scope) =>
      updateObject(this.#handle, object, options, options[suggestedRecord], scope),
    );
  }

  guaranteedUpdate(
    key: Key,
    mutate: Mutate,
    options: GuaranteedUpdateOptions<AnyResource> & Suggested = {},
  ): Promise<AnyResource> {
    return this.#write("guaranteedUpdate", guaranteedUpdateNames, options, (scope) =>
      guaranteedUpdateObject(this.#handle, key, mutate, options, options[suggestedRecord], scope),
    );
  }

  delete(key: Key, options: DeleteOptions<AnyResource> & Suggested = {}): Promise<AnyResource> {
    return this.#write("delete", deleteNames, options, async (scope) => {
      const checked = checkedDeleteOptions(options);
      return checked.unreadable
        ? deleteUnreadable(this.#handle, key, checked, scope)
        : deleteObject(this.#handle, key, checked, options[suggestedRecord], scope);
    });
  }

  deleteCollection(
    options: Scoped & CollectionDeleteOptions<AnyResource> = {},
  ): Promise<{ readonly deleted: number }> {
    return this.#write("deleteCollection", deleteCollectionNames, options, (scope) =>
      deleteCollection(this.#handle, options, scope),
    );
  }

  createMany(
    drafts: readonly Draft<AnyResource>[],
    options: CreateManyOptions = {},
  ): Promise<readonly (AnyResource | StoreError)[]> {
    return this.#write("createMany", createManyNames, options, (scope) =>
      createMany(this.#handle, drafts, options, scope),
    );
  }

  /**
   * Gate, counters and scope in one function: every write passes here, and each async function costs another promise.
   */
  async #write<R>(
    verb: string,
    names: KnownNames,
    call: Call,
    run: (scope: CallScope) => Promise<R>,
  ): Promise<R> {
    const { gate, counters } = this.#context;
    const { resource } = this.#handle.definition;
    gate.enter();
    try {
      this.#handle.closed.throwIfAborted();
      const startedMs = counters.begin(verb);
      try {
        return await counters.traced({ verb, resource }, () => {
          const action = `${verb} ${resource}`;
          checkOptions(call, action, names);
          const scope = new WriteScope(this.#context, call, action);
          return scope.isBare ? run(scope) : runAndDispose(scope, run);
        });
      } catch (error) {
        counters.count(error);
        throw error;
      } finally {
        counters.end(verb, startedMs);
      }
    } finally {
      gate.leave();
    }
  }
}

async function runAndDispose<R>(scope: CallScope, run: (scope: CallScope) => Promise<R>): Promise<R> {
  using _ends = scope;
  return await run(scope);
}

/** The type that callers of a typed kind use: the same object, typed as a store of T. */
export function typedStore<T extends Resource>(store: ResourceStore<AnyResource>): ResourceStore<T> {
  // A kind's T describes its objects; at run time all of them are plain records.
  return store as unknown as ResourceStore<T>;
}
