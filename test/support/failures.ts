/** What a call that must fail fails with: each fails the test when the call does not, or with something else. */
import type { StoreErrorCode } from "../../src/errors/codes.ts";
import { isStoreError, StoreError } from "../../src/errors.ts";
import { TransportFailure } from "../../src/etcd/transport/transport.ts";
import { within } from "./time/patience.ts";

/** What a promise rejects with, within the bound of a test's waits. */
export async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await within(work, "the call settles");
  } catch (error) {
    return error;
  }
  throw new Error(`expected a rejection, got ${(JSON.stringify(value) ?? "nothing").slice(0, 300)}`);
}

/** The StoreError of one of `codes` that a promise rejects with. */
export async function refusal<C extends StoreErrorCode>(
  work: Promise<unknown>,
  ...codes: readonly C[]
): Promise<StoreError<C>> {
  const error = await thrownBy(work);
  if (!(error instanceof StoreError)) throw error;
  if (!(codes as readonly string[]).includes(error.code)) {
    throw new Error(`expected ${codes.join(" or ")}, got ${error.code}: ${error.message}`, { cause: error });
  }
  return error as StoreError<C>;
}

/** The StoreError of any code that a promise rejects with, however long it takes. */
export function failureOf(work: Promise<unknown>): Promise<StoreError> {
  return errorOf(work, StoreError);
}

/** The TransportFailure that a promise rejects with, however long it takes. */
export function transportFailureOf(work: Promise<unknown>): Promise<TransportFailure> {
  return errorOf(work, TransportFailure);
}

async function errorOf<E>(work: Promise<unknown>, kind: abstract new (...of: never[]) => E): Promise<E> {
  const outcome: unknown = await work.then(
    (value) => new Error(`expected a failure, got ${String(value)}`),
    (error: unknown) => error,
  );
  if (outcome instanceof kind) return outcome;
  throw outcome;
}

/** The code of the StoreError that `run` throws, the name of another error, or "accepted". */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return isStoreError(error) ? error.code : (error as Error).name;
  }
  return "accepted";
}
