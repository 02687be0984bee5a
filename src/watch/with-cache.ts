/**
 * A store whose reads come from a cache.
 *
 *   read                          cache ready                            not ready
 *   get, list: any                cache; a key written here: not before  etcd, one shared path
 *   get, list: linearizable       cache, once as fresh as the store      etcd, one shared path
 *   notOlderThan, exact, tokens   cache when held, else etcd             etcd, one shared path
 *   watch                         cache                                  NOT_READY
 *   write                         store, starting from the cached object       store
 *
 * A get after a write through the same store is never older than the write. A write starts from the cached object, but
 * never fails because of it: the live object is read first.
 */
import { checkOptions, type KnownNames } from "../base/text/known-options.ts";
import type { StoreError } from "../errors.ts";
import { invalidArgument } from "../errors.ts";
import type { GetOptions, ListOptions, ListPage, ResourceReader } from "../resource/contract/reader.ts";
import type { ResourceStore } from "../resource/contract/resource-store.ts";
import type { Scoped } from "../resource/contract/scope.ts";
import type { View } from "../resource/contract/view.ts";
import type { Watch, WatchOptions } from "../resource/contract/watch.ts";
import {
  type CollectionDeleteOptions,
  type CreateManyOptions,
  type CreateOptions,
  type DeleteOptions,
  deleteNames,
  guaranteedUpdateNames,
  type WriteOptions,
  writeNames,
} from "../resource/contract/write-options.ts";
import type { Draft, Key, Resource } from "../resource/model/resource.ts";
import { parseResourceVersion } from "../resource/model/revision.ts";
import { type Suggested, suggestedRecord } from "../storage/object-store.ts";
import { hasStoredSource, type StoredRecord, storedSource } from "../storage/seam/stored.ts";
import type { CacheCore } from "./cache-core.ts";
import type { KindReader } from "./kind-reader.ts";
import { KindCache, type WatchCache } from "./watch-cache.ts";
import { WrittenVersions } from "./written-versions.ts";

/**
 * Reads from `cache`, writes to `store`. Neither is closed with it: it holds nothing of its own.
 * @throws INVALID_ARGUMENT for a cache that `createWatchCache` or `withCaches` has not made, or of another kind
 */
export function withCache<T extends Resource>(
  store: ResourceStore<T>,
  cache: WatchCache<T>,
): ResourceStore<T> {
  if (!(cache instanceof KindCache)) {
    throw invalidArgument("cache", "Cannot read from the cache: it is not made by createWatchCache()");
  }
  const [kind] = hasStoredSource(store) ? store[storedSource].kinds() : [];
  if (kind !== undefined && kind.resource !== cache.resource) {
    throw invalidArgument(
      "cache",
      `Cannot read ${kind.resource} from the cache: it is the one of ${cache.resource}`,
    );
  }
  return new CachedStore<T>(store, cache.core, cache.resource);
}

/** Stands for a missing key: nothing is suggested, and the store refuses the write. */
const noKey: Partial<Key> = {};

export class CachedStore<T extends Resource> implements ResourceStore<T> {
  readonly #store: ResourceStore<T>;
  readonly #core: CacheCore;
  readonly #resource: string;
  readonly #reader: KindReader<T>;
  readonly #written: WrittenVersions;

  constructor(store: ResourceStore<T>, core: CacheCore, resource: string) {
    this.#store = store;
    this.#core = core;
    this.#resource = resource;
    this.#written = new WrittenVersions(() => core.feed.history);
    this.#reader = core.reader<T>(resource, store, {
      whenNotReady: "ask etcd",
      written: this.#written,
    });
  }

  get(key: Key, options?: GetOptions): Promise<T> {
    return this.#reader.get(key, options);
  }

  list(options?: ListOptions): Promise<ListPage<T>> {
    return this.#reader.list(options);
  }

  watch(options?: WatchOptions): Watch<T> {
    return this.#reader.watch(options);
  }

  as<V>(view: View<T, V>): ResourceReader<V> {
    return this.#reader.as(view);
  }

  async create(draft: Draft<T>, options: CreateOptions = {}): Promise<T> {
    const { history } = this.#written;
    return this.#wrote(await this.#store.create(draft, options), history, options.dryRun);
  }

  async update(object: T, options: WriteOptions = {}): Promise<T> {
    const { history } = this.#written;
    return this.#wrote(
      await this.#store.update(object, this.#suggesting(object?.metadata, options, writeNames)),
      history,
      options.dryRun,
    );
  }

  async guaranteedUpdate(
    key: Key,
    mutate: Parameters<ResourceStore<T>["guaranteedUpdate"]>[1],
    options: NonNullable<Parameters<ResourceStore<T>["guaranteedUpdate"]>[2]> = {},
  ): Promise<T> {
    const { history } = this.#written;
    return this.#wrote(
      await this.#store.guaranteedUpdate(key, mutate, this.#suggesting(key, options, guaranteedUpdateNames)),
      history,
      options.dryRun,
    );
  }

  async delete(key: Key, options: DeleteOptions<T> = {}): Promise<T> {
    const { history } = this.#written;
    return this.#wrote(
      await this.#store.delete(key, this.#suggesting(key, options, deleteNames)),
      history,
      options.dryRun,
    );
  }

  async deleteCollection(
    options?: Scoped & CollectionDeleteOptions<T>,
  ): Promise<{ readonly deleted: number }> {
    const { history } = this.#written;
    try {
      return await this.#store.deleteCollection(options);
    } finally {
      // The keys it removed are unknown: no read of any key is older than what this process has seen by now.
      if (options?.dryRun !== true) this.#written.raise(this.#core.feed.source.seenRevision(), history);
    }
  }

  async createMany(
    drafts: readonly Draft<T>[],
    options?: CreateManyOptions,
  ): Promise<readonly (T | StoreError)[]> {
    const { history } = this.#written;
    const results = await this.#store.createMany(drafts, options);
    for (const result of results) if (!(result instanceof Error)) this.#wrote(result, history);
    return results;
  }

  #wrote(object: T, history: number, dryRun = false): T {
    if (dryRun) return object;
    const { feed } = this.#core;
    const kind = feed.kinds.get(this.#resource);
    if (kind === undefined) return object;
    const { namespace, name, resourceVersion } = object.metadata;
    const key = feed.source.keys.object(
      kind.definition,
      kind.definition.scope === "Cluster" ? { name } : { namespace, name },
    );
    const revision = parseResourceVersion(resourceVersion, "resourceVersion");
    if (revision > feed.applied) this.#written.keep(key, revision, feed.applied, history);
    return object;
  }

  /** The options with the cached state to start from, if there is one. The store refuses a bad key. */
  #suggesting<O extends object>(at: Key | undefined, options: O, names: KnownNames): O & Suggested {
    checkOptions(options, `write ${this.#resource}`, names);
    const suggested = this.#cached(at ?? noKey);
    return suggested === undefined || typeof options !== "object"
      ? options
      : { ...options, [suggestedRecord]: suggested };
  }

  #cached({ namespace, name }: Partial<Key>): StoredRecord | undefined {
    const { feed } = this.#core;
    const kind = feed.kinds.get(this.#resource);
    if (kind === undefined || !feed.covers(kind) || typeof name !== "string") return undefined;
    const { prefix } = feed.source.keys.range(kind.definition);
    const key = namespace === undefined ? prefix + name : `${prefix}${namespace}/${name}`;
    const version = kind.state.latest(key);
    return version?.slab === undefined ? undefined : kind.values.recordOf(version);
  }
}
