/**
 * Makes plain data read-only, down to its leaves: what get, list and watch give, of stores and caches alike. What a cache
 * hands out is shared by all its readers: an accidental write must fail where it is made, not show up elsewhere, and not only
 * once a cache is switched on. Bytes cannot be frozen and stay as they are.
 */
export function freezeDeep<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) for (const item of value) freezeDeep(item);
  else if (!Object.isFrozen(value)) for (const name in value) freezeDeep(value[name]);
  return Object.freeze(value);
}
