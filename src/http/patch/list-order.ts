/**
 * The order of a merged list: items that the patch names follow the patch's order; the others keep their place between
 * their neighbors.
 *
 *   server  a b c d      named by the patch  d b      result  a d b c        (a before b, c after it)
 */

/** The identity of an item: the value of a scalar, or the merge key's value of a record. */
export type IdentityOf = (item: unknown) => string;

/**
 * `items` in the order a list has after a patch.
 * @param named identities in the patch's order
 * @param server identities in the server's order
 */
export function orderedItems(
  items: readonly unknown[],
  identityOf: IdentityOf,
  named: readonly string[],
  server: readonly string[],
): unknown[] {
  const wanted = placesOf(named);
  const before = placesOf(server);
  const byPlace = (places: ReadonlyMap<string, number>) => (a: unknown, b: unknown) =>
    (places.get(identityOf(a)) ?? places.size) - (places.get(identityOf(b)) ?? places.size);
  const fromPatch = items.filter((item) => wanted.has(identityOf(item))).sort(byPlace(wanted));
  const others = items.filter((item) => !wanted.has(identityOf(item))).sort(byPlace(before));
  const result: unknown[] = [];
  let other = 0;
  for (const item of fromPatch) {
    const place = before.get(identityOf(item));
    while (place !== undefined && other < others.length) {
      const otherPlace = before.get(identityOf(others[other]));
      if (otherPlace === undefined || otherPlace > place) break;
      result.push(others[other++]);
    }
    result.push(item);
  }
  return [...result, ...others.slice(other)];
}

function placesOf(identities: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const [place, identity] of identities.entries())
    if (!places.has(identity)) places.set(identity, place);
  return places;
}
