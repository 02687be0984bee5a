/**
 * Work over a sequence, several items at once, results in the sequence's order: what waits for a disk or a network
 * overlaps, and the consumer gets one result at a time.
 */

/**
 * `work` of each item, in order; at most `atOnce` of them are under way, the one being waited for included.
 *
 * Ends by the first failure in order: no further item is begun, those under way are waited for and their results dropped.
 * @param atOnce at least 1
 */
export async function* loadedAhead<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  atOnce: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const underWay: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const result = work(item);
      // Its failure is thrown when its turn comes, if it comes.
      result.catch(() => undefined);
      underWay.push(result);
      const first = underWay.length >= atOnce ? underWay.shift() : undefined;
      if (first !== undefined) yield await first;
    }
    for (let first = underWay.shift(); first !== undefined; first = underWay.shift()) yield await first;
  } finally {
    await Promise.allSettled(underWay);
  }
}
