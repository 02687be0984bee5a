/**
 * Damage as a result: every fault found in a snapshot, a WAL or a repository becomes CORRUPT_SNAPSHOT with the
 * file, the byte offset, and what was found and expected. Readers throw it, `verifySnapshot` lists it.
 */
import { isStoreError, StoreError } from "../../errors.ts";

/** One fault of a backup. `offset` is the byte in the file, if one byte or page is at fault. */
export interface SnapshotProblem {
  /** The byte of the file, from 0, if known. */
  readonly offset?: number | undefined;
  /** What is wrong, as text for people. */
  readonly what: string;
}

/** The error for a fault at `offset`; `reason` states what was found, then what was expected. */
export function damaged(
  path: string,
  offset: number | undefined,
  reason: string,
): StoreError<"CORRUPT_SNAPSHOT"> {
  const where = offset === undefined ? "" : ` at byte ${offset}`;
  return new StoreError("CORRUPT_SNAPSHOT", `Cannot read snapshot "${path}"${where}: ${reason}`, {
    path,
    offset,
    reason,
  });
}

/** The fault that `error` represents; rethrows anything that is not damage. */
export function problemOf(error: unknown): SnapshotProblem {
  if (!isStoreError(error, "CORRUPT_SNAPSHOT")) throw error;
  return { offset: error.details.offset, what: error.details.reason };
}
