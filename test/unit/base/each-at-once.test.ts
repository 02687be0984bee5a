import fc from "fast-check";
import { expect, test } from "vitest";
import { eachAtOnce } from "../../../src/base/each-at-once.ts";

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await Promise.resolve();
};

test("eachAtOnce() begins every item once, in order, with no more under way than allowed, for any durations", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 20 }), { maxLength: 30 }),
      fc.integer({ min: 1, max: 6 }),
      async (durations, atOnce) => {
        const begun: number[] = [];
        let underWay = 0;
        let most = 0;
        await eachAtOnce(durations.keys(), atOnce, async (at) => {
          begun.push(at);
          most = Math.max(most, ++underWay);
          await turns(durations[at] ?? 0);
          underWay--;
        });
        expect(begun).toEqual([...durations.keys()]);
        expect(most).toBe(Math.min(atOnce, durations.length));
        expect(underWay).toBe(0);
      },
    ),
  );
});

test("eachAtOnce() stops at the first failure, leaves nothing under way, and throws that failure", async () => {
  const begun: number[] = [];
  let ended = 0;
  const work = async (at: number): Promise<void> => {
    begun.push(at);
    await turns(at === 1 ? 2 : 10);
    ended++;
    if (at === 1) throw new Error("first");
    throw new Error("later");
  };
  await expect(eachAtOnce([0, 1, 2, 3, 4, 5], 3, work)).rejects.toThrow("first");
  expect(begun).toEqual([0, 1, 2]);
  expect(ended).toBe(3);
});

test("eachAtOnce() throws what its sequence throws, once the items under way have ended", async () => {
  const ended: number[] = [];
  function* items(): Generator<number> {
    yield 1;
    yield 2;
    throw new Error("no more");
  }
  const work = async (item: number): Promise<void> => {
    await turns(5);
    ended.push(item);
  };
  await expect(eachAtOnce(items(), 3, work)).rejects.toThrow("no more");
  expect(ended).toEqual([1, 2]);
});
