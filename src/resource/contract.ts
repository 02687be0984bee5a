/**
 * The reader and store contracts: one set of promises, kept by the store, the cache and the cached store
 * alike (test/conformance runs the same text over each).
 *
 * Beside each options type stands the table of its names (base/known-options.ts): a new option is a line in both.
 *
 * A read says how fresh it must be; a list is one state at one version; a watch delivers whole versions,
 * in order, exactly once, and ends with a typed error when it cannot. See docs/guarantees.md.
 */
import { type Call, callNames } from "../base/call.ts";
import type { NamesOf } from "../base/known-options.ts";
import type { StoreError } from "../errors.ts";
import type { Draft, Key, Resource } from "./resource.ts";
import type { View } from "./view.ts";

/** How fresh a read must be. Default: linearizable. */
export type ReadFreshness =
  | { readonly consistency: "linearizable" }
  | { readonly consistency: "any" }
  | { readonly consistency: "notOlderThan"; readonly resourceVersion: string }
  | { readonly consistency: "exact"; readonly resourceVersion: string };

/** Of every form of it; which go together is looked at where it is read. */
export const readNames: Readonly<Record<"consistency" | "resourceVersion", true>> = {
  consistency: true,
  resourceVersion: true,
};

/** Object form of a label selector (metav1.LabelSelector); all terms must hold. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions?:
    | readonly {
        readonly key: string;
        readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
        readonly values?: readonly string[] | undefined;
      }[]
    | undefined;
}

export interface Scoped extends Call {
  /** One namespace; absent: all of them. Refused for a cluster-scoped kind. */
  readonly namespace?: string | undefined;
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

export interface ListOptions extends Scoped {
  /** Most items in the page, at least 1; absent: all. */
  readonly limit?: number | undefined;
  readonly continueToken?: string | undefined;
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

export interface ListPage<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  readonly continueToken?: string | undefined;
  /** Given where it is exact. */
  readonly remainingItemCount?: number | undefined;
}

export interface GetOptions extends Call {
  readonly read?: ReadFreshness | undefined;
}

export const getNames: NamesOf<GetOptions> = { ...callNames, read: true };

/** What is read is read-only (a cache shares it, and freezes it unless `freeze: false`); copy to change. */
export interface ResourceReader<T> {
  /** @throws NOT_FOUND when absent */
  get(key: Key, options?: GetOptions): Promise<T>;
  list(options?: ListOptions): Promise<ListPage<T>>;
  watch(options?: WatchOptions): Watch<T>;
  /** The same reads and watches of V instead of T; from a cache: made once per object version. */
  as<V>(view: View<T, V>): ResourceReader<V>;
}

/** Begins at the call; one loop; leaving it or aborting ends it at once, faults are thrown. */
export interface Watch<T> extends AsyncIterable<WatchEvent<T>>, AsyncDisposable {
  /** Established: send the response's head now. Rejects as the loop would (EXPIRED, NOT_READY, …). */
  ready(options?: Call): Promise<{ readonly resourceVersion: string }>;
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
      readonly type: "ADDED" | "MODIFIED" | "DELETED";
      readonly object: T;
      readonly resourceVersion: string;
      readonly more?: true;
      /** A cache has left out earlier events of this object; only for a watch that asked for it. */
      readonly coalesced?: true;
    }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string; readonly initialEventsEnd?: true };

export interface Preconditions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

export const preconditionNames: NamesOf<Preconditions> = { uid: true, resourceVersion: true };

export interface WriteOptions extends Call {
  readonly preconditions?: Preconditions | undefined;
  /** Lower bound of the object's life from now, at least 1 (etcd keeps it for 2 at least). Absent: keeps what is left. */
  readonly ttlSeconds?: number | undefined;
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

export interface CreateOptions extends Call {
  readonly ttlSeconds?: number | undefined;
  readonly dryRun?: boolean | undefined;
}

export const createNames: NamesOf<CreateOptions> = { ...callNames, ttlSeconds: true, dryRun: true };

export interface DeleteOptions<T> extends Call {
  readonly preconditions?: Preconditions | undefined;
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

export interface Progress {
  readonly done: number;
  readonly total?: number | undefined;
  readonly unit: "objects" | "bytes" | "revisions";
  /** Per second, averaged over the last seconds. */
  readonly rate?: number | undefined;
  readonly etaMs?: number | undefined;
}

export interface CreateManyOptions extends Call {
  readonly ttlSeconds?: number | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export const createManyNames: NamesOf<CreateManyOptions> = {
  ...callNames,
  ttlSeconds: true,
  onProgress: true,
};

export interface GuaranteedUpdateOptions<T extends Resource> extends WriteOptions {
  /** Stored as it is when there is no such object; `mutate` is not run on it. */
  readonly createIfMissing?: (() => Draft<T>) | undefined;
}

export const guaranteedUpdateNames: NamesOf<GuaranteedUpdateOptions<Resource>> = {
  ...writeNames,
  createIfMissing: true,
};

export interface ResourceStore<T extends Resource> extends ResourceReader<T> {
  create(draft: Draft<T>, options?: CreateOptions): Promise<T>;
  /** metadata.resourceVersion present: CONFLICT if it moved; absent: last write wins. Absent object: NOT_FOUND; another uid: CONFLICT. */
  update(object: T, options?: WriteOptions): Promise<T>;
  /**
   * Reads, mutates, writes, again on conflict. `current` is the caller's own copy; what mutate throws is thrown,
   * about live state. createIfMissing's draft is stored as it is, mutate is not run on it.
   */
  guaranteedUpdate(
    key: Key,
    mutate: (
      current: T,
      attempt: { readonly number: number; readonly signal: AbortSignal },
    ) => Draft<T> | Promise<Draft<T>>,
    options?: GuaranteedUpdateOptions<T>,
  ): Promise<T>;
  /** Last state, with the deletion's version; only marked while `isPending(result)`. */
  delete(key: Key, options?: DeleteOptions<T>): Promise<T>;
  deleteCollection(options?: Scoped & CollectionDeleteOptions<T>): Promise<{ readonly deleted: number }>;
  /** Bulk load: independent outcomes, in the drafts' order. */
  createMany(drafts: readonly Draft<T>[], options?: CreateManyOptions): Promise<readonly (T | StoreError)[]>;
}
