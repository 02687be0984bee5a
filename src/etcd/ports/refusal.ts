/**
 * Whether a call ended because every endpoint had answered and each had refused: nothing listens there, no such host, certificates
 * or options that do not fit. Who waits for etcd by trying again asks this to know whether more of it can help.
 */
import { isStoreError } from "../../errors.ts";

export function isRefusal(error: unknown): boolean {
  return isStoreError(error, "UNAVAILABLE") && error.details.refused === true;
}
