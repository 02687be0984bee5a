/**
 * The state of an object after a configuration is applied: the configuration's values over the live ones, without the
 * fields that the same manager applied before and now leaves out, unless another manager owns them.
 */
import type { MergeSchema } from "../../resource/objects/merge-schema.ts";
import { type Fields, isFields } from "../patch/patch-error.ts";
import type { FieldSet } from "./field-set.ts";
import { assertItems, formOf, itemsOf, keysOf, type Member, membersOf } from "./typed-value.ts";

/**
 * Merges `config` over `live`.
 * @throws INVALID_OBJECT for a list in `config` whose items cannot be distinguished
 */
export function mergeApplied(
  live: unknown,
  config: unknown,
  schema: MergeSchema | undefined,
  path = "",
): unknown {
  const form = formOf(config, schema);
  if (form === "list" && Array.isArray(config)) assertItems(config, schema, path);
  if (form === "record" && isFields(config)) {
    const base = isFields(live) ? live : {};
    const result: Record<string, unknown> = { ...base };
    for (const [name, value] of Object.entries(config)) {
      if (value === undefined) continue;
      const known = schema?.field?.(name) ?? schema?.values;
      const current = Object.hasOwn(base, name) ? base[name] : undefined;
      result[name] = mergeApplied(current, value, known, `${path}.${name}`);
    }
    return result;
  }
  if (form === "list" && Array.isArray(config)) {
    return mergeItems(Array.isArray(live) ? live : [], config, schema, path);
  }
  return config;
}

/**
 * Items in the configuration's order; live items that it does not name keep their place relative to those that it does.
 *
 *   live   a x b y      config   b a n      result   x b y a n   (x stood before b, y after it)
 */
function mergeItems(
  live: readonly unknown[],
  config: readonly unknown[],
  schema: MergeSchema | undefined,
  path: string,
): unknown[] {
  const left = itemsOf(live, schema);
  const right = itemsOf(config, schema);
  const liveOf = new Map<string, Member>();
  for (const member of left) if (!liveOf.has(member.element)) liveOf.set(member.element, member);
  const inConfig = new Set(right.map(({ element }) => element));
  const shared = right.map(({ element }) => element).filter((element) => liveOf.has(element));
  const result: unknown[] = [];
  let [leftAt, rightAt, sharedAt] = [0, 0, 0];
  while (leftAt < left.length || rightAt < right.length) {
    const fromLive = left[leftAt];
    if (fromLive !== undefined) {
      if (!inConfig.has(fromLive.element)) {
        result.push(fromLive.value);
        leftAt++;
        continue;
      }
      // Named by the configuration at another position: the configuration's order decides.
      if (fromLive.element !== shared[sharedAt]) {
        leftAt++;
        continue;
      }
    }
    const fromConfig = right[rightAt];
    if (fromConfig === undefined) {
      leftAt++;
      continue;
    }
    rightAt++;
    const current = liveOf.get(fromConfig.element);
    result.push(mergeApplied(current?.value, fromConfig.value, schema?.items, `${path}[${rightAt - 1}]`));
    if (fromConfig.element === shared[sharedAt]) {
      sharedAt++;
      if (fromLive?.element === fromConfig.element) leftAt++;
    }
  }
  return result;
}

/**
 * Removes what is in `last` and not in `kept` from `value`. A record owned only through its fields goes with the last
 * of them; an item or entry goes with all its contents.
 * @param last what the manager owned before
 * @param kept what any manager owns now
 */
export function withoutDropped(
  value: unknown,
  last: FieldSet,
  kept: FieldSet | undefined,
  schema: MergeSchema | undefined,
): unknown {
  switch (formOf(value, schema)) {
    case "record":
      return Object.fromEntries(
        remaining(membersOf(value as Fields, schema), last, kept, []).map(({ element, value }) => [
          element.slice(2),
          value,
        ]),
      );
    case "list":
      return remaining(itemsOf(value as readonly unknown[], schema), last, kept, keysOf(schema)).map(
        ({ value }) => value,
      );
    case "whole":
      return value;
  }
}

function remaining(
  members: readonly Member[],
  last: FieldSet,
  kept: FieldSet | undefined,
  keys: readonly string[],
): { element: string; value: unknown }[] {
  const result: { element: string; value: unknown }[] = [];
  for (const { element, value, schema, isDeclared } of members) {
    const was = last.children.get(element);
    const is = kept?.children.get(element);
    const owns = (set: FieldSet | undefined): boolean =>
      set !== undefined && (set.isMember || (isDeclared && set.children.size > 0));
    if (was === undefined) result.push({ element, value });
    else if (!owns(was) || owns(is)) {
      const rest = withoutDropped(value, was, is, schema);
      // The key fields of an item stay as long as the item.
      const named = isFields(rest) && isFields(value) ? { ...pick(value, keys), ...rest } : rest;
      result.push({ element, value: named });
    }
  }
  return result;
}

function pick(record: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(record, name)).map((name) => [name, record[name]]),
  );
}

/** `value` without the fields that `config` sets to null: they were compared as null, and are stored as absent. */
export function withoutNulls(value: unknown, config: unknown): unknown {
  if (!isFields(value) || !isFields(config)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, field]) => !(field === null && Object.hasOwn(config, name)))
      .map(([name, field]) => [
        name,
        Object.hasOwn(config, name) ? withoutNulls(field, config[name]) : field,
      ]),
  );
}
