/**
 * The one place that converts a revision to a resourceVersion and back.
 *
 *   outside: opaque decimal text, "1" to "9223372036854775807"      inside: bigint
 *
 * A revision is never converted to a number: repeated restores with a bump raise it beyond 2^53. "", "0", signs,
 * leading zeros, spaces, hex and exponents are never valid; freshness is a separate option (ReadFreshness).
 */
import { quote } from "../../base/text/quote.ts";
import { invalidArgument } from "../../errors.ts";
import { limits } from "./limits.ts";

/** Nineteen digits hold 2^63 - 1. Anchored without the m flag: a trailing newline does not pass. */
const decimal = /^[1-9][0-9]{0,18}$/;

/**
 * The revision of a resourceVersion.
 * @param argument the argument's name for the error, e.g. "read.resourceVersion"
 * @throws INVALID_ARGUMENT naming `argument`, for anything but canonical decimal text of 1 to 2^63 - 1
 */
export function parseResourceVersion(text: unknown, argument: string): bigint {
  if (typeof text === "string" && decimal.test(text)) {
    const revision = BigInt(text);
    if (revision <= limits.revisionMax) return revision;
  }
  throw invalidArgument(
    argument,
    `Cannot use ${quote(text)} as ${argument}: expected decimal text from 1 to ${limits.revisionMax}`,
  );
}

/** True for text that `parseResourceVersion` accepts. */
export function isResourceVersion(text: unknown): text is string {
  return typeof text === "string" && decimal.test(text) && BigInt(text) <= limits.revisionMax;
}

/** The resourceVersion of a revision above 0. */
export function formatResourceVersion(revision: bigint): string {
  return revision.toString();
}
