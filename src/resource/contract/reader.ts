/**
 * The reader contract: one set of guarantees that the store, the cache and the cached store all keep (test/conformance
 * runs the same suite over each).
 *
 * A read says how fresh it must be. A list is one state at one version. See docs/guarantees.md.
 */
import { type Call, callNames } from "../../base/call.ts";
import type { NamesOf } from "../../base/text/known-options.ts";
import type { StoreError } from "../../errors.ts";
import type { Key } from "../model/resource.ts";
import { type ReadFreshness, type Scoped, scopedNames } from "./scope.ts";
import type { View } from "./view.ts";
import type { Watch, WatchOptions } from "./watch.ts";

/** What `list` takes. */
export interface ListOptions extends Scoped {
  /** Most items in the page, at least 1; absent: all. */
  readonly limit?: number | undefined;
  /**
   * The previous page's `continueToken`: returns the next page, at that page's version. Namespace and selectors must
   * be the same.
   * @throws INVALID_TOKEN, EXPIRED
   */
  readonly continueToken?: string | undefined;
  /**
   * How fresh the list must be; default linearizable. A `continueToken` fixes the version: with it, only forms
   * without a version are allowed.
   */
  readonly read?: ReadFreshness | undefined;
  /** Skips an unreadable object and reports it here; without it the list rejects with CORRUPT_OBJECT. */
  readonly onCorrupt?: ((error: StoreError) => void) | undefined;
}

export const listNames: NamesOf<ListOptions> = {
  ...scopedNames,
  limit: "number",
  continueToken: "text",
  read: "object",
  onCorrupt: "function",
};

/** One page of a list: a state at one version, the same for all pages of the list. */
export interface ListPage<T> {
  /** The objects, in the order of their keys: by namespace, then by name. */
  readonly items: readonly T[];
  /** The version of all pages of the list; watch from here to miss nothing. */
  readonly resourceVersion: string;
  /** Opaque; use it to read the next page. Absent on the last page. The last page may be empty. */
  readonly continueToken?: string | undefined;
  /** Present when it is exact. */
  readonly remainingItemCount?: number | undefined;
}

/** What `get` takes. */
export interface GetOptions extends Call {
  /** How fresh the object must be; default linearizable. */
  readonly read?: ReadFreshness | undefined;
}

export const getNames: NamesOf<GetOptions> = { ...callNames, read: "object" };

/**
 * Results of reads are read-only and frozen, both from a store and from a cache, which shares them (unless their
 * `freeze` is false); copy them to change them.
 */
export interface ResourceReader<T> {
  /**
   * One object, at the freshness of `read`.
   * @throws NOT_FOUND when absent; CORRUPT_OBJECT when it cannot be read; EXPIRED, FUTURE_VERSION for an unavailable
   * version; UNAVAILABLE, DEADLINE
   */
  get(key: Key, options?: GetOptions): Promise<T>;
  /**
   * The objects of a scope at one version, all of them or in pages of `limit`.
   * @throws EXPIRED when the version, or a token's, is compacted (`details.continueToken` continues from the latest
   * state); INVALID_TOKEN; CORRUPT_OBJECT without `onCorrupt`; FUTURE_VERSION, UNAVAILABLE, DEADLINE
   * @example
   * ```ts
   * import type { Resource, ResourceStore } from "keelson";
   *
   * async function names(widgets: ResourceStore<Resource>): Promise<string[]> {
   *   const found: string[] = [];
   *   let continueToken: string | undefined;
   *   do {
   *     const page = await widgets.list({ namespace: "shop", labelSelector: "tier=web", limit: 500, continueToken });
   *     found.push(...page.items.map(({ metadata }) => metadata.name));
   *     continueToken = page.continueToken;
   *   } while (continueToken !== undefined);
   *   return found;
   * }
   * ```
   */
  list(options?: ListOptions): Promise<ListPage<T>>;
  /**
   * Every change of a scope, in order, each once. The watch begins at the call: from now, after `resourceVersion`, or
   * with the present state (`sendInitialEvents`). A wrong option throws INVALID_ARGUMENT at the call; the loop throws
   * every later error.
   * @throws from the loop: EXPIRED when the version is compacted or etcd was restored: list, then watch from the list;
   * FUTURE_VERSION; CORRUPT_OBJECT without `onCorrupt`; CLOSED
   * @example
   * ```ts
   * import { isStoreError, type Resource, type ResourceStore } from "keelson";
   *
   * async function follow(widgets: ResourceStore<Resource>, signal: AbortSignal): Promise<void> {
   *   while (!signal.aborted) {
   *     const { items, resourceVersion } = await widgets.list({ signal });
   *     console.log(`${items.length} widgets`);
   *     try {
   *       for await (const event of widgets.watch({ resourceVersion, signal })) {
   *         if (event.type !== "BOOKMARK") console.log(event.type, event.object.metadata.name);
   *       }
   *     } catch (error) {
   *       if (!isStoreError(error, "EXPIRED")) throw error;
   *     }
   *   }
   * }
   * ```
   */
  watch(options?: WatchOptions): Watch<T>;
  /** The same reads and watches of V instead of T; a cache computes each V once per object version. */
  as<V>(view: View<T, V>): ResourceReader<V>;
}
