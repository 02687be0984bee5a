/**
 * The shape of what is stored: Kubernetes' object model, as far as a store must know it.
 *
 * `resourceVersion` is decimal text outside and bigint inside (revision.ts converts); every other field
 * keeps Kubernetes' meaning (kubernetes/community contributors/devel/sig-architecture/api-conventions.md).
 */

/** Says what an object belongs to. */
export interface OwnerReference {
  /** API version of the owner. */
  readonly apiVersion: string;
  /** Kind of the owner. */
  readonly kind: string;
  /** Name of the owner; it is in the object's namespace, or cluster-scoped. */
  readonly name: string;
  /** uid of the owner. */
  readonly uid: string;
  /** It is the one that manages the object; at most one owner is. */
  readonly controller?: boolean | undefined;
  /** The owner is not removed before the object, when it is deleted in the foreground. */
  readonly blockOwnerDeletion?: boolean | undefined;
}

/** Optional members are `?: X | undefined` (undefined is never stored). */
export interface ObjectMeta {
  /** Unique in its namespace and kind; never changes. */
  name: string;
  /** Exactly for namespaced kinds; never changes. */
  namespace?: string | undefined;
  /** Of this one life of the name, a UUID; made by the store. */
  uid: string;
  /** The version of its last change, decimal text; the store's. Compare for equality only. */
  resourceVersion: string;
  /**
   * Starts at 1 and grows when anything but metadata changes (and but status, where that is a subresource), and when it
   * is marked as deleted; the store's.
   */
  generation: number;
  /** RFC 3339, whole seconds, UTC. For display only: no decision reads it. */
  creationTimestamp: string;
  /** When it is due to go, RFC 3339; set by a delete that only marks, never unset. */
  deletionTimestamp?: string | undefined;
  /** The grace period of that delete, seconds; only shrinks. */
  deletionGracePeriodSeconds?: number | undefined;
  /** Prefix of a name the store has made, or shall make at create: five random characters are added. */
  generateName?: string | undefined;
  /** To select by. Keys are qualified names, values have at most 63 characters; at most 1,024. */
  labels?: Record<string, string> | undefined;
  /** Anything else to remember, at most 262,144 bytes in all. */
  annotations?: Record<string, string> | undefined;
  /** Who must act before a deleted object goes; it is only marked until the list is empty. At most 128. */
  finalizers?: string[] | undefined;
  /** What it belongs to; keelson keeps it and collects nothing. */
  ownerReferences?: OwnerReference[] | undefined;
  /** Who manages which field, for server-side apply (`keelson/http`); kept as it is otherwise. */
  managedFields?: unknown[] | undefined;
}

/** No index signature: interfaces and generated types extend it. */
export interface Resource {
  /** "v1", "apps/v1": group and version. */
  apiVersion: string;
  /** "Pod". */
  kind: string;
  /** Name, version, labels and what else every object has. */
  metadata: ObjectMeta;
}

/** A kind known only at run time. */
export type AnyResource = Resource & { [field: string]: unknown };

/** What create and mutate take: the store fills in the rest. Every T is a Draft<T>. */
export type Draft<T extends Resource> = Omit<T, "apiVersion" | "kind" | "metadata" | "status"> & {
  [K in "status" & keyof T]?: T[K] | undefined;
} & {
  /** Default the kind's; another one is INVALID_OBJECT. */
  apiVersion?: string | undefined;
  /** Default the kind's; another one is INVALID_OBJECT. */
  kind?: string | undefined;
  /** What is absent is filled in. */
  metadata: Partial<ObjectMeta> &
    (
      | {
          /** The object's name. */
          name: string;
        }
      | {
          /** Prefix of the name the store makes up. */
          generateName: string;
        }
    );
};

/** Whether a kind's objects are in namespaces. */
export type Scope = "Namespaced" | "Cluster";

/** Where an object is; `namespace` exactly for namespaced kinds. */
export interface Key {
  /** The namespace; absent for a cluster-scoped kind. */
  readonly namespace?: string | undefined;
  /** The object's name. */
  readonly name: string;
}

/** A built-in kind: `status.phase` is "Active" or "Terminating"; emptying is reported in `status`. */
export interface Namespace extends Resource {
  /** As in Kubernetes. */
  spec?:
    | {
        /** Kubernetes' own; kept as it is and not acted on: `metadata.finalizers` hold a namespace. */
        finalizers?: string[] | undefined;
      }
    | undefined;
  /** What the store says of it. */
  status?:
    | {
        /** "Active", or "Terminating" while it is being emptied. */
        phase?: "Active" | "Terminating" | undefined;
        /** Objects left while terminating, by plural[.group]. */
        remaining?: Record<string, number> | undefined;
        /** Why it is not gone yet, in Kubernetes' form. */
        conditions?:
          | {
              /** Name of the condition. */
              type: string;
              /** "True", "False" or "Unknown". */
              status: string;
              /** For people. */
              message?: string | undefined;
              /** One word for programs. */
              reason?: string | undefined;
            }[]
          | undefined;
      }
    | undefined;
}
