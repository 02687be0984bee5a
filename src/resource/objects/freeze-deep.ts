/**
 * Freezes plain data deeply: the results of get, list and watch, of stores and caches alike. All readers of a cache
 * share its results, so an accidental write must fail where it happens, not appear elsewhere, and not only once a
 * cache is in use. Bytes cannot be frozen and are left unchanged.
 */
export function freezeDeep<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) for (const item of value) freezeDeep(item);
  else if (!Object.isFrozen(value)) for (const name in value) freezeDeep(value[name]);
  return Object.freeze(value);
}
