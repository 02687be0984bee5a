/**
 * Checks the end of a world, after all faults are healed: all work finishes, caches and watchers catch up, all reads
 * are correct, and nothing is left after the close.
 */
import { isStoreError } from "keelson";
import type { SimulatedCluster } from "../cluster.ts";
import { type Item, keyOf } from "../item.ts";
import type { Places } from "../places.ts";
import type { Plan } from "../plan.ts";
import type { ProcessClock, VirtualTime } from "../virtual-time.ts";
import type { Eras } from "./eras.ts";
import type { Recorder, Stream } from "./recorder.ts";
import { reached } from "./streams.ts";
import { itemPrefix } from "./truth.ts";

/** After the heal all work must finish within this virtual time. */
export const recoveryMs = 120_000;
/** Maximum virtual time to close a process. */
const closingMs = 60_000;
/** Timers that may outlive a close: a back-off of work whose caller has gone. */
const lingerMs = 1_000;

export interface EndingParts {
  readonly plan: Plan;
  readonly cluster: SimulatedCluster;
  readonly places: Places;
  readonly eras: Eras;
  readonly recorder: Recorder;
  readonly time: VirtualTime;
  readonly network: ProcessClock;
  readonly fault: (what: string, error: unknown) => void;
  readonly failed: () => boolean;
}

export class Ending {
  readonly #plan: Plan;
  readonly #cluster: SimulatedCluster;
  readonly #places: Places;
  readonly #eras: Eras;
  readonly #recorder: Recorder;
  readonly #time: VirtualTime;
  readonly #network: ProcessClock;
  readonly #fault: EndingParts["fault"];
  readonly #failed: () => boolean;

  constructor(parts: EndingParts) {
    this.#plan = parts.plan;
    this.#cluster = parts.cluster;
    this.#places = parts.places;
    this.#eras = parts.eras;
    this.#recorder = parts.recorder;
    this.#time = parts.time;
    this.#network = parts.network;
    this.#fault = parts.fault;
    this.#failed = parts.failed;
  }

  unfinished(): string {
    return this.#places.processes
      .filter(({ finished, clock }) => !finished || clock.dead)
      .map((process) => {
        const open = this.#recorder.calls.filter(
          (call) => call.process === process.name && call.to === undefined,
        );
        return `${process.name} (${open.map(({ kind, key }) => `${kind} ${key}`).join(", ")})`;
      })
      .join("; ");
  }

  /** A cache or watcher that has not caught up; undefined: all have. */
  behind(): string | undefined {
    const { revision } = this.#cluster;
    const { era } = this.#eras.present;
    const last = this.#eras.current.changes.at(-1)?.revision ?? 0n;
    for (const { name, cache, live, own, clock } of this.#places.processes) {
      if (clock.stopped) return `${name} is stopped`;
      if (cache !== undefined && cache.state !== "ready") return `the cache of ${name} is ${cache.state}`;
      if (cache !== undefined && BigInt(cache.resourceVersion || "0") < last) {
        return `the cache of ${name} is at ${cache.resourceVersion} of ${revision}`;
      }
      if (live.size < own.watchers) return `${live.size} of ${own.watchers} watchers of ${name} are open`;
      for (const stream of live) {
        if (stream.openEra < era)
          return `watcher ${stream.name}, opened in era ${stream.openEra}, is open over a restore: ${shortly(stream)}`;
        if (!reached(this.#eras.current, stream)) {
          const lagging = JSON.stringify(cache?.stats().lagging ?? []);
          return `watcher ${stream.name}: ${shortly(stream)}; lagging: ${lagging}`;
        }
      }
    }
    return undefined;
  }

  /** The reads of every process are now checked like any other read; none may fail any more. */
  async finalReads(): Promise<void> {
    const read = async (
      process: string,
      via: "store" | "cache",
      list: () => Promise<{ items: readonly Item[]; resourceVersion: string }>,
    ): Promise<void> => {
      const freshness = { freshness: "linearizable", revision: 0n } as const;
      const facts = {
        process,
        client: "final",
        noticed: this.#eras.present.era,
        via,
        key: itemPrefix,
        guard: undefined,
        read: freshness,
      };
      const call = this.#recorder.begin({ ...facts, kind: "list" });
      const { items, resourceVersion } = await this.#soon(list);
      const shown = items.map((item) => ({
        key: keyOf(item),
        revision: BigInt(item.metadata.resourceVersion),
        token: item.spec.token,
      }));
      this.#recorder.end(call, { type: "ok", revision: BigInt(resourceVersion), items: shown });
    };
    if (this.#plan.mixed || (this.#plan.hard !== undefined && this.#eras.all.length > 1)) {
      // Whatever a process killed while setting the quota, or a restore, has left: the next process sets it, and it is
      // exact.
      const [first] = this.#places.processes;
      const { store } = first ?? {};
      if (store !== undefined)
        await this.#await("the last set", first?.setQuota(store) ?? Promise.resolve(), recoveryMs);
    }
    const work = this.#places.processes.map(async ({ name, store, cache, kind }) => {
      if (store === undefined) return;
      if (kind !== undefined) await read(name, "store", () => store.resources(kind).list());
      if (cache !== undefined) await read(name, "cache", () => cache.list());
      if (this.#plan.hard === undefined) return;
      const from = this.#cluster.revision;
      const { used } = await this.#soon(() => store.quotas.get("a"));
      if (this.#plan.mixed) {
        const weights = this.#weightsWithin(from, this.#cluster.revision);
        if (!weights.includes(used["weight"] ?? -1)) {
          this.#fault("quota", `${name} says that ${used["weight"]} weight is used, there is ${weights}`);
        }
      }
      const counts = this.#eras.current.countsWithin(`${itemPrefix}a/`, from, this.#cluster.revision);
      if (!counts.includes(used["count/items"] ?? -1)) {
        this.#fault("quota", `${name} says ${used["count/items"]} items are used, there are ${counts}`);
      }
    });
    await this.#await("final reads", Promise.all(work), recoveryMs);
  }

  /** The weight of the objects under the quota, each as measured by its last writer, at each revision in [from, to]. */
  #weightsWithin(from: bigint, to: bigint): readonly number[] {
    const revisions = this.#eras.current.changes
      .map(({ revision }) => revision)
      .filter((at) => at > from && at <= to);
    return [from, ...revisions].map((at) =>
      this.#eras.current
        .stateAt(`${itemPrefix}a/`, at)
        .reduce((sum, { token }) => sum + (this.#weightOf(token?.text ?? "") ?? 0), 0),
    );
  }

  #weightOf(token: string): number | undefined {
    const place = /^tok\.p(\d+)/.exec(token)?.[1];
    return place === undefined ? undefined : this.#plan.processes[Number(place)]?.weight;
  }

  /** A client may still be in back-off after its last failure. */
  async #soon<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await read();
      } catch (error) {
        if (!isStoreError(error, "UNAVAILABLE", "DEADLINE", "NOT_READY")) throw error;
        await this.#network.sleep(100);
      }
    }
  }

  async close(): Promise<void> {
    const closing = Promise.all(this.#places.processes.map((process) => process.close()));
    if (!(await this.#await("close", closing, closingMs))) return;
    // A quota round abandoned by its caller ends with its next attempt.
    await this.#time.run(() => false, lingerMs);
    for (const { name, clock, etcd } of this.#places.processes) {
      if (clock.openTimers > 0) this.#fault("leak", `${name} has ${clock.openTimers} timers after close()`);
      const open = etcd?.stats().openStreams ?? 0;
      if (open > 0) this.#fault("leak", `${name} has ${open} streams after close()`);
    }
    this.#cluster.close();
  }

  async #await(what: string, work: Promise<unknown>, limitMs: number): Promise<boolean> {
    let over = false;
    work.then(
      () => {
        over = true;
      },
      (error: unknown) => {
        over = true;
        this.#fault(what, error);
      },
    );
    const done = await this.#time.run(() => over || this.#failed(), limitMs);
    if (!done) this.#fault("not live", `${what} did not end`);
    return done;
  }
}

/** The last event that a stream received. */
function shortly({ via, start, began, events }: Stream): string {
  const last = events.slice(-12).map((event) => {
    const what = event.type === "BOOKMARK" ? "" : ` ${keyOf(event.object)}=${event.object.spec.token}`;
    return `${event.type}${what}@${event.resourceVersion}`;
  });
  return `by the ${via} from ${start ?? began ?? "all there is"}, told ${last.join(" ")}`;
}
