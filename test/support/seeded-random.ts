/** Chance that repeats: what a test, a simulated world or a campaign drew can be drawn again from its seed. */
import type { Random } from "../../src/base/random.ts";

/** A repeatable sequence (mulberry32) for tests and simulation; never for ids that must not be guessed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const uint32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return {
    float: () => uint32() / 2 ** 32,
    below: (below) => Math.floor((uint32() / 2 ** 32) * below),
    bytes: (length) => Uint8Array.from({ length }, () => uint32() & 0xff),
  };
}
