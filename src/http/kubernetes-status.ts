/**
 * An error as the Status a Kubernetes API server answers with: `pods "web" not found`. Clients match reason and code;
 * people, and some old clients, read the message, so the words are Kubernetes' own (apimachinery's api/errors).
 *
 * The store's own messages name etcd's key and say more; they are for logs. None of that is in here.
 */
import { isStoreError, type Status, type StoreError } from "../errors.ts";

/** What a request was about, where the error does not say: `pods` of group "". */
export interface StatusSubject {
  /** "" is the core group. */
  readonly group: string;
  readonly plural: string;
  readonly name?: string | undefined;
}

/**
 * @param subject of the request, for errors that name none
 */
export function kubernetesStatus(error: StoreError, subject?: StatusSubject): Status {
  const status = error.toStatus();
  const message = messageOf(error, subject) ?? status.message;
  return { ...status, message };
}

function messageOf(error: StoreError, subject: StatusSubject | undefined): string | undefined {
  const what = `${resourceOf(error, subject)} "${nameOf(error, subject)}"`;
  if (isStoreError(error, "NOT_FOUND")) return `${what} not found`;
  if (isStoreError(error, "ALREADY_EXISTS")) return `${what} already exists`;
  if (isStoreError(error, "CONFLICT")) {
    // Server-side apply says which fields of whom are in the way, in Kubernetes' words.
    return error.details.conflicts === undefined ? notFulfilled(what, modified) : undefined;
  }
  if (isStoreError(error, "PRECONDITION_FAILED")) {
    const { field, expected, actual } = error.details;
    const label = field === "uid" ? "UID" : "ResourceVersion";
    return notFulfilled(
      what,
      `Precondition failed: ${label} in precondition: ${expected}, ${label} in object meta: ${actual ?? ""}`,
    );
  }
  if (isStoreError(error, "NAMESPACE_NOT_FOUND")) return `namespaces "${error.details.namespace}" not found`;
  if (isStoreError(error, "NAMESPACE_TERMINATING")) {
    const { namespace } = error.details;
    return `${what} is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`;
  }
  if (isStoreError(error, "INVALID_OBJECT")) return invalidMessage(error, subject);
  if (isStoreError(error, "QUOTA_EXCEEDED")) {
    const [first] = error.details.violations;
    const amounts = (field: "requested" | "used" | "hard"): string =>
      error.details.violations.map((one) => `${one.name}=${one[field]}`).join(",");
    return `${what} is forbidden: exceeded quota: ${first?.quota ?? ""}, requested: ${amounts("requested")}, used: ${amounts("used")}, limited: ${amounts("hard")}`;
  }
  if (isStoreError(error, "EXPIRED")) {
    return error.details.continueToken === undefined ? tooOldVersion : tooOldContinue;
  }
  if (isStoreError(error, "FUTURE_VERSION")) {
    return `Timeout: Too large resource version: ${error.details.requested}, current: ${error.details.current ?? ""}`;
  }
  if (isStoreError(error, "OUTCOME_UNKNOWN")) {
    return "Timeout: request did not complete within the allotted time, and it may have been carried out";
  }
  if (isStoreError(error, "CORRUPT_OBJECT"))
    return `Internal error occurred: ${what} cannot be read from storage`;
  return undefined;
}

const modified =
  "the object has been modified; please apply your changes to the latest version and try again";
const tooOldVersion = "The resourceVersion for the provided watch is too old.";
const tooOldContinue =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

const notFulfilled = (what: string, why: string): string =>
  `Operation cannot be fulfilled on ${what}: ${why}`;

/** `Pod "web" is invalid: spec.nodeName: …`; several faults stand in brackets. */
function invalidMessage(error: StoreError<"INVALID_OBJECT">, subject: StatusSubject | undefined): string {
  const { kind, group, errors } = error.details;
  const name = nameOf(error, subject);
  const what = kind === undefined ? resourceOf(error, subject) : group ? `${kind}.${group}` : kind;
  const faults = errors.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`));
  const all = faults.length === 1 ? faults.join("") : `[${faults.join(", ")}]`;
  return `${what} "${name}" is invalid: ${all}`;
}

interface Named {
  readonly group?: string | undefined;
  readonly plural?: string | undefined;
  readonly name?: string | undefined;
}

/** "pods", "deployments.apps". */
function resourceOf(error: StoreError, subject: StatusSubject | undefined): string {
  const named: Named = error.details as Named;
  const { plural = "objects", group = "" } = named.plural === undefined ? (subject ?? {}) : named;
  return group === "" ? plural : `${plural}.${group}`;
}

const nameOf = (error: StoreError, subject: StatusSubject | undefined): string =>
  (error.details as Named).name ?? subject?.name ?? "";
