/**
 * Waiting for shared work with an end of one's own: the work continues for the others when one caller's time is up.
 */

/** `work`'s result, or a rejection with `signal.reason` as soon as it aborts. `work` itself is not ended. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) {
      onAbort();
      // The work has other owners; here its failure is of no interest any more.
      work.catch(() => {});
      return;
    }
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
