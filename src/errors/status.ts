/** A failure as `metav1.Status`: Kubernetes' reason, its sentence where it has one, its causes. */
import { codeFacts, type StoreErrorCode, type StoreErrorDetails, type Subject } from "./codes.ts";

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

/** What a `StoreError` says, as a union by code. */
export type Failure = {
  readonly [C in StoreErrorCode]: {
    readonly code: C;
    readonly message: string;
    readonly details: StoreErrorDetails[C];
  };
}[StoreErrorCode];

/** See `StoreError.toStatus`. */
export function statusOf(failure: Failure): Status {
  const details: Record<string, unknown> = failure.details as Record<string, unknown>;
  const causes = statusCauses(failure);
  const retryAfterMs = details["retryAfterMs"];
  const continueToken = textOf(details["continueToken"]);
  const { name, group, kind } = statusSubject(failure);
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: continueToken === undefined ? {} : { continue: continueToken },
    status: "Failure",
    message: statusMessage(failure),
    reason: codeFacts[failure.code].reason,
    code: codeFacts[failure.code].httpStatus,
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

const tooOldVersion = "The resourceVersion for the provided watch is too old.";
const tooOldContinue =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

/**
 * Kubernetes' own sentence for the code (apimachinery api/errors), else the error's message. Neither contains an etcd
 * key.
 */
function statusMessage(failure: Failure): string {
  if (failure.code === "NAMESPACE_NOT_FOUND") return `namespaces "${failure.details.namespace}" not found`;
  if (failure.code === "EXPIRED") {
    return failure.details.continueToken === undefined ? tooOldVersion : tooOldContinue;
  }
  // Clients before 1.17 recognize it only by this text.
  if (failure.code === "FUTURE_VERSION") {
    return `Timeout: Too large resource version: ${failure.details.requested}, current: ${failure.details.current ?? "0"}`;
  }
  const { name, group, plural, kind } = failure.details as Subject;
  if (name === undefined || plural === undefined || kind === undefined) return failure.message;
  const ofGroup = group === undefined || group === "" ? "" : `.${group}`;
  const resource = `${plural}${ofGroup} "${name}"`;
  if (failure.code === "NOT_FOUND") return `${resource} not found`;
  if (failure.code === "ALREADY_EXISTS") return `${resource} already exists`;
  if (failure.code === "CONFLICT") {
    const { expected, actual } = failure.details;
    if (expected === undefined || actual === undefined) return failure.message;
    return `Operation cannot be fulfilled on ${resource}: the object has been modified; please apply your changes to the latest version and try again`;
  }
  if (failure.code === "PRECONDITION_FAILED") {
    const { field, expected, actual } = failure.details;
    const what = field === "uid" ? "UID" : "ResourceVersion";
    return `Operation cannot be fulfilled on ${resource}: Precondition failed: ${what} in precondition: ${expected}, ${what} in object meta: ${actual ?? ""}`;
  }
  if (failure.code === "INVALID_OBJECT") {
    const faults = failure.details.errors.map(({ field, message }) =>
      field === "" ? message : `${field}: ${message}`,
    );
    return `${kind}${ofGroup} "${name}" is invalid: ${faults.length === 1 ? faults[0] : `[${faults.join(", ")}]`}`;
  }
  if (failure.code === "NAMESPACE_TERMINATING") {
    return `${resource} is forbidden: unable to create new content in namespace ${failure.details.namespace} because it is being terminated`;
  }
  if (failure.code === "QUOTA_EXCEEDED") {
    const exceeded = failure.details.violations.map(
      ({ quota, name: amount, requested, used, hard }) =>
        `exceeded quota: ${quota}, requested: ${amount}=${requested}, used: ${amount}=${used}, limited: ${amount}=${hard}`,
    );
    return `${resource} is forbidden: ${exceeded.join("; ")}`;
  }
  return failure.message;
}

/**
 * The subject of a Status. Kubernetes' errors.NewInvalid takes a kind, all others a resource (apimachinery
 * api/errors).
 */
function statusSubject(failure: Failure): { name?: string; group?: string; kind?: string } {
  if (failure.code === "NAMESPACE_NOT_FOUND") {
    return { name: failure.details.namespace, kind: "namespaces" };
  }
  const details = failure.details as Record<string, unknown>;
  const [name, group] = [textOf(details["name"]), textOf(details["group"])];
  const single = textOf(details["kind"]);
  const kind = failure.code === "INVALID_OBJECT" ? single : (textOf(details["plural"]) ?? single);
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

function statusCauses(failure: Failure): readonly StatusCause[] {
  if (failure.code === "INVALID_OBJECT" || failure.code === "INVALID_ARGUMENT") {
    return (failure.details.errors ?? []).map(({ field, message }) => ({
      reason: "FieldValueInvalid",
      message,
      field,
    }));
  }
  // metav1's CauseTypeFieldManagerConflict: what kubectl prints as the list of conflicts.
  if (failure.code === "CONFLICT") {
    return (failure.details.conflicts ?? []).map(({ field, message }) => ({
      reason: "FieldManagerConflict",
      message,
      field,
    }));
  }
  if (failure.code === "QUOTA_EXCEEDED") {
    return failure.details.violations.map((v) => ({
      reason: "QuotaExceeded",
      message: `quota "${v.quota}": requested ${v.name}=${v.requested}, used ${v.used}, limited ${v.hard}`,
    }));
  }
  // Kubernetes clients recognise this cause and wait instead of relisting (apimachinery CauseTypeResourceVersionTooLarge).
  if (failure.code === "FUTURE_VERSION") {
    return [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }];
  }
  // What Kubernetes' controllers recognise, to stop creating (api/core/v1 NamespaceTerminatingCause).
  if (failure.code === "NAMESPACE_TERMINATING") {
    const message = `namespace ${failure.details.namespace} is being terminated`;
    return [{ reason: "NamespaceTerminating", message, field: "metadata.namespace" }];
  }
  return [];
}
