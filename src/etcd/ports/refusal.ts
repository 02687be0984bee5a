/**
 * Whether a call failed because every endpoint answered and refused: nothing listens there, no such host, or certificates
 * or options that do not match. A caller that retries uses this to decide whether another try can help.
 */
import { isStoreError } from "../../errors.ts";

export function isRefusal(error: unknown): boolean {
  return isStoreError(error, "UNAVAILABLE") && error.details.refused === true;
}
