/** What a simulated process takes for a state of the world rather than a fault. */
import { isStoreError } from "keelson";

/** What may be otherwise a moment later. */
export function isPassing(error: unknown): boolean {
  return isStoreError(error, "UNAVAILABLE", "DEADLINE", "NOT_READY", "OUTCOME_UNKNOWN");
}
