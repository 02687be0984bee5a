/**
 * Whether a cache can be read, why not, and the callers that wait until it can.
 *
 *   pending ◄──► ready      filled; pending again while what is held must be listed or compared again
 *      └──► stopped ◄──┘    closed, or its source is
 *
 * `feed.ts` owns it and reports each change of state.
 */
import { isError } from "../../base/text/message-of.ts";
import { StoreError } from "../../errors.ts";
import { cacheLimits } from "../bounds/cache-options.ts";

export type FeedState = "pending" | "ready" | "stopped";

export class Readiness {
  #state: FeedState = "pending";
  #failure: unknown;
  #closed: StoreError | undefined;
  readonly #waiting = new Set<(closed: StoreError | undefined) => void>();

  get state(): FeedState {
    return this.#state;
  }

  /** Resolves once ready. Rejects with CLOSED when stopped. */
  ready(): Promise<void> {
    if (this.#state === "ready") return Promise.resolve();
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      this.#waiting.add((closed) => (closed === undefined ? resolve() : reject(closed)));
    });
  }

  /** False when it was ready, or is stopped. */
  becomeReady(): boolean {
    this.#failure = undefined;
    if (this.#state !== "pending") return false;
    this.#state = "ready";
    this.#settle(undefined);
    return true;
  }

  becomePending(): void {
    if (this.#state !== "stopped") this.#state = "pending";
  }

  /** Keeps `failure` as the reason that NOT_READY gives. */
  failed(failure: unknown): void {
    this.#failure = failure;
  }

  stop(closed: StoreError): void {
    this.#state = "stopped";
    this.#closed = closed;
    this.#settle(closed);
  }

  /** NOT_READY, with the reason and when to ask again. */
  notReady(action: string): StoreError<"NOT_READY"> {
    const cause = this.#failure;
    return new StoreError(
      "NOT_READY",
      `Cannot ${action}: the cache is not filled yet${isError(cause) ? `: ${cause.message}` : ""}`,
      { retryAfterMs: cacheLimits.retryAfterMs, reason: isError(cause) ? cause.message : undefined },
      cause === undefined ? undefined : { cause },
    );
  }

  #settle(closed: StoreError | undefined): void {
    for (const settle of this.#waiting) settle(closed);
    this.#waiting.clear();
  }
}
