/**
 * The one error class of keelson.
 *
 * Callers match `code`, never text: every code has typed `details`, an HTTP status and a `metav1.Status`
 * form, all from the tables below. `docs/errors.md` has a row per code; a test holds the two together.
 * A message names the action that failed, quotes strings, then after a colon says what was found and
 * what was wanted. Secrets never enter a message or details.
 */

/** One fault of an object, draft or argument: where (`spec.size`, `metadata.labels["a"]`) and what is wrong. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** One quota that refuses a write; amounts are numbers of the base unit. */
export interface QuotaViolation {
  readonly namespace: string;
  readonly quota: string;
  readonly name: string;
  readonly used: number;
  readonly hard: number;
  readonly requested: number;
}

/** What the failed call was about: the full etcd key where there is one, and the object's coordinates. */
export interface Subject {
  /** Full etcd key, e.g. `/registry/pods/default/web-1`. */
  readonly key?: string | undefined;
  readonly group?: string | undefined;
  /** "Pod". */
  readonly kind?: string | undefined;
  /** "pods", without the group. */
  readonly plural?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** The typed `details` of each code. */
export interface StoreErrorDetails {
  NOT_FOUND: Subject;
  ALREADY_EXISTS: Subject & { readonly resourceVersion?: string | undefined };
  CONFLICT: Subject & {
    readonly expected?: string | undefined;
    readonly actual?: string | undefined;
    /** Of a server-side apply: which fields others manage, and who (`conflict with "kubectl" using v1`). */
    readonly conflicts?: readonly FieldError[] | undefined;
  };
  PRECONDITION_FAILED: Subject & {
    readonly field: "uid" | "resourceVersion";
    readonly expected: string;
    readonly actual?: string | undefined;
  };
  EXPIRED: Subject & {
    /** The version up to which etcd's history is gone, where known. */
    readonly compacted?: string | undefined;
    /** Continues from the latest state; given for an expired page. */
    readonly continueToken?: string | undefined;
    readonly resourceVersion?: string | undefined;
    readonly reason?: "compacted" | "epoch" | "restored" | "overrun" | undefined;
  };
  FUTURE_VERSION: Subject & {
    readonly requested: string;
    readonly current?: string | undefined;
    readonly retryAfterMs: number;
  };
  QUOTA_EXCEEDED: Subject & { readonly violations: readonly QuotaViolation[] };
  INVALID_OBJECT: Subject & { readonly errors: readonly FieldError[] };
  INVALID_ARGUMENT: { readonly argument: string; readonly errors?: readonly FieldError[] | undefined };
  INVALID_TOKEN: { readonly reason: string };
  TOO_LARGE: Subject & { readonly sizeBytes: number; readonly limitBytes: number };
  CORRUPT_OBJECT: Subject & {
    readonly reason: string;
    /** The byte of the value at which it was found, where its decoder knows it. */
    readonly offset?: number | undefined;
    readonly resourceVersion?: string | undefined;
  };
  CORRUPT_SNAPSHOT: {
    readonly path?: string | undefined;
    readonly offset?: number | undefined;
    readonly reason: string;
  };
  NAMESPACE_NOT_FOUND: Subject & { readonly namespace: string };
  NAMESPACE_TERMINATING: Subject & { readonly namespace: string };
  NO_SPACE: { readonly databaseBytes?: number | undefined; readonly quotaBytes?: number | undefined };
  NOT_READY: { readonly retryAfterMs: number; readonly reason?: string | undefined };
  UNAVAILABLE: {
    readonly retryAfterMs: number;
    readonly endpoint?: string | undefined;
    readonly reason?: string | undefined;
  };
  DEADLINE: { readonly timeoutMs?: number | undefined; readonly endpoint?: string | undefined };
  OUTCOME_UNKNOWN: {
    readonly writeId: string;
    readonly key: string;
    /** Mod revision the write was conditional on, "0" for a create. */
    readonly guard?: string | undefined;
    readonly lastRevision?: string | undefined;
  };
  UNAUTHENTICATED: { readonly username?: string | undefined; readonly reason?: string | undefined };
  PERMISSION_DENIED: { readonly reason?: string | undefined };
  CLOSED: { readonly what: string };
}

export type StoreErrorCode = keyof StoreErrorDetails;

/** A `metav1.Status` of kind Failure, ready to be sent as JSON. */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: { readonly continue?: string };
  readonly status: "Failure";
  readonly message: string;
  readonly reason: string;
  readonly code: number;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    readonly uid?: string;
    readonly causes?: readonly {
      readonly reason: string;
      readonly message: string;
      readonly field?: string;
    }[];
    readonly retryAfterSeconds?: number;
  };
}

interface CodeFacts {
  readonly httpStatus: number;
  /** metav1.StatusReason. */
  readonly reason: string;
}

/** HTTP status and `metav1.Status` reason of every code; reasons are Kubernetes' own (apimachinery meta/v1). */
export const codeFacts: Readonly<Record<StoreErrorCode, CodeFacts>> = {
  NOT_FOUND: { httpStatus: 404, reason: "NotFound" },
  ALREADY_EXISTS: { httpStatus: 409, reason: "AlreadyExists" },
  CONFLICT: { httpStatus: 409, reason: "Conflict" },
  PRECONDITION_FAILED: { httpStatus: 409, reason: "Conflict" },
  EXPIRED: { httpStatus: 410, reason: "Expired" },
  FUTURE_VERSION: { httpStatus: 504, reason: "Timeout" },
  QUOTA_EXCEEDED: { httpStatus: 403, reason: "Forbidden" },
  INVALID_OBJECT: { httpStatus: 422, reason: "Invalid" },
  INVALID_ARGUMENT: { httpStatus: 400, reason: "BadRequest" },
  INVALID_TOKEN: { httpStatus: 400, reason: "BadRequest" },
  TOO_LARGE: { httpStatus: 413, reason: "RequestEntityTooLarge" },
  CORRUPT_OBJECT: { httpStatus: 500, reason: "StorageReadError" },
  CORRUPT_SNAPSHOT: { httpStatus: 500, reason: "InternalError" },
  NAMESPACE_NOT_FOUND: { httpStatus: 404, reason: "NotFound" },
  NAMESPACE_TERMINATING: { httpStatus: 403, reason: "Forbidden" },
  NO_SPACE: { httpStatus: 507, reason: "InternalError" },
  NOT_READY: { httpStatus: 429, reason: "TooManyRequests" },
  UNAVAILABLE: { httpStatus: 503, reason: "ServiceUnavailable" },
  DEADLINE: { httpStatus: 504, reason: "Timeout" },
  OUTCOME_UNKNOWN: { httpStatus: 504, reason: "Timeout" },
  UNAUTHENTICATED: { httpStatus: 401, reason: "Unauthorized" },
  PERMISSION_DENIED: { httpStatus: 403, reason: "Forbidden" },
  CLOSED: { httpStatus: 503, reason: "ServiceUnavailable" },
};

/**
 * What every call of keelson rejects with, an abort's own reason and `invariant()` apart.
 * `details` is frozen and typed by `code`.
 */
export class StoreError<C extends StoreErrorCode = StoreErrorCode> extends Error {
  override readonly name = "StoreError";
  readonly code: C;
  readonly details: StoreErrorDetails[C];

  constructor(code: C, message: string, details: StoreErrorDetails[C], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    Object.freeze(details);
    this.details = details;
  }

  /** HTTP status an API server answers with. */
  get httpStatus(): number {
    return codeFacts[this.code].httpStatus;
  }

  /**
   * This error as `metav1.Status`, as a Kubernetes API server answers: `details.kind` is the plural ("pods") but for
   * Invalid, where it is the kind ("Pod"); a missing namespace is what was not found. Where Kubernetes has a sentence of
   * its own for what happened, `message` is that: `pods "web" not found`. `retryAfterSeconds` is rounded up, at least 1.
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

/** Kubernetes' own sentence for the code (apimachinery api/errors), else the error's message. No etcd key is in either. */
function statusMessage(error: StoreError): string {
  if (isStoreError(error, "NAMESPACE_NOT_FOUND")) return `namespaces "${error.details.namespace}" not found`;
  if (isStoreError(error, "EXPIRED")) {
    return error.details.continueToken === undefined ? tooOldVersion : tooOldContinue;
  }
  // Clients before 1.17 know it by these words alone.
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

/** What a Status names. Kubernetes' errors.NewInvalid takes a kind, all others a resource (apimachinery api/errors). */
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

/** A broken promise of keelson itself: crashes with `InvariantError`, which is never caught and carried on from. */
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
