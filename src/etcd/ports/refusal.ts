/**
 * Calls while every endpoint answers and refuses: nothing listens there, no such host, or certificates or options that do
 * not match. How long a call continues then, and whether one ended so: a caller that retries uses this to decide whether
 * another try can help.
 */
import { isStoreError } from "../../errors.ts";
import type { EtcdCall } from "./call.ts";

/** A member that restarts is back within a second. */
const patienceDefaultMs = 1_000;

/** How long a call continues while every endpoint refuses, milliseconds. */
export function refusalPatienceOf(
  call: Pick<EtcdCall, "refusalPatienceMs" | "timeoutMs"> | undefined,
): number {
  return call?.refusalPatienceMs ?? call?.timeoutMs ?? patienceDefaultMs;
}

export function isRefusal(error: unknown): boolean {
  return isStoreError(error, "UNAVAILABLE") && error.details.refused === true;
}
