/**
 * A watch cache over one reader: reads and watches of one kind, answered from memory.
 *
 *   await using cache = createWatchCache(store.resources(Pod));
 *   await cache.ready();
 *   for await (const event of cache.watch({ resourceVersion })) …
 *
 * keelson's own readers hand it stored bytes; any other reader's objects are encoded (`foreign-source.ts`).
 */
import { type Call, CallScope, callNames } from "../base/call.ts";
import { checkOptions } from "../base/text/known-options.ts";
import { untilAborted } from "../base/until-aborted.ts";
import { invalidArgument } from "../errors.ts";
import type { GetOptions, ListOptions, ListPage, ResourceReader } from "../resource/contract/reader.ts";
import type { View } from "../resource/contract/view.ts";
import type { Watch } from "../resource/contract/watch.ts";
import type { Kind } from "../resource/model/kind.ts";
import type { Key, Resource } from "../resource/model/resource.ts";
import { hasStoredSource, storedSource } from "../storage/seam/stored.ts";
import { type CacheOptions, type CacheStats, parseCacheOptions } from "./bounds/cache-options.ts";
import { CacheCore } from "./cache-core.ts";
import { foreignSource } from "./feed/foreign-source.ts";
import type { CacheWatchOptions, KindReader } from "./kind-reader.ts";

/**
 * A cache of one kind: a reader answered from memory. Disposing it ends its watches with CLOSED; the source stays
 * open.
 */
export interface WatchCache<T> extends ResourceReader<T>, AsyncDisposable {
  /** Resolves once filled. Rejects with CLOSED when the cache is closed before. */
  ready(options?: Call): Promise<void>;
  /**
   * "pending": not filled yet, reads are NOT_READY; "ready"; "stopped": closed, or its source was, reads are CLOSED.
   */
  readonly state: "pending" | "ready" | "stopped";
  /** The version up to which every change is applied; "" before the first fill. */
  readonly resourceVersion: string;
  /** Plain counters since it was created; synchronous. */
  stats(): CacheStats;
  watch(options?: CacheWatchOptions): Watch<T>;
}

/**
 * Begins to fill at once. The source stays the caller's; the cache is closed by disposing it.
 * @throws INVALID_ARGUMENT for options out of their bounds
 *
 *
 * @example
 * ```ts
 * import { createWatchCache, type Resource, type ResourceStore, withCache } from "keelson";
 *
 * async function serve(widgets: ResourceStore<Resource>): Promise<void> {
 *   await using cache = createWatchCache(widgets, { budgetBytes: 256 * 1024 ** 2 });
 *   await cache.ready({ timeoutMs: 30_000 });
 *   const cached = withCache(widgets, cache);
 *   const { items } = await cached.list({ read: { consistency: "any" } });
 *   console.log(items.length);
 * }
 * ```
 */
export function createWatchCache<T extends Resource>(
  source: ResourceReader<T>,
  options: CacheOptions = {},
): WatchCache<T> {
  const bounds = parseCacheOptions(options);
  if (!isReader(source)) {
    throw invalidArgument("source", "Cannot create the cache: source is no reader with get, list and watch");
  }
  const stored = hasStoredSource(source)
    ? source[storedSource]
    : foreignSource(source, options.kind as Kind<T> | undefined);
  const core = new CacheCore(stored, bounds);
  core.start();
  const [kind] = stored.kinds();
  return new KindCache<T>(core, kind?.resource ?? "", source, () => core.stop());
}

/** One kind of a core, as a cache of its own. */
export class KindCache<T> implements WatchCache<T> {
  /** For `withCache`. */
  readonly core: CacheCore;
  readonly resource: string;
  readonly #reader: KindReader<T>;
  readonly #close: () => Promise<void>;

  constructor(core: CacheCore, resource: string, source: ResourceReader<T>, close: () => Promise<void>) {
    this.core = core;
    this.resource = resource;
    this.#close = close;
    this.#reader = core.reader(resource, source, { whenNotReady: "refuse", written: undefined });
  }

  get state(): "pending" | "ready" | "stopped" {
    const { feed } = this.core;
    const kind = feed.kinds.get(this.resource);
    if (feed.state !== "ready") return feed.state;
    return kind === undefined ? "stopped" : feed.covers(kind) ? "ready" : "pending";
  }

  get resourceVersion(): string {
    return this.core.feed.resourceVersion;
  }

  async ready(options: Call = {}): Promise<void> {
    const { feed } = this.core;
    checkOptions(options, "wait for the cache", callNames);
    using scope = new CallScope(options, feed.source.clock, "wait for the cache");
    await untilAborted(this.core.ready(this.resource), scope.signal);
  }

  get(key: Key, options?: GetOptions): Promise<T> {
    return this.#reader.get(key, options);
  }

  list(options?: ListOptions): Promise<ListPage<T>> {
    return this.#reader.list(options);
  }

  watch(options?: CacheWatchOptions): Watch<T> {
    return this.#reader.watch(options);
  }

  as<V>(view: View<T, V>): ResourceReader<V> {
    return this.#reader.as(view);
  }

  stats(): CacheStats {
    return this.core.stats(this.resource);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

function isReader(source: unknown): boolean {
  if (typeof source !== "object" || source === null) return false;
  const { get, list, watch } = source as Partial<ResourceReader<unknown>>;
  return [get, list, watch].every((method) => typeof method === "function");
}
