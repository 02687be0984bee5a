/**
 * The head of an object: its metadata segment as plain data, stored beside the body and read without it.
 * Selectors, metadata views, the cache's indexes and quotas look at nothing else.
 */
import type { ObjectMeta } from "./resource.ts";

/**
 * The header version of a kind whose fields and measures are not known here (`unfamiliarKind`). No `defineKind` has it,
 * so a head written under it is made again by a process that knows the kind.
 */
export const unfamiliarHeaderVersion = 0;

/** The metadata segment: all that selectors, indexes, tables and quotas read. Plain data, read-only. */
export interface Head {
  /** API version it was written in. */
  readonly apiVersion: string;
  /** Its kind's name. */
  readonly kind: string;
  /** As stored: resourceVersion is absent (the reader fills it from the mod revision). */
  readonly metadata: Readonly<Omit<ObjectMeta, "resourceVersion">>;
  /** Declared selectable fields that have a value. */
  readonly fields: Readonly<Record<string, string>>;
  /** What measure() gave, as canonical exact decimal text of the base unit. */
  readonly amounts: Readonly<Record<string, string>>;
  /** KindSpec.headerVersion at the time of writing; fields and amounts of another one are not trusted. */
  readonly headerVersion: number;
}

/**
 * What quotas go by: what a stored value says of itself, under the schema of its writer. What was charged for it is given
 * back by these amounts, whatever its kind measures today.
 */
export interface RecordedHead {
  /** As stored. */
  readonly metadata: Head["metadata"];
  /** Undefined: its format keeps none (plain JSON), and its kind is not known here or its measure fails. */
  readonly amounts: Head["amounts"] | undefined;
}

/**
 * Whether a stored head says of an object what `kind` would. Who does not know the kind takes the word of who did.
 */
export function isHeadTrusted(
  head: Pick<Head, "headerVersion" | "apiVersion">,
  kind: Pick<Head, "headerVersion" | "apiVersion">,
): boolean {
  if (head.apiVersion !== kind.apiVersion) return false;
  return kind.headerVersion === unfamiliarHeaderVersion
    ? head.headerVersion !== unfamiliarHeaderVersion
    : head.headerVersion === kind.headerVersion;
}
