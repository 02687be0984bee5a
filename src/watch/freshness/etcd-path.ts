/**
 * The one way from a cache to etcd for reads it cannot answer: however many callers come at once, etcd sees few.
 *
 *   equal reads   one under way, one behind it that all later callers share: what they get was read after they asked
 *   others        four at a time, sixty-four waiting, the rest NOT_READY
 *   failures      three in a row: UNAVAILABLE at once for a second, then one try decides
 */
import type { Clock } from "../../base/time/clock.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { ReadFreshness } from "../../resource/contract/contract.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import type { Freshness } from "../../resource/options/read-options.ts";
import type { CacheCounters } from "../bounds/cache-counters.ts";
import { cacheLimits } from "../bounds/cache-options.ts";

interface Lane {
  underWay: Promise<unknown>;
  next: Promise<unknown> | undefined;
}

export class EtcdPath {
  readonly #clock: Clock;
  readonly #counters: CacheCounters;
  readonly #lanes = new Map<string, Lane>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #failures = 0;
  #openUntilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, counters: CacheCounters) {
    this.#clock = clock;
    this.#counters = counters;
  }

  /**
   * What `read` gives, read after this call; shared with callers of the same `identity`, not shared without one.
   * No caller may abort the read itself: race it with the caller's own end.
   * @throws NOT_READY when too many wait, UNAVAILABLE while the breaker is open, what `read` throws
   */
  read<T>(identity: string | undefined, read: () => Promise<T>): Promise<T> {
    if (identity === undefined) return this.#send(read);
    const lane = this.#lanes.get(identity);
    if (lane === undefined) {
      const underWay = this.#send(read);
      this.#enter(identity, { underWay, next: undefined });
      return underWay;
    }
    this.#counters.etcdReadsShared++;
    // Equal identities are reads of one shape, made by one reader.
    lane.next ??= lane.underWay.then(
      () => this.#send(read),
      () => this.#send(read),
    );
    return lane.next as Promise<T>;
  }

  #enter(identity: string, lane: Lane): void {
    this.#lanes.set(identity, lane);
    const done = (): void => {
      if (lane.next === undefined) this.#lanes.delete(identity);
      else this.#enter(identity, { underWay: lane.next, next: undefined });
    };
    lane.underWay.then(done, done);
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

/** A freshness as the reader behind the cache takes it. */
export function readOf(freshness: Freshness): ReadFreshness {
  if (!("revision" in freshness)) return { consistency: freshness.consistency };
  const { consistency, revision } = freshness;
  return { consistency, resourceVersion: formatResourceVersion(revision) };
}

/** Its part of a read's identity. */
export function freshnessText(freshness: Freshness): string {
  return "revision" in freshness ? `${freshness.consistency} ${freshness.revision}` : freshness.consistency;
}
