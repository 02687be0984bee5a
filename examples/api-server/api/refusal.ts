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

export class Refusal extends Error {
  readonly httpStatus: number;
  readonly reason: string;
  readonly causes: readonly StatusCause[];
  /** Seconds after which the client may retry. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    httpStatus: number,
    reason: string,
    message: string,
    more: { readonly causes?: readonly StatusCause[]; readonly retryAfterSeconds?: number } = {},
  ) {
    super(message);
    this.name = "Refusal";
    this.httpStatus = httpStatus;
    this.reason = reason;
    this.causes = more.causes ?? [];
    this.retryAfterSeconds = more.retryAfterSeconds;
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

/** 422 for one field. */
export function invalid(kind: string, name: string, field: string, message: string): Refusal {
  const text = `${kind} "${name}" is invalid: ${field}: ${message}`;
  return new Refusal(422, "Invalid", text, { causes: [{ reason: "FieldValueInvalid", message, field }] });
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
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: known.message,
    reason: known.reason,
    code: known.httpStatus,
    details: {
      ...(subject?.name === undefined ? {} : { name: subject.name }),
      ...(subject === undefined || subject.group === "" ? {} : { group: subject.group }),
      ...(subject === undefined ? {} : { kind: subject.plural }),
      ...(causes.length === 0 ? {} : { causes }),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    },
  };
}
