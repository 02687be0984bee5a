/**
 * Applies a custom resource's schema (`openAPIV3Schema`) to an object: removes unknown fields and sets defaults;
 * `schema-validation.ts` validates the result. As Kubernetes' structural schemas: a schema lists all fields, or asks to
 * keep unknown ones.
 */
import { isJson, type Json } from "../defaults/rules.ts";

const isOpen = (schema: Json): boolean => schema["x-kubernetes-preserve-unknown-fields"] === true;
const alwaysThere = new Set(["apiVersion", "kind", "metadata"]);

/**
 * A copy of `object` without the fields that the schema does not have; `unknown` is called with each removed path.
 * Without a schema nothing is removed.
 */
export function pruned(object: Json, schema: Json | undefined, unknown: (path: string) => void): Json {
  if (schema === undefined) return structuredClone(object);
  const { apiVersion, kind, metadata, ...content } = object;
  const kept = prune(content, schema, "", unknown);
  return { apiVersion, kind, metadata, ...(isJson(kept) ? kept : {}) };
}

function prune(value: unknown, schema: Json, path: string, unknown: (path: string) => void): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return isJson(items) ? value.map((item, i) => prune(item, items, `${path}[${i}]`, unknown)) : value;
  }
  if (!isJson(value)) return value;
  const { properties, additionalProperties } = schema;
  const known = isJson(properties) ? properties : {};
  const isObject = schema["x-kubernetes-embedded-resource"] === true;
  const kept: Json = {};
  for (const [name, member] of Object.entries(value)) {
    const at = path === "" ? name : `${path}.${name}`;
    const inner = Object.hasOwn(known, name) ? known[name] : additionalProperties;
    if (isJson(inner)) kept[name] = prune(member, inner, at, unknown);
    else if (inner === true || isOpen(schema) || (isObject && alwaysThere.has(name))) kept[name] = member;
    else unknown(at);
  }
  return kept;
}

/**
 * Sets the defaults of `schema` in `value`, which the caller owns. A null where the schema does not allow one counts as
 * absent, as in Kubernetes: clients send fields they do not set as null.
 */
export function fillSchemaDefaults(value: unknown, schema: Json): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (isJson(items)) for (const item of value) fillSchemaDefaults(item, items);
    return;
  }
  if (!isJson(value)) return;
  const { properties, additionalProperties } = schema;
  const known = isJson(properties) ? properties : {};
  for (const [name, inner] of Object.entries(known)) {
    if (!isJson(inner)) continue;
    dropNull(value, name, inner);
    if (value[name] === undefined && inner["default"] !== undefined)
      value[name] = structuredClone(inner["default"]);
    fillSchemaDefaults(value[name], inner);
  }
  if (!isJson(additionalProperties)) return;
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(known, name)) continue;
    dropNull(value, name, additionalProperties);
    fillSchemaDefaults(value[name], additionalProperties);
  }
}

function dropNull(object: Json, name: string, schema: Json): void {
  if (object[name] === null && schema["nullable"] !== true) delete object[name];
}
