/**
 * The reader and store contracts: one set of guarantees that the store, the cache and the cached store all keep
 * (test/conformance runs the same suite over each).
 *
 * Each options type has a table of its names beside it (base/known-options.ts): a new option is a line in both.
 *
 * A read says how fresh it must be. A list is one state at one version. A watch delivers whole versions, in order,
 * exactly once, and ends with a typed error when it cannot continue. See docs/guarantees.md.
 */
import { type Call, callNames } from "../../base/call.ts";
import type { NamesOf } from "../../base/text/known-options.ts";
import type { StoreError } from "../../errors.ts";
import type { Draft, Key, Resource } from "../model/resource.ts";
import type { View } from "./view.ts";

/** How fresh a read must be. Default: linearizable. */
export type ReadFreshness =
  | {
      /**
       * "linearizable": no write acknowledged before the call is missing. "any": some state that was true once,
       * without waiting. "notOlderThan": the state at `resourceVersion` or later. "exact": the state at
       * `resourceVersion`.
       */
      readonly consistency: "linearizable";
    }
  | { readonly consistency: "any" }
  | {
      readonly consistency: "notOlderThan";
      /**
       * A version of this store, decimal text above 0. "exact" of a compacted version is EXPIRED; a version that the
       * store has not reached within 3 s is FUTURE_VERSION.
       */
      readonly resourceVersion: string;
    }
  | { readonly consistency: "exact"; readonly resourceVersion: string };

/** The options of every form; the parser checks which ones may be combined. */
export const readNames: Readonly<Record<"consistency" | "resourceVersion", true>> = {
  consistency: true,
  resourceVersion: true,
};

/** Object form of a label selector (metav1.LabelSelector); all terms must hold. */
export interface LabelSelector {
  /** Labels the object must have with exactly these values. */
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  /** Requirements on single labels; all must hold. */
  readonly matchExpressions?:
    | readonly {
        /** The label's key, such as "tier" or "example.com/tier". */
        readonly key: string;
        /**
         * "In": has the label with one of `values`; "NotIn": does not; "Exists": has it; "DoesNotExist": does not. An
         * object without the label matches "NotIn".
         */
        readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
        /** At least one for "In" and "NotIn", none for the others; at most 4,096. */
        readonly values?: readonly string[] | undefined;
      }[]
    | undefined;
}

/** Which objects of a kind a call is about; absent members do not narrow it. */
export interface Scoped extends Call {
  /** One namespace; absent: all of them. INVALID_ARGUMENT for a cluster-scoped kind. */
  readonly namespace?: string | undefined;
  /**
   * As text in kubectl's syntax, "tier in (web,db),!old", or as an object; at most 65,536 characters and 256
   * requirements.
   */
  readonly labelSelector?: string | LabelSelector | undefined;
  /** "spec.nodeName=n1,metadata.name!=x" or an equality map. */
  readonly fieldSelector?: string | Readonly<Record<string, string>> | undefined;
}

const scopedNames: NamesOf<Scoped> = {
  ...callNames,
  namespace: true,
  labelSelector: true,
  fieldSelector: true,
};

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
  limit: true,
  continueToken: true,
  read: true,
  onCorrupt: true,
};

/** What `watch` takes. */
export interface WatchOptions extends Scoped {
  /** One object only. */
  readonly name?: string | undefined;
  /** Delivers events after it, exclusive; absent: from now. */
  readonly resourceVersion?: string | undefined;
  /**
   * ADDED for every existing object, then BOOKMARK with initialEventsEnd, then live events. With resourceVersion: a
   * state not older than it.
   */
  readonly sendInitialEvents?: boolean | undefined;
  /** How fresh that initial state is; default linearizable. */
  readonly read?: ReadFreshness | undefined;
  /** Delivers a BOOKMARK about every minute, and one before timeoutMs ends the loop. */
  readonly bookmarks?: boolean | undefined;
  /**
   * Reports unreadable objects here. They count as absent: no event shows one, and an object that was readable before
   * is DELETED with its last readable state. Without it the watch ends with CORRUPT_OBJECT.
   */
  readonly onCorrupt?: ((error: StoreError) => void) | undefined;
}

export const watchNames: NamesOf<WatchOptions> = {
  ...scopedNames,
  name: true,
  resourceVersion: true,
  sendInitialEvents: true,
  read: true,
  bookmarks: true,
  onCorrupt: true,
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

export const getNames: NamesOf<GetOptions> = { ...callNames, read: true };

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

/** Begins at the call; allows one loop; leaving it or aborting ends it at once; errors are thrown. */
export interface Watch<T> extends AsyncIterable<WatchEvent<T>>, AsyncDisposable {
  /** Resolves once established: send the response's head now. Rejects as the loop would (EXPIRED, NOT_READY, …). */
  ready(options?: Call): Promise<{
    /**
     * The version after which events follow; with `sendInitialEvents` the version of the initial state or an earlier
     * one.
     */
    readonly resourceVersion: string;
  }>;
  /** Instead of the loop: all available events, as whole revisions. */
  batches(): AsyncIterable<readonly WatchEvent<T>[]>;
}

/**
 * Several events may share a version (createMany, TTL expiry, restores). They are delivered in one turn, all but the
 * last with `more`; resume only from one without it. A DELETED because the object no longer matches the selector has
 * the last matching body with the new version.
 */
export type WatchEvent<T> =
  | {
      /**
       * "ADDED": the object now exists, or now matches the selector; "MODIFIED"; "DELETED": it is gone, or no longer
       * matches; "BOOKMARK": everything up to its version has been delivered.
       */
      readonly type: "ADDED" | "MODIFIED" | "DELETED";
      /**
       * The object after the change; for "DELETED" its last matching state. `metadata.resourceVersion` is the event's
       * version.
       */
      readonly object: T;
      /** The version of the change; to resume, watch from the last one seen without `more`. */
      readonly resourceVersion: string;
      /** Further events of the same version follow in the same turn. */
      readonly more?: true;
      /** A cache has omitted earlier events of this object; only for a watch that asked for it. */
      readonly coalesced?: true;
    }
  | {
      readonly type: "BOOKMARK";
      readonly resourceVersion: string;
      /**
       * The initial events are complete: the events so far are the whole state at this version. Once, for
       * `sendInitialEvents`.
       */
      readonly initialEventsEnd?: true;
    };

/**
 * What must hold of the live object for a write; if both are set, both must hold.
 * @throws PRECONDITION_FAILED from the write when one does not hold
 */
export interface Preconditions {
  /** The object's uid: it is still the same object, not another one with its name. */
  readonly uid?: string | undefined;
  /** The object's version: it has not changed. */
  readonly resourceVersion?: string | undefined;
}

export const preconditionNames: NamesOf<Preconditions> = { uid: true, resourceVersion: true };

/** What `update` and `guaranteedUpdate` take. */
export interface WriteOptions extends Call {
  /** What must hold of the live object; otherwise PRECONDITION_FAILED. */
  readonly preconditions?: Preconditions | undefined;
  /**
   * Lower bound of the object's lifetime from now, at least 1 (etcd keeps it for at least 2). Absent: keeps the
   * remaining time.
   */
  readonly ttlSeconds?: number | undefined;
  /**
   * Checks and computes everything and writes nothing: the result is the object that would be stored. Default false.
   */
  readonly dryRun?: boolean | undefined;
  /** "status" writes status alone, "all" spec and status together (binding, restores). */
  readonly subresource?: "status" | "all" | undefined;
}

export const writeNames: NamesOf<WriteOptions> = {
  ...callNames,
  preconditions: true,
  ttlSeconds: true,
  dryRun: true,
  subresource: true,
};

/** What `create` takes. */
export interface CreateOptions extends Call {
  /**
   * Lower bound of the object's lifetime from now, whole seconds from 1 (etcd keeps it for at least 2). Default: the
   * kind's `ttlSeconds`, or no expiry.
   */
  readonly ttlSeconds?: number | undefined;
  /**
   * Checks and computes everything and writes nothing: the result is the object that would be stored. Default false.
   */
  readonly dryRun?: boolean | undefined;
}

export const createNames: NamesOf<CreateOptions> = { ...callNames, ttlSeconds: true, dryRun: true };

/** What `delete` takes. */
export interface DeleteOptions<T> extends Call {
  /** What must hold of the live object; otherwise PRECONDITION_FAILED. */
  readonly preconditions?: Preconditions | undefined;
  /** Checks everything and deletes nothing: the result is the object that would be left. Default false. */
  readonly dryRun?: boolean | undefined;
  /**
   * Runs on the live state, again after each conflict, and is awaited; the call rejects with an error that it throws.
   */
  readonly validate?: ((current: T) => void | Promise<void>) | undefined;
  /**
   * Default 0: at once. Above 0 the delete only marks; a later delete with 0 finishes, since keelson removes nothing
   * by itself.
   */
  readonly gracePeriodSeconds?: number | ((current: T) => number) | undefined;
  /** Stored as finalizers (`orphan`, `foregroundDeletion`), in the same write. */
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan" | undefined;
  /**
   * Deletes an unreadable object (CORRUPT_OBJECT) without reading its content: finalizers in it are not honoured.
   * Default false: CORRUPT_OBJECT. A readable object is INVALID_ARGUMENT. May be combined only with dryRun and
   * preconditions.resourceVersion; the result has type, name, namespace and the deletion's version. Kubernetes' name.
   */
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean | undefined;
}

export const deleteNames: NamesOf<DeleteOptions<unknown>> = {
  ...callNames,
  preconditions: true,
  dryRun: true,
  validate: true,
  gracePeriodSeconds: true,
  propagationPolicy: true,
  ignoreStoreReadErrorWithClusterBreakingPotential: true,
};

/** How to delete a collection: no option is about a single object. */
export type CollectionDeleteOptions<T> = Omit<
  DeleteOptions<T>,
  "preconditions" | "ignoreStoreReadErrorWithClusterBreakingPotential"
>;

/** Options of `deleteCollection`: which objects, and how to delete them; never one object's preconditions. */
export const deleteCollectionNames: NamesOf<Scoped & CollectionDeleteOptions<unknown>> = {
  ...scopedNames,
  dryRun: true,
  validate: true,
  gracePeriodSeconds: true,
  propagationPolicy: true,
};

/** The progress of a long call. */
export interface Progress {
  /** Finished so far, in `unit`. */
  readonly done: number;
  /** The total, in `unit`, where known; may grow during the call. */
  readonly total?: number | undefined;
  /** What is counted. */
  readonly unit: "objects" | "bytes" | "revisions";
  /** Per second, averaged over the last seconds. */
  readonly rate?: number | undefined;
  /** Milliseconds until the end at this rate, where `total` is known. */
  readonly etaMs?: number | undefined;
}

/** What `createMany` takes. */
export interface CreateManyOptions extends Call {
  /** As `CreateOptions.ttlSeconds`, for each of the objects. */
  readonly ttlSeconds?: number | undefined;
  /** Called after each part of the load, about every 240 objects. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export const createManyNames: NamesOf<CreateManyOptions> = {
  ...callNames,
  ttlSeconds: true,
  onProgress: true,
};

/** What `guaranteedUpdate` takes. */
export interface GuaranteedUpdateOptions<T extends Resource> extends WriteOptions {
  /** Stored unchanged when the object does not exist; `mutate` does not run on it. */
  readonly createIfMissing?: (() => Draft<T>) | undefined;
}

export const guaranteedUpdateNames: NamesOf<GuaranteedUpdateOptions<Resource>> = {
  ...writeNames,
  createIfMissing: true,
};

/** Reads and writes of the objects of one kind; `store.resources(kind)` returns it. */
export interface ResourceStore<T extends Resource> extends ResourceReader<T> {
  /**
   * Stores a new object and resolves to it as stored: the store sets uid, resourceVersion, generation 1 and
   * creationTimestamp. With `generateName` the store adds five random characters.
   * @throws ALREADY_EXISTS; INVALID_OBJECT; NAMESPACE_NOT_FOUND, NAMESPACE_TERMINATING; QUOTA_EXCEEDED; TOO_LARGE;
   * OUTCOME_UNKNOWN; UNAVAILABLE, DEADLINE: not applied
   * @example
   * ```ts
   * import { isStoreError, type Resource, type ResourceStore } from "keelson";
   *
   * interface Widget extends Resource {
   *   spec: { size: number };
   * }
   *
   * async function make(widgets: ResourceStore<Widget>): Promise<Widget> {
   *   try {
   *     return await widgets.create({ metadata: { name: "gear", namespace: "shop" }, spec: { size: 3 } });
   *   } catch (error) {
   *     if (!isStoreError(error, "ALREADY_EXISTS")) throw error;
   *     return widgets.get({ namespace: "shop", name: "gear" });
   *   }
   * }
   * ```
   */
  create(draft: Draft<T>, options?: CreateOptions): Promise<T>;
  /**
   * Replaces an object and resolves to it as stored. With `metadata.resourceVersion` it replaces only that version;
   * without it the last write wins. For a kind with status it does not change status unless `subresource` says
   * otherwise. An update that changes nothing writes nothing.
   * @throws CONFLICT when the version or uid is not the live one; NOT_FOUND; PRECONDITION_FAILED; INVALID_OBJECT;
   * QUOTA_EXCEEDED; TOO_LARGE; OUTCOME_UNKNOWN; UNAVAILABLE, DEADLINE: not applied
   * @example
   * ```ts
   * import type { Resource, ResourceStore } from "keelson";
   *
   * interface Widget extends Resource {
   *   spec: { size: number };
   * }
   *
   * async function grow(widgets: ResourceStore<Widget>): Promise<Widget> {
   *   const gear = await widgets.get({ namespace: "shop", name: "gear" });
   *   // CONFLICT when another writer has changed it since the get.
   *   return widgets.update({ ...gear, spec: { size: gear.spec.size + 1 } });
   * }
   * ```
   */
  update(object: T, options?: WriteOptions): Promise<T>;
  /**
   * Reads, mutates and writes, again on conflict, and resolves to the stored object. `mutate` gets its own copy, may
   * change it in place, and returns the object to store. An error that it throws is about live state, and the call
   * rejects with it. It may run several times.
   * @throws NOT_FOUND without `createIfMissing`; PRECONDITION_FAILED; INVALID_OBJECT; QUOTA_EXCEEDED; TOO_LARGE;
   * OUTCOME_UNKNOWN; UNAVAILABLE, DEADLINE: not applied
   * @example
   * ```ts
   * import type { Resource, ResourceStore } from "keelson";
   *
   * interface Widget extends Resource {
   *   spec: { size: number };
   * }
   *
   * async function grow(widgets: ResourceStore<Widget>): Promise<Widget> {
   *   return widgets.guaranteedUpdate({ namespace: "shop", name: "gear" }, (gear) => {
   *     gear.spec.size += 1;
   *     return gear;
   *   });
   * }
   * ```
   */
  guaranteedUpdate(
    key: Key,
    mutate: (
      current: T,
      attempt: {
        /** 1 on the first try. */
        readonly number: number;
        /** Aborted when the call ends: pass it to what `mutate` awaits. */
        readonly signal: AbortSignal;
      },
    ) => Draft<T> | Promise<Draft<T>>,
    options?: GuaranteedUpdateOptions<T>,
  ): Promise<T>;
  /**
   * Deletes an object and resolves to its last state, with the deletion's version. While finalizers or a grace period
   * hold it, it is only marked: `isPending(result)` is then true. A delete of a marked object that nothing holds any
   * more removes it.
   * @throws NOT_FOUND; PRECONDITION_FAILED; errors of `validate`; CORRUPT_OBJECT; PERMISSION_DENIED for a namespace
   * that always exists; OUTCOME_UNKNOWN; UNAVAILABLE, DEADLINE: not applied
   * @example
   * ```ts
   * import { isPending, type Resource, type ResourceStore } from "keelson";
   *
   * async function remove(widgets: ResourceStore<Resource>): Promise<void> {
   *   const last = await widgets.delete({ namespace: "shop", name: "gear" });
   *   if (isPending(last)) console.log("waits for", last.metadata.finalizers);
   * }
   * ```
   */
  delete(key: Key, options?: DeleteOptions<T>): Promise<T>;
  /**
   * Deletes every object that a scope matched at one version, each in a separate write, sixteen at a time. An object
   * that is gone or no longer matches in between is skipped.
   * @throws errors of `delete`, except NOT_FOUND: objects deleted until then stay deleted; CORRUPT_OBJECT for the
   * first unreadable object, once all others are deleted
   */
  deleteCollection(options?: Scoped & CollectionDeleteOptions<T>): Promise<{
    /** Objects deleted or marked by this call. */
    readonly deleted: number;
  }>;
  /**
   * Creates many objects in few transactions and resolves to an outcome for each, in the drafts' order: the object as
   * stored, or the error it failed with. At most 1,000,000. A draft that was not sent when `timeoutMs` ends has
   * DEADLINE as its outcome.
   * @throws INVALID_ARGUMENT; the signal's reason when aborted
   * @example
   * ```ts
   * import { isStoreError, type Resource, type ResourceStore } from "keelson";
   *
   * async function load(widgets: ResourceStore<Resource>, names: readonly string[]): Promise<number> {
   *   const outcomes = await widgets.createMany(names.map((name) => ({ metadata: { name, namespace: "shop" } })));
   *   return outcomes.filter((outcome) => !isStoreError(outcome)).length;
   * }
   * ```
   */
  createMany(drafts: readonly Draft<T>[], options?: CreateManyOptions): Promise<readonly (T | StoreError)[]>;
}
