/**
 * Errors of the server itself, worded as Kubernetes does (apimachinery's api/errors); the store's errors have their own
 * texts. `statusOf` turns either into the Status of the response.
 */
import { isStoreError, type Status } from "keelson";

export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** What a request is about. */
export interface StatusSubject {
  readonly group: string;
  readonly plural: string;
  readonly name?: string | undefined;
}

/** The kind, and for an object its name, of a `details` field. */
export interface FaultSubject {
  readonly group: string;
  readonly kind: string;
  readonly name?: string;
}

export class Refusal extends Error {
  readonly httpStatus: number;
  readonly reason: string;
  readonly causes: readonly StatusCause[];
  /** Seconds after which the client may retry. */
  readonly retryAfterSeconds: number | undefined;
  /** What is at fault, if it is not the resource of the path: a 422 names a kind. */
  readonly subject: FaultSubject | undefined;

  constructor(
    httpStatus: number,
    reason: string,
    message: string,
    more: {
      readonly causes?: readonly StatusCause[];
      readonly retryAfterSeconds?: number;
      readonly subject?: FaultSubject;
    } = {},
  ) {
    super(message);
    this.name = "Refusal";
    this.httpStatus = httpStatus;
    this.reason = reason;
    this.causes = more.causes ?? [];
    this.retryAfterSeconds = more.retryAfterSeconds;
    this.subject = more.subject;
  }
}

export const badRequest = (message: string): Refusal => new Refusal(400, "BadRequest", message);
export const notFoundHere = (): Refusal =>
  new Refusal(404, "NotFound", "the server could not find the requested resource");
export const notAllowed = (): Refusal =>
  new Refusal(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
export const notFound = (resource: string, name: string): Refusal =>
  new Refusal(404, "NotFound", `${resource} "${name}" not found`);
export const conflict = (resource: string, name: string, why: string): Refusal =>
  new Refusal(409, "Conflict", `Operation cannot be fulfilled on ${resource} "${name}": ${why}`);

/** One field that is at fault; the message in Kubernetes' words (apimachinery's field.Error). */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

/** The reason of a cause is the first words of its message, as in Kubernetes. */
const causeReasons: readonly (readonly [string, string])[] = [
  ["Forbidden", "FieldValueForbidden"],
  ["Required value", "FieldValueRequired"],
  ["Unsupported value", "FieldValueNotSupported"],
  ["Duplicate value", "FieldValueDuplicate"],
  ["Too long", "FieldValueTooLong"],
];
const reasonOf = (message: string): string =>
  causeReasons.find(([words]) => message.startsWith(words))?.[1] ?? "FieldValueInvalid";

/** 422 for the fields of an object. */
export function invalid(
  { group, kind }: { readonly group: string; readonly kind: string },
  name: string,
  faults: readonly FieldFault[],
): Refusal {
  const all = faults.map(({ field, message }) => `${field}: ${message}`);
  const text = all.length === 1 ? all.join("") : `[${all.join(", ")}]`;
  const full = group === "" ? kind : `${kind}.${group}`;
  return new Refusal(422, "Invalid", `${full} "${name}" is invalid: ${text}`, {
    causes: faults.map((fault) => ({ reason: reasonOf(fault.message), ...fault })),
    subject: { group, kind, name },
  });
}

export function statusOf(error: unknown, subject?: StatusSubject): Status {
  if (isStoreError(error)) return error.toStatus();
  const known =
    error instanceof Refusal
      ? error
      : new Refusal(
          500,
          "InternalError",
          `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`,
        );
  const { causes, retryAfterSeconds } = known;
  const { group, kind, name } = known.subject ?? {
    group: subject?.group ?? "",
    kind: subject?.plural,
    name: subject?.name,
  };
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: known.message,
    reason: known.reason,
    code: known.httpStatus,
    details: {
      ...(name === undefined ? {} : { name }),
      ...(group === "" ? {} : { group }),
      ...(kind === undefined ? {} : { kind }),
      ...(causes.length === 0 ? {} : { causes }),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    },
  };
}
