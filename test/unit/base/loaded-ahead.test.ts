import fc from "fast-check";
import { expect, test } from "vitest";
import { loadedAhead } from "../../../src/base/loaded-ahead.ts";

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await Promise.resolve();
};

test("loadedAhead() gives results in order, with no more under way than allowed, for any durations", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 20 }), { maxLength: 30 }),
      fc.integer({ min: 1, max: 6 }),
      async (durations, atOnce) => {
        let underWay = 0;
        let most = 0;
        const results: number[] = [];
        const work = async (at: number): Promise<number> => {
          most = Math.max(most, ++underWay);
          await turns(durations[at] ?? 0);
          underWay--;
          return at;
        };
        for await (const at of loadedAhead(durations.keys(), atOnce, work)) results.push(at);
        expect(results).toEqual([...durations.keys()]);
        expect(most).toBeLessThanOrEqual(atOnce);
      },
    ),
  );
});

test("loadedAhead() ends by the first failure in order, begins nothing more, and leaves nothing under way", async () => {
  const begun: number[] = [];
  let underWay = 0;
  const seen: number[] = [];
  const work = async (at: number): Promise<number> => {
    begun.push(at);
    underWay++;
    await turns(at === 4 ? 1 : 10);
    underWay--;
    if (at === 3 || at === 4) throw new Error(`item ${at}`);
    return at;
  };
  const loop = async (): Promise<void> => {
    for await (const at of loadedAhead(Array(20).keys(), 3, work)) seen.push(at);
  };
  await expect(loop()).rejects.toThrow("item 3");
  expect(seen).toEqual([0, 1, 2]);
  expect(Math.max(...begun)).toBeLessThan(7);
  expect(underWay).toBe(0);
});
