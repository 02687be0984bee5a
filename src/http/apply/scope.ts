/**
 * Which fields of an object a request through the object or one of its subresources is about: identity and bookkeeping are
 * nobody's, and the status belongs to its subresource.
 */
import type { FieldSet } from "./field-set.ts";

/** Which part of an object a request is about. */
export interface FieldScope {
  /** "status" and the like; absent: the object itself. */
  readonly subresource?: string | undefined;
  /** The kind has a status subresource: the object's own requests do not touch `status`. */
  readonly hasStatus?: boolean | undefined;
}

/** What no manager owns (structured-merge-diff's strip set in apimachinery). */
const unmanaged: readonly (readonly string[])[] = [
  ["f:apiVersion"],
  ["f:kind"],
  ["f:metadata", "f:name"],
  ["f:metadata", "f:namespace"],
  ["f:metadata", "f:creationTimestamp"],
  ["f:metadata", "f:selfLink"],
  ["f:metadata", "f:uid"],
  ["f:metadata", "f:clusterName"],
  ["f:metadata", "f:generation"],
  ["f:metadata", "f:managedFields"],
  ["f:metadata", "f:resourceVersion"],
];

/** `set` without what is nobody's or not this request's. The caller's own set: it is changed. */
export function inScope(set: FieldSet, { subresource, hasStatus }: FieldScope): FieldSet {
  for (const path of unmanaged) drop(set, path);
  const metadata = set.children.get("f:metadata");
  if (metadata !== undefined) {
    metadata.isMember = false;
    if (metadata.isEmpty) set.children.delete("f:metadata");
  }
  if (subresource === "status") {
    for (const element of [...set.children.keys()]) if (element !== "f:status") set.children.delete(element);
  } else if (hasStatus === true) set.children.delete("f:status");
  return set;
}

function drop(set: FieldSet, path: readonly string[]): void {
  const [element = "", ...rest] = path;
  const child = set.children.get(element);
  if (child === undefined) return;
  if (rest.length === 0) set.children.delete(element);
  else drop(child, rest);
}
