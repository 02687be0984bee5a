/**
 * Runs two checks of one file concurrently and waits for both, even if one fails: the file must stay open for the
 * other. The second's failure is the more precise one (a page rather than the whole file), so it is the one thrown.
 */
export async function inParallel<A, B>(works: readonly [Promise<A>, Promise<B>]): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled(works);
  if (second.status === "rejected") throw second.reason;
  if (first.status === "rejected") throw first.reason;
  return [first.value, second.value];
}
