/**
 * The shape of what is stored: Kubernetes' object model, as far as a store must know it.
 *
 * `resourceVersion` is decimal text outside and bigint inside (revision.ts converts); every other field
 * keeps Kubernetes' meaning (kubernetes/community contributors/devel/sig-architecture/api-conventions.md).
 */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean | undefined;
  readonly blockOwnerDeletion?: boolean | undefined;
}

/** Optional members are `?: X | undefined` (undefined is never stored). */
export interface ObjectMeta {
  name: string;
  namespace?: string | undefined;
  uid: string;
  resourceVersion: string;
  generation: number;
  /** RFC 3339, whole seconds, UTC. For display only: no decision reads it. */
  creationTimestamp: string;
  deletionTimestamp?: string | undefined;
  deletionGracePeriodSeconds?: number | undefined;
  generateName?: string | undefined;
  labels?: Record<string, string> | undefined;
  annotations?: Record<string, string> | undefined;
  finalizers?: string[] | undefined;
  ownerReferences?: OwnerReference[] | undefined;
  managedFields?: unknown[] | undefined;
}

/** No index signature: interfaces and generated types extend it. */
export interface Resource {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** A kind known only at run time. */
export type AnyResource = Resource & { [field: string]: unknown };

/** What create and mutate take: the store fills in the rest. Every T is a Draft<T>. */
export type Draft<T extends Resource> = Omit<T, "apiVersion" | "kind" | "metadata" | "status"> & {
  [K in "status" & keyof T]?: T[K] | undefined;
} & {
  apiVersion?: string | undefined;
  kind?: string | undefined;
  metadata: Partial<ObjectMeta> & ({ name: string } | { generateName: string });
};

export type Scope = "Namespaced" | "Cluster";

/** Where an object is; `namespace` exactly for namespaced kinds. */
export interface Key {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** A built-in kind: `status.phase` is "Active" or "Terminating"; emptying is reported in `status`. */
export interface Namespace extends Resource {
  spec?: { finalizers?: string[] | undefined } | undefined;
  status?:
    | {
        phase?: "Active" | "Terminating" | undefined;
        /** Objects left while terminating, by plural[.group]. */
        remaining?: Record<string, number> | undefined;
        conditions?:
          | { type: string; status: string; message?: string | undefined; reason?: string | undefined }[]
          | undefined;
      }
    | undefined;
}
