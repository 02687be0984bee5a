/** Reads objects from other programs: an absent path is undefined, never an error. */
export type Fields = Readonly<Record<string, unknown>>;

/** The value at a dotted path. */
export function at(object: unknown, path: string): unknown {
  let value = object;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Fields)[name];
  }
  return value;
}

/** The same as text: "" if absent. */
export function textAt(object: unknown, path: string): string {
  const value = at(object, path);
  return value === undefined || value === null || typeof value === "object" ? "" : String(value);
}

export function numberAt(object: unknown, path: string): number {
  const value = at(object, path);
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : 0;
}

export function listAt(object: unknown, path: string): readonly unknown[] {
  const value = at(object, path);
  return Array.isArray(value) ? value : [];
}

export function mapAt(object: unknown, path: string): Fields {
  const value = at(object, path);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
