/** Reads and rebuilds plain objects from other programs: no shape is trusted, nothing is changed in place. */

export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object; empty if it is not one. */
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

/** A copy with more fields; undefined values and empty objects or lists are left out. */
export function withFields(fields: Fields, more: Fields): Fields {
  const all = { ...fields };
  for (const [name, value] of Object.entries(more)) {
    const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
    if (value === undefined || isEmpty) delete all[name];
    else all[name] = value;
  }
  return all;
}

/** The result of `convert` for a present value; undefined for an absent one. */
export function ifThere<V>(value: unknown, convert: (it: Fields) => V): V | undefined {
  return value === undefined || value === null ? undefined : convert(fieldsOf(value));
}
