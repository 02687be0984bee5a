/**
 * Damage as an answer: every fault found in a snapshot, a WAL or a repository becomes CORRUPT_SNAPSHOT with the
 * file, the byte offset and what was found and wanted. Readers throw it, `verifySnapshot` lists it.
 */
import { isStoreError, StoreError } from "../../errors.ts";

/** One fault of a backup. `offset` is the byte in the file, where one byte or page can be blamed. */
export interface SnapshotProblem {
  /** The byte of the file, from 0, where known. */
  readonly offset?: number | undefined;
  /** What is wrong, for people. */
  readonly what: string;
}

/** The error for a fault at `offset`; `reason` says what was found, then what was wanted. */
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

/** The fault `error` stands for; anything that is not damage is thrown on. */
export function problemOf(error: unknown): SnapshotProblem {
  if (!isStoreError(error, "CORRUPT_SNAPSHOT")) throw error;
  return { offset: error.details.offset, what: error.details.reason };
}
