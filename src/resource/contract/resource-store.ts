/** The store contract: the writes of one kind's objects, beside the reads of `reader`. See docs/guarantees.md. */
import type { StoreError } from "../../errors.ts";
import type { Draft, Key, Resource } from "../model/resource.ts";
import type { ResourceReader } from "./reader.ts";
import type { Scoped } from "./scope.ts";
import type {
  CollectionDeleteOptions,
  CreateManyOptions,
  CreateOptions,
  DeleteOptions,
  GuaranteedUpdateOptions,
  WriteOptions,
} from "./write-options.ts";

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
