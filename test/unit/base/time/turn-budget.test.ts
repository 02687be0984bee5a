import { expect, test } from "vitest";
import { TurnBudget } from "../../../../src/base/time/turn-budget.ts";
import { ManualClock } from "../../../support/time/manual-clock.ts";

/** Time that passes only as the test works. */
class WorkClock extends ManualClock {
  #atMs = 0;
  override monotonicMs(): number {
    return this.#atMs;
  }
  work(ms: number): void {
    this.#atMs += ms;
  }
}

test("pause() lets work go on within the budget and gives the loop back beyond it", async () => {
  const clock = new WorkClock();
  const turns = new TurnBudget(clock);
  await turns.pause();
  expect(turns.pause()).toBeUndefined();
  clock.work(1);
  expect(turns.pause()).toBeUndefined();
  clock.work(2);
  const pause = turns.pause();
  expect(pause).toBeInstanceOf(Promise);
  await pause;
  expect(turns.pause()).toBeUndefined();
});

test("those who wait get one turn of the loop each, in the order of asking", async () => {
  const clock = new WorkClock();
  const turns = new TurnBudget(clock);
  const order: number[] = [];
  const work = async (i: number): Promise<void> => {
    await turns.pause();
    order.push(i);
    clock.work(20);
  };
  await Promise.all([0, 1, 2].map(work));
  expect(order).toEqual([0, 1, 2]);
});
