/** Waits for shared work with the caller's own signal: when it aborts, the work continues for the others. */

/** `work`'s result, or a rejection with `signal.reason` as soon as it aborts. `work` itself continues. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) {
      onAbort();
      // The work has other owners; its failure no longer matters here.
      work.catch(() => {});
      return;
    }
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
