/** The folder of a key, as far down as is asked: keys of etcd are paths by custom. */

/**
 * @param depth names from the top, at least 1
 * @returns `/registry/pods/` for depth 2; what a key with fewer names has of them; "" for a key without a slash
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
