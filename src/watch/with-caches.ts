/**
 * A store with a cache for every kind, over one range watch of etcd and one byte budget: versions of all kinds
 * advance together, so a list of one kind at the version of a list of another is one state of the whole.
 *
 * Kinds added later are filled beside the stream and join it. Closing closes the caches first, then the store.
 */
import { type Call, CallScope, callNames } from "../base/call.ts";
import { checkOptions, type NamesOf } from "../base/text/known-options.ts";
import { untilAborted } from "../base/until-aborted.ts";
import { invalidArgument } from "../errors.ts";
import type { ResourceStore } from "../resource/contract/resource-store.ts";
import type {
  Health,
  Quotas,
  RewriteOptions,
  RewriteReport,
  Store,
  StoreStats,
} from "../resource/contract/store.ts";
import { definitionOf } from "../resource/model/define-kind.ts";
import type { Kind } from "../resource/model/kind.ts";
import { namespaceKind } from "../resource/model/namespace-kind.ts";
import type { Namespace, Resource } from "../resource/model/resource.ts";
import { hasStoredSource, storedSource } from "../storage/seam/stored.ts";
import { type CacheOptions, cacheNames, parseCacheOptions } from "./bounds/cache-options.ts";
import { CacheCore } from "./cache-core.ts";
import { KindCache, type WatchCache } from "./watch-cache.ts";
import { CachedStore } from "./with-cache.ts";

/** A store whose reads and watches are answered by caches. Closing it closes the caches and the store. */
export interface CachedStores extends Store {
  /** Resolves once every kind is filled. */
  ready(options?: Call): Promise<void>;
  /** The cache of one kind. @throws INVALID_ARGUMENT for a kind that is not cached here */
  cache<T extends Resource>(kind: Kind<T>): WatchCache<T>;
}

/** What `withCaches` takes. */
export interface CachesOptions extends CacheOptions {
  /** Kinds to cache; the others are read from the store. Default: all, also those added later. */
  readonly kinds?: readonly Kind[] | undefined;
}

const cachesNames: NamesOf<CachesOptions> = { ...cacheNames, kinds: "array" };

/**
 * Begins to fill at once. `kinds`: only these are cached, the others are read from the store.
 * @throws INVALID_ARGUMENT for a store that `createStore` has not made, and for options out of their bounds
 *
 *
 * @example
 * ```ts
 * import { type Store, withCaches } from "keelson";
 *
 * async function serve(store: Store): Promise<void> {
 *   await using cached = withCaches(store, { budgetBytes: 512 * 1024 ** 2 });
 *   await cached.ready();
 *   const { items } = await cached.namespaces.list();
 *   console.log(items.length);
 * }
 * ```
 */
export function withCaches(store: Store, options: CachesOptions = {}): CachedStores {
  const bounds = parseCacheOptions(options, cachesNames);
  if (!hasStoredSource(store)) {
    throw invalidArgument("store", "Cannot cache the store: it is not made by createStore()");
  }
  const wanted =
    options.kinds === undefined
      ? undefined
      : new Set(options.kinds.map((kind) => definitionOf(kind).resource));
  const core = new CacheCore(
    store[storedSource],
    bounds,
    (kind) => wanted === undefined || wanted.has(kind.resource),
  );
  core.start();
  return new StoreWithCaches(store, core);
}

class StoreWithCaches implements CachedStores {
  readonly #store: Store;
  readonly #core: CacheCore;
  readonly #stores = new Map<string, unknown>();

  constructor(store: Store, core: CacheCore) {
    this.#store = store;
    this.#core = core;
  }

  resources<T extends Resource>(kind: Kind<T>): ResourceStore<T> {
    const store = this.#store.resources(kind);
    return this.#cachedStore(definitionOf(kind).resource, store);
  }

  get namespaces(): ResourceStore<Namespace> {
    return this.#cachedStore(definitionOf(namespaceKind).resource, this.#store.namespaces);
  }

  get kinds(): readonly Kind[] {
    return this.#store.kinds;
  }

  get quotas(): Quotas {
    return this.#store.quotas;
  }

  cache<T extends Resource>(kind: Kind<T>): WatchCache<T> {
    const { resource } = definitionOf(kind);
    if (!this.#core.feed.kinds.has(resource)) {
      throw invalidArgument("kind", `Cannot give the cache of ${resource}: it is not cached here`);
    }
    // All kinds share one core: closing the store closes it.
    return new KindCache<T>(this.#core, resource, this.#store.resources(kind), () => Promise.resolve());
  }

  async ready(options: Call = {}): Promise<void> {
    const { feed } = this.#core;
    checkOptions(options, "wait for the caches", callNames);
    using scope = new CallScope(options, feed.source.clock, "wait for the caches");
    await untilAborted(feed.ready(), scope.signal);
  }

  async addKind(kind: Kind, options?: Call): Promise<void> {
    await this.#store.addKind(kind, options);
    this.#stores.delete(definitionOf(kind).resource);
    const { feed } = this.#core;
    using scope = new CallScope(options, feed.source.clock, "fill the cache of a kind");
    await untilAborted(this.#core.addKind(definitionOf(kind)), scope.signal);
  }

  async removeKind(kind: Kind, options?: Call): Promise<void> {
    const { resource } = definitionOf(kind);
    // The store checks the kind first: after a refusal nothing has ended here.
    await this.#store.removeKind(kind, options);
    this.#stores.delete(resource);
    this.#core.removeKind(resource);
  }

  rewrite(kind: Kind, options?: RewriteOptions): Promise<RewriteReport> {
    return this.#store.rewrite(kind, options);
  }

  currentResourceVersion(options?: Call): Promise<string> {
    return this.#store.currentResourceVersion(options);
  }

  async health(options?: Call): Promise<Health> {
    const health = await this.#store.health(options);
    const { problems } = this.#core;
    if (problems.length === 0) return health;
    return { ...health, ok: false, problems: [...health.problems, ...problems] };
  }

  stats(): StoreStats {
    return this.#store.stats();
  }

  async close(options: Call = {}): Promise<void> {
    checkOptions(options, "close the store", callNames);
    using scope = new CallScope(options, this.#core.feed.source.clock, "close the store");
    await untilAborted(this.#core.stop(), scope.signal);
    await this.#store.close(scope.rest());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #cachedStore<T extends Resource>(resource: string, store: ResourceStore<T>): ResourceStore<T> {
    if (!this.#core.feed.kinds.has(resource)) return store;
    const known = this.#stores.get(resource);
    // One per kind and store, since it remembers what was written through it.
    if (known !== undefined) return known as ResourceStore<T>;
    const cached = new CachedStore<T>(store, this.#core, resource);
    this.#stores.set(resource, cached);
    return cached;
  }
}
