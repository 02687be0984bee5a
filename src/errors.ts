/**
 * The one error class of keelson.
 *
 * Callers match `code`, never text: `errors/codes` has the details of every code, its HTTP status and its retry
 * advice, `errors/status` its `metav1.Status`. A message names the action that failed, quotes strings, then says
 * after a colon what was found and what was wanted. Secrets never enter a message or details.
 */
import {
  codeFacts,
  type FieldError,
  type Retry,
  type StoreErrorCode,
  type StoreErrorDetails,
} from "./errors/codes.ts";
import { type Failure, type Status, statusOf } from "./errors/status.ts";

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
    return statusOf(this as Failure);
  }
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
