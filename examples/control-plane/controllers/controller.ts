/**
 * The loop of every controller: keys of objects that may need work wait in a queue, each at most once, and are
 * reconciled in turn. A failed key is retried later; a key that changes while it is reconciled is queued again.
 */
import { isStoreError, type Key } from "keelson";

export interface ControllerOptions {
  readonly name: string;
  /** Reconciles one object and its dependents with the desired state. */
  readonly settle: (key: Key) => Promise<void>;
  /** Concurrent reconciliations; default 4. */
  readonly concurrency?: number;
  readonly signal: AbortSignal;
}

const [retryFirstMs, retryMaxMs] = [50, 5_000];

export class Controller {
  readonly #options: ControllerOptions;
  readonly #waiting = new Map<string, Key>();
  readonly #running = new Set<string>();
  readonly #failures = new Map<string, number>();
  /** Reconciliations so far, failed ones included. */
  settled = 0;

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  /** Something about the object has changed. */
  enqueue({ namespace, name }: Key): void {
    this.#waiting.set(`${namespace ?? ""}/${name}`, { namespace, name });
    this.#advance();
  }

  /** As `enqueue`, later. */
  enqueueAfter(key: Key, ms: number): void {
    if (this.#options.signal.aborted) return;
    setTimeout(() => this.enqueue(key), ms).unref();
  }

  #advance(): void {
    const { signal, concurrency = 4 } = this.#options;
    if (signal.aborted) return;
    for (const [id, key] of this.#waiting) {
      if (this.#running.size >= concurrency) return;
      // It is being reconciled: it stays in the queue and runs again afterwards.
      if (this.#running.has(id)) continue;
      this.#waiting.delete(id);
      this.#running.add(id);
      void this.#run(id, key);
    }
  }

  async #run(id: string, key: Key): Promise<void> {
    const { settle, name, signal } = this.#options;
    try {
      await settle(key);
      this.#failures.delete(id);
    } catch (error) {
      if (!signal.aborted) {
        const failures = (this.#failures.get(id) ?? 0) + 1;
        this.#failures.set(id, failures);
        // A conflict or a missing object means that this controller's cache is slightly stale.
        if (
          !isStoreError(error, "CONFLICT", "NOT_FOUND", "ALREADY_EXISTS", "UNAVAILABLE", "PERMISSION_DENIED")
        ) {
          console.error(`${name} ${id}: ${String(error)}`);
        }
        this.enqueueAfter(key, Math.min(retryMaxMs, retryFirstMs * 2 ** failures));
      }
    } finally {
      this.settled++;
      this.#running.delete(id);
      this.#advance();
    }
  }
}
