/**
 * Reads merge rules from an OpenAPI document (v2 or v3) or a custom resource's structural schema. Kubernetes writes
 * them as `x-kubernetes-list-type`, `-list-map-keys`, `-map-type`, `-patch-strategy` and `-patch-merge-key`.
 *
 * They are read lazily, so that recursive types (JSONSchemaProps) cost nothing until they are walked.
 */
import type { MergeSchema } from "../../resource/objects/merge-schema.ts";
import { type Fields, isFields } from "./patch-error.ts";

/** Resolves `{"$ref": "#/definitions/…"}`; undefined: unknown. */
export type SchemaLookup = (reference: string) => unknown;

/**
 * The merge rules of an OpenAPI schema.
 * @param schema the JSON of a schema: of one type of `/openapi/v2` or `/openapi/v3`, or a CRD's `openAPIV3Schema`
 * @param lookup resolves references; a CRD's schema has none. Default: none are resolved
 */
export function openApiMergeSchema(schema: unknown, lookup: SchemaLookup = () => undefined): MergeSchema {
  const members = new Map<string, MergeSchema | undefined>();
  const facts = factsOf(schema, lookup);
  const { properties, additionalProperties, items } = facts;
  const nested = (inner: unknown): MergeSchema | undefined =>
    isFields(inner) ? openApiMergeSchema(inner, lookup) : undefined;
  let values: MergeSchema | undefined;
  let ofItems: MergeSchema | undefined;
  return {
    field(name) {
      if (!isFields(properties) || !Object.hasOwn(properties, name)) return undefined;
      if (!members.has(name)) members.set(name, nested(properties[name]));
      return members.get(name);
    },
    get values() {
      return (values ??= nested(additionalProperties));
    },
    get items() {
      return (ofItems ??= nested(items));
    },
    patchStrategy: strategiesOf(facts["x-kubernetes-patch-strategy"]),
    patchMergeKey: textOf(facts["x-kubernetes-patch-merge-key"]),
    listType: oneOf(facts["x-kubernetes-list-type"], "atomic", "set", "map"),
    listMapKeys: textsOf(facts["x-kubernetes-list-map-keys"]),
    mapType: oneOf(facts["x-kubernetes-map-type"], "atomic", "granular"),
    default: facts["default"],
  };
}

/**
 * A schema's own fields over those of the schema it refers to: `{"$ref": …}`, or `{"allOf": [{"$ref": …}]}` as v3
 * writes it.
 */
function factsOf(schema: unknown, lookup: SchemaLookup): Fields {
  if (!isFields(schema)) return {};
  const { allOf } = schema;
  const [only] = Array.isArray(allOf) && allOf.length === 1 ? (allOf as unknown[]) : [];
  const reference = schema["$ref"] ?? (isFields(only) ? only["$ref"] : undefined);
  const target = typeof reference === "string" ? lookup(reference) : undefined;
  return isFields(target) ? { ...target, ...schema } : schema;
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const textsOf = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : undefined;

function oneOf<T extends string>(value: unknown, ...known: readonly T[]): T | undefined {
  return known.find((candidate) => candidate === value);
}

/** Kubernetes separates several strategies with a comma: "merge,retainKeys". */
function strategiesOf(value: unknown): MergeSchema["patchStrategy"] {
  if (typeof value !== "string") return undefined;
  return value
    .split(",")
    .map((name) => oneOf(name, "merge", "replace", "retainKeys"))
    .filter((name) => name !== undefined);
}
