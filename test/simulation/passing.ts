/** Errors that a simulated process treats as a temporary state of the world rather than a fault. */
import { isStoreError } from "keelson";

/** Whether a retry may succeed a moment later. */
export function isPassing(error: unknown): boolean {
  return isStoreError(error, "UNAVAILABLE", "DEADLINE", "NOT_READY", "OUTCOME_UNKNOWN");
}
