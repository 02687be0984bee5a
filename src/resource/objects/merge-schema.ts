/**
 * How values of a type merge: what a strategic merge patch and a server-side apply must know of a field beyond its
 * value. Kubernetes writes it into its types and its OpenAPI documents as `x-kubernetes-*`; here it is one interface, so
 * that a table of built-in types, a custom resource's schema and a test's literal serve alike.
 *
 * A field of which nothing is known merges by its value: records by their members, lists and scalars as a whole.
 */

/** How values of a type merge; a member that is absent is not known. */
export interface MergeSchema {
  /** The schema of a declared field of a record; undefined: not declared. */
  field?(name: string): MergeSchema | undefined;
  /** The schema of every entry of a map (OpenAPI's additionalProperties). */
  readonly values?: MergeSchema | undefined;
  /** The schema of every item of a list. */
  readonly items?: MergeSchema | undefined;
  /** How a strategic merge patch treats the field. Default: "replace" for a list, "merge" for a record. */
  readonly patchStrategy?: readonly ("merge" | "replace" | "retainKeys")[] | undefined;
  /** The field that identifies an item of a list with patchStrategy "merge". */
  readonly patchMergeKey?: string | undefined;
  /** How server-side apply treats a list: whole, as a set of scalars, or as items identified by `listMapKeys`. Default: "atomic". */
  readonly listType?: "atomic" | "set" | "map" | undefined;
  /** The fields that identify an item of a list with listType "map". */
  readonly listMapKeys?: readonly string[] | undefined;
  /** Whether server-side apply treats a record as a whole. Default: "granular". */
  readonly mapType?: "granular" | "atomic" | undefined;
  /** What an absent key of `listMapKeys` counts as, e.g. "TCP" for a port's protocol. */
  readonly default?: unknown;
}

/** The schema of member `name` of a value of `schema`: a declared field's, else that of a map's entries. */
export function memberSchema(schema: MergeSchema | undefined, name: string): MergeSchema | undefined {
  return schema?.field?.(name) ?? schema?.values;
}
