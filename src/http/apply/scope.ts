/**
 * The fields that a request may own, through the object or a subresource: no manager owns identity and bookkeeping, and
 * the status belongs to its subresource.
 */
import type { FieldSet } from "./field-set.ts";

/** The part of an object that a request addresses. */
export interface FieldScope {
  /** The subresource, such as "status"; absent: the object itself. */
  readonly subresource?: string | undefined;
  /** The kind has a status subresource: the object's own requests do not touch `status`. */
  readonly hasStatus?: boolean | undefined;
}

/** Fields that no manager owns (structured-merge-diff's strip set in apimachinery). */
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

/**
 * Removes fields that no manager or not this request can own from `set`, which is changed in place and owned by the
 * caller.
 */
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
