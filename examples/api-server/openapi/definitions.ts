/**
 * OpenAPI schemas of the served kinds, from the table of Kubernetes' types (`kubernetesTypes`) and, for custom
 * resources, from their definitions. There is one set of schemas, in OpenAPI v2's form; v3 differs in the place of
 * references and in two scalars, which `v3SchemaOf` rewrites.
 */
import { type FieldFacts, kubernetesTypes, type MessageFacts } from "keelson/kubernetes";
import { isJson, type Json } from "../defaults/rules.ts";

export type Schemas = ReadonlyMap<string, Json>;

const v2Prefix = "#/definitions/";
const v3Prefix = "#/components/schemas/";

/** Go's packages have other names in OpenAPI: "core/v1.Pod" is "io.k8s.api.core.v1.Pod". */
export function schemaNameOf(message: string): string {
  const [path = "", type = ""] = splitAt(message, message.lastIndexOf("."));
  const roots: Readonly<Record<string, string>> = {
    "meta/v1": "io.k8s.apimachinery.pkg.apis",
    "apiextensions/v1": "io.k8s.apiextensions-apiserver.pkg.apis",
    "apiregistration/v1": "io.k8s.kube-aggregator.pkg.apis",
  };
  return `${roots[path] ?? "io.k8s.api"}.${path.replaceAll("/", ".")}.${type}`;
}

const splitAt = (text: string, at: number): readonly string[] => [text.slice(0, at), text.slice(at + 1)];

/** The schemas of built-in `kinds` and all they refer to, by name. */
export function builtinSchemas(
  kinds: Iterable<{ readonly group: string; readonly version: string; readonly kind: string }>,
): Map<string, Json> {
  const types = kubernetesTypes();
  const schemas = new Map<string, Json>();
  const add = (message: string): string => {
    const name = schemaNameOf(message);
    const facts = schemas.has(name) ? undefined : types.message(message);
    if (facts !== undefined) {
      schemas.set(name, {});
      schemas.set(
        name,
        schemaOfMessage(facts, add, (other) => types.message(other)),
      );
    }
    return name;
  };
  for (const { group, version, kind } of kinds) {
    const apiVersion = group === "" ? version : `${group}/${version}`;
    for (const name of [kind, `${kind}List`]) {
      const message = types.ofKind(apiVersion, name)?.name;
      const schema = message === undefined ? undefined : schemas.get(add(message));
      if (schema !== undefined) schema[gvkExtension] = [{ group, kind: name, version }];
    }
  }
  for (const name of ["DeleteOptions", "Status", "Patch"]) {
    const message = `meta/v1.${name}`;
    if (types.message(message) === undefined) schemas.set(schemaNameOf(message), { type: "object" });
    else add(message);
  }
  return schemas;
}

export const gvkExtension = "x-kubernetes-group-version-kind";

type Add = (message: string) => string;
type Lookup = (name: string) => MessageFacts | undefined;

function schemaOfMessage(facts: MessageFacts, add: Add, lookup: Lookup): Json {
  if (facts.form === "items") return { type: "array", items: { type: "string" } };
  if (facts.form !== undefined) return {};
  const properties: Json = {};
  const required: string[] = [];
  if (facts.isKind) {
    properties["apiVersion"] = {
      type: "string",
      description: "APIVersion defines the versioned schema of this representation of an object.",
    };
    properties["kind"] = {
      type: "string",
      description: "Kind is a string value representing the REST resource this object represents.",
    };
  }
  collect(facts, properties, required, add, lookup);
  return {
    type: "object",
    properties,
    ...(required.length === 0 ? {} : { required }),
    ...(facts.atomic ? { "x-kubernetes-map-type": "atomic" } : {}),
  };
}

function collect(facts: MessageFacts, properties: Json, required: string[], add: Add, lookup: Lookup): void {
  for (const field of facts.fields) {
    const { type } = field;
    // The fields of an inline field belong to its parent.
    if (field.name === "") {
      const inner = "message" in type ? lookup(type.message) : undefined;
      if (inner !== undefined) collect(inner, properties, required, add, lookup);
      continue;
    }
    properties[field.name] = schemaOfField(field, add);
    if (field.required) required.push(field.name);
  }
}

function schemaOfField(field: FieldFacts, add: Add): Json {
  const { type, repeated, patchStrategies, patchMergeKey, listType, listMapKeys, mapType } = field;
  const one: Json = "message" in type ? { $ref: v2Prefix + add(type.message) } : { ...scalars[type.scalar] };
  if (field.enum !== undefined) one["enum"] = field.enum;
  const schema: Json =
    repeated === "one"
      ? one
      : repeated === "list"
        ? { type: "array", items: one }
        : { type: "object", additionalProperties: one };
  if (field.default !== undefined) schema["default"] = defaultOf(field.default);
  if (patchStrategies.length > 0) schema["x-kubernetes-patch-strategy"] = patchStrategies.join(",");
  if (patchMergeKey !== undefined) schema["x-kubernetes-patch-merge-key"] = patchMergeKey;
  if (listType !== undefined) schema["x-kubernetes-list-type"] = listType;
  if (listMapKeys.length > 0) schema["x-kubernetes-list-map-keys"] = listMapKeys;
  if (mapType !== undefined) schema["x-kubernetes-map-type"] = mapType;
  return schema;
}

/** A default is written as JSON; anything that is not JSON is a Go constant and means its text. */
function defaultOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const scalars: Readonly<Record<string, Json>> = {
  string: { type: "string" },
  bool: { type: "boolean" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  uint32: { type: "integer", format: "int64" },
  uint64: { type: "integer", format: "int64" },
  double: { type: "number", format: "double" },
  bytes: { type: "string", format: "byte" },
  time: { type: "string", format: "date-time" },
  microtime: { type: "string", format: "date-time" },
  duration: { type: "string" },
  quantity: { type: "string" },
  intorstring: { type: "string", format: "int-or-string" },
  fields: { type: "object" },
  raw: { type: "object" },
  any: {},
};

/**
 * A schema in OpenAPI v3's form: a reference with sibling fields is wrapped in `allOf`, int-or-string becomes two
 * types.
 */
export function v3SchemaOf(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(v3SchemaOf);
  if (!isJson(schema)) return schema;
  if (schema["format"] === "int-or-string") {
    const { type: _, ...rest } = schema;
    return { ...rest, oneOf: [{ type: "integer" }, { type: "string" }] };
  }
  const { $ref: reference, ...rest } = schema;
  const inner = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, v3SchemaOf(value)]));
  if (typeof reference !== "string") return inner;
  const moved = { $ref: reference.replace(v2Prefix, v3Prefix) };
  return Object.keys(inner).length === 0 ? moved : { ...inner, allOf: [moved] };
}

/** Resolves a reference of either version. */
export const lookupIn =
  (schemas: Schemas) =>
  (reference: string): Json | undefined =>
    schemas.get(reference.slice(reference.lastIndexOf("/") + 1));
