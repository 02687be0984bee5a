/** Maps a key of a store back to its kind, namespace and name. */
import type { Key, KindRecord } from "keelson";

export interface ObjectPlace {
  readonly record: KindRecord;
  readonly key: Key;
}

/** Undefined if the key has no object. @param registry the store's prefix, as typed */
export function objectPlace(
  registry: string,
  kinds: readonly KindRecord[],
  key: string,
): ObjectPlace | undefined {
  const prefix = `/${registry.replace(/^\/+|\/+$/g, "")}/`;
  if (!key.startsWith(prefix)) return undefined;
  for (const record of kinds) {
    const folder = `${prefix}${record.keyPath}/`;
    if (!key.startsWith(folder)) continue;
    const [first = "", second, ...rest] = key.slice(folder.length).split("/");
    if (rest.length > 0 || first === "" || second === "") continue;
    if (record.scope === "Cluster" && second === undefined) return { record, key: { name: first } };
    if (record.scope === "Namespaced" && second !== undefined) {
      return { record, key: { namespace: first, name: second } };
    }
  }
  return undefined;
}
