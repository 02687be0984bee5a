/**
 * Strategic merge patch: a merge patch that uses type information. Lists whose type has a merge key are merged item by
 * item, others are replaced; directives in the patch express what values cannot.
 *
 *   $patch: replace | delete | merge        of a record, or of an item of a list
 *   $retainKeys: [names]                    the record keeps these fields only
 *   $deleteFromPrimitiveList/FIELD: [...]   values that leave a list of scalars
 *   $setElementOrder/FIELD: [...]           the order of a list's items
 *
 * Rules: kubernetes/community contributors/devel/sig-api-machinery/strategic-merge-patch.md, and apimachinery's
 * strategicpatch where that is unspecified. Pure: unpatched parts are shared with the result.
 */

import { sameContent } from "../../resource/model/plain-data.ts";
import { type MergeSchema, memberSchema } from "../../resource/objects/merge-schema.ts";
import { orderedItems } from "./list-order.ts";
import { assertPatchFields, type Fields, isFields, malformed, unfit } from "./patch-error.ts";

const removal = "$deleteFromPrimitiveList/";
const ordering = "$setElementOrder/";

/**
 * `target` with a strategic merge patch applied, as a new object.
 * @param patch the decoded body of a request of type `application/strategic-merge-patch+json`
 * @param schema of the target's type; undefined: records merge, lists are replaced
 * @throws INVALID_ARGUMENT for a malformed patch: not a JSON object, not plain data, an unknown or misplaced directive
 * @throws INVALID_OBJECT for a list item without its merge key
 */
export function strategicMergePatch<T extends object>(
  target: T,
  patch: unknown,
  schema: MergeSchema | undefined,
): T {
  assertPatchFields(patch);
  // The patch may produce anything: the store validates that the result is a T.
  return mergedFields(target as Fields, patch, schema, "") as T;
}

function mergedFields(
  target: Fields,
  patch: Fields,
  schema: MergeSchema | undefined,
  path: string,
): Record<string, unknown> {
  const directive = patch["$patch"];
  if (directive === "replace") return withoutDirectives({ ...patch, $patch: undefined });
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge") {
    throw malformed(
      `"${path}.$patch" is ${JSON.stringify(directive)}, expected "replace", "delete" or "merge"`,
    );
  }
  const result = retained(target, patch, path);
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith(removal)) {
      const field = name.slice(removal.length);
      const current = own(result, field);
      if (Array.isArray(current)) result[field] = withoutValues(current, value, `${path}.${name}`);
    }
  }
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith("$")) continue;
    const at = `${path}.${name}`;
    if (value === null) {
      delete result[name];
      continue;
    }
    const current = own(result, name);
    const known = memberSchema(schema, name);
    const order = patch[`${ordering}${name}`];
    if (isFields(value) && isFields(current) && !known?.patchStrategy?.includes("replace")) {
      result[name] = mergedFields(current, value, known, at);
    } else if (Array.isArray(value) && isMergedList(known)) {
      result[name] = mergedList(Array.isArray(current) ? current : [], value, known, at, order);
    } else if (isFields(value)) {
      // No existing value: merging with an empty one drops nulls and applies directives.
      const fresh = mergedFields({}, value, known, at);
      if (value["$patch"] !== "delete") result[name] = fresh;
      else delete result[name];
    } else result[name] = withoutDirectives(value);
  }
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith(ordering)) reorder(result, target, patch, name, value, schema, path);
    else if (name.startsWith("$") && !isDirective(name)) throw malformed(`"${path}.${name}" is no directive`);
  }
  return result;
}

const isDirective = (name: string): boolean =>
  name === "$patch" || name === "$retainKeys" || name.startsWith(removal) || name.startsWith(ordering);

const isMergedList = (schema: MergeSchema | undefined): schema is MergeSchema =>
  schema?.patchStrategy?.includes("merge") ?? false;

function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** A copy of `target` with only the fields in `$retainKeys`. */
function retained(target: Fields, patch: Fields, path: string): Record<string, unknown> {
  const names = patch["$retainKeys"];
  if (names === undefined) return { ...target };
  if (!Array.isArray(names)) throw malformed(`"${path}.$retainKeys" is not a list`);
  const kept = new Set<unknown>(names);
  const stray = Object.entries(patch).find(
    ([name, value]) => !name.startsWith("$") && value !== null && !kept.has(name),
  );
  if (stray !== undefined) {
    throw malformed(`"${path}.$retainKeys" does not name "${stray[0]}", which the patch sets`);
  }
  return Object.fromEntries(Object.entries(target).filter(([name]) => kept.has(name)));
}

function withoutValues(list: readonly unknown[], values: unknown, path: string): unknown[] {
  if (!Array.isArray(values)) throw malformed(`"${path}" is not a list`);
  const gone = new Set(values.map(scalarIdentity));
  return list.filter((item) => !gone.has(scalarIdentity(item)));
}

/** Text of a scalar that distinguishes 1 from "1". */
const scalarIdentity = (value: unknown): string => JSON.stringify(value) ?? "";

/** The identity of a list's items: the value of a scalar, or the merge key's value of a record. */
function identityIn(schema: MergeSchema, path: string): (item: unknown) => string {
  const key = schema.patchMergeKey;
  return (item) => {
    if (!isFields(item)) return scalarIdentity(item);
    if (key === undefined) throw unfit(path, "its items are objects, and its type gives no merge key");
    const value = own(item, key);
    if (value === undefined || value === null) throw unfit(path, `an item has no merge key "${key}"`);
    return scalarIdentity(value);
  };
}

function mergedList(
  current: readonly unknown[],
  patch: readonly unknown[],
  schema: MergeSchema,
  path: string,
  order: unknown,
): unknown[] {
  const identityOf = identityIn(schema, path);
  const isReplacing = patch.some((item) => isFields(item) && item["$patch"] === "replace");
  if (isReplacing) {
    return patch
      .filter((item) => !(isFields(item) && item["$patch"] === "replace"))
      .map((item) => freshItem(item, schema, path));
  }
  const server = current.map(identityOf);
  const merged = [...current];
  const places = new Map<string, number>();
  for (const [place, identity] of server.entries()) if (!places.has(identity)) places.set(identity, place);
  const gone = new Set<string>();
  const named: string[] = [];
  for (const item of patch) {
    const identity = identityOf(item);
    if (isFields(item) && item["$patch"] === "delete") {
      gone.add(identity);
      continue;
    }
    named.push(identity);
    const place = places.get(identity);
    if (place === undefined) {
      places.set(identity, merged.length);
      merged.push(freshItem(item, schema, path));
    } else if (isFields(item)) {
      const old = merged[place];
      merged[place] = mergedFields(isFields(old) ? old : {}, item, schema.items, path);
    }
  }
  for (const identity of named) gone.delete(identity);
  const items = gone.size === 0 ? merged : merged.filter((item) => !gone.has(identityOf(item)));
  return orderedItems(items, identityOf, namedOrder(order, named, identityOf, path), server);
}

/** A new item of a list. */
function freshItem(item: unknown, schema: MergeSchema, path: string): unknown {
  return isFields(item) ? mergedFields({}, item, schema.items, path) : item;
}

/** The order of `$setElementOrder`, or that of the patch's items. */
function namedOrder(
  order: unknown,
  named: readonly string[],
  identityOf: (item: unknown) => string,
  path: string,
): readonly string[] {
  if (order === undefined) return named;
  if (!Array.isArray(order)) throw malformed(`"${ordering}" of "${path}" is not a list`);
  const identities = order.map(identityOf);
  const placeOf = new Map(identities.map((identity, place) => [identity, place]));
  const places = named.map((identity) => placeOf.get(identity) ?? -1);
  const inOrder = places.every((place, at) => place >= 0 && (at === 0 || place > (places[at - 1] ?? -1)));
  if (!inOrder) throw malformed(`the items of "${path}" are not in the order its "${ordering}" gives`);
  return identities;
}

/** A list that the patch only reorders. */
function reorder(
  result: Record<string, unknown>,
  target: Fields,
  patch: Fields,
  name: string,
  order: unknown,
  schema: MergeSchema | undefined,
  path: string,
): void {
  const field = name.slice(ordering.length);
  const list = own(result, field);
  const known = memberSchema(schema, field);
  if (Object.hasOwn(patch, field) || !Array.isArray(list) || !isMergedList(known)) return;
  const at = `${path}.${field}`;
  const identityOf = identityIn(known, at);
  const before = own(target, field);
  const server = (Array.isArray(before) ? before : list).map(identityOf);
  const ordered = orderedItems(list, identityOf, namedOrder(order, [], identityOf, at), server);
  if (!sameContent(ordered, list)) result[field] = ordered;
}

/** A new value, without the directives in it. */
function withoutDirectives<T>(value: T): T {
  if (Array.isArray(value)) {
    return value
      .filter((item) => !(isFields(item) && item["$patch"] === "delete"))
      .map(withoutDirectives) as T;
  }
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, field]) => field !== undefined && !isDirective(name))
      .map(([name, field]) => [name, withoutDirectives(field)]),
  ) as T;
}
