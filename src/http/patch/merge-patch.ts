/**
 * JSON merge patch (RFC 7386): null removes a field, records are merged, anything else replaces.
 *
 * Pure: the target is not changed; unpatched parts are shared with the result.
 */
import { assertPatchFields, type Fields, isFields } from "./patch-error.ts";

/**
 * `target` with a merge patch applied, as a new object.
 * @param patch the decoded body of a request of type `application/merge-patch+json`
 * @throws INVALID_ARGUMENT for a patch that is not a JSON object, or not plain data ("__proto__" as a name, more than
 * 64 levels)
 */
export function mergePatch<T extends object>(target: T, patch: unknown): T {
  assertPatchFields(patch);
  // The patch may produce anything: the store validates that the result is a T.
  return merged(target as Fields, patch) as T;
}

function merged(target: unknown, patch: Fields): Fields {
  const result: Record<string, unknown> = isFields(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else {
      const current = Object.hasOwn(result, name) ? result[name] : undefined;
      result[name] = isFields(value) ? merged(current, value) : value;
    }
  }
  return result;
}
