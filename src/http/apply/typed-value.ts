/**
 * How server-side apply treats a value: a record owned field by field, a list owned item by item, or a value owned as a
 * whole. The schema decides; without one, records are granular and lists are atomic.
 */
import { type MergeSchema, memberSchema } from "../../resource/objects/merge-schema.ts";
import { type Fields, isFields, unfit } from "../patch/patch-error.ts";
import { fieldElement, keyElement, valueElement } from "./field-set.ts";

export type Form = "record" | "list" | "whole";

export function formOf(value: unknown, schema: MergeSchema | undefined): Form {
  if (isFields(value)) return schema?.mapType === "atomic" ? "whole" : "record";
  return Array.isArray(value) && listTypeOf(schema) !== "atomic" ? "list" : "whole";
}

/**
 * The list type. Older types do not declare it: a list that strategic merge patch merges is then a set, or a map by its
 * one key (kube-openapi schemaconv).
 */
function listTypeOf(schema: MergeSchema | undefined): "atomic" | "set" | "map" {
  if (schema?.listType !== undefined) return schema.listType;
  if (schema?.patchStrategy?.includes("merge") !== true) return "atomic";
  return schema.patchMergeKey === undefined ? "set" : "map";
}

/** Names of the fields that identify the items of a list. */
export function keysOf(schema: MergeSchema | undefined): readonly string[] {
  const key = schema?.patchMergeKey;
  return schema?.listMapKeys ?? (key === undefined ? [] : [key]);
}

/** One member of a record or item of a list. */
export interface Member {
  readonly element: string;
  readonly value: unknown;
  readonly schema: MergeSchema | undefined;
  /** True: a field that its type declares, rather than an entry of a map or an item. */
  readonly isDeclared: boolean;
}

export function membersOf(record: Fields, schema: MergeSchema | undefined): Member[] {
  return Object.entries(record)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({
      element: fieldElement(name),
      value,
      schema: memberSchema(schema, name),
      isDeclared: schema?.field?.(name) !== undefined,
    }));
}

/**
 * Items of a list that is owned item by item. An item without its keys is identified by its index, which no other
 * manager shares.
 */
export function itemsOf(list: readonly unknown[], schema: MergeSchema | undefined): Member[] {
  return list.map((value, index) => ({
    element: elementOf(value, schema) ?? `i:${index}`,
    value,
    schema: schema?.items,
    isDeclared: false,
  }));
}

/**
 * Items of an applied list, which must have distinct keys. @throws INVALID_OBJECT for an item without keys, or two of
 * the same
 */
export function assertItems(list: readonly unknown[], schema: MergeSchema | undefined, path: string): void {
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    const element = elementOf(item, schema);
    if (element === undefined) {
      throw unfit(`${path}[${index}]`, `the item lacks one of its keys: ${keysOf(schema).join(", ")}`);
    }
    if (seen.has(element)) throw unfit(`${path}[${index}]`, `there is another item ${element.slice(2)}`);
    seen.add(element);
  }
}

function elementOf(item: unknown, schema: MergeSchema | undefined): string | undefined {
  if (listTypeOf(schema) === "set") return valueElement(item);
  if (!isFields(item)) return undefined;
  const keys: [string, unknown][] = [];
  for (const name of keysOf(schema)) {
    const own = Object.hasOwn(item, name) ? item[name] : undefined;
    const value = own ?? memberSchema(schema?.items, name)?.default;
    if (value === undefined) return undefined;
    keys.push([name, value]);
  }
  return keyElement(keys);
}
