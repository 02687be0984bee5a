/**
 * Work over a sequence, several items at once, with results in the sequence's order. Waits for a disk or a network
 * overlap, and the consumer gets one result at a time.
 */

/**
 * `work` of each item, in order; at most `atOnce` are under way, including the one that the consumer awaits.
 *
 * Ends with the first failure in order: it starts no further item, waits for those under way, and drops their
 * results.
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
      // Its failure is thrown when the consumer reaches it, or never.
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
