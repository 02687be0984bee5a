/**
 * One simulated world, from its seed to its verdict.
 *
 *   storm: faults come and go, workers and watchers are at it ─► heal ─► everything must finish, catch up and agree
 *        ─► close: nothing may be left ─► the history is checked against the truth
 *
 * The same seed gives the same world, event for event; its trace says so.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { isStoreError } from "keelson";
import { type Random, seededRandom } from "../../src/base/random.ts";
import { memoryTransport } from "../../src/testing/memory-transport.ts";
import { checkWorld } from "./checks.ts";
import { SimulatedCluster } from "./cluster.ts";
import { type Item, keyOf } from "./item.ts";
import {
  type Fault,
  mixedPlan,
  type Plan,
  type ProcessPlan,
  planOf,
  stormMs,
  type TimedFault,
} from "./plan.ts";
import { SimulatedProcess } from "./process.ts";
import { Recorder, type Stream } from "./recorder.ts";
import type { Sabotage } from "./sabotage.ts";
import { reached } from "./streams.ts";
import { Trace } from "./trace.ts";
import { itemPrefix, Truth } from "./truth.ts";
import { ProcessClock, VirtualTime } from "./virtual-time.ts";
import { ProcessWeather } from "./weather.ts";

/** After the heal everything must be done within this virtual time. */
const recoveryMs = 120_000;
/** Closing a process takes no longer. */
const closingMs = 60_000;

/** Where caches tell that they have listed again. */
const relistChannel = "keelson:cache:relist";
/** What may outlive a close: a wait between two tries of work whose caller has gone. */
const lingerMs = 1_000;

/** Added to a seed for what is drawn of how its processes differ. */
const mixSeed = 0x5eed_0000;

export interface WorldOptions {
  readonly seed: number;
  /** What the seed draws, changed: for directed worlds. */
  readonly change?: ((plan: Plan) => Plan) | undefined;
  readonly sabotage?: Sabotage | undefined;
  /** Is told every event. */
  readonly tell?: ((line: string) => void) | undefined;
}

export interface WorldResult {
  readonly seed: number;
  /** Hash and number of everything that happened. */
  readonly trace: string;
  /** Broken promises, in words; none: the world is clean. */
  readonly faults: readonly string[];
  readonly counts: {
    readonly events: number;
    readonly calls: number;
    readonly unknown: number;
    readonly changes: number;
    readonly streams: number;
    readonly streamEvents: number;
    readonly relists: number;
    /** 1: its processes differ. */
    readonly mixed: number;
    readonly virtualMs: number;
  };
}

interface Place {
  readonly plan: ProcessPlan;
  process: SimulatedProcess;
  weather: ProcessWeather;
  generation: number;
}

export async function runWorld(options: WorldOptions): Promise<WorldResult> {
  return new World(options).run();
}

class World {
  readonly #options: WorldOptions;
  readonly #random: Random;
  readonly #time: VirtualTime;
  readonly #trace: Trace;
  readonly #plan: Plan;
  readonly #truth = new Truth();
  readonly #network: ProcessClock;
  readonly #cluster: SimulatedCluster;
  readonly #recorder: Recorder;
  readonly #places: Place[];
  readonly #all: SimulatedProcess[] = [];
  readonly #faults: string[] = [];
  readonly #onUnhandled = (error: unknown): void => this.#fault("unhandled rejection", error);
  /** Whoever begins before such a gap, then or later, may be told what it came to. */
  readonly #onRelist = (gap: unknown): void => {
    const { until } = gap as { readonly until: bigint };
    this.#recorder.relistedAt.push(until);
  };
  #leasesForced = false;
  #healed = false;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#time = new VirtualTime(this.#random);
    this.#trace = new Trace(this.#time, options.tell);
    const drawn = mixedPlan(planOf(this.#random), seededRandom(options.seed + mixSeed));
    this.#plan = options.change?.(drawn) ?? drawn;
    this.#network = new ProcessClock(this.#time);
    this.#cluster = new SimulatedCluster(this.#plan.cluster, this.#network, this.#random, (applied) => {
      this.#trace.add(`revision ${applied.revision} ${applied.events.map(({ key }) => key).join(" ")}`);
      for (const { event } of applied.events) this.#trace.addBytes("value", event.kv.value);
      this.#truth.note(applied, this.#time.nowMs);
    });
    this.#recorder = new Recorder(this.#time, () => this.#cluster.revision);
    this.#places = this.#plan.processes.map((plan, index) => this.#place(plan, index));
  }

  async run(): Promise<WorldResult> {
    process.on("unhandledRejection", this.#onUnhandled);
    subscribe(relistChannel, this.#onRelist);
    try {
      await this.#story();
    } finally {
      process.off("unhandledRejection", this.#onUnhandled);
      unsubscribe(relistChannel, this.#onRelist);
    }
    const { calls, streams } = this.#recorder;
    return {
      seed: this.#options.seed,
      trace: this.#trace.toString(),
      faults: this.#faults,
      counts: {
        events: this.#time.fired,
        calls: calls.length,
        unknown: calls.filter(({ outcome }) => outcome.type === "unknown").length,
        changes: this.#truth.changes.length,
        streams: streams.length,
        streamEvents: streams.reduce((sum, { events }) => sum + events.length, 0),
        relists: streams.filter(({ relists, relistsAtEnd }) => relists !== relistsAtEnd).length,
        mixed: this.#plan.mixed ? 1 : 0,
        virtualMs: Math.round(this.#time.nowMs),
      },
    };
  }

  async #story(): Promise<void> {
    for (const { process } of this.#places) process.start();
    for (const timed of this.#plan.faults) this.#schedule(timed);
    const failed = (): boolean => this.#faults.length > 0;
    const finished = (): boolean => this.#processes.every(({ finished, clock }) => finished && !clock.dead);
    await this.#time.run(() => finished() || failed(), stormMs);
    this.#heal();
    if (!(await this.#time.run(() => finished() || failed(), recoveryMs))) {
      this.#fault("not live", `unfinished after the heal: ${this.#unfinished()}`);
    }
    if (failed()) return;
    let lookMs = 0;
    const caughtUp = (): boolean => {
      if (this.#time.nowMs < lookMs) return false;
      lookMs = this.#time.nowMs + 100;
      return this.#behind() === undefined;
    };
    if (!(await this.#time.run(() => failed() || caughtUp(), recoveryMs))) {
      this.#fault("not live", `behind after the heal: ${this.#behind()}`);
    }
    if (!failed()) await this.#finalReads();
    if (!failed()) await this.#close();
    const facts = { truth: this.#truth, recorder: this.#recorder, plan: this.#plan };
    this.#faults.push(...checkWorld({ ...facts, leasesForced: this.#leasesForced }));
  }

  get #processes(): readonly SimulatedProcess[] {
    return this.#places.map(({ process }) => process);
  }

  #place(plan: ProcessPlan, index: number): Place {
    const { process, weather } = this.#process(plan, `p${index}`);
    return { plan, process, weather, generation: 0 };
  }

  #process(own: ProcessPlan, name: string): { process: SimulatedProcess; weather: ProcessWeather } {
    const clock = new ProcessClock(this.#time);
    const weather = new ProcessWeather(name, this.#plan.climate, this.#random, this.#trace);
    const { endpoints } = this.#cluster;
    const transport = memoryTransport((url) => this.#cluster.node(url), weather, this.#network);
    const process = new SimulatedProcess({
      name,
      plan: this.#plan,
      own,
      endpoints: own.member === undefined ? endpoints : endpoints.slice(own.member, own.member + 1),
      clock,
      random: this.#random,
      transport: this.#options.sabotage?.(transport) ?? transport,
      recorder: this.#recorder,
      fail: (error) => this.#fault(`process ${name}`, error),
    });
    this.#all.push(process);
    return { process, weather };
  }

  #schedule({ atMs, forMs, fault }: TimedFault): void {
    this.#network.setTimer(atMs, () => {
      if (this.#healed) return;
      this.#trace.add(`fault ${JSON.stringify(fault)}`);
      const undo = this.#inflict(fault, forMs);
      if (undo === undefined) return;
      this.#network.setTimer(forMs, () => {
        this.#trace.add(`over ${fault.kind}`);
        undo();
      });
    });
  }

  /** What undoes it, if time does not. */
  #inflict(fault: Fault, forMs: number): (() => void) | undefined {
    const cluster = this.#cluster;
    switch (fault.kind) {
      case "stop-member": {
        const member = cluster.member(fault.member);
        member.stop(forMs);
        this.#elect();
        return () => cluster.lookAgain();
      }
      case "disconnect-member": {
        const member = cluster.member(fault.member);
        member.disconnect();
        this.#elect();
        return () => member.reconnect();
      }
      case "kill-member": {
        const member = cluster.member(fault.member);
        member.kill();
        this.#elect();
        return () => member.restart();
      }
      case "move-leader":
        cluster.moveLeader(cluster.member(fault.member));
        return undefined;
      case "compact":
        cluster.compact(fault.back);
        return undefined;
      case "expire-lease": {
        const ids = cluster.leaseIds;
        const id = ids[fault.index % Math.max(1, ids.length)];
        if (id !== undefined) cluster.expire(id);
        this.#leasesForced = true;
        return undefined;
      }
      case "stop-process":
        this.#at(fault.process).process.clock.stop(forMs);
        return undefined;
      case "kill-process":
        return this.#kill(this.#at(fault.process));
      case "kill-setter": {
        const place = this.#at(fault.process);
        place.process.beginSet();
        let revive: (() => void) | undefined;
        this.#network.setTimer(fault.afterMs, () => {
          if (!this.#healed) revive = this.#kill(place);
        });
        return () => revive?.();
      }
      case "unreachable":
      case "silent": {
        const { weather } = this.#at(fault.process);
        const endpoint = cluster.endpoints[fault.member] ?? "";
        weather.setRoad(endpoint, fault.kind === "silent" ? "dead" : "closed");
        return () => weather.setRoad(endpoint, "open");
      }
      case "cut-streams":
        this.#at(fault.process).weather.cutStreams();
        return undefined;
      case "wall-clock":
        this.#at(fault.process).process.clock.wallOffsetMs += fault.byMs;
        return undefined;
    }
  }

  /** About a second after the leader was lost the others choose another one. */
  #elect(): void {
    this.#network.setTimer(800 + this.#random.float() * 700, () => {
      const { leader } = this.#cluster;
      if (leader.alive) return;
      for (let i = 0; i < this.#cluster.size; i++) {
        const member = this.#cluster.member(i);
        if (member.alive) return this.#cluster.moveLeader(member);
      }
    });
  }

  /** Killed already: whoever killed it starts it again, once. */
  #kill(place: Place): (() => void) | undefined {
    const { process } = place;
    if (process.clock.dead) return undefined;
    process.clock.kill();
    for (const stream of process.live) stream.ended = "killed";
    return () => {
      const name = `${process.name.split("g")[0]}g${++place.generation}`;
      const next = this.#process(place.plan, name);
      place.process = next.process;
      place.weather = next.weather;
      if (this.#healed) next.weather.clearUp();
      next.process.start();
    };
  }

  #at(index: number): Place {
    const place = this.#places[index % this.#places.length];
    if (place === undefined) throw new Error(`no process ${index}`);
    return place;
  }

  #heal(): void {
    this.#trace.add("heal");
    this.#healed = true;
    this.#cluster.heal();
    for (const { weather } of this.#places) weather.clearUp();
  }

  #unfinished(): string {
    return this.#processes
      .filter(({ finished, clock }) => !finished || clock.dead)
      .map((process) => {
        const open = this.#recorder.calls.filter(
          (call) => call.process === process.name && call.to === undefined,
        );
        return `${process.name} (${open.map(({ kind, key }) => `${kind} ${key}`).join(", ")})`;
      })
      .join("; ");
  }

  /** Which cache or watcher does not have everything; undefined: all do. */
  #behind(): string | undefined {
    const { revision } = this.#cluster;
    const last = this.#truth.changes.at(-1)?.revision ?? 0n;
    for (const { name, cache, live, own, clock } of this.#processes) {
      if (clock.stopped) return `${name} is stopped`;
      if (cache !== undefined && cache.state !== "ready") return `the cache of ${name} is ${cache.state}`;
      if (cache !== undefined && BigInt(cache.resourceVersion || "0") < last) {
        return `the cache of ${name} is at ${cache.resourceVersion} of ${revision}`;
      }
      if (live.size < own.watchers) return `${live.size} of ${own.watchers} watchers of ${name} are open`;
      for (const stream of live) {
        if (!reached(this.#truth, stream)) {
          const lagging = JSON.stringify(cache?.stats().lagging ?? []);
          return `watcher ${stream.name}: ${shortly(stream)}; lagging: ${lagging}`;
        }
      }
    }
    return undefined;
  }

  /** What every process reads now is checked like any read; nothing may fail any more. */
  async #finalReads(): Promise<void> {
    const read = async (
      process: string,
      via: "store" | "cache",
      list: () => Promise<{ items: readonly Item[]; resourceVersion: string }>,
    ): Promise<void> => {
      const freshness = { freshness: "linearizable", revision: 0n } as const;
      const facts = { process, client: "final", via, key: itemPrefix, guard: undefined, read: freshness };
      const call = this.#recorder.begin({ ...facts, kind: "list" });
      const { items, resourceVersion } = await this.#soon(list);
      const shown = items.map((item) => ({
        key: keyOf(item),
        revision: BigInt(item.metadata.resourceVersion),
        token: item.spec.token,
      }));
      this.#recorder.end(call, { type: "ok", revision: BigInt(resourceVersion), items: shown });
    };
    if (this.#plan.mixed) {
      // Whoever was killed while it set the quota, and whatever it left: the next one sets it, and it is exact.
      const [first] = this.#processes;
      const { store } = first ?? {};
      if (store !== undefined)
        await this.#await("the last set", first?.setQuota(store) ?? Promise.resolve(), recoveryMs);
    }
    const work = this.#processes.map(async ({ name, store, cache, kind }) => {
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
      const counts = this.#truth.countsWithin(`${itemPrefix}a/`, from, this.#cluster.revision);
      if (!counts.includes(used["count/items"] ?? -1)) {
        this.#fault("quota", `${name} says ${used["count/items"]} items are used, there are ${counts}`);
      }
    });
    await this.#await("final reads", Promise.all(work), recoveryMs);
  }

  /** What objects under the quota weigh, each as its last writer measured it, at each revision in [from, to]. */
  #weightsWithin(from: bigint, to: bigint): readonly number[] {
    const revisions = this.#truth.changes
      .map(({ revision }) => revision)
      .filter((at) => at > from && at <= to);
    return [from, ...revisions].map((at) =>
      this.#truth
        .stateAt(`${itemPrefix}a/`, at)
        .reduce((sum, { token }) => sum + (this.#weightOf(token?.text ?? "") ?? 0), 0),
    );
  }

  #weightOf(token: string): number | undefined {
    const place = /^tok\.p(\d+)/.exec(token)?.[1];
    return place === undefined ? undefined : this.#plan.processes[Number(place)]?.weight;
  }

  /** A client may still rest after its last failure. */
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

  async #close(): Promise<void> {
    const closing = Promise.all(this.#processes.map((process) => process.close()));
    if (!(await this.#await("close", closing, closingMs))) return;
    // A quota's round that its caller has left ends with its next try.
    await this.#time.run(() => false, lingerMs);
    for (const { name, clock, etcd } of this.#processes) {
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
    const done = await this.#time.run(() => over || this.#faults.length > 0, limitMs);
    if (!done) this.#fault("not live", `${what} did not end`);
    return done;
  }

  #fault(what: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#faults.push(`${what}: ${text}`);
  }
}

/** The end of what a stream was told. */
function shortly({ via, start, began, events }: Stream): string {
  const last = events.slice(-12).map((event) => {
    const what = event.type === "BOOKMARK" ? "" : ` ${keyOf(event.object)}=${event.object.spec.token}`;
    return `${event.type}${what}@${event.resourceVersion}`;
  });
  return `by the ${via} from ${start ?? began ?? "all there is"}, told ${last.join(" ")}`;
}
