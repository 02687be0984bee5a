/**
 * Validates an object by a custom resource's schema: the keywords of JSON Schema that Kubernetes takes in a structural
 * schema, its formats, and its own lists that are sets or maps. Not the rules in CEL.
 */
import { canonical } from "../admission/canonical.ts";
import type { FieldFault } from "../api/refusal.ts";
import { isJson, type Json } from "../defaults/rules.ts";
import { formats } from "./schema-formats.ts";

const alwaysThere = new Set(["apiVersion", "kind", "metadata"]);

/** Everything in `value` that its schema does not allow; the store validates metadata. */
export function schemaFaults(value: unknown, schema: Json, path = ""): readonly FieldFault[] {
  if (value === undefined || (value === null && schema["nullable"] === true)) return [];
  const wrongType = typeFault(value, schema, path);
  if (wrongType !== undefined) return [{ field: path, message: wrongType }];
  return [
    ...valueMessages(value, schema, path).map((message) => ({ field: path, message })),
    ...(Array.isArray(value) ? listFaults(value, schema, path) : []),
    ...(isJson(value) ? objectFaults(value, schema, path) : []),
    ...combinedFaults(value, schema, path),
  ];
}

function typeFault(value: unknown, schema: Json, path: string): string | undefined {
  const isEither = schema["x-kubernetes-int-or-string"] === true;
  const { type } = schema;
  const wanted = isEither ? ["integer", "string"] : typeof type === "string" ? [type] : [];
  if (wanted.length === 0 || wanted.some((one) => isOfType(value, one))) return undefined;
  const found = JSON.stringify(typeName(value));
  return `Invalid value: ${found}: ${path} in body must be of type ${wanted.join(",")}: ${found}`;
}

function valueMessages(value: unknown, schema: Json, path: string): readonly string[] {
  const found: string[] = [];
  const text = JSON.stringify(value);
  const { enum: allowed, format } = schema;
  if (Array.isArray(allowed) && !allowed.some((one) => canonical(one) === canonical(value))) {
    const listed = allowed.map((one) => JSON.stringify(one)).join(", ");
    found.push(`Unsupported value: ${text}: supported values: ${listed}`);
  }
  for (const { name, breaks, words } of bounds) {
    const limit = schema[name];
    if (limit === undefined || !breaks(value, limit, schema)) continue;
    found.push(`Invalid value: ${text}: ${path} in body ${words(schema)} ${String(limit)}`);
  }
  const check = typeof format === "string" ? formats[format] : undefined;
  if (typeof value === "string" && check?.(value) === false)
    found.push(`Invalid value: ${text}: ${path} in body must be of type ${String(format)}: ${text}`);
  return found;
}

function listFaults(value: readonly unknown[], schema: Json, path: string): readonly FieldFault[] {
  const { items, "x-kubernetes-list-type": kind, "x-kubernetes-list-map-keys": keys } = schema;
  const inside = isJson(items) ? value.flatMap((item, i) => schemaFaults(item, items, `${path}[${i}]`)) : [];
  if (kind !== "set" && kind !== "map") return inside;
  const names = Array.isArray(keys) ? keys.map(String) : [];
  const identityOf = (item: unknown): unknown =>
    kind === "map" && isJson(item) ? Object.fromEntries(names.map((name) => [name, item[name]])) : item;
  const seen = new Set<string>();
  const twice = value.flatMap((item, i) => {
    const identity = canonical(identityOf(item));
    if (!seen.has(identity)) {
      seen.add(identity);
      return [];
    }
    return [{ field: `${path}[${i}]`, message: `Duplicate value: ${identity}` }];
  });
  return [...inside, ...twice];
}

function objectFaults(value: Json, schema: Json, path: string): readonly FieldFault[] {
  const inside = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const { properties, additionalProperties, required } = schema;
  const known = isJson(properties) ? properties : {};
  const isObject = schema["x-kubernetes-embedded-resource"] === true;
  const wanted = [
    ...(Array.isArray(required) ? required.map(String) : []),
    ...(isObject ? ["apiVersion", "kind"] : []),
  ];
  const absent = wanted.filter((name) => value[name] === undefined || (isObject && value[name] === ""));
  return [
    ...absent.map((name) => ({ field: inside(name), message: "Required value" })),
    ...Object.entries(value).flatMap(([name, member]) => {
      if (path === "" && alwaysThere.has(name)) return [];
      const inner = Object.hasOwn(known, name) ? known[name] : additionalProperties;
      return isJson(inner) ? schemaFaults(member, inner, inside(name)) : [];
    }),
  ];
}

/** allOf, anyOf, oneOf and not. */
function combinedFaults(value: unknown, schema: Json, path: string): readonly FieldFault[] {
  const faultsOf = (part: unknown): readonly FieldFault[] =>
    isJson(part) ? schemaFaults(value, part, path) : [];
  const partsOf = (name: string): readonly unknown[] => (Array.isArray(schema[name]) ? schema[name] : []);
  const fault = (words: string): FieldFault => ({
    field: path,
    message: `Invalid value: "": ${JSON.stringify(path)} ${words}`,
  });
  const found: FieldFault[] = [];
  const all = partsOf("allOf").flatMap(faultsOf);
  if (all.length > 0) found.push(...all, fault("must validate all the schemas (allOf)"));
  const any = partsOf("anyOf").map(faultsOf);
  if (any.length > 0 && any.every((faults) => faults.length > 0))
    found.push(fault("must validate at least one schema (anyOf)"), ...(any[0] ?? []));
  const one = partsOf("oneOf").map(faultsOf);
  const valid = one.filter((faults) => faults.length === 0).length;
  if (one.length > 0 && valid !== 1) {
    const count = valid === 0 ? "Found none valid" : `Found ${valid} valid alternatives`;
    found.push(fault(`must validate one and only one schema (oneOf). ${count}`));
  }
  const { not } = schema;
  if (isJson(not) && faultsOf(not).length === 0) found.push(fault("must not validate the schema (not)"));
  return found;
}

interface Bound {
  readonly name: string;
  breaks(value: unknown, limit: unknown, schema: Json): boolean;
  words(schema: Json): string;
}

/** A text has as many characters as it has code points, not UTF-16 units. */
const lengthOf = (value: unknown): number | undefined =>
  typeof value === "string" ? [...value].length : undefined;
const itemsOf = (value: unknown): number | undefined => (Array.isArray(value) ? value.length : undefined);
const membersOf = (value: unknown): number | undefined =>
  isJson(value) ? Object.keys(value).length : undefined;

const sized = (
  noun: string,
  size: (value: unknown) => number | undefined,
  phrase: string,
): readonly Bound[] => [
  {
    name: `min${noun}`,
    breaks: (value, limit) => (size(value) ?? Number.POSITIVE_INFINITY) < Number(limit),
    words: () => `${phrase.replace("%", "at least")}`,
  },
  {
    name: `max${noun}`,
    breaks: (value, limit) => (size(value) ?? 0) > Number(limit),
    words: () => `${phrase.replace("%", "at most")}`,
  },
];

const bounds: readonly Bound[] = [
  {
    name: "minimum",
    breaks: (value, limit, { exclusiveMinimum }) =>
      typeof value === "number" &&
      (exclusiveMinimum === true ? value <= Number(limit) : value < Number(limit)),
    words: ({ exclusiveMinimum }) =>
      exclusiveMinimum === true ? "should be greater than" : "should be greater than or equal to",
  },
  {
    name: "maximum",
    breaks: (value, limit, { exclusiveMaximum }) =>
      typeof value === "number" &&
      (exclusiveMaximum === true ? value >= Number(limit) : value > Number(limit)),
    words: ({ exclusiveMaximum }) =>
      exclusiveMaximum === true ? "should be less than" : "should be less than or equal to",
  },
  {
    name: "multipleOf",
    breaks: (value, limit) => typeof value === "number" && !Number.isInteger(value / Number(limit)),
    words: () => "should be a multiple of",
  },
  ...sized("Length", lengthOf, "should be % as long as"),
  ...sized("Items", itemsOf, "should have % as many items as"),
  ...sized("Properties", membersOf, "should have % as many properties as"),
  {
    name: "pattern",
    breaks: (value, limit) => typeof value === "string" && !new RegExp(String(limit)).test(value),
    words: () => "should match",
  },
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
