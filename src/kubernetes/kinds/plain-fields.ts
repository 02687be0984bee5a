/** Reading and rebuilding plain objects whose shape another program has decided: nothing is trusted, nothing is changed in place. */

export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object; empty when it is none. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A copy without some fields. */
export function without(fields: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

/** A copy with more fields; those that are undefined, or an empty object or list, are left out. */
export function withFields(fields: Fields, more: Fields): Fields {
  const all = { ...fields };
  for (const [name, value] of Object.entries(more)) {
    const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
    if (value === undefined || isEmpty) delete all[name];
    else all[name] = value;
  }
  return all;
}

/** What `convert` makes of a value that is there; undefined for one that is not. */
export function ifThere<V>(value: unknown, convert: (it: Fields) => V): V | undefined {
  return value === undefined || value === null ? undefined : convert(fieldsOf(value));
}
