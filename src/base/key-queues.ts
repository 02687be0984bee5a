/**
 * One fair queue per key. Of the callers in this process that want the same hot object, one works at a time, in order
 * of arrival, so that no caller starves and none spends a round trip on a state that another is about to change.
 * Different keys never wait for each other. A key without a holder costs nothing.
 *
 * A turn is a courtesy, not a lock. A holder may keep its turn too long while others wait, because its function hangs
 * or waits for another turn of the same key. It then keeps working, and the next caller runs beside it.
 */
import type { Clock, Timer } from "./time/clock.ts";

/** How long one caller may keep others waiting, milliseconds: many times the duration of a write. */
const turnMaxMs = 1_000;

interface Queue {
  readonly waiting: (() => void)[];
  /** Counts the turns; the holder's is the last one. */
  turn: number;
  timer: Timer | undefined;
}

export class KeyQueues {
  readonly #clock: Pick<Clock, "setTimer">;
  readonly #queues = new Map<string, Queue>();

  constructor(clock: Pick<Clock, "setTimer">) {
    this.#clock = clock;
  }

  /**
   * Resolves when it is the caller's turn. Dispose the result to pass the turn on; disposing twice does nothing.
   * @throws the signal's reason; the caller has then left the queue
   */
  async acquire(key: string, signal: AbortSignal | undefined): Promise<Disposable> {
    signal?.throwIfAborted();
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = { waiting: [], turn: 0, timer: undefined };
      this.#queues.set(key, queue);
    } else {
      await this.#wait(key, queue, signal);
    }
    const held = queue;
    const turn = held.turn;
    return {
      [Symbol.dispose]: () => {
        if (held.turn === turn) this.#pass(key, held);
      },
    };
  }

  #wait(key: string, queue: Queue, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onTurn = (): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = (): void => {
        queue.waiting.splice(queue.waiting.indexOf(onTurn), 1);
        reject(signal?.reason);
      };
      queue.waiting.push(onTurn);
      signal?.addEventListener("abort", onAbort, { once: true });
      queue.timer ??= this.#limit(key, queue);
    });
  }

  #pass(key: string, queue: Queue): void {
    queue.turn++;
    queue.timer?.cancel();
    queue.timer = undefined;
    const next = queue.waiting.shift();
    if (next === undefined) {
      this.#queues.delete(key);
      return;
    }
    if (queue.waiting.length > 0) queue.timer = this.#limit(key, queue);
    next();
  }

  #limit(key: string, queue: Queue): Timer {
    return this.#clock.setTimer(turnMaxMs, () => {
      queue.timer = undefined;
      // No one else waits: the holder keeps its turn.
      if (queue.waiting.length > 0) this.#pass(key, queue);
    });
  }
}
