/** Reading objects whose shape another program has decided: a path that leads nowhere is undefined, never an error. */
export type Fields = Readonly<Record<string, unknown>>;

/** What lies at a dotted path. */
export function at(object: unknown, path: string): unknown {
  let value = object;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Fields)[name];
  }
  return value;
}

/** The same as text: "" where nothing is. */
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
