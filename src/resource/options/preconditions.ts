/**
 * Preconditions: what must hold of the live object for a write to proceed. Checked on every attempt, against the
 * state that the write is then conditional on.
 */

import { checkOptions } from "../../base/text/known-options.ts";
import { quote } from "../../base/text/quote.ts";
import type { Subject } from "../../errors/codes.ts";
import { invalidArgument, StoreError } from "../../errors.ts";
import { type Preconditions, preconditionNames } from "../contract/write-options.ts";
import { formatResourceVersion, parseResourceVersion } from "../model/revision.ts";

/** Checked preconditions. */
export interface ParsedPreconditions {
  readonly uid: string | undefined;
  readonly revision: bigint | undefined;
}

/** @throws INVALID_ARGUMENT "preconditions.uid" or "preconditions.resourceVersion" */
export function parsePreconditions(preconditions: Preconditions | undefined): ParsedPreconditions {
  if (preconditions === undefined) return { uid: undefined, revision: undefined };
  if (typeof preconditions !== "object" || preconditions === null) {
    throw invalidArgument(
      "preconditions",
      `Cannot use ${quote(preconditions)} as preconditions: expected an object`,
    );
  }
  // A misspelt precondition must not let the write through.
  checkOptions(preconditions, "write", preconditionNames, "preconditions");
  const { uid, resourceVersion } = preconditions;
  if (uid !== undefined && (typeof uid !== "string" || uid === "")) {
    throw invalidArgument("preconditions.uid", `Cannot use ${quote(uid)} as uid: expected text`);
  }
  return {
    uid,
    revision:
      resourceVersion === undefined
        ? undefined
        : parseResourceVersion(resourceVersion, "preconditions.resourceVersion"),
  };
}

/**
 * Checks `live` against the preconditions.
 * @param action what the caller asked for, as in `Cannot ${action}: …`
 * @throws PRECONDITION_FAILED naming the field, its value and the required value
 */
export function assertPreconditions(
  preconditions: ParsedPreconditions,
  live: { readonly uid: string; readonly revision: bigint },
  action: string,
  subject: Subject = {},
): void {
  const { uid, revision } = preconditions;
  if (uid !== undefined && uid !== live.uid) {
    throw failed("uid", uid, live.uid, action, subject);
  }
  if (revision !== undefined && revision !== live.revision) {
    throw failed(
      "resourceVersion",
      formatResourceVersion(revision),
      formatResourceVersion(live.revision),
      action,
      subject,
    );
  }
}

function failed(
  field: "uid" | "resourceVersion",
  expected: string,
  actual: string,
  action: string,
  subject: Subject,
): StoreError<"PRECONDITION_FAILED"> {
  return new StoreError(
    "PRECONDITION_FAILED",
    `Cannot ${action}: its ${field} is ${quote(actual)}, expected ${quote(expected)}`,
    { ...subject, field, expected, actual },
  );
}
