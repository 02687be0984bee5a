/**
 * The reader and store contracts: one set of promises, kept by the store, the cache and the cached store
 * alike (test/conformance runs the same text over each).
 *
 * Beside each options type stands the table of its names (base/known-options.ts): a new option is a line in both.
 *
 * A read says how fresh it must be; a list is one state at one version; a watch delivers whole versions,
 * in order, exactly once, and ends with a typed error when it cannot. See docs/guarantees.md.
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
       * "linearizable": nothing acknowledged before the call is missing. "any": some state that was true once, answered
       * from what is at hand. "notOlderThan": the state at `resourceVersion` or later. "exact": the state at
       * `resourceVersion`.
       */
      readonly consistency: "linearizable";
    }
  | { readonly consistency: "any" }
  | {
      readonly consistency: "notOlderThan";
      /**
       * A version of this store, decimal text above 0. "exact" of one that is compacted is EXPIRED; one the store has
       * not reached within 3 s is FUTURE_VERSION.
       */
      readonly resourceVersion: string;
    }
  | { readonly consistency: "exact"; readonly resourceVersion: string };

/** Of every form of it; which go together is looked at where it is read. */
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

/** Which objects of a kind a call is about; what is absent does not narrow it. */
export interface Scoped extends Call {
  /** One namespace; absent: all of them. Refused for a cluster-scoped kind. */
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
   * The previous page's `continueToken`: the next page, at that page's version. Namespace and selectors must be the
   * same. @throws INVALID_TOKEN, EXPIRED
   */
  readonly continueToken?: string | undefined;
  /** How fresh the list must be; default linearizable. A `continueToken` fixes the version: with it, only forms without one. */
  readonly read?: ReadFreshness | undefined;
  /** Skips an object that cannot be read and reports it here; without it the list rejects with CORRUPT_OBJECT. */
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
  /** Events after it, exclusive; absent: from now. */
  readonly resourceVersion?: string | undefined;
  /** ADDED for all there is, then BOOKMARK with initialEventsEnd, then live. With resourceVersion: state not older than it. */
  readonly sendInitialEvents?: boolean | undefined;
  /** How fresh that initial state is; default linearizable. */
  readonly read?: ReadFreshness | undefined;
  /** A BOOKMARK about every minute, and last before timeoutMs ends the loop. */
  readonly bookmarks?: boolean | undefined;
  /**
   * An object that cannot be read is reported here and counts as absent: no event shows it, and one that could be read before
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
  /** The version all pages of the list are at; watch from here to miss nothing. */
  readonly resourceVersion: string;
  /** Opaque; gives the next page. Absent on the last one. The last page may be empty. */
  readonly continueToken?: string | undefined;
  /** Given where it is exact. */
  readonly remainingItemCount?: number | undefined;
}

/** What `get` takes. */
export interface GetOptions extends Call {
  /** How fresh the object must be; default linearizable. */
  readonly read?: ReadFreshness | undefined;
}

export const getNames: NamesOf<GetOptions> = { ...callNames, read: true };

/**
 * What is read is read-only and frozen, from a store and from a cache, which shares it (unless their `freeze` is false);
 * copy to change.
 */
export interface ResourceReader<T> {
  /**
   * One object, as fresh as `read` asks for.
   * @throws NOT_FOUND when absent; CORRUPT_OBJECT when it cannot be read; EXPIRED, FUTURE_VERSION for a version out of
   * reach; UNAVAILABLE, DEADLINE
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
   * Every change of a scope, in order, each once. Begins at the call, from now, after `resourceVersion`, or with the
   * state as it is (`sendInitialEvents`). A wrong option throws INVALID_ARGUMENT at the call; everything
   * later is thrown by the loop.
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
  /** The same reads and watches of V instead of T; from a cache: made once per object version. */
  as<V>(view: View<T, V>): ResourceReader<V>;
}

/** Begins at the call; one loop; leaving it or aborting ends it at once, faults are thrown. */
export interface Watch<T> extends AsyncIterable<WatchEvent<T>>, AsyncDisposable {
  /** Established: send the response's head now. Rejects as the loop would (EXPIRED, NOT_READY, …). */
  ready(options?: Call): Promise<{
    /**
     * The version after which events follow; with `sendInitialEvents` the version of the initial state or an earlier
     * one.
     */
    readonly resourceVersion: string;
  }>;
  /** Instead of the loop: all that is there, whole revisions. */
  batches(): AsyncIterable<readonly WatchEvent<T>[]>;
}

/**
 * Several events may share a version (createMany, TTL expiry, restores): they come in one turn, all but the
 * last with `more`; resume only from one without it. A DELETED because the object no longer matches the
 * selector carries the last matching body with the new version.
 */
export type WatchEvent<T> =
  | {
      /**
       * "ADDED": now there, or now matching the selector; "MODIFIED"; "DELETED": gone, or no longer matching;
       * "BOOKMARK": everything up to its version has been delivered.
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
      /** A cache has left out earlier events of this object; only for a watch that asked for it. */
      readonly coalesced?: true;
    }
  | {
      readonly type: "BOOKMARK";
      readonly resourceVersion: string;
      /**
       * The initial events are complete: what came before is the whole state at this version. Once, for
       * `sendInitialEvents`.
       */
      readonly initialEventsEnd?: true;
    };

/**
 * What must hold of the live object for a write; with both, both must. @throws PRECONDITION_FAILED from the write when
 * one does not hold
 */
export interface Preconditions {
  /** The object's uid: it is still the same object, not another one of its name. */
  readonly uid?: string | undefined;
  /** The object's version: it has not changed. */
  readonly resourceVersion?: string | undefined;
}

export const preconditionNames: NamesOf<Preconditions> = { uid: true, resourceVersion: true };

/** What `update` and `guaranteedUpdate` take. */
export interface WriteOptions extends Call {
  /** What must hold of the live object; PRECONDITION_FAILED otherwise. */
  readonly preconditions?: Preconditions | undefined;
  /** Lower bound of the object's life from now, at least 1 (etcd keeps it for 2 at least). Absent: keeps what is left. */
  readonly ttlSeconds?: number | undefined;
  /** Checks and computes everything and writes nothing: the result is what would be stored. Default false. */
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
   * Lower bound of the object's life from now, whole seconds from 1 (etcd keeps it for 2 at least). Default: the
   * kind's `ttlSeconds`, or for ever.
   */
  readonly ttlSeconds?: number | undefined;
  /** Checks and computes everything and writes nothing: the result is what would be stored. Default false. */
  readonly dryRun?: boolean | undefined;
}

export const createNames: NamesOf<CreateOptions> = { ...callNames, ttlSeconds: true, dryRun: true };

/** What `delete` takes. */
export interface DeleteOptions<T> extends Call {
  /** What must hold of the live object; PRECONDITION_FAILED otherwise. */
  readonly preconditions?: Preconditions | undefined;
  /** Checks everything and deletes nothing: the result is what would be left. Default false. */
  readonly dryRun?: boolean | undefined;
  /** Run on the live state, again after each conflict, and awaited; what it throws is thrown. */
  readonly validate?: ((current: T) => void | Promise<void>) | undefined;
  /** Default 0: at once. Above 0 only marks; a later delete with 0 finishes: keelson reaps nothing. */
  readonly gracePeriodSeconds?: number | ((current: T) => number) | undefined;
  /** Kept as finalizers (`orphan`, `foregroundDeletion`), in the same write. */
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan" | undefined;
  /**
   * Deletes an object that cannot be read (CORRUPT_OBJECT), without looking inside: finalizers in it are not honoured. Default
   * false: refused as CORRUPT_OBJECT. An object that can be read is refused as INVALID_ARGUMENT. Goes with dryRun and
   * preconditions.resourceVersion alone; the result has type, name, namespace and the deletion's version. Kubernetes' name.
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

/** How a collection is deleted: nothing of it is about one object. */
export type CollectionDeleteOptions<T> = Omit<
  DeleteOptions<T>,
  "preconditions" | "ignoreStoreReadErrorWithClusterBreakingPotential"
>;

/** Of `deleteCollection`: which, and how; never one object's preconditions. */
export const deleteCollectionNames: NamesOf<Scoped & CollectionDeleteOptions<unknown>> = {
  ...scopedNames,
  dryRun: true,
  validate: true,
  gracePeriodSeconds: true,
  propagationPolicy: true,
};

/** How far a long call is. */
export interface Progress {
  /** What is done so far, in `unit`. */
  readonly done: number;
  /** What there is to do in all, in `unit`, where known; may grow while it runs. */
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
  /** Stored as it is when there is no such object; `mutate` is not run on it. */
  readonly createIfMissing?: (() => Draft<T>) | undefined;
}

export const guaranteedUpdateNames: NamesOf<GuaranteedUpdateOptions<Resource>> = {
  ...writeNames,
  createIfMissing: true,
};

/** Reads and writes of the objects of one kind; `store.resources(kind)` gives it. */
export interface ResourceStore<T extends Resource> extends ResourceReader<T> {
  /**
   * Stores a new object and resolves to it as stored: uid, resourceVersion, generation 1 and creationTimestamp are the
   * store's. With `generateName` the store adds five random characters.
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
   * Replaces an object and resolves to it as stored. With `metadata.resourceVersion` only over that very version;
   * without it the last write wins. Of a kind with status it leaves status alone unless `subresource` says otherwise.
   * One that changes nothing writes nothing.
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
   *   // CONFLICT when somebody else has changed it since the get.
   *   return widgets.update({ ...gear, spec: { size: gear.spec.size + 1 } });
   * }
   * ```
   */
  update(object: T, options?: WriteOptions): Promise<T>;
  /**
   * Reads, mutates and writes, again on conflict, and resolves to what is stored. `mutate` gets a copy of its own, may
   * change it in place, and returns the object to store; what it throws is thrown, about live state. It may run
   * several times.
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
        /** 1 at the first try. */
        readonly number: number;
        /** Aborted when the call ends: hand it to what `mutate` waits for. */
        readonly signal: AbortSignal;
      },
    ) => Draft<T> | Promise<Draft<T>>,
    options?: GuaranteedUpdateOptions<T>,
  ): Promise<T>;
  /**
   * Deletes an object and resolves to its last state, with the deletion's version. While finalizers or a grace period
   * hold it, it is only marked: `isPending(result)` says so. A delete of a marked object with nothing left to hold it
   * removes it.
   * @throws NOT_FOUND; PRECONDITION_FAILED; what `validate` throws; CORRUPT_OBJECT; PERMISSION_DENIED for a namespace
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
   * Deletes every object that a scope matched at one version, each in a write of its own, sixteen at a time. An object
   * that has gone or no longer matches in between is passed over.
   * @throws what `delete` throws, NOT_FOUND apart: what was deleted until then stays deleted; CORRUPT_OBJECT of the
   * first object that cannot be read, once all others are deleted
   */
  deleteCollection(options?: Scoped & CollectionDeleteOptions<T>): Promise<{
    /** Objects deleted or marked by this call. */
    readonly deleted: number;
  }>;
  /**
   * Creates many objects in few transactions and resolves to an outcome for each, in the drafts' order: the object as
   * stored, or the error it failed with. At most 1,000,000. What was not sent when `timeoutMs` ends has DEADLINE as
   * its outcome.
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
