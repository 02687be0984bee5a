/**
 * The schedule of a campaign, from its seed alone: the faults, their combinations and durations, and the quiet time
 * after them.
 *
 *   first quarter   every kind alone, so that what it breaks is plain
 *   second quarter  pairs of different domains
 *   the rest        one to three at a time
 *
 * Every tenth fault hits a process of ours. Every eighth step is followed by a long quiet, so that a slow recovery shows
 * as one; the others follow each other closely.
 */
import type { Random } from "../src/base/random.ts";
import { seededRandom } from "../test/support/seeded-random.ts";
import type { FaultKind } from "./faults/fault.ts";

export interface Step {
  readonly faults: readonly FaultKind[];
  readonly holdMs: number;
  readonly quietMs: number;
  /** Seed for the faults' own choices. */
  readonly seed: number;
}

const quietMs = { shortest: 800, longest: 1_600, long: 5_500 } as const;
const longQuietEvery = 8;
const ownEvery = 10;

/** An endless sequence of steps; take as many as the time allows. */
export function* plan(
  seed: number,
  kinds: readonly FaultKind[],
  stepsOfSingles: number,
): Generator<Step, never> {
  const random = seededRandom(seed);
  const own = kinds.filter((kind) => kind.own === true);
  const others = kinds.filter((kind) => kind.own !== true);
  // Begins with a fault that certainly leaves unknown writes, so that a short run proves something, too.
  const first = others.filter(({ name }) => name.startsWith("answers lost"));
  const singles = [
    ...first,
    ...shuffled(
      random,
      others.filter((kind) => !first.includes(kind)),
    ),
  ];
  let faults = 0;
  for (let step = 0; ; step++) {
    const size = step < stepsOfSingles ? 1 : step < stepsOfSingles * 2 ? 2 : 1 + random.below(3);
    const chosen: FaultKind[] = [];
    while (chosen.length < size) {
      faults++;
      const from = faults % ownEvery === 0 ? own : others;
      const next =
        step < stepsOfSingles && from === others ? singles[step % singles.length] : oneOf(random, from);
      if (next !== undefined && chosen.every(({ domain }) => domain !== next.domain)) chosen.push(next);
    }
    const [shortest, longest] = chosen.reduce(
      ([low, high], { holdMs }) => [Math.max(low, holdMs[0]), Math.max(high, holdMs[1])],
      [0, 0],
    );
    yield {
      faults: chosen,
      holdMs: shortest + random.below(longest - shortest + 1),
      quietMs:
        step % longQuietEvery === longQuietEvery - 1
          ? quietMs.long
          : quietMs.shortest + random.below(quietMs.longest - quietMs.shortest),
      seed: random.below(2 ** 32),
    };
  }
}

function oneOf<T>(random: Random, items: readonly T[]): T | undefined {
  return items[random.below(items.length)];
}

function shuffled<T>(random: Random, items: readonly T[]): readonly T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(random.below(left.length), 1));
}
