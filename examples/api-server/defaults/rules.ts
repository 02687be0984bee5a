/**
 * Defaults as data: the value of a field that a client leaves out. `fill` sets a field that is absent or "" (a function
 * computes the value from the sibling fields; undefined leaves it absent); `within` descends into an existing object, or
 * into each item of an existing list. Fields are set in the order they are written, before `within` is applied.
 *
 * `zero` names the value that stands for an absent field where Go's type has no absent one: an int-or-string is 0.
 * `compute` replaces a field that is there, too, unless the function returns undefined.
 */
export type Json = { [field: string]: unknown };

export interface Rules {
  readonly fill?: Readonly<Record<string, unknown>>;
  readonly within?: Readonly<Record<string, Rules>>;
  readonly zero?: Readonly<Record<string, unknown>>;
  readonly compute?: Readonly<Record<string, (siblings: Json) => unknown>>;
}

/** Sets defaults in `target`, which the caller owns; a default that is an object is copied. */
export function fillDefaults(target: Json, { fill = {}, within = {}, zero = {}, compute = {} }: Rules): void {
  for (const [name, rule] of Object.entries(compute)) {
    const value = rule(target);
    if (value !== undefined) target[name] = value;
  }
  for (const [name, rule] of Object.entries(fill)) {
    const given = target[name];
    const isAbsent = given === undefined || given === null || given === "";
    if (!isAbsent && (zero[name] === undefined || given !== zero[name])) continue;
    const value: unknown = typeof rule === "function" ? (rule(target) as unknown) : rule;
    if (value !== undefined) target[name] = structuredClone(value);
  }
  for (const [name, rules] of Object.entries(within)) {
    const inner = target[name];
    for (const member of Array.isArray(inner) ? inner : [inner]) {
      if (isJson(member)) fillDefaults(member, rules);
    }
  }
}

export const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value at a dotted path; undefined where the path ends early. */
export function at(object: unknown, path: string): unknown {
  let value = object;
  for (const name of path.split(".")) value = isJson(value) ? value[name] : undefined;
  return value;
}

/** The object at a dotted path, or an empty one if absent; read-only. */
export function objectAt(object: unknown, path: string): Json {
  const value = at(object, path);
  return isJson(value) ? value : {};
}

/** The list of objects at a dotted path, or an empty list if absent. */
export function listAt(object: unknown, path: string): readonly Json[] {
  const value = at(object, path);
  return Array.isArray(value) ? value.filter(isJson) : [];
}
