/**
 * Defaults as data: what a field is when a client leaves it out. `fill` gives a field its value when it is absent (a
 * function decides from the fields beside it, undefined leaves it absent); `within` goes into an object, or into each
 * member of a list, that is there. Fields are filled in the order they are written, then `within` is entered.
 */
export type Json = { [field: string]: unknown };

export interface Rules {
  readonly fill?: Readonly<Record<string, unknown>>;
  readonly within?: Readonly<Record<string, Rules>>;
}

/** Fills `target`, which is the caller's own; a default that is an object is copied. */
export function fillDefaults(target: Json, { fill = {}, within = {} }: Rules): void {
  for (const [name, rule] of Object.entries(fill)) {
    if (target[name] !== undefined && target[name] !== null) continue;
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

/** The object at a dotted path, an empty one where there is none; for reading only. */
export function objectAt(object: unknown, path: string): Json {
  const value = at(object, path);
  return isJson(value) ? value : {};
}

/** The list of objects at a dotted path, empty where there is none. */
export function listAt(object: unknown, path: string): readonly Json[] {
  const value = at(object, path);
  return Array.isArray(value) ? value.filter(isJson) : [];
}
