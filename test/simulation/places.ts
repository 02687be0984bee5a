/** The processes of a world, each in its own place: a killed process is replaced by another one with the same plan. */
import type { Random } from "../../src/base/random.ts";
import { memoryTransport } from "../../src/testing/memory-transport.ts";
import type { Recorder } from "./checks/recorder.ts";
import type { Trace } from "./checks/trace.ts";
import type { SimulatedCluster } from "./cluster.ts";
import type { Plan, ProcessPlan } from "./plan.ts";
import { SimulatedProcess } from "./process.ts";
import type { Sabotage } from "./sabotage.ts";
import { ProcessClock, type VirtualTime } from "./virtual-time.ts";
import { ProcessWeather } from "./weather.ts";

export interface Place {
  readonly plan: ProcessPlan;
  process: SimulatedProcess;
  weather: ProcessWeather;
  generation: number;
}

export interface PlacesParts {
  readonly plan: Plan;
  readonly cluster: SimulatedCluster;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly trace: Trace;
  readonly network: ProcessClock;
  readonly recorder: Recorder;
  readonly sabotage: Sabotage | undefined;
  readonly fault: (what: string, error: unknown) => void;
}

export class Places {
  readonly #parts: PlacesParts;
  readonly #all: Place[];
  /** From now on no message is delayed or lost. */
  #fair = false;
  #allWereReady = false;

  constructor(parts: PlacesParts) {
    this.#parts = parts;
    this.#all = parts.plan.processes.map((plan, index) => this.#place(plan, `p${index}`));
  }

  get processes(): readonly SimulatedProcess[] {
    return this.#all.map(({ process }) => process);
  }

  /** Whether namespaces and the quota have been set up once. */
  get wereReady(): boolean {
    this.#allWereReady ||= this.processes.every(({ started }) => started);
    return this.#allWereReady;
  }

  start(): void {
    for (const { process } of this.#all) process.start();
  }

  /** Adds a fresh process that has seen none of the history. */
  add(plan: ProcessPlan, name: string): void {
    const place = this.#place(plan, name);
    this.#all.push(place);
    if (this.#fair) place.weather.clearUp();
    place.process.start();
  }

  at(index: number): Place {
    const place = this.#all[index % this.#all.length];
    if (place === undefined) throw new Error(`no process ${index}`);
    return place;
  }

  /**
   * @returns a function that starts the replacement; undefined: already killed, and that caller starts the replacement,
   * once
   */
  kill(place: Place): (() => void) | undefined {
    const { process } = place;
    if (process.clock.dead) return undefined;
    process.clock.kill();
    for (const stream of process.live) {
      stream.ended = "killed";
      stream.endEra = this.#parts.recorder.era;
    }
    return () => {
      const name = `${process.name.split("g")[0]}g${++place.generation}`;
      const next = this.#process(place.plan, name);
      place.process = next.process;
      place.weather = next.weather;
      if (this.#fair) next.weather.clearUp();
      next.process.start();
    };
  }

  clearUp(): void {
    this.#fair = true;
    for (const { weather } of this.#all) weather.clearUp();
  }

  #place(plan: ProcessPlan, name: string): Place {
    const { process, weather } = this.#process(plan, name);
    return { plan, process, weather, generation: 0 };
  }

  #process(own: ProcessPlan, name: string): { process: SimulatedProcess; weather: ProcessWeather } {
    const { plan, cluster, time, random, trace, network, recorder, sabotage, fault } = this.#parts;
    const clock = new ProcessClock(time);
    const weather = new ProcessWeather(name, plan.climate, random, trace);
    const { endpoints } = cluster;
    const transport = memoryTransport((url) => cluster.node(url), weather, network);
    const process = new SimulatedProcess({
      name,
      plan,
      own,
      endpoints: own.member === undefined ? endpoints : endpoints.slice(own.member, own.member + 1),
      clock,
      random,
      transport: sabotage?.(transport) ?? transport,
      recorder,
      fail: (error) => fault(`process ${name}`, error),
    });
    return { process, weather };
  }
}
