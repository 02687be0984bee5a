/**
 * One campaign: a cluster, workers that use it through the public API, faults by the seed's schedule, and everything
 * written down.
 *
 *   set up ─ warm up ─ [fault, quiet] … ─ heal ─ calm with traffic ─ clients stop ─ last mark ─ readers arrive ─ members compared
 *
 * It judges nothing but whether it was a campaign at all (`complaints`): the history goes to the checkers.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createStore, type Store } from "keelson";
import { seededRandom } from "../../src/base/random.ts";
import type { RestoreFacts } from "../checkers/c6-backups.ts";
import { HistoryFile, runClock } from "../checkers/history.ts";
import { CampaignCluster } from "./cluster/campaign-cluster.ts";
import { workerPlans } from "./cluster/worker-plans.ts";
import { WorkerPool } from "./cluster/worker-pool.ts";
import type { FaultContext, FaultKind, Injected } from "./faults/fault.ts";
import { faultKinds } from "./faults/registry.ts";
import { plan, type Step } from "./plan.ts";
import { Claim, prefix, Relic, Widget } from "./traffic/kinds.ts";
import { Recorder } from "./traffic/recorder.ts";
import { lastMark, setUp } from "./traffic/set-up.ts";
import { recordMembers } from "./truth/members.ts";
import { restoreRun } from "./truth/restored.ts";
import { Witness } from "./truth/witness.ts";

export interface CampaignOptions {
  readonly seed: number;
  /** Of the time with faults. */
  readonly minutes: number;
  /** Holds data directories, member logs and history files. */
  readonly folder: string;
  readonly binaries?: readonly string[] | undefined;
  /** Answered calls a second before the first fault, below which the run proves nothing. */
  readonly floorPerSecond: number;
  /** Traffic after the last heal: longer than recovery may take, so that there are calls which must not fail any more. */
  readonly calmMs: number;
  /** How long readers may take to the last revision. */
  readonly arrivalMs: number;
  /** Only faults whose number or name contains this; default all. */
  readonly only?: string | undefined;
  readonly say: (text: string) => void;
}

export interface CampaignRun {
  readonly historyFiles: readonly string[];
  /** Why it proves nothing, if it does not. */
  readonly complaints: readonly string[];
  readonly restores: readonly RestoreFacts[];
  /** Answered calls a second before the first fault. */
  readonly floor: number;
  readonly faults: readonly { readonly kind: string; readonly name: string }[];
  readonly seconds: number;
  readonly versions: readonly string[];
}

const warmUpMs = 3_000;
const sayEveryMs = 10_000;
const witnessWithinMs = 120_000;

export async function runCampaign(options: CampaignOptions): Promise<CampaignRun> {
  const { seed, folder, calmMs, say } = options;
  const originNs = process.hrtime.bigint();
  const now = runClock(originNs);
  const historyFile = join(folder, "campaign.ndjson");
  await using cluster = await CampaignCluster.start({ folder, binaries: options.binaries });
  using file = new HistoryFile(historyFile);
  await using witness = await Witness.start({ endpoints: cluster.directEndpoints, sink: file });
  await using store = await createStore({
    etcd: cluster.control,
    kinds: [Widget, Claim, Relic],
    prefix,
    compaction: false,
    timeoutMs: 30_000,
  });
  const recorder = new Recorder({ process: "campaign", sink: file, now });
  await setUp(store, recorder, seededRandom(seed));
  await using workers = new WorkerPool(workerPlans({ cluster, seed, originNs: `${originNs}` }), folder);
  await workers.start();
  const startNs = now();

  await delay(warmUpMs / 2);
  const before = workers.counts.ok;
  await delay(warmUpMs);
  const floor = ((workers.counts.ok - before) / warmUpMs) * 1_000;
  const complaints: string[] = [];
  if (floor < options.floorPerSecond) {
    complaints.push(`${Math.round(floor)} calls/s before the first fault, below ${options.floorPerSecond}`);
  }
  const faults = new FaultRun({ cluster, workers, witness, store, file, now, options });
  await faults.run();
  await cluster.healthy();
  for (const worker of workers.workers) worker.send({ type: "calm" });
  say(`healed; ${calmMs / 1000} s of calm`);
  await delay(calmMs);
  await workers.quiet();
  const end = await lastMark(store, recorder, seededRandom(seed));
  await witness.reached(end, witnessWithinMs);
  for (const late of await workers.finish(end, options.arrivalMs))
    complaints.push(`${late} has not reached the end`);
  for (const { failure } of workers.workers) if (failure !== undefined) complaints.push(failure);
  if (witness.failure !== undefined) complaints.push(`the log is not whole: ${String(witness.failure)}`);
  await recordMembers({ cluster, sink: file, logText: await readFile(cluster.logFile, "utf8") });
  say("restoring what is left");
  const restored = await restoreRun({ cluster, store, folder });
  if (workers.counts.unknown === 0) complaints.push("no write was unknown");
  return {
    historyFiles: [historyFile, ...workers.historyFiles],
    complaints: [...complaints, ...faults.complaints],
    restores: [restored],
    floor,
    faults: faults.done,
    seconds: (now() - startNs) / 1e9,
    versions: cluster.members.map(({ version }) => version),
  };
}

interface FaultRunParts {
  readonly cluster: CampaignCluster;
  readonly workers: WorkerPool;
  readonly witness: Witness;
  readonly store: Store;
  readonly file: HistoryFile;
  readonly now: () => number;
  readonly options: CampaignOptions;
}

/** The part with the faults. */
class FaultRun {
  readonly done: { readonly kind: string; readonly name: string }[] = [];
  readonly complaints: string[] = [];
  readonly #parts: FaultRunParts;

  constructor(parts: FaultRunParts) {
    this.#parts = parts;
  }

  async run(): Promise<void> {
    const { options, now, workers } = this.#parts;
    const { seed, minutes, only = "", say } = options;
    const kinds = faultKinds.filter(({ kind, name }) => `${kind} ${name}`.includes(only));
    const endNs = now() + minutes * 60e9;
    const singles = only === "" ? Math.ceil((minutes * 60) / 4 / 3.3) : Number.POSITIVE_INFINITY;
    let lastSaid = now();
    for (const step of plan(seed, kinds, singles)) {
      if (now() >= endNs) return;
      await this.#step(step);
      if (now() - lastSaid < sayEveryMs * 1e6) continue;
      lastSaid = now();
      const { ok, unknown } = workers.counts;
      const left = Math.max(0, (endNs - now()) / 1e9);
      say(`${this.done.length} faults, ${ok} calls answered, ${unknown} unknown, ${left.toFixed(0)} s to go`);
    }
  }

  async #step({ faults, holdMs, quietMs, seed }: Step): Promise<void> {
    const { cluster, workers, store, witness } = this.#parts;
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
      const startNs = this.#parts.now();
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
    this.#parts.file.write({
      line: "fault",
      id: `fault-${this.done.length}`,
      kind,
      name,
      target,
      seed: `${seed}`,
      startNs,
      endNs: this.#parts.now(),
    });
  }

  #failed({ name }: FaultKind, error: unknown): undefined {
    this.complaints.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
