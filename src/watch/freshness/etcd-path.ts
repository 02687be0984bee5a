/**
 * The one path from a cache to etcd for reads that the cache cannot answer. However many callers come at once, etcd sees few.
 *
 *   equal reads   one under way, and one behind it that all later callers share, so each gets what was read after its call
 *   others        four at a time, sixty-four waiting, the rest NOT_READY
 *   failures      after three in a row every read is UNAVAILABLE for a second; the next read then tries again
 */
import type { Clock } from "../../base/time/clock.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { ReadFreshness } from "../../resource/contract/scope.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import type { Freshness } from "../../resource/options/read-options.ts";
import type { CacheCounters } from "../bounds/cache-counters.ts";
import { cacheLimits } from "../bounds/cache-options.ts";

/** Reads of one identity. */
interface SharedRead {
  underWay: Promise<unknown>;
  next: Promise<unknown> | undefined;
}

export class EtcdPath {
  readonly #clock: Clock;
  readonly #counters: CacheCounters;
  readonly #shared = new Map<string, SharedRead>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #failures = 0;
  #openUntilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, counters: CacheCounters) {
    this.#clock = clock;
    this.#counters = counters;
  }

  /**
   * The result of `read`, called after this call, and shared with callers of the same `identity`; not shared without one.
   * No caller may abort the read itself: a caller that ends earlier stops waiting for it.
   * @throws NOT_READY when too many wait, UNAVAILABLE while the breaker is open, what `read` throws
   */
  read<T>(identity: string | undefined, read: () => Promise<T>): Promise<T> {
    if (identity === undefined) return this.#send(read);
    const shared = this.#shared.get(identity);
    if (shared === undefined) {
      const underWay = this.#send(read);
      this.#enter(identity, { underWay, next: undefined });
      return underWay;
    }
    this.#counters.etcdReadsShared++;
    // Equal identities are reads of one shape, made by one reader.
    shared.next ??= shared.underWay.then(
      () => this.#send(read),
      () => this.#send(read),
    );
    return shared.next as Promise<T>;
  }

  #enter(identity: string, shared: SharedRead): void {
    this.#shared.set(identity, shared);
    const done = (): void => {
      if (shared.next === undefined) this.#shared.delete(identity);
      else this.#enter(identity, { underWay: shared.next, next: undefined });
    };
    shared.underWay.then(done, done);
  }

  async #send<T>(read: () => Promise<T>): Promise<T> {
    if (this.#clock.monotonicMs() < this.#openUntilMs) throw this.#refused();
    if (this.#running >= cacheLimits.etcdReadsMax) await this.#turn();
    this.#running++;
    this.#counters.etcdReads++;
    try {
      const result = await read();
      this.#failures = 0;
      return result;
    } catch (error) {
      if (isStoreError(error, "UNAVAILABLE", "DEADLINE")) this.#failed();
      else this.#failures = 0;
      throw error;
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= cacheLimits.etcdReadsWaitingMax) {
      const reason = "too many reads wait for etcd";
      throw new StoreError("NOT_READY", `Cannot read: the cache is behind and ${reason}`, {
        retryAfterMs: cacheLimits.retryAfterMs,
        reason,
      });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #failed(): void {
    this.#failures++;
    if (this.#failures < cacheLimits.breakerFailures) return;
    this.#openUntilMs = this.#clock.monotonicMs() + cacheLimits.breakerOpenMs;
  }

  #refused(): StoreError<"UNAVAILABLE"> {
    const retryAfterMs = Math.max(1, Math.ceil(this.#openUntilMs - this.#clock.monotonicMs()));
    return new StoreError("UNAVAILABLE", "Cannot read: the cache is behind and etcd has failed repeatedly", {
      retryAfterMs,
      reason: "breaker open",
    });
  }
}

/** The freshness in the form that the reader behind the cache takes. */
export function readOf(freshness: Freshness): ReadFreshness {
  if (!("revision" in freshness)) return { consistency: freshness.consistency };
  const { consistency, revision } = freshness;
  return { consistency, resourceVersion: formatResourceVersion(revision) };
}

/** The freshness as part of a read's identity. */
export function freshnessText(freshness: Freshness): string {
  return "revision" in freshness ? `${freshness.consistency} ${freshness.revision}` : freshness.consistency;
}
