/** F5, F24: our own processes paused, killed, and given another wall clock. */
import { type FaultContext, type FaultKind, type Injected, pick } from "./fault.ts";

export const ownFaults: readonly FaultKind[] = [
  {
    kind: "F5",
    name: "pause a process of ours",
    own: true,
    domain: "own",
    holdMs: [1_500, 4_000],
    inject: async ({ workers, random }) => {
      const worker = pick(random, workers.workers);
      worker.pause();
      return { target: worker.plan.name, heal: async () => worker.resume() };
    },
  },
  {
    kind: "F5",
    name: "kill a process of ours",
    own: true,
    domain: "own",
    holdMs: [200, 800],
    inject: killWorker,
  },
  {
    kind: "F24",
    name: "wall clock jumps",
    own: true,
    domain: "own",
    holdMs: [500, 1_500],
    inject: async ({ workers, random }) => {
      const worker = pick(random, workers.workers);
      const ms = (random.below(2) === 0 ? -1 : 1) * (60_000 + random.below(86_400_000));
      worker.send({ type: "clock-jump", ms });
      return {
        target: `${worker.plan.name} by ${Math.round(ms / 1000)} s`,
        heal: async () => worker.send({ type: "clock-jump", ms: -ms }),
      };
    },
  },
];

async function killWorker({ workers, random }: FaultContext): Promise<Injected> {
  const worker = pick(random, workers.workers);
  const { process: target } = worker;
  await worker.kill();
  return { target, heal: () => worker.start() };
}
