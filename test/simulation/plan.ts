/**
 * A world as its seed draws it: the number and properties of members and processes, the network's effect on messages,
 * and the faults with their times. Everything random about a world's shape is decided here, once.
 */
import type { Random } from "../../src/base/random.ts";
import type { ClusterOptions } from "./cluster.ts";
import type { Climate } from "./weather.ts";

export interface ProcessPlan {
  /** Index of the member it connects to; absent: all members. */
  readonly member?: number | undefined;
  readonly requestTimeoutMs: number;
  readonly cache: "none" | "kind" | "store";
  /** History size of its cache; tiny: every watcher that is behind reads etcd's history. */
  readonly historyBytes: number;
  readonly compactionMs: number | false;
  readonly workers: number;
  readonly watchers: number;
  /** Absent: the plan's. */
  readonly codec?: Plan["codec"] | undefined;
  /** The weight of an item in its kind; absent: its kind measures nothing. */
  readonly weight?: number | undefined;
  /** It does not know the kind and only sets and reconciles its quota: the number of times. */
  readonly controls?: number | undefined;
}

export type Fault =
  | { readonly kind: "stop-member" | "disconnect-member" | "kill-member"; readonly member: number }
  | { readonly kind: "move-leader"; readonly member: number }
  | { readonly kind: "compact"; readonly back: number }
  | { readonly kind: "expire-lease"; readonly index: number }
  | { readonly kind: "stop-process" | "kill-process"; readonly process: number }
  /** It is killed this long after it begins to set the quota again. */
  | { readonly kind: "kill-setter"; readonly process: number; readonly afterMs: number }
  | Restore
  | { readonly kind: "unreachable" | "silent"; readonly process: number; readonly member: number }
  | { readonly kind: "cut-streams"; readonly process: number }
  | { readonly kind: "wall-clock"; readonly process: number; readonly byMs: number };

/** A snapshot is saved; this long later all members stop, and new ones start from it. */
export interface Restore {
  readonly kind: "restore";
  readonly ageMs: number;
  readonly downMs: number;
  /**
   * "plain": as etcdutl without a bump, so that revisions repeat. "bumped": as keelson, with new epochs. "bumped
   * alone": as etcdutl, without new epochs. "silent": as keelson, with the old cluster's token.
   */
  readonly manner: "plain" | "bumped" | "bumped alone" | "silent";
}

export interface TimedFault {
  readonly atMs: number;
  readonly forMs: number;
  readonly fault: Fault;
}

export interface Plan {
  readonly cluster: ClusterOptions;
  readonly codec: "msgpack" | "json" | "raw-json";
  readonly namespaces: "required" | "open";
  /** Objects one namespace may hold; absent: no quota. */
  readonly hard?: number | undefined;
  /** Processes differ: the quota also limits weight, which each of them measures itself. */
  readonly mixed?: true | undefined;
  readonly climate: Climate;
  readonly processes: readonly ProcessPlan[];
  readonly faults: readonly TimedFault[];
  /** Calls of each worker. */
  readonly calls: number;
  /** Longest pause between two calls of a worker. */
  readonly thinkMs: number;
}

/** Faults occur within this time, while workers run. */
export const stormMs = 15_000;

export function planOf(random: Random): Plan {
  const pick = <T>(...choices: readonly [T, ...T[]]): T =>
    choices[random.below(choices.length)] ?? choices[0];
  const members = pick(1, 3, 3);
  const processCount = pick(2, 2, 3);
  const calm = random.float() < 0.15;
  const share = (most: number): number => (calm ? 0 : random.float() ** 2 * most);
  const climate: Climate = {
    baseMs: pick(0.5, 2, 20),
    slow: share(0.2),
    slowMs: pick(50, 500, 3_000),
    refused: share(0.05),
    requestLost: share(0.08),
    replyLost: share(0.12),
    swallowed: share(0.04),
    streamCut: share(0.03),
    streamStalled: share(0.01),
  };
  const faults: TimedFault[] = [];
  const count = calm ? 0 : random.below(6);
  for (let i = 0; i < count; i++) {
    const atMs = random.float() * stormMs;
    const forMs = random.float() < 0.1 ? 20_000 + random.float() * 60_000 : 200 + random.float() ** 2 * 8_000;
    faults.push({ atMs, forMs, fault: faultOf(random, members, processCount) });
  }
  return {
    cluster: {
      members,
      fragmentBytes: pick(1, 1, 400, 2 ** 21),
      syncIntervalMs: pick(1, 100),
      pageItemsMax: pick(0, 1, 2),
      progressDropped: pick(0, 0.3, 0.9),
      lagMs: pick(2, 50, 800),
    },
    codec: pick("msgpack", "msgpack", "json", "raw-json"),
    namespaces: pick("required", "open"),
    hard: pick(undefined, 4, 6),
    climate,
    processes: Array.from({ length: processCount }, () => ({
      member: random.float() < 0.4 ? random.below(members) : undefined,
      requestTimeoutMs: pick(300, 1_000, 5_000),
      cache: pick("none", "kind", "store"),
      historyBytes: pick(0, 5_000, 1_000_000),
      compactionMs: random.float() < 0.3 ? 500 + random.float() * 3_000 : false,
      workers: pick(1, 2, 2),
      watchers: pick(1, 2, 3),
    })),
    faults,
    calls: pick(8, 14, 20),
    thinkMs: pick(5, 100, 400),
  };
}

/** Far above the weight of a world's objects: only the exact usage is checked. */
export const weightHard = 1_000_000;

/**
 * A third of all worlds have processes that differ: in codec, in their kind's measures, and one lacks the kind and is
 * its quota's controller. Processes that set the quota are killed. `random` is separate from the plan's, so that the
 * other worlds do not change for their seeds.
 */
export function mixedPlan(plan: Plan, random: Random): Plan {
  if (random.float() >= 1 / 3 || plan.codec === "raw-json") return plan;
  const codec = (): Plan["codec"] => (random.float() < 0.5 ? "msgpack" : "json");
  const processes = plan.processes.map((process): ProcessPlan => {
    const draw = random.float();
    return {
      ...process,
      codec: codec(),
      weight: draw < 0.25 ? undefined : 1 + random.below(9),
    };
  });
  const controller: ProcessPlan = {
    requestTimeoutMs: 1_000,
    cache: "none",
    historyBytes: 0,
    compactionMs: false,
    workers: 0,
    watchers: 0,
    codec: codec(),
    controls: 3 + random.below(10),
  };
  const faults = Array.from(
    { length: 1 + random.below(4) },
    (): TimedFault => ({
      atMs: random.float() * stormMs,
      forMs: 200 + random.float() * 2_000,
      fault: {
        kind: "kill-setter",
        process: random.below(processes.length + 1),
        afterMs: random.float() ** 2 * 200,
      },
    }),
  );
  return {
    ...plan,
    mixed: true,
    hard: plan.hard ?? 5,
    processes: [...processes, controller],
    faults: [...plan.faults, ...faults],
  };
}

/**
 * In half of all worlds etcd is restored from a snapshot several times, while processes keep running. `random` is
 * separate from the plan's, as above.
 */
export function restoredPlan(plan: Plan, random: Random): Plan {
  if (random.float() < 0.5) return plan;
  const pick = <T>(...choices: readonly [T, ...T[]]): T =>
    choices[random.below(choices.length)] ?? choices[0];
  const restores = Array.from(
    { length: 2 + random.below(3) },
    (): TimedFault => ({
      atMs: 500 + random.float() * 6_000,
      forMs: 0,
      fault: {
        kind: "restore",
        ageMs: random.float() ** 2 * 3_000,
        downMs: pick(1, 50, 500, 3_000) * (0.5 + random.float()),
        manner: pick("plain", "plain", "bumped", "bumped alone", "silent"),
      },
    }),
  );
  return {
    ...plan,
    faults: [...plan.faults, ...restores],
    calls: Math.max(plan.calls, 20) + random.below(20),
    thinkMs: pick(100, 400, 800),
  };
}

function faultOf(random: Random, members: number, processes: number): Fault {
  const member = random.below(members);
  const process = random.below(processes);
  switch (random.below(12)) {
    case 0:
      return { kind: "stop-member", member };
    case 1:
      return members === 1 ? { kind: "kill-member", member } : { kind: "disconnect-member", member };
    case 2:
      return { kind: "kill-member", member };
    case 3:
      return { kind: "move-leader", member };
    case 4:
    case 5:
      return { kind: "compact", back: random.below(8) };
    case 6:
      return { kind: "expire-lease", index: random.below(8) };
    case 7:
      return { kind: "stop-process", process };
    case 8:
      return { kind: "kill-process", process };
    case 9:
      return { kind: random.float() < 0.5 ? "unreachable" : "silent", process, member };
    case 10:
      return { kind: "cut-streams", process };
    default:
      return { kind: "wall-clock", process, byMs: (random.float() - 0.5) * 7_200_000 };
  }
}
