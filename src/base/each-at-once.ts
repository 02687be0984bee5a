/**
 * Work over a sequence, several items at once, without results. `loadedAhead` is for ordered results.
 */

/**
 * Runs `work` for each item, started in order; at most `atOnce` are under way.
 *
 * Stops at the first failure: it starts no further item, waits for those under way, then throws that failure. Work
 * whose failure must not stop the others catches it itself.
 * @param atOnce at least 1
 */
export async function eachAtOnce<T>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  let failed: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    try {
      for (let next = left.next(); next.done !== true; next = left.next()) {
        await work(next.value);
        if (failed !== undefined) return;
      }
    } catch (error) {
      failed ??= { error };
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failed !== undefined) throw failed.error;
}
