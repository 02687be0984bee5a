/**
 * The shape of stored objects: Kubernetes' object model, as far as a store must know it.
 *
 * `resourceVersion` is decimal text outside and bigint inside (revision.ts converts); every other field
 * keeps Kubernetes' meaning (kubernetes/community contributors/devel/sig-architecture/api-conventions.md).
 */

/** Identifies an owner of an object. */
export interface OwnerReference {
  /** API version of the owner. */
  readonly apiVersion: string;
  /** Kind of the owner. */
  readonly kind: string;
  /** Name of the owner, which is in the object's namespace or cluster-scoped. */
  readonly name: string;
  /** uid of the owner. */
  readonly uid: string;
  /** This owner is the managing controller; at most one owner is. */
  readonly controller?: boolean | undefined;
  /** In a foreground deletion the owner is not removed before the object. */
  readonly blockOwnerDeletion?: boolean | undefined;
}

/** Optional members are `?: X | undefined` (undefined is never stored). */
export interface ObjectMeta {
  /** Unique in its namespace and kind; never changes. */
  name: string;
  /** Present exactly for namespaced kinds; never changes. */
  namespace?: string | undefined;
  /** A UUID of this one object, which another object with its name does not share; set by the store. */
  uid: string;
  /** The version of its last change, decimal text; set by the store. Compare for equality only. */
  resourceVersion: string;
  /**
   * Starts at 1 and grows when anything except metadata changes (and except status, where that is a subresource), and
   * when the object is marked as deleted; set by the store.
   */
  generation: number;
  /** RFC 3339, whole seconds, UTC. For display only: no decision reads it. */
  creationTimestamp: string;
  /** When it is due to be removed, RFC 3339; set by a delete that only marks, never unset. */
  deletionTimestamp?: string | undefined;
  /** The grace period of that delete, seconds; only shrinks. */
  deletionGracePeriodSeconds?: number | undefined;
  /** Prefix of a generated name, or of one to generate at create: five random characters are added. */
  generateName?: string | undefined;
  /** For selectors. Keys are qualified names, values have at most 63 characters; at most 1,024. */
  labels?: Record<string, string> | undefined;
  /** Any other data, at most 262,144 bytes in all. */
  annotations?: Record<string, string> | undefined;
  /**
   * Parties that must act before a deleted object is removed; it is only marked until the list is empty. At most 128.
   */
  finalizers?: string[] | undefined;
  /** Its owners; keelson stores them and collects no garbage. */
  ownerReferences?: OwnerReference[] | undefined;
  /** Which manager owns which field, for server-side apply (`keelson/http`); otherwise kept unchanged. */
  managedFields?: unknown[] | undefined;
}

/** No index signature: interfaces and generated types extend it. */
export interface Resource {
  /** "v1", "apps/v1": group and version. */
  apiVersion: string;
  /** "Pod". */
  kind: string;
  /** Name, version, labels and the other metadata of every object. */
  metadata: ObjectMeta;
}

/** A kind known only at run time. */
export type AnyResource = Resource & { [field: string]: unknown };

/** What create and mutate take: the store fills in the other fields. Every T is a Draft<T>. */
export type Draft<T extends Resource> = Omit<T, "apiVersion" | "kind" | "metadata" | "status"> & {
  [K in "status" & keyof T]?: T[K] | undefined;
} & {
  /** Default the kind's; any other value is INVALID_OBJECT. */
  apiVersion?: string | undefined;
  /** Default the kind's; any other value is INVALID_OBJECT. */
  kind?: string | undefined;
  /** Absent fields are filled in. */
  metadata: Partial<ObjectMeta> &
    (
      | {
          /** The object's name. */
          name: string;
        }
      | {
          /** Prefix of the name that the store generates. */
          generateName: string;
        }
    );
};

/** Whether a kind's objects are in namespaces. */
export type Scope = "Namespaced" | "Cluster";

/** The coordinates of an object; `namespace` exactly for namespaced kinds. */
export interface Key {
  /** The namespace; absent for a cluster-scoped kind. */
  readonly namespace?: string | undefined;
  /** The object's name. */
  readonly name: string;
}

/** A built-in kind: `status.phase` is "Active" or "Terminating"; `status` reports the progress of emptying. */
export interface Namespace extends Resource {
  /** As in Kubernetes. */
  spec?:
    | {
        /** Kubernetes' own; stored unchanged and not acted on: `metadata.finalizers` hold a namespace. */
        finalizers?: string[] | undefined;
      }
    | undefined;
  /** What the store reports about it. */
  status?:
    | {
        /** "Active", or "Terminating" while it is being emptied. */
        phase?: "Active" | "Terminating" | undefined;
        /** Objects left while terminating, by plural[.group]. */
        remaining?: Record<string, number> | undefined;
        /** Why it is not removed yet, in Kubernetes' form. */
        conditions?:
          | {
              /** Name of the condition. */
              type: string;
              /** "True", "False" or "Unknown". */
              status: string;
              /** For people. */
              message?: string | undefined;
              /** A one-word reason for programs. */
              reason?: string | undefined;
            }[]
          | undefined;
      }
    | undefined;
}
