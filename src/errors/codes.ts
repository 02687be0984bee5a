/**
 * Every code that a call can fail with: its typed `details`, and its HTTP status, `metav1.Status` reason and retry advice.
 * `docs/errors.md` has a row per code; a test checks that the two agree. Secrets never enter details.
 */

/** One fault of an object, draft or argument: where (`spec.size`, `metadata.labels["a"]`) and what is wrong. */
export interface FieldError {
  /**
   * Path of the field, such as `spec.size`, `metadata.labels["a"]` or `items[0]`; "" is the object as a whole.
   */
  readonly field: string;
  /** What is wrong with it and what was expected, without the path. */
  readonly message: string;
}

/** One quota that refuses a write; amounts are numbers of the base unit. */
export interface QuotaViolation {
  /** The quota's namespace; "" for a cluster-wide quota. */
  readonly namespace: string;
  /** Name of the quota, such as "default". */
  readonly quota: string;
  /** Name of the amount, such as "count/pods" or "requests.cpu". */
  readonly name: string;
  /** What the live objects use, without this write. */
  readonly used: number;
  /** The limit; reaching it is allowed, exceeding it is not. */
  readonly hard: number;
  /** What this write would add. */
  readonly requested: number;
}

/** The subject of the failed call: the full etcd key where there is one, and the object's coordinates. */
export interface Subject {
  /** Full etcd key, e.g. `/registry/pods/default/web-1`. */
  readonly key?: string | undefined;
  /** API group; "" for the core group. */
  readonly group?: string | undefined;
  /** "Pod". */
  readonly kind?: string | undefined;
  /** "pods", without the group. */
  readonly plural?: string | undefined;
  /** The object's namespace. */
  readonly namespace?: string | undefined;
  /** The object's name. */
  readonly name?: string | undefined;
}

/** The typed `details` of each code. */
export interface StoreErrorDetails {
  /** No such object or quota: see docs/errors.md#not_found. */
  NOT_FOUND: Subject;
  /** Create of a name that is taken: see docs/errors.md#already_exists. */
  ALREADY_EXISTS: Subject & {
    /** Version of the object that has the name, where it was read. */
    readonly resourceVersion?: string | undefined;
  };
  /** Update of an object that has changed since it was read: see docs/errors.md#conflict. */
  CONFLICT: Subject & {
    /** The version or uid the caller's object carries. */
    readonly expected?: string | undefined;
    /** The live object's version or uid. */
    readonly actual?: string | undefined;
    /**
     * For a server-side apply: which fields other managers own, and their names (`conflict with "kubectl" using v1`).
     */
    readonly conflicts?: readonly FieldError[] | undefined;
  };
  /** The live object does not meet `preconditions`: see docs/errors.md#precondition_failed. */
  PRECONDITION_FAILED: Subject & {
    /** Which precondition failed. */
    readonly field: "uid" | "resourceVersion";
    /** The value that the precondition requires. */
    readonly expected: string;
    /** The value of the live object. */
    readonly actual?: string | undefined;
  };
  /** The version asked for is no longer held: see docs/errors.md#expired. */
  EXPIRED: Subject & {
    /** The version up to which etcd has compacted its history, where known. */
    readonly compacted?: string | undefined;
    /** Continues from the latest state; given for an expired page. */
    readonly continueToken?: string | undefined;
    /** The version that was asked for, where known. */
    readonly resourceVersion?: string | undefined;
    /**
     * "compacted": etcd has compacted it; "epoch" or "restored": it is from before a restore of etcd; "overrun": a
     * watch fell behind the history.
     */
    readonly reason?: "compacted" | "epoch" | "restored" | "overrun" | undefined;
  };
  /** The version asked for has not been reached: see docs/errors.md#future_version. */
  FUTURE_VERSION: Subject & {
    /** The version that was asked for. */
    readonly requested: string;
    /** The version the store is at, where known. */
    readonly current?: string | undefined;
    /** Milliseconds to wait before the next try. */
    readonly retryAfterMs: number;
  };
  /** The write would exceed a quota: see docs/errors.md#quota_exceeded. */
  QUOTA_EXCEEDED: Subject & {
    /** Every quota and amount that the write would exceed, at least one. */
    readonly violations: readonly QuotaViolation[];
  };
  /** The draft or object is not valid; nothing was sent: see docs/errors.md#invalid_object. */
  INVALID_OBJECT: Subject & {
    /** Every wrong field, at least one. */
    readonly errors: readonly FieldError[];
  };
  /** Another argument of the call is not valid; nothing was sent: see docs/errors.md#invalid_argument. */
  INVALID_ARGUMENT: {
    /** Name of the argument or option, such as "limit" or "kind". */
    readonly argument: string;
    /** Every fault inside the argument, where it has several. */
    readonly errors?: readonly FieldError[] | undefined;
  };
  /** The continue token cannot be used: see docs/errors.md#invalid_token. */
  INVALID_TOKEN: {
    /** The reason, for people. */
    readonly reason: string;
  };
  /**
   * The stored value would not fit a request to etcd; nothing was sent unless etcd itself refused it: see
   * docs/errors.md#too_large.
   */
  TOO_LARGE: Subject & {
    /** Size of the value, bytes. */
    readonly sizeBytes: number;
    /** Largest allowed size, bytes, inclusive. */
    readonly limitBytes: number;
  };
  /** A stored value cannot be read: see docs/errors.md#corrupt_object. */
  CORRUPT_OBJECT: Subject & {
    /** The reason, for people; it contains no byte of the value. */
    readonly reason: string;
    /** The byte of the value at which it was found, where its decoder knows it. */
    readonly offset?: number | undefined;
    /** Version of the stored value, where known. */
    readonly resourceVersion?: string | undefined;
  };
  /** A snapshot or backup is damaged: see docs/errors.md#corrupt_snapshot. */
  CORRUPT_SNAPSHOT: {
    /** The file, where the damage is in one. */
    readonly path?: string | undefined;
    /** The byte of the file at which the damage was found, from 0, where known. */
    readonly offset?: number | undefined;
    /** What is wrong, for people. */
    readonly reason: string;
  };
  /** A write into a namespace that does not exist: see docs/errors.md#namespace_not_found. */
  NAMESPACE_NOT_FOUND: Subject & {
    /** The missing namespace. */
    readonly namespace: string;
  };
  /** A create in a namespace that is being deleted: see docs/errors.md#namespace_terminating. */
  NAMESPACE_TERMINATING: Subject & {
    /** The namespace that is being deleted. */
    readonly namespace: string;
  };
  /** etcd's database has reached its quota: see docs/errors.md#no_space. */
  NO_SPACE: {
    /** Size of etcd's file, bytes, where known. */
    readonly databaseBytes?: number | undefined;
    /** etcd's --quota-backend-bytes, where known. */
    readonly quotaBytes?: number | undefined;
  };
  /** A cache is not filled, or too many calls are under way: see docs/errors.md#not_ready. */
  NOT_READY: {
    /** Milliseconds to wait before the next try. */
    readonly retryAfterMs: number;
    /** What the call must wait for, for people. */
    readonly reason?: string | undefined;
  };
  /** etcd cannot be reached or has no leader; a write was not applied: see docs/errors.md#unavailable. */
  UNAVAILABLE: {
    /** Milliseconds to wait before the next try. */
    readonly retryAfterMs: number;
    /** The endpoint that failed last, where it was one. */
    readonly endpoint?: string | undefined;
    /** The reason, for people. */
    readonly reason?: string | undefined;
    /**
     * True: every endpoint has responded, and each has refused (nothing listens there, no such host, wrong
     * certificates or options). A restarting member refuses for a second or two; otherwise the configuration must
     * change.
     */
    readonly refused?: boolean | undefined;
  };
  /** The timeout of the call or of one request is over; a write was not applied: see docs/errors.md#deadline. */
  DEADLINE: {
    /** The timeout, milliseconds. */
    readonly timeoutMs?: number | undefined;
    /** The endpoint that did not respond, where it was one. */
    readonly endpoint?: string | undefined;
  };
  /** A write was sent and its outcome could not be settled in time: see docs/errors.md#outcome_unknown. */
  OUTCOME_UNKNOWN: {
    /** Random id the write carries, hexadecimal; "" for a request outside a store's writes. */
    readonly writeId: string;
    /** The etcd key that may have been written. */
    readonly key: string;
    /** Mod revision the write was conditional on, "0" for a create. */
    readonly guard?: string | undefined;
    /** The highest revision known to contain no trace of the write. */
    readonly lastRevision?: string | undefined;
  };
  /** etcd refuses the user name, password or token: see docs/errors.md#unauthenticated. */
  UNAUTHENTICATED: {
    /** The user that was refused, where one was given. */
    readonly username?: string | undefined;
    /** etcd's message. */
    readonly reason?: string | undefined;
  };
  /** Not allowed: see docs/errors.md#permission_denied. */
  PERMISSION_DENIED: {
    /** The reason: etcd's message, or what keelson protects. */
    readonly reason?: string | undefined;
  };
  /** Something that the call needs was closed: see docs/errors.md#closed. */
  CLOSED: {
    /** What was closed: "store", "cache", "watch", a client or a kind. */
    readonly what: string;
  };
}

/** Every code that a call can reject with; docs/errors.md says when each occurs and what to do. */
export type StoreErrorCode = keyof StoreErrorDetails;

/**
 * Whether a failed call is worth repeating. "as it is": the same call may succeed a little later, after
 * `details.retryAfterMs` where there is one. "after a read": read or list first, then decide again. "no": the same
 * call fails the same way until something changes.
 */
export type Retry = "as it is" | "after a read" | "no";

interface CodeFacts {
  readonly httpStatus: number;
  /** metav1.StatusReason. */
  readonly reason: string;
  readonly retry: Retry;
}

/**
 * HTTP status, `metav1.Status` reason and retry advice of every code; reasons are Kubernetes' own (apimachinery
 * meta/v1).
 */
export const codeFacts: Readonly<Record<StoreErrorCode, CodeFacts>> = {
  NOT_FOUND: { httpStatus: 404, reason: "NotFound", retry: "no" },
  ALREADY_EXISTS: { httpStatus: 409, reason: "AlreadyExists", retry: "no" },
  CONFLICT: { httpStatus: 409, reason: "Conflict", retry: "after a read" },
  PRECONDITION_FAILED: { httpStatus: 409, reason: "Conflict", retry: "after a read" },
  EXPIRED: { httpStatus: 410, reason: "Expired", retry: "after a read" },
  FUTURE_VERSION: { httpStatus: 504, reason: "Timeout", retry: "as it is" },
  QUOTA_EXCEEDED: { httpStatus: 403, reason: "Forbidden", retry: "no" },
  INVALID_OBJECT: { httpStatus: 422, reason: "Invalid", retry: "no" },
  INVALID_ARGUMENT: { httpStatus: 400, reason: "BadRequest", retry: "no" },
  INVALID_TOKEN: { httpStatus: 400, reason: "BadRequest", retry: "after a read" },
  TOO_LARGE: { httpStatus: 413, reason: "RequestEntityTooLarge", retry: "no" },
  CORRUPT_OBJECT: { httpStatus: 500, reason: "StorageReadError", retry: "no" },
  CORRUPT_SNAPSHOT: { httpStatus: 500, reason: "InternalError", retry: "no" },
  NAMESPACE_NOT_FOUND: { httpStatus: 404, reason: "NotFound", retry: "no" },
  NAMESPACE_TERMINATING: { httpStatus: 403, reason: "Forbidden", retry: "no" },
  NO_SPACE: { httpStatus: 507, reason: "InternalError", retry: "no" },
  NOT_READY: { httpStatus: 429, reason: "TooManyRequests", retry: "as it is" },
  UNAVAILABLE: { httpStatus: 503, reason: "ServiceUnavailable", retry: "as it is" },
  DEADLINE: { httpStatus: 504, reason: "Timeout", retry: "as it is" },
  OUTCOME_UNKNOWN: { httpStatus: 504, reason: "Timeout", retry: "after a read" },
  UNAUTHENTICATED: { httpStatus: 401, reason: "Unauthorized", retry: "no" },
  PERMISSION_DENIED: { httpStatus: 403, reason: "Forbidden", retry: "no" },
  CLOSED: { httpStatus: 503, reason: "ServiceUnavailable", retry: "no" },
};
