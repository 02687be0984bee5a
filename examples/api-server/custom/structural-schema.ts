/**
 * Applies a custom resource's schema (`openAPIV3Schema`) to an object: removes unknown fields, sets defaults, and
 * validates the result. As Kubernetes' structural schemas: a schema lists all fields, or asks to keep unknown ones.
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

/** Sets the defaults of `schema` in `value`, which the caller owns. */
export function fillSchemaDefaults(value: unknown, schema: Json): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (isJson(items)) for (const item of value) fillSchemaDefaults(item, items);
    return;
  }
  if (!isJson(value)) return;
  const { properties, additionalProperties } = schema;
  for (const [name, inner] of Object.entries(isJson(properties) ? properties : {})) {
    if (!isJson(inner)) continue;
    const isMissing = value[name] === undefined || (value[name] === null && inner["nullable"] !== true);
    if (isMissing && inner["default"] !== undefined) value[name] = structuredClone(inner["default"]);
    fillSchemaDefaults(value[name], inner);
  }
  if (!isJson(additionalProperties)) return;
  for (const [name, member] of Object.entries(value)) {
    if (!isJson(properties) || !Object.hasOwn(properties, name))
      fillSchemaDefaults(member, additionalProperties);
  }
}

export interface Fault {
  readonly field: string;
  readonly message: string;
}

/** Everything in `value` that its schema does not allow; the store validates metadata. */
export function schemaFaults(value: unknown, schema: Json, path = ""): readonly Fault[] {
  const faults: Fault[] = [];
  const fault = (message: string): void => void faults.push({ field: path, message });
  const { type, nullable, enum: allowed } = schema;
  if (value === undefined || (value === null && nullable === true)) return faults;
  if (typeof type === "string" && !isOfType(value, type) && schema["x-kubernetes-int-or-string"] !== true) {
    fault(
      `Invalid value: "${typeName(value)}": ${path} in body must be of type ${type}: "${typeName(value)}"`,
    );
    return faults;
  }
  if (Array.isArray(allowed) && !allowed.some((one) => JSON.stringify(one) === JSON.stringify(value))) {
    fault(
      `Unsupported value: ${JSON.stringify(value)}: supported values: ${allowed.map((one) => JSON.stringify(one)).join(", ")}`,
    );
  }
  for (const [bound, breaks, words] of bounds) {
    const limit = schema[bound];
    if (limit !== undefined && breaks(value, limit))
      fault(`Invalid value: ${JSON.stringify(value)}: ${path} in body ${words} ${String(limit)}`);
  }
  const inside = (name: string | number): string =>
    typeof name === "number" ? `${path}[${name}]` : path === "" ? name : `${path}.${name}`;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (isJson(items)) value.forEach((item, i) => void faults.push(...schemaFaults(item, items, inside(i))));
  } else if (isJson(value)) {
    const { properties, additionalProperties, required } = schema;
    const known = isJson(properties) ? properties : {};
    for (const name of Array.isArray(required) ? required.map(String) : []) {
      if (value[name] === undefined) faults.push({ field: inside(name), message: "Required value" });
    }
    for (const [name, member] of Object.entries(value)) {
      if (path === "" && alwaysThere.has(name)) continue;
      const inner = Object.hasOwn(known, name) ? known[name] : additionalProperties;
      if (isJson(inner)) faults.push(...schemaFaults(member, inner, inside(name)));
    }
  }
  return faults;
}

type Breaks = (value: unknown, limit: unknown) => boolean;
const size = (value: unknown): number | undefined =>
  typeof value === "string" || Array.isArray(value) ? value.length : undefined;

const bounds: readonly (readonly [string, Breaks, string])[] = [
  ["minimum", (value, limit) => Number(value) < Number(limit), "should be greater than or equal to"],
  ["maximum", (value, limit) => Number(value) > Number(limit), "should be less than or equal to"],
  ["minLength", (value, limit) => (size(value) ?? 0) < Number(limit), "should be at least as long as"],
  ["maxLength", (value, limit) => (size(value) ?? 0) > Number(limit), "should be at most as long as"],
  ["minItems", (value, limit) => (size(value) ?? 0) < Number(limit), "should have at least as many items as"],
  ["maxItems", (value, limit) => (size(value) ?? 0) > Number(limit), "should have at most as many items as"],
  [
    "pattern",
    (value, limit) => typeof value === "string" && !new RegExp(String(limit)).test(value),
    "should match",
  ],
];

function isOfType(value: unknown, type: string): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isJson(value);
  return typeof value === type;
}

const typeName = (value: unknown): string =>
  value === null
    ? "null"
    : Array.isArray(value)
      ? "array"
      : typeof value === "number" && Number.isInteger(value)
        ? "integer"
        : typeof value;
