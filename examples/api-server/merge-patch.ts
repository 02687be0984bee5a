/**
 * JSON merge patch (RFC 7386): null removes a field, objects are merged, anything else replaces. A strategic merge
 * patch without lists and directives means the same and is taken too; that is what `kubectl label` sends.
 */
type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether `patch`, sent as `contentType`, can be applied here. */
export function isMergePatch(contentType: string | undefined, patch: unknown): patch is Json {
  if (!isObject(patch)) return false;
  if (contentType === "application/merge-patch+json") return true;
  return contentType === "application/strategic-merge-patch+json" && isPlain(patch);
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return false;
  if (!isObject(value)) return true;
  return Object.entries(value).every(([name, field]) => !name.startsWith("$") && isPlain(field));
}

/** A new object: `target` with `patch` applied; neither is changed. */
export function mergePatch<T>(target: T, patch: Json): T {
  const merged = new Map<string, unknown>(isObject(target) ? Object.entries(target) : []);
  for (const [name, field] of Object.entries(patch)) {
    if (field === null) merged.delete(name);
    else merged.set(name, isObject(field) ? mergePatch(merged.get(name), field) : field);
  }
  return Object.fromEntries(merged) as T;
}
