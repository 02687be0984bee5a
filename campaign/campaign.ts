/**
 * One campaign: a stage (`stage.ts`), and faults on it by the seed's schedule. All events are recorded.
 *
 * It only decides whether the run is valid (`complaints`): the checkers check the history.
 */
import { setTimeout as delay } from "node:timers/promises";
import { seededRandom } from "../test/support/seeded-random.ts";
import type { RestoreFacts } from "./checkers/c6-backups.ts";
import type { FaultContext, FaultKind, Injected } from "./faults/fault.ts";
import { faultKinds } from "./faults/registry.ts";
import { plan, type Step } from "./plan.ts";
import { Stage } from "./stage.ts";
import { restoreRun } from "./truth/restored.ts";

export interface CampaignOptions {
  readonly seed: number;
  /** The part with faults. */
  readonly minutes: number;
  /** Holds data directories, member logs and history files. */
  readonly folder: string;
  readonly binaries?: readonly string[] | undefined;
  /** With fewer answered calls a second before the first fault, the run is void. */
  readonly floorPerSecond: number;
  /** Traffic after the last heal: longer than recovery may take, so that some calls must not fail any more. */
  readonly calmMs: number;
  /** How long readers may take to reach the last revision. */
  readonly arrivalMs: number;
  /** Only faults whose number or name contains this; default all. */
  readonly only?: string | undefined;
  /** With watchers over HTTP, of ten servers; default false. */
  readonly httpWatchers?: boolean | undefined;
  readonly say: (text: string) => void;
}

export interface CampaignRun {
  readonly historyFiles: readonly string[];
  /** Why it is void, if it is. */
  readonly complaints: readonly string[];
  readonly restores: readonly RestoreFacts[];
  /** Answered calls a second before the first fault. */
  readonly floor: number;
  readonly faults: readonly { readonly kind: string; readonly name: string }[];
  readonly seconds: number;
  readonly versions: readonly string[];
}

const sayEveryMs = 10_000;

export async function runCampaign(options: CampaignOptions): Promise<CampaignRun> {
  const { seed, folder, binaries, calmMs, arrivalMs, httpWatchers, say } = options;
  await using stage = await Stage.open({ seed, folder, cluster: { binaries }, crowd: "all", httpWatchers });
  const startNs = stage.now();
  const floor = await stage.warmUp(options.floorPerSecond);
  const complaints: string[] = [];
  if (floor < options.floorPerSecond) {
    complaints.push(`${Math.round(floor)} calls/s before the first fault, below ${options.floorPerSecond}`);
  }
  const faults = new FaultRun(stage, options);
  await faults.run();
  complaints.push(...(await stage.settle({ calmMs, arrivalMs, say })));
  say("restoring what is left");
  const { cluster, store, workers, historyFiles, now } = stage;
  const restored = await restoreRun({ cluster, store, folder });
  if (workers.counts.unknown === 0) complaints.push("no write was unknown");
  return {
    historyFiles,
    complaints: [...complaints, ...faults.complaints],
    restores: [restored],
    floor,
    faults: faults.done,
    seconds: (now() - startNs) / 1e9,
    versions: cluster.members.map(({ version }) => version),
  };
}

/** The part with the faults. */
class FaultRun {
  readonly done: { readonly kind: string; readonly name: string }[] = [];
  readonly complaints: string[] = [];
  readonly #stage: Stage;
  readonly #options: CampaignOptions;

  constructor(stage: Stage, options: CampaignOptions) {
    this.#stage = stage;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { now, workers } = this.#stage;
    const { seed, minutes, only = "", say } = this.#options;
    const kinds = faultKinds.filter(({ kind, name }) => `${kind} ${name}`.includes(only));
    const endNs = now() + minutes * 60e9;
    const singles = only === "" ? Math.ceil((minutes * 60) / 4 / 3.3) : Number.POSITIVE_INFINITY;
    let lastSaid = now();
    // The first fault already leaves unknown writes, unless the machine stalled during it: then more follow.
    let lateStepsLeft = 12;
    for (const step of plan(seed, kinds, singles)) {
      if (now() >= endNs && (workers.counts.unknown > 0 || lateStepsLeft-- === 0)) return;
      await this.#step(step);
      if (now() - lastSaid < sayEveryMs * 1e6) continue;
      lastSaid = now();
      const { ok, unknown } = workers.counts;
      const left = Math.max(0, (endNs - now()) / 1e9);
      say(`${this.done.length} faults, ${ok} calls answered, ${unknown} unknown, ${left.toFixed(0)} s to go`);
    }
  }

  async #step({ faults, holdMs, quietMs, seed }: Step): Promise<void> {
    const { cluster, workers, store, witness } = this.#stage;
    const context: FaultContext = {
      cluster,
      workers,
      store,
      random: seededRandom(seed),
      revision: () => witness.revision,
      sleep: (ms) => delay(ms),
    };
    const running: { readonly fault: FaultKind; readonly startNs: number; readonly injected: Injected }[] =
      [];
    for (const fault of faults) {
      const startNs = this.#stage.now();
      const injected = await fault.inject(context).catch((error: unknown) => this.#failed(fault, error));
      if (injected !== undefined) running.push({ fault, startNs, injected });
    }
    await delay(holdMs);
    await Promise.all(
      running.map(async ({ fault, startNs, injected }) => {
        await injected.heal().catch((error: unknown) => this.#failed(fault, error));
        this.#record(fault, injected.target, startNs, seed);
      }),
    );
    await delay(quietMs);
  }

  #record({ kind, name }: FaultKind, target: string, startNs: number, seed: number): void {
    this.done.push({ kind, name });
    this.#stage.file.write({
      line: "fault",
      id: `fault-${this.done.length}`,
      kind,
      name,
      target,
      seed: `${seed}`,
      startNs,
      endNs: this.#stage.now(),
    });
  }

  #failed({ name }: FaultKind, error: unknown): undefined {
    this.complaints.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
