/** What differs between two objects, field by field. */

/** One field that differs. */
export interface FieldChange {
  /** `spec.replicas`, `metadata.labels["a.b/c"]`, `spec.containers[0].image`. */
  readonly path: string;
  /** Undefined for absent. */
  readonly from: unknown;
  /** Undefined for absent. */
  readonly to: unknown;
}

/** Differences from `from` to `to`, in the order of fields; none when they are equal. */
export function changesBetween(from: unknown, to: unknown, path = ""): readonly FieldChange[] {
  if (Object.is(from, to)) return [];
  if (Array.isArray(from) && Array.isArray(to)) {
    const length = Math.max(from.length, to.length);
    return Array.from({ length }, (_, i) => changesBetween(from[i], to[i], `${path}[${i}]`)).flat();
  }
  if (isFields(from) && isFields(to)) {
    const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    return names.flatMap((name) => changesBetween(from[name], to[name], joined(path, name)));
  }
  return [{ path, from, to }];
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function joined(path: string, name: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}
