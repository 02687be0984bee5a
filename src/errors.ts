/**
 * The one error class of keelson.
 *
 * Callers match `code`, never text: every code has typed `details`, an HTTP status and a `metav1.Status` form, all
 * from the tables below. `docs/errors.md` has a row per code; a test checks that the two agree. A message names the
 * action that failed, quotes strings, then says after a colon what was found and what was wanted. Secrets never enter
 * a message or details.
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

/** A `metav1.Status` of kind Failure, ready to be sent as JSON. */
export interface Status {
  /** Always "Status". */
  readonly kind: "Status";
  /** Always "v1": Status belongs to Kubernetes' core group. */
  readonly apiVersion: "v1";
  /** ListMeta: empty, or with the token that continues an expired list. */
  readonly metadata: {
    /** Continues the list from the latest state; only for EXPIRED on a page. */
    readonly continue?: string;
  };
  /** Always "Failure". */
  readonly status: "Failure";
  /** For people. Kubernetes' own sentence where it has one; contains no etcd key. */
  readonly message: string;
  /** metav1.StatusReason, such as "NotFound", "Conflict", "Expired": what Kubernetes clients match. */
  readonly reason: string;
  /** The HTTP status, equal to `StoreError.httpStatus`. */
  readonly code: number;
  /** The subject of the failure; unknown fields are absent. */
  readonly details?: {
    /** Name of the object, or of the namespace for NAMESPACE_NOT_FOUND. */
    readonly name?: string;
    /** API group of the object; absent for the core group. */
    readonly group?: string;
    /** The plural ("pods"); for reason Invalid the kind ("Pod"). */
    readonly kind?: string;
    /** Never set by keelson; metav1.StatusDetails has it. */
    readonly uid?: string;
    /** One entry for each wrong field, exceeded amount or conflicting manager; absent when there is none. */
    readonly causes?: readonly {
      /**
       * metav1.CauseType: "FieldValueInvalid", "FieldManagerConflict", "QuotaExceeded" or "ResourceVersionTooLarge".
       */
      readonly reason: string;
      /** What is wrong, for people. */
      readonly message: string;
      /** Path of the field, where the cause is about one. */
      readonly field?: string;
    }[];
    /**
     * Whole seconds to wait before the next try, at least 1; for errors with `details.retryAfterMs`. An HTTP server
     * sends it as Retry-After.
     */
    readonly retryAfterSeconds?: number;
  };
}

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

/**
 * Every call of keelson rejects with this, except for an abort's own reason and `invariant()`. `details` is frozen
 * and typed by `code`.
 */
export class StoreError<C extends StoreErrorCode = StoreErrorCode> extends Error {
  /** Always "StoreError". */
  override readonly name = "StoreError";
  /** The cause; callers match this and never the message. docs/errors.md has a section for each. */
  readonly code: C;
  /** Facts of the failure, typed by `code` and frozen; never a secret. */
  readonly details: StoreErrorDetails[C];

  constructor(code: C, message: string, details: StoreErrorDetails[C], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    Object.freeze(details);
    this.details = details;
  }

  /** HTTP status with which an API server responds. */
  get httpStatus(): number {
    return codeFacts[this.code].httpStatus;
  }

  /** Whether the call is worth repeating. */
  get retry(): Retry {
    return codeFacts[this.code].retry;
  }

  /** The documentation of the code, as a path in the package: `keelson/docs/errors.md#not_found`. */
  get docs(): string {
    return `keelson/docs/errors.md#${this.code.toLowerCase()}`;
  }

  /**
   * This error as `metav1.Status`, as a Kubernetes API server responds. `details.kind` is the plural ("pods"), except
   * for Invalid, where it is the kind ("Pod"); for a missing namespace, details name the namespace. Where Kubernetes
   * has its own sentence for the failure, `message` is that sentence: `pods "web" not found`. `retryAfterSeconds` is
   * rounded up, at least 1.
   */
  toStatus(): Status {
    const details: Record<string, unknown> = this.details as Record<string, unknown>;
    const causes = statusCauses(this);
    const retryAfterMs = details["retryAfterMs"];
    const continueToken = textOf(details["continueToken"]);
    const { name, group, kind } = statusSubject(this);
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: continueToken === undefined ? {} : { continue: continueToken },
      status: "Failure",
      message: statusMessage(this),
      reason: codeFacts[this.code].reason,
      code: this.httpStatus,
      details: {
        ...(name === undefined ? {} : { name }),
        ...(group === undefined || group === "" ? {} : { group }),
        ...(kind === undefined ? {} : { kind }),
        ...(causes.length === 0 ? {} : { causes }),
        ...(typeof retryAfterMs === "number"
          ? { retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)) }
          : {}),
      },
    };
  }
}

const tooOldVersion = "The resourceVersion for the provided watch is too old.";
const tooOldContinue =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

/**
 * Kubernetes' own sentence for the code (apimachinery api/errors), else the error's message. Neither contains an etcd
 * key.
 */
function statusMessage(error: StoreError): string {
  if (isStoreError(error, "NAMESPACE_NOT_FOUND")) return `namespaces "${error.details.namespace}" not found`;
  if (isStoreError(error, "EXPIRED")) {
    return error.details.continueToken === undefined ? tooOldVersion : tooOldContinue;
  }
  // Clients before 1.17 recognize it only by this text.
  if (isStoreError(error, "FUTURE_VERSION")) {
    return `Timeout: Too large resource version: ${error.details.requested}, current: ${error.details.current ?? "0"}`;
  }
  const { name, group, plural, kind } = error.details as Subject;
  if (name === undefined || plural === undefined || kind === undefined) return error.message;
  const ofGroup = group === undefined || group === "" ? "" : `.${group}`;
  const resource = `${plural}${ofGroup} "${name}"`;
  if (isStoreError(error, "NOT_FOUND")) return `${resource} not found`;
  if (isStoreError(error, "ALREADY_EXISTS")) return `${resource} already exists`;
  if (isStoreError(error, "CONFLICT")) {
    const { expected, actual } = error.details;
    if (expected === undefined || actual === undefined) return error.message;
    return `Operation cannot be fulfilled on ${resource}: the object has been modified; please apply your changes to the latest version and try again`;
  }
  if (isStoreError(error, "PRECONDITION_FAILED")) {
    const { field, expected, actual } = error.details;
    const what = field === "uid" ? "UID" : "ResourceVersion";
    return `Operation cannot be fulfilled on ${resource}: Precondition failed: ${what} in precondition: ${expected}, ${what} in object meta: ${actual ?? ""}`;
  }
  if (isStoreError(error, "INVALID_OBJECT")) {
    const faults = error.details.errors.map(({ field, message }) =>
      field === "" ? message : `${field}: ${message}`,
    );
    return `${kind}${ofGroup} "${name}" is invalid: ${faults.length === 1 ? faults[0] : `[${faults.join(", ")}]`}`;
  }
  if (isStoreError(error, "NAMESPACE_TERMINATING")) {
    return `${resource} is forbidden: unable to create new content in namespace ${error.details.namespace} because it is being terminated`;
  }
  if (isStoreError(error, "QUOTA_EXCEEDED")) {
    const exceeded = error.details.violations.map(
      ({ quota, name: amount, requested, used, hard }) =>
        `exceeded quota: ${quota}, requested: ${amount}=${requested}, used: ${amount}=${used}, limited: ${amount}=${hard}`,
    );
    return `${resource} is forbidden: ${exceeded.join("; ")}`;
  }
  return error.message;
}

/**
 * The subject of a Status. Kubernetes' errors.NewInvalid takes a kind, all others a resource (apimachinery
 * api/errors).
 */
function statusSubject(error: StoreError): { name?: string; group?: string; kind?: string } {
  if (isStoreError(error, "NAMESPACE_NOT_FOUND")) {
    return { name: error.details.namespace, kind: "namespaces" };
  }
  const details = error.details as Record<string, unknown>;
  const [name, group] = [textOf(details["name"]), textOf(details["group"])];
  const single = textOf(details["kind"]);
  const kind = error.code === "INVALID_OBJECT" ? single : (textOf(details["plural"]) ?? single);
  return {
    ...(name === undefined ? {} : { name }),
    ...(group === undefined ? {} : { group }),
    ...(kind === undefined ? {} : { kind }),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

type StatusCause = { reason: string; message: string; field?: string };

function statusCauses(error: StoreError): readonly StatusCause[] {
  if (isStoreError(error, "INVALID_OBJECT", "INVALID_ARGUMENT")) {
    return (error.details.errors ?? []).map(({ field, message }) => ({
      reason: "FieldValueInvalid",
      message,
      field,
    }));
  }
  // metav1's CauseTypeFieldManagerConflict: what kubectl prints as the list of conflicts.
  if (isStoreError(error, "CONFLICT")) {
    return (error.details.conflicts ?? []).map(({ field, message }) => ({
      reason: "FieldManagerConflict",
      message,
      field,
    }));
  }
  if (isStoreError(error, "QUOTA_EXCEEDED")) {
    return error.details.violations.map((v) => ({
      reason: "QuotaExceeded",
      message: `quota "${v.quota}": requested ${v.name}=${v.requested}, used ${v.used}, limited ${v.hard}`,
    }));
  }
  // Kubernetes clients recognise this cause and wait instead of relisting (apimachinery CauseTypeResourceVersionTooLarge).
  if (isStoreError(error, "FUTURE_VERSION")) {
    return [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }];
  }
  // What Kubernetes' controllers recognise, to stop creating (api/core/v1 NamespaceTerminatingCause).
  if (isStoreError(error, "NAMESPACE_TERMINATING")) {
    const message = `namespace ${error.details.namespace} is being terminated`;
    return [{ reason: "NamespaceTerminating", message, field: "metadata.namespace" }];
  }
  return [];
}

/** True for a `StoreError`, narrowed to one of `codes` when any are given. */
export function isStoreError<C extends StoreErrorCode = StoreErrorCode>(
  error: unknown,
  ...codes: readonly C[]
): error is StoreError<C> {
  return (
    error instanceof StoreError && (codes.length === 0 || (codes as readonly string[]).includes(error.code))
  );
}

/** A violated internal assumption: throws `InvariantError`, which no code catches to continue. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** INVALID_ARGUMENT for `argument`; `message` ends with what was found and what was wanted. */
export function invalidArgument(
  argument: string,
  message: string,
  errors?: readonly FieldError[],
): StoreError<"INVALID_ARGUMENT"> {
  return new StoreError("INVALID_ARGUMENT", message, { argument, errors });
}
