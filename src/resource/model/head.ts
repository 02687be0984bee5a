/**
 * The head of an object: its metadata segment as plain data, stored beside the body and readable without it.
 * Selectors, metadata views, the cache's indexes and quotas read nothing else.
 */
import type { ObjectMeta } from "./resource.ts";

/**
 * The header version of a kind whose fields and measures are not known here (`unfamiliarKind`). No `defineKind` has
 * it, so a process that knows the kind recomputes a head written under it.
 */
export const unfamiliarHeaderVersion = 0;

/** The metadata segment: everything that selectors, indexes, tables and quotas read. Plain data, read-only. */
export interface Head {
  /** API version it was written in. */
  readonly apiVersion: string;
  /** Its kind's name. */
  readonly kind: string;
  /** As stored: resourceVersion is absent (the reader fills it from the mod revision). */
  readonly metadata: Readonly<Omit<ObjectMeta, "resourceVersion">>;
  /** The declared selectable fields that have a value. */
  readonly fields: Readonly<Record<string, string>>;
  /** The result of measure(), as canonical exact decimal text of the base unit. */
  readonly amounts: Readonly<Record<string, string>>;
  /** KindSpec.headerVersion when it was written; fields and amounts of another version are not trusted. */
  readonly headerVersion: number;
}

/**
 * What quotas use: the metadata and amounts stored in a value, under its writer's schema. These amounts release the
 * charge, whatever the kind measures today.
 */
export interface RecordedHead {
  /** As stored. */
  readonly metadata: Head["metadata"];
  /** Undefined: its format stores none (plain JSON), and its kind is not known here or its measure fails. */
  readonly amounts: Head["amounts"] | undefined;
}

/**
 * Whether a stored head equals the one that `kind` would compute. A process that does not know the kind accepts the
 * writer's head.
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
