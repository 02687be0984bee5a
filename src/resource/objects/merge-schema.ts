/**
 * How values of a type merge: what a strategic merge patch and a server-side apply must know of a field besides its
 * value. Kubernetes states it in its types and its OpenAPI documents as `x-kubernetes-*`; here it is one interface,
 * which a table of built-in types, a custom resource's schema and a test's literal can all implement.
 *
 * A field without a known schema merges by its value: records by their members, lists and scalars as a whole.
 */

/** How values of a type merge; an absent member is unknown. */
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
  /**
   * How server-side apply treats a list: as a whole, as a set of scalars, or as items identified by `listMapKeys`.
   * Default: "atomic".
   */
  readonly listType?: "atomic" | "set" | "map" | undefined;
  /** The fields that identify an item of a list with listType "map". */
  readonly listMapKeys?: readonly string[] | undefined;
  /** Whether server-side apply treats a record as a whole. Default: "granular". */
  readonly mapType?: "granular" | "atomic" | undefined;
  /** The default of an absent key of `listMapKeys`, e.g. "TCP" for a port's protocol. */
  readonly default?: unknown;
}

/** The schema of member `name` of a value of `schema`: a declared field's, else that of a map's entries. */
export function memberSchema(schema: MergeSchema | undefined, name: string): MergeSchema | undefined {
  return schema?.field?.(name) ?? schema?.values;
}
