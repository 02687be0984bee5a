/**
 * What writes take. Each options type has a table of its names beside it (base/known-options.ts): a new option is a line in
 * both.
 */
import { type Call, callNames } from "../../base/call.ts";
import type { NamesOf } from "../../base/text/known-options.ts";
import type { Draft, Resource } from "../model/resource.ts";
import { type Scoped, scopedNames } from "./scope.ts";

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

export const preconditionNames: NamesOf<Preconditions> = { uid: "text", resourceVersion: "text" };

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
  preconditions: "object",
  ttlSeconds: "number",
  dryRun: "boolean",
  subresource: "text",
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

export const createNames: NamesOf<CreateOptions> = { ...callNames, ttlSeconds: "number", dryRun: "boolean" };

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
  preconditions: "object",
  dryRun: "boolean",
  validate: "function",
  gracePeriodSeconds: true,
  propagationPolicy: "text",
  ignoreStoreReadErrorWithClusterBreakingPotential: "boolean",
};

/** How to delete a collection: no option is about a single object. */
export type CollectionDeleteOptions<T> = Omit<
  DeleteOptions<T>,
  "preconditions" | "ignoreStoreReadErrorWithClusterBreakingPotential"
>;

/** Options of `deleteCollection`: which objects, and how to delete them; never one object's preconditions. */
export const deleteCollectionNames: NamesOf<Scoped & CollectionDeleteOptions<unknown>> = {
  ...scopedNames,
  dryRun: "boolean",
  validate: "function",
  gracePeriodSeconds: true,
  propagationPolicy: "text",
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
  ttlSeconds: "number",
  onProgress: "function",
};

/** What `guaranteedUpdate` takes. */
export interface GuaranteedUpdateOptions<T extends Resource> extends WriteOptions {
  /** Stored unchanged when the object does not exist; `mutate` does not run on it. */
  readonly createIfMissing?: (() => Draft<T>) | undefined;
}

export const guaranteedUpdateNames: NamesOf<GuaranteedUpdateOptions<Resource>> = {
  ...writeNames,
  createIfMissing: "function",
};
