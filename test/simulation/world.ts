/**
 * One simulated world, from its seed to the checks.
 *
 *   storm: faults come and go, workers and watchers are at it ─► heal ─► everything must finish, catch up and agree
 *        ─► close: nothing may be left ─► the history is checked against the truth, era by era
 *
 * The same seed gives the same world, event for event; its trace proves it.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { seededRandom } from "../support/seeded-random.ts";
import { checkWorld } from "./checks/checks.ts";
import { Ending, recoveryMs } from "./checks/ending.ts";
import { Eras } from "./checks/eras.ts";
import { Recorder } from "./checks/recorder.ts";
import { Trace } from "./checks/trace.ts";
import { SimulatedCluster } from "./cluster.ts";
import { Places } from "./places.ts";
import { mixedPlan, type Plan, planOf, restoredPlan, stormMs } from "./plan.ts";
import type { Sabotage } from "./sabotage.ts";
import { Storm } from "./storm.ts";
import { ProcessClock, VirtualTime } from "./virtual-time.ts";

/** The channel on which caches report relists. */
const relistChannel = "keelson:cache:relist";
/** Added to a seed for the random source of its processes' differences. */
const mixSeed = 0x5eed_0000;
/** Added to a seed for the random source of its restores. */
const restoreSeed = 0x7e57_0000;

export interface WorldOptions {
  readonly seed: number;
  /** Changes the plan that the seed draws: for directed worlds. */
  readonly change?: ((plan: Plan) => Plan) | undefined;
  readonly sabotage?: Sabotage | undefined;
  /** Receives every event. */
  readonly tell?: ((line: string) => void) | undefined;
}

export interface WorldResult {
  readonly seed: number;
  /** Hash and number of everything that happened. */
  readonly trace: string;
  /** Violations, as text; empty: the world is clean. */
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
    readonly restores: number;
    readonly virtualMs: number;
  };
}

export async function runWorld(options: WorldOptions): Promise<WorldResult> {
  return new World(options).run();
}

class World {
  readonly #options: WorldOptions;
  readonly #time: VirtualTime;
  readonly #trace: Trace;
  readonly #plan: Plan;
  readonly #eras: Eras;
  readonly #recorder: Recorder;
  readonly #places: Places;
  readonly #storm: Storm;
  readonly #ending: Ending;
  readonly #faults: string[] = [];
  readonly #onUnhandled = (error: unknown): void => this.#fault("unhandled rejection", error);
  /** A watch that begins before such a gap, then or later, may receive only the net differences. */
  readonly #onRelist = (gap: unknown): void => {
    const { until } = gap as { readonly until: bigint };
    this.#recorder.relistedAt.push({ era: this.#eras.present.era, until });
  };

  constructor(options: WorldOptions) {
    this.#options = options;
    const { seed, sabotage } = options;
    const random = seededRandom(seed);
    const time = new VirtualTime(random);
    const trace = new Trace(time, options.tell);
    const mixed = mixedPlan(planOf(random), seededRandom(seed + mixSeed));
    const drawn = restoredPlan(mixed, seededRandom(seed + restoreSeed));
    const plan = options.change?.(drawn) ?? drawn;
    const network = new ProcessClock(time);
    const cluster = new SimulatedCluster(plan.cluster, network, random, (applied) => {
      trace.add(`revision ${applied.revision} ${applied.events.map(({ key }) => key).join(" ")}`);
      for (const { event } of applied.events) trace.addBytes("value", event.kv.value);
      eras.note(applied, time.nowMs);
    });
    const eras = new Eras(() => cluster.revision);
    const recorder = new Recorder(time, eras);
    const fault = (what: string, error: unknown): void => this.#fault(what, error);
    const failed = (): boolean => this.#faults.length > 0;
    const common = { plan, cluster, time, random, trace, network, recorder, eras, fault, failed };
    const places = new Places({ ...common, sabotage });
    [this.#time, this.#trace, this.#plan, this.#eras] = [time, trace, plan, eras];
    [this.#recorder, this.#places] = [recorder, places];
    this.#storm = new Storm({ ...common, places });
    this.#ending = new Ending({ ...common, places });
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
        changes: this.#eras.all.reduce(
          (sum, truth) => sum + truth.changes.filter((change) => truth.isOwn(change)).length,
          0,
        ),
        streams: streams.length,
        streamEvents: streams.reduce((sum, { events }) => sum + events.length, 0),
        relists: streams.filter(({ relists, relistsAtEnd }) => relists !== relistsAtEnd).length,
        mixed: this.#plan.mixed ? 1 : 0,
        restores: this.#eras.all.length - 1,
        virtualMs: Math.round(this.#time.nowMs),
      },
    };
  }

  async #story(): Promise<void> {
    const [time, places, ending] = [this.#time, this.#places, this.#ending];
    places.start();
    for (const timed of this.#plan.faults) this.#storm.schedule(timed);
    const failed = (): boolean => this.#faults.length > 0;
    const finished = (): boolean =>
      places.processes.every((process) => process.finished && !process.clock.dead);
    await time.run(() => finished() || failed(), stormMs);
    this.#storm.heal();
    if (!(await time.run(() => finished() || failed(), recoveryMs))) {
      this.#fault("not live", `unfinished after the heal: ${ending.unfinished()}`);
    }
    if (failed()) return;
    let lookMs = 0;
    const caughtUp = (): boolean => {
      if (time.nowMs < lookMs) return false;
      lookMs = time.nowMs + 100;
      return ending.behind() === undefined;
    };
    if (!(await time.run(() => failed() || caughtUp(), recoveryMs))) {
      this.#fault("not live", `behind after the heal: ${ending.behind()}`);
    }
    if (!failed()) await this.#newcomer(finished);
    if (!failed()) await ending.finalReads();
    if (!failed()) await ending.close();
    const facts = { eras: this.#eras, recorder: this.#recorder, plan: this.#plan };
    this.#faults.push(...checkWorld({ ...facts, leasesForced: this.#storm.leasesForced }));
  }

  /** Writes acknowledged after a restore are readable by later processes. */
  async #newcomer(finished: () => boolean): Promise<void> {
    const [plan] = this.#plan.processes;
    if (plan === undefined || this.#eras.all.length === 1) return;
    this.#places.add({ ...plan, member: undefined, cache: "none", workers: 0, watchers: 0 }, "new");
    if (!(await this.#time.run(() => finished() || this.#faults.length > 0, recoveryMs))) {
      this.#fault("not live", "a new process cannot open the store");
    }
  }

  #fault(what: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#faults.push(`${what}: ${text}`);
  }
}
