/**
 * The environment of a campaign and of each episode: a cluster, a witness of all its changes, and workers that use it
 * through the public API, all recorded.
 *
 *   open ─ warm up ─ (whatever is to happen) ─ settle: heal ─ calm with traffic ─ clients stop ─ last mark ─
 *                                              readers arrive ─ members compared
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createStore, type Store } from "keelson";
import { seededRandom } from "../test/support/seeded-random.ts";
import { HistoryFile, runClock } from "./checkers/history.ts";
import { CampaignCluster, type CampaignClusterOptions } from "./cluster/campaign-cluster.ts";
import { workerPlans } from "./cluster/worker-plans.ts";
import { WorkerPool } from "./cluster/worker-pool.ts";
import { Claim, prefix, Relic, Widget } from "./traffic/kinds.ts";
import { Recorder } from "./traffic/recorder.ts";
import { lastMark, setUp } from "./traffic/set-up.ts";
import { recordMembers } from "./truth/members.ts";
import { MemberPulse, Pulse } from "./truth/pulse.ts";
import { Witness } from "./truth/witness.ts";

export interface StageOptions {
  readonly seed: number;
  /** Holds data directories, member logs and history files. */
  readonly folder: string;
  readonly cluster: Omit<CampaignClusterOptions, "folder">;
  readonly crowd: "all" | "few";
  /** With watchers over HTTP; default false. */
  readonly httpWatchers?: boolean | undefined;
}

const warmUpMs = 3_000;
const warmUpLooksMax = 10;
const witnessWithinMs = 120_000;

interface Parts {
  readonly options: StageOptions;
  readonly cluster: CampaignCluster;
  readonly file: HistoryFile;
  readonly witness: Witness;
  readonly store: Store;
  readonly workers: WorkerPool;
  readonly recorder: Recorder;
  readonly historyFile: string;
  /** In the order of opening. */
  readonly opened: readonly (() => Promise<void>)[];
}

export class Stage implements AsyncDisposable {
  readonly cluster: CampaignCluster;
  readonly file: HistoryFile;
  readonly witness: Witness;
  /** Directly to the members. */
  readonly store: Store;
  readonly workers: WorkerPool;
  /** Nanoseconds of the run. */
  readonly now: () => number;
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.cluster = parts.cluster;
    this.file = parts.file;
    this.witness = parts.witness;
    this.store = parts.store;
    this.workers = parts.workers;
    this.now = parts.recorder.now;
  }

  /** Resolves when everything is set up and the workers run; if that fails, closes what it has opened. */
  static async open(options: StageOptions): Promise<Stage> {
    const { seed, folder, crowd, httpWatchers } = options;
    const originNs = process.hrtime.bigint();
    const now = runClock(originNs);
    const historyFile = join(folder, "campaign.ndjson");
    const opened: (() => Promise<void>)[] = [];
    try {
      const cluster = await CampaignCluster.start({ folder, ...options.cluster });
      opened.push(() => cluster[Symbol.asyncDispose]());
      const file = new HistoryFile(historyFile);
      opened.push(async () => file[Symbol.dispose]());
      const { directEndpoints: endpoints, auth, control } = cluster;
      const witness = await Witness.start({ endpoints, sink: file, auth });
      opened.push(() => witness[Symbol.asyncDispose]());
      const members = await MemberPulse.start({ endpoints, auth, pulse: new Pulse(file, now) });
      opened.push(() => members[Symbol.asyncDispose]());
      const kinds = [Widget, Claim, Relic];
      const store = await createStore({
        etcd: control,
        kinds,
        prefix,
        compaction: false,
        timeoutMs: 120_000,
      });
      opened.push(() => store.close());
      const recorder = new Recorder({ process: "campaign", sink: file, now });
      await setUp(store, recorder, seededRandom(seed));
      const plans = workerPlans({ cluster, seed, originNs: `${originNs}`, crowd, httpWatchers });
      const workers = new WorkerPool(plans, folder);
      opened.push(() => workers[Symbol.asyncDispose]());
      await workers.start();
      return new Stage({ options, cluster, file, witness, store, workers, recorder, historyFile, opened });
    } catch (error) {
      for (const close of opened.reverse()) await close().catch(() => {});
      throw error;
    }
  }

  /** Where an episode may put its own data. */
  get folder(): string {
    return this.#parts.options.folder;
  }

  /** The history files of this process and of every incarnation of every worker. */
  get historyFiles(): readonly string[] {
    return [this.#parts.historyFile, ...this.workers.historyFiles];
  }

  /** Lets the workers run until they answer more than so many calls a second, or have not in half a minute; their answered calls a second. */
  async warmUp(floorPerSecond = 0): Promise<number> {
    await delay(warmUpMs / 2);
    for (let looks = 1; ; looks++) {
      const before = this.workers.counts.ok;
      await delay(warmUpMs);
      const pace = ((this.workers.counts.ok - before) / warmUpMs) * 1_000;
      // A machine that stalls for a moment is not slow: measured again.
      if (pace > floorPerSecond || looks === warmUpLooksMax) return pace;
    }
  }

  /** Ends the run after all faults are healed. Returns why the run is void, if it is. */
  async settle(options: {
    /** Traffic after the last heal. */
    readonly calmMs: number;
    /** How long readers may take to reach the last revision. */
    readonly arrivalMs: number;
    readonly say: (text: string) => void;
  }): Promise<readonly string[]> {
    const { cluster, workers, witness, store, file } = this;
    const { recorder, options: own } = this.#parts;
    const { calmMs, arrivalMs, say } = options;
    const complaints: string[] = [];
    await cluster.healthy();
    for (const worker of workers.workers) worker.send({ type: "calm" });
    say(`healed; ${calmMs / 1000} s of calm`);
    await delay(calmMs);
    await workers.quiet();
    const end = await lastMark(store, recorder, seededRandom(own.seed));
    await witness.reached(end, witnessWithinMs);
    for (const late of await workers.finish(end, arrivalMs))
      complaints.push(`${late} has not reached the end`);
    for (const { failure } of workers.workers) if (failure !== undefined) complaints.push(failure);
    if (witness.failure !== undefined) complaints.push(`the log is not whole: ${String(witness.failure)}`);
    await recordMembers({ cluster, sink: file, logText: await readFile(cluster.logFile, "utf8") });
    return complaints;
  }

  /** Closes everything, last first, also when some of it fails. @throws the first failure */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (const close of [...this.#parts.opened].reverse()) {
      await close().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}
