/** Bytes counted against a clock that a test moves: what passes in a time, in which order, and how many timers wait. */
import { expect, test } from "vitest";
import { ByteRate } from "../../../../src/base/time/byte-rate.ts";
import { ManualClock } from "../../../../src/testing/manual-clock.ts";

/** 1,000 bytes a second: a bucket of 100. */
const bytesPerSecond = 1_000;

test("over any time no more passes than the rate, the bucket and one piece; one timer waits whatever the callers", async () => {
  const clock = new ManualClock();
  const rate = new ByteRate(bytesPerSecond, clock);
  let passed = 0;
  const order: number[] = [];
  for (let i = 0; i < 100; i++) {
    void rate.pass(50).then(() => {
      passed += 50;
      order.push(i);
    });
  }
  const most: number[] = [];
  for (let ms = 0; ms < 4_000; ms += 10) {
    await clock.advance(10);
    expect(clock.pending).toBeLessThanOrEqual(1);
    most.push(passed - ((ms + 10) / 1_000) * bytesPerSecond);
  }
  expect(Math.max(...most)).toBeLessThanOrEqual(150);
  // Nor less: what was asked for is 5,000 bytes, 4 seconds and the bucket let 4,100 pass.
  expect(passed).toBeGreaterThanOrEqual(4_050);
  await clock.advance(1_000);
  expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect(clock.pending).toBe(0);
});

test("a pause earns a tenth of a second's bytes, not more", async () => {
  const clock = new ManualClock();
  const rate = new ByteRate(bytesPerSecond, clock);
  await clock.advance(60_000);
  let passed = 0;
  for (let i = 0; i < 10; i++) void rate.pass(50).then(() => (passed += 50));
  await clock.advance(0);
  expect(passed).toBe(100);
  await clock.advance(400);
  expect(passed).toBe(500);
});

test("a piece larger than the bucket passes, and what it owes is waited for", async () => {
  const clock = new ManualClock();
  const rate = new ByteRate(bytesPerSecond, clock);
  let passed = 0;
  void rate.pass(5_100).then(() => (passed += 5_100));
  void rate.pass(1).then(() => (passed += 1));
  await clock.advance(4_999);
  expect(passed).toBe(0);
  await clock.advance(1);
  expect(passed).toBe(5_100);
  await clock.advance(1);
  expect(passed).toBe(5_101);
});

test("an aborted wait rejects with the reason and does not hold up the next", async () => {
  const clock = new ManualClock();
  const rate = new ByteRate(bytesPerSecond, clock);
  const controller = new AbortController();
  const first = rate.pass(1_100, controller.signal);
  const second = rate.pass(100);
  await clock.advance(10);
  controller.abort(new Error("stopped"));
  await expect(first).rejects.toThrow("stopped");
  await clock.advance(1_100);
  await second;
  expect(clock.pending).toBe(0);
});
