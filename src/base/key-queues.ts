/**
 * One fair queue per key: of the callers in this process that want the same hot object, one works at a time, in
 * the order of asking, so that none starves and none wastes a round trip on a state its neighbour is about to
 * change. Different keys never wait for each other. A key without holder costs nothing.
 */
export class KeyQueues {
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Keys held now. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves when it is the caller's turn; dispose what it gives to pass the turn on (twice does nothing).
   * @throws the signal's reason; the caller has then left the queue
   */
  async acquire(key: string, signal: AbortSignal | undefined): Promise<Disposable> {
    signal?.throwIfAborted();
    const queue = this.#waiting.get(key);
    if (queue === undefined) this.#waiting.set(key, []);
    else await this.#wait(queue, signal);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#pass(key);
        held = false;
      },
    };
  }

  #wait(queue: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onTurn = (): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = (): void => {
        queue.splice(queue.indexOf(onTurn), 1);
        reject(signal?.reason);
      };
      queue.push(onTurn);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  #pass(key: string): void {
    const next = this.#waiting.get(key)?.shift();
    if (next === undefined) this.#waiting.delete(key);
    else next();
  }
}
