/**
 * A fault: injected on a target, held for some time, and healed.
 *
 * A heal must succeed in every state of the cluster and remove the fault completely. The fault itself checks no
 * guarantees: the checkers do, from the history.
 */
import type { Store } from "keelson";
import type { Random } from "../../src/base/random.ts";
import type { CampaignCluster } from "../cluster/campaign-cluster.ts";
import type { WorkerPool } from "../cluster/worker-pool.ts";

export interface FaultContext {
  readonly cluster: CampaignCluster;
  readonly workers: WorkerPool;
  /** Directly to the members. */
  readonly store: Store;
  /** The seed's own sequence for this step. */
  readonly random: Random;
  /** Highest revision the witness has seen. */
  readonly revision: () => bigint;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Injected {
  /** The target that was hit, e.g. "m0" or "traffic-1". */
  readonly target: string;
  /** Undoes the fault and checks the result. @throws Error that names what is wrong */
  heal(): Promise<void>;
}

export interface FaultKind {
  /** Its number in the list of faults, e.g. "F1". */
  readonly kind: string;
  readonly name: string;
  /** Hits one of our processes rather than etcd or the network. */
  readonly own?: true;
  /** Faults of one domain are never active together: they would undo each other. */
  readonly domain: "members" | "peers" | "traffic-net" | "watching-net" | "admin" | "own" | "data";
  /** Shortest and longest duration, milliseconds. */
  readonly holdMs: readonly [number, number];
  /** Undefined: another fault prevented it. */
  inject(context: FaultContext): Promise<Injected | undefined>;
}

/** Uniform among `items`. */
export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new Error("there is nothing to pick from");
  return item;
}

/** The leader, or any member while there is none. */
export async function leaderOf({ cluster, random }: FaultContext): Promise<number> {
  return (await cluster.leader()) ?? random.below(cluster.members.length);
}

/** A member that does not lead. */
export async function followerOf(context: FaultContext): Promise<number> {
  const leader = await leaderOf(context);
  return pick(
    context.random,
    context.cluster.members.map((_, index) => index).filter((index) => index !== leader),
  );
}
