/**
 * Faults that need a separate cluster: a full database, a full disk, tokens that expire, members replaced. A play is
 * one such cluster, small traffic on it, and its episodes one after the other.
 *
 *   play      cluster of three, four processes of traffic, C1 to C10 over all that happened
 *   episode   one fault of the list: provoked, confirmed to have happened ("bit"), and checked against what must hold
 *
 * An episode whose fault did not happen proves nothing: it reports so, and a run without that fault is void.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Etcd } from "keelson/etcd";
import { seededRandom } from "../../test/support/seeded-random.ts";
import type { CampaignClusterOptions } from "../cluster/campaign-cluster.ts";
import type { Stage } from "../stage.ts";
import { type At, draftOf, Relic, type Valued } from "../traffic/kinds.ts";

export interface EpisodeName {
  /** Its number in the list of faults. */
  readonly kind: `F${number}`;
  readonly name: string;
}

export interface Play {
  readonly name: string;
  readonly episodes: readonly EpisodeName[];
  /** The cluster, or a sentence that names what this machine lacks. `folder` is the stage's. */
  prepare(folder: string): Promise<PreparedPlay | { readonly lacks: string }>;
  act(scene: Scene): Promise<void>;
  /** Lines of the members' logs that the faults explain. */
  readonly forgiven?: ((text: string) => boolean) | undefined;
}

export interface PreparedPlay {
  readonly cluster: Omit<CampaignClusterOptions, "folder">;
  /** Undoes the preparation, after the cluster has been closed. */
  readonly cleanUp?: (() => Promise<void>) | undefined;
}

/** The result of an episode. */
export interface Act {
  /** The evidence that the fault happened; undefined: it did not. */
  readonly bite: string | undefined;
  /** The expectations that did not hold. */
  readonly broken?: readonly string[] | undefined;
}

/** Bound of every wait in an episode. */
export const boundMs = 60_000;

export class Scene {
  readonly stage: Stage;
  /** Directly to the members, with longer timeouts than the campaign's control. */
  readonly etcd: Etcd;
  readonly done: (EpisodeName & Act)[] = [];
  /** Revisions, both included, between which quotas may read high (docs/quotas.md). */
  quotasHigh: { readonly from: bigint; readonly to: bigint } | undefined;
  readonly #random: ReturnType<typeof seededRandom>;
  #names = 0;

  constructor(stage: Stage, etcd: Etcd, seed: number) {
    this.stage = stage;
    this.etcd = etcd;
    this.#random = seededRandom(seed);
  }

  /** Uniform below `bound`. */
  below(bound: number): number {
    return this.#random.below(bound);
  }

  /** Runs one episode: `act` provokes the fault and heals it. */
  async episode(episode: EpisodeName, target: string, act: () => Promise<Act>): Promise<void> {
    const { file, now } = this.stage;
    const startNs = now();
    const came = await act();
    this.done.push({ ...episode, ...came });
    if (came.bite === undefined) return;
    const id = `episode-${this.done.length}`;
    file.write({ line: "fault", id, ...episode, target, startNs, endNs: now() });
  }

  /** An object outside the tracked traffic, stored through the public API. */
  async relic(
    options: { readonly ttlSeconds?: number } = {},
  ): Promise<{ readonly at: At; readonly made: Valued }> {
    const at = { namespace: "a", name: `e-${++this.#names}` };
    const relics = this.stage.store.resources(Relic);
    const draft = draftOf(at, `episode.${at.name}`, this.#random);
    return { at, made: await relics.create(draft, { timeoutMs: boundMs, ...options }) };
  }
}

/** Polls until `holds`. @throws Error when it does not within the bound */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + boundMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${boundMs} ms: ${what}`);
    await delay(50);
  }
}

/** The code of a StoreError, "OK", or the text of any other failure. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "OK",
    (error: unknown) =>
      typeof error === "object" && error !== null && "code" in error ? String(error.code) : String(error),
  );
}

/** The messages of failed expectations. */
export function broken(
  ...claims: readonly (readonly [holds: boolean, otherwise: string])[]
): readonly string[] {
  return claims.filter(([holds]) => !holds).map(([, otherwise]) => otherwise);
}
