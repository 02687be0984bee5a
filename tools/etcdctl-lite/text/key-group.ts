/** The folder of a key, to a given depth: etcd keys are paths by convention. */

/**
 * @param depth names from the top, at least 1
 * @returns `/registry/pods/` for depth 2; as many names as the key has if fewer; "" for a key without a slash
 */
export function keyGroup(key: string, depth: number): string {
  let end = key.startsWith("/") ? 0 : -1;
  for (let names = 0; names < depth; names++) {
    const slash = key.indexOf("/", end + 1);
    if (slash < 0) break;
    end = slash;
  }
  return key.slice(0, end + 1);
}
