/**
 * The counters of a store, and the traces it sends: every public call passes through `observe`.
 *
 * Counters are plain numbers, read synchronously by `stats()`. Traces go to diagnostics_channel "keelson:store:*" (a
 * tracing channel: start, end, asyncStart, asyncEnd, error) with { verb, resource }, and cost nothing without a
 * subscriber.
 */
import { tracingChannel } from "node:diagnostics_channel";
import type { PlainStats } from "../../base/stats.ts";
import type { Clock } from "../../base/time/clock.ts";
import { isStoreError } from "../../errors.ts";
import type { Histogram, StoreStats } from "../../resource/contract/store.ts";

/** Upper bucket bounds in milliseconds: from a loopback response to the default timeout of a call. */
const boundsMs: readonly number[] = [
  0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 15_000,
];

export interface TracedCall {
  readonly verb: string;
  /** "pods", "deployments.apps"; "" for calls of the store itself. */
  readonly resource: string;
}

const traces = tracingChannel<object, TracedCall & object>("keelson:store");

interface OpenHistogram {
  readonly counts: number[];
  sumMs: number;
}

export class StoreCounters {
  readonly #clock: Clock;
  readonly #calls = new Map<string, number>();
  readonly #errors = new Map<string, number>();
  readonly #latency = new Map<string, OpenHistogram>();
  conflictRetries = 0;
  unknownOutcomes = 0;
  openWatches = 0;
  eventsDelivered = 0;
  corruptObjects = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts, times and traces one call. */
  async observe<T>(call: TracedCall, run: () => Promise<T>): Promise<T> {
    const startedMs = this.begin(call.verb);
    try {
      return await this.traced(call, run);
    } catch (error) {
      this.count(error);
      throw error;
    } finally {
      this.end(call.verb, startedMs);
    }
  }

  /** Counts a call that begins. @returns its start time, for `end` */
  begin(verb: string): number {
    increment(this.#calls, verb);
    return this.#clock.monotonicMs();
  }

  /** Runs a call under the traces, where there are subscribers. */
  traced<T>(call: TracedCall, run: () => Promise<T>): Promise<T> {
    return traces.hasSubscribers ? traces.tracePromise(run, { ...call }) : run();
  }

  /** Times a call that `begin` has counted. */
  end(verb: string, startedMs: number): void {
    this.#time(verb, this.#clock.monotonicMs() - startedMs);
  }

  /** Counts a failure that is reported to a caller. */
  count(error: unknown): void {
    increment(this.#errors, isStoreError(error) ? error.code : "aborted");
    if (isStoreError(error, "OUTCOME_UNKNOWN")) this.unknownOutcomes++;
    if (isStoreError(error, "CORRUPT_OBJECT")) this.corruptObjects++;
  }

  /** A watch was opened: counted among the calls, not timed. */
  watchOpened(): void {
    increment(this.#calls, "watch");
    this.openWatches++;
  }

  /** @param plaintextRead counted by the codecs of the kinds */
  snapshot(plaintextRead: number, etcd: PlainStats): StoreStats {
    return {
      calls: Object.fromEntries(this.#calls),
      errors: Object.fromEntries(this.#errors),
      latency: Object.fromEntries(
        [...this.#latency].map(([verb, { counts, sumMs }]): [string, Histogram] => [
          verb,
          { boundsMs, counts: [...counts], sumMs },
        ]),
      ),
      conflictRetries: this.conflictRetries,
      unknownOutcomes: this.unknownOutcomes,
      openWatches: this.openWatches,
      eventsDelivered: this.eventsDelivered,
      corruptObjects: this.corruptObjects,
      plaintextRead,
      etcd,
    };
  }

  #time(verb: string, ms: number): void {
    let histogram = this.#latency.get(verb);
    if (histogram === undefined) {
      histogram = { counts: new Array<number>(boundsMs.length + 1).fill(0), sumMs: 0 };
      this.#latency.set(verb, histogram);
    }
    histogram.sumMs += ms;
    let bucket = 0;
    while (bucket < boundsMs.length && !(ms <= (boundsMs[bucket] ?? 0))) bucket++;
    histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + 1;
  }
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
