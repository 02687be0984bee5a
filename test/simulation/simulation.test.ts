/**
 * Simulated worlds as part of the tests: a few seeds, those that found a fault, the orders known to be difficult, and
 * proof that the simulation is deterministic and can fail. `npm run simulate -- --seeds 10000` is the long form.
 */
import { describe, expect, test } from "vitest";
import { directedWorlds } from "./directed-worlds.ts";
import { keptSeeds } from "./kept-seeds.ts";
import { sabotages } from "./sabotage.ts";
import { runWorld } from "./world.ts";

const full = process.env["KEELSON_FULL"] === "1";
const standardSeeds = full ? 500 : 40;
const directedSeeds = full ? 20 : 3;
/** What a seed draws changes with the code under test: if the first seeds miss the order, others are tried. */
const directedSeedsMax = 40;
/** A planted mistake must be found within this many worlds; most are found in the first five. */
const sabotagedSeedsMax = 120;
/** The mistakes that are found fastest; KEELSON_FULL=1 runs all. */
const quickSabotages = [
  "resume one late",
  "retry on unknown",
  "fragments for whole",
  "lost events",
  "early progress",
];

const replay = (seed: number): string => `npm run simulate -- --seeds 1 --seed ${seed}`;

test(`${standardSeeds} worlds are clean`, { timeout: full ? 600_000 : 180_000 }, async () => {
  let unknown = 0;
  let relists = 0;
  let mixed = 0;
  for (let seed = 1; seed <= standardSeeds; seed++) {
    const { faults, counts } = await runWorld({ seed });
    expect(faults, replay(seed)).toEqual([]);
    unknown += counts.unknown;
    relists += counts.relists;
    mixed += counts.mixed;
  }
  // Worlds in which nothing goes wrong prove nothing.
  expect(unknown).toBeGreaterThan(standardSeeds / 2);
  expect(relists).toBeGreaterThan(0);
  expect(mixed).toBeGreaterThan(standardSeeds / 8);
});

test.each(keptSeeds)("seed $seed is clean: it found $found", { timeout: 60_000 }, async ({ seed }) => {
  expect((await runWorld({ seed })).faults, replay(seed)).toEqual([]);
});

test("a seed repeats its world, event for event", { timeout: 60_000 }, async () => {
  for (const seed of [3, 26, 93]) {
    const [once, again] = [await runWorld({ seed }), await runWorld({ seed })];
    expect(again).toEqual(once);
    expect((await runWorld({ seed: seed + 1 })).trace).not.toBe(once.trace);
  }
});

describe("orders known to be bad", () => {
  test.each(directedWorlds)("$name", { timeout: 120_000 }, async ({ change, happened }) => {
    let hits = 0;
    for (let seed = 1; seed <= directedSeeds || (hits === 0 && seed <= directedSeedsMax); seed++) {
      const { faults, counts } = await runWorld({ seed, change });
      expect(faults, `seed ${seed}`).toEqual([]);
      if (happened(counts)) hits++;
    }
    expect(hits).toBeGreaterThan(0);
  });
});

describe("a planted mistake is found:", () => {
  const planted = Object.entries(sabotages).filter(([name]) => full || quickSabotages.includes(name));
  test.each(planted)("%s", { timeout: 180_000 }, async (_, sabotage) => {
    let found: readonly string[] = [];
    for (let seed = 1; seed <= sabotagedSeedsMax && found.length === 0; seed++) {
      found = (await runWorld({ seed, sabotage })).faults;
    }
    expect(found).not.toEqual([]);
  });
});
