/**
 * F33: processes that set a quota are killed with SIGKILL while they set it, some of them at the same time. The traffic
 * comes from processes with two codecs that measure the kind differently; the setters do not know the kind.
 *
 * The object limit holds throughout, since every quota that is set has it. Afterwards the next setter sets the whole
 * quota, and its use is exactly what the last writer of each object charged, in every process's view.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createStore, defineKind, isStoreError, type Kind, type Resource, type Store } from "keelson";
import { jsonCodec } from "keelson/codec";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
import { type Act, boundMs, type Play, type Scene } from "./episode.ts";

const killed = { kind: "F33", name: "quota setters killed" } as const;
const program = fileURLToPath(new URL(`./quota-setter${import.meta.url.slice(-3)}`, import.meta.url));

const rounds = 6;
/** At the same time. */
const settersPerRound = 2;
/** Longest time until a setter is killed. */
const lifeMsMax = 600;
const names = 40;
const countHard = 20;
/** Above any possible use: the check is that the use is exact. */
const weightHard = 1_000_000;
/** The weight of a job, as each of the writers measures it. */
const weights = [2, 3] as const;

/** The only kind that the setters know. */
export const Slip: Kind<Resource> = defineKind({
  version: "v1",
  kind: "Slip",
  plural: "slips",
  scope: "Namespaced",
});

/** Every quota limits the number; a `whole` one limits the weight, too. */
export function setterHard(whole: boolean): Record<string, number> {
  return { "count/jobs": countHard, ...(whole ? { weight: weightHard } : {}) };
}

interface Job extends Resource {
  spec: { weight: number };
}

const jobOf = (weight: number): Kind<Job> =>
  defineKind<Job>({
    version: "v1",
    kind: "Job",
    plural: "jobs",
    scope: "Namespaced",
    measure: () => ({ weight }),
  });

export const quotaSetters: Play = {
  name: "quota setters killed",
  episodes: [killed],
  prepare: async () => ({ cluster: {} }),
  async act(scene) {
    await scene.episode(killed, "an etcd of its own", () => play(scene));
  },
};

async function play(scene: Scene): Promise<Act> {
  await using server = await startLocalEtcd({ dataDir: join(scene.stage.folder, "quota-setters") });
  const { endpoints } = server;
  const common = { namespaces: "open", compaction: false, timeoutMs: boundMs } as const;
  await using etcd = await connectEtcd({ endpoints });
  await using json = await createStore({ ...common, etcd, kinds: [jobOf(weights[0])], codec: jsonCodec() });
  await using msgpack = await createStore({ ...common, etcd, kinds: [jobOf(weights[1])] });
  await using stranger = await createStore({ ...common, etcd, kinds: [Slip] });
  await stranger.quotas.set("default", { hard: setterHard(true) }, { timeoutMs: boundMs });

  const broken: string[] = [];
  const quiet = new AbortController();
  const traffic = [json, msgpack].map((store, at) => writes(scene, store, weights[at] ?? 0, quiet.signal));
  let deaths = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      const setters = Array.from({ length: settersPerRound }, (_, at) =>
        setter(endpoints, at === 0 ? "json" : "msgpack"),
      );
      const ended = await Promise.all(setters.map((child) => killSoon(child, scene.below(lifeMsMax))));
      deaths += ended.filter((signal) => signal === "SIGKILL").length;
      const live = (await json.resources(jobOf(weights[0])).list()).items.length;
      if (live > countHard) broken.push(`${live} jobs where ${countHard} may be, in round ${round}`);
    }
  } finally {
    quiet.abort();
  }
  const counts = (await Promise.all(traffic)).reduce((sum, { taken, refused }) => ({
    taken: sum.taken + taken,
    refused: sum.refused + refused,
  }));
  // The next setter, which does not know jobs, finishes the work of the killed ones.
  await stranger.quotas.set("default", { hard: setterHard(true) }, { timeoutMs: boundMs });
  const { items } = await json.resources(jobOf(weights[0])).list();
  const weight = items.reduce((sum, { spec }) => sum + spec.weight, 0);
  for (const [who, store] of Object.entries({ json, msgpack, stranger })) {
    const { used } = await store.quotas.get("default");
    if (used["count/jobs"] !== items.length || used["weight"] !== weight) {
      broken.push(`${who} says ${JSON.stringify(used)}: there are ${items.length} jobs of weight ${weight}`);
    }
  }
  const bit = deaths === rounds * settersPerRound && counts.taken > 0 && counts.refused > 0;
  return {
    bite: bit
      ? `${deaths} setters killed under ${counts.taken} writes that were taken and ${counts.refused} that were refused`
      : undefined,
    broken,
  };
}

/** Creates, updates and deletes until it is stopped; each job records the measure of its last writer. */
async function writes(
  scene: Scene,
  store: Store,
  weight: number,
  signal: AbortSignal,
): Promise<{ taken: number; refused: number }> {
  const jobs = store.resources(jobOf(weight));
  const counts = { taken: 0, refused: 0 };
  while (!signal.aborted) {
    const at = { namespace: "default", name: `job-${scene.below(names)}` };
    try {
      switch (scene.below(5)) {
        case 0:
          await jobs.delete(at);
          break;
        case 1:
          await jobs.guaranteedUpdate(at, (job) => ({ ...job, spec: { weight } }));
          break;
        default:
          await jobs.create({ metadata: at, spec: { weight } });
      }
      counts.taken++;
    } catch (error) {
      if (isStoreError(error, "QUOTA_EXCEEDED")) counts.refused++;
      else if (!isStoreError(error, "NOT_FOUND", "ALREADY_EXISTS", "CONFLICT")) throw error;
    }
    await delay(2);
  }
  return counts;
}

function setter(endpoints: readonly string[], codec: "json" | "msgpack"): ChildProcess {
  const config = JSON.stringify({ endpoints, codec });
  return fork(program, [config], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
}

/** Kills it this long after its first set. Returns the signal that ended it. */
async function killSoon(child: ChildProcess, lifeMs: number): Promise<string | null> {
  const ended = once(child, "exit");
  await Promise.race([once(child, "message"), ended]);
  await delay(lifeMs);
  child.kill("SIGKILL");
  await ended;
  return child.signalCode;
}
