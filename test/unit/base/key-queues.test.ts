import { expect, test } from "vitest";
import { KeyQueues } from "../../../src/base/key-queues.ts";
import { ManualClock } from "../../support/time/manual-clock.ts";

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Whether a caller gets the turn of `key` without waiting. */
async function isFree(queues: KeyQueues, key: string): Promise<boolean> {
  const controller = new AbortController();
  const asked = queues.acquire(key, controller.signal).then(
    (turn) => turn,
    () => undefined,
  );
  await settled();
  controller.abort();
  const turn = await asked;
  turn?.[Symbol.dispose]();
  return turn !== undefined;
}

test("acquire() serves the callers of one key in the order of asking, one at a time", async () => {
  const queues = new KeyQueues(new ManualClock());
  const order: number[] = [];
  let inside = 0;
  const work = async (i: number): Promise<void> => {
    const turn = await queues.acquire("k", undefined);
    expect(++inside).toBe(1);
    await settled();
    order.push(i);
    inside--;
    turn[Symbol.dispose]();
  };
  await Promise.all([0, 1, 2, 3, 4].map(work));
  expect(order).toEqual([0, 1, 2, 3, 4]);
  expect(await isFree(queues, "k")).toBe(true);
});

test("acquire() of different keys does not wait", async () => {
  const queues = new KeyQueues(new ManualClock());
  await queues.acquire("a", undefined);
  await queues.acquire("b", undefined);
  expect(await isFree(queues, "a")).toBe(false);
  expect(await isFree(queues, "b")).toBe(false);
});

test("acquire() that is aborted leaves the queue, and the next one gets the turn", async () => {
  const queues = new KeyQueues(new ManualClock());
  const held = await queues.acquire("k", undefined);
  const controller = new AbortController();
  const given = queues.acquire("k", controller.signal);
  const patient = queues.acquire("k", undefined);
  controller.abort(new Error("enough"));
  await expect(given).rejects.toThrow("enough");
  held[Symbol.dispose]();
  (await patient)[Symbol.dispose]();
  expect(await isFree(queues, "k")).toBe(true);
});

test("a turn that is disposed twice passes on once", async () => {
  const queues = new KeyQueues(new ManualClock());
  const first = await queues.acquire("k", undefined);
  const second = queues.acquire("k", undefined);
  let third = false;
  void queues.acquire("k", undefined).then(() => {
    third = true;
  });
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  await second;
  await settled();
  expect(third).toBe(false);
});

test("acquire() with a signal aborted before rejects and holds nothing", async () => {
  const queues = new KeyQueues(new ManualClock());
  await expect(queues.acquire("k", AbortSignal.abort(new Error("late")))).rejects.toThrow("late");
  expect(await isFree(queues, "k")).toBe(true);
});

test("a holder that takes too long keeps working while the next one is let in", async () => {
  const clock = new ManualClock();
  const queues = new KeyQueues(clock);
  const slow = await queues.acquire("k", undefined);
  const second = queues.acquire("k", undefined);
  const third = queues.acquire("k", undefined);
  await clock.advance(1_000);
  const turn = await second;
  slow[Symbol.dispose]();
  let thirdIn = false;
  void third.then(() => {
    thirdIn = true;
  });
  await settled();
  expect(thirdIn).toBe(false);
  turn[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  expect(await isFree(queues, "k")).toBe(true);
  expect(clock.pending).toBe(0);
});

test("a holder that nobody waits for keeps its turn for as long as it takes", async () => {
  const clock = new ManualClock();
  const queues = new KeyQueues(clock);
  const turn = await queues.acquire("k", undefined);
  await clock.advance(10_000);
  expect(await isFree(queues, "k")).toBe(false);
  turn[Symbol.dispose]();
  expect(await isFree(queues, "k")).toBe(true);
});
