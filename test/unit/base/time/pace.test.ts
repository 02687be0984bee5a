import { expect, test } from "vitest";
import { Pace } from "../../../../src/base/time/pace.ts";
import { ManualClock, settled } from "../../../support/time/manual-clock.ts";

async function taken(clock: ManualClock, pace: Pace, count: number, signal?: AbortSignal): Promise<number[]> {
  const atMs: number[] = [];
  const startMs = clock.monotonicMs();
  const takers = Array.from({ length: count }, async () => {
    await pace.take(signal);
    atMs.push(clock.monotonicMs() - startMs);
  });
  await settled();
  await clock.advance(10_000);
  await Promise.all(takers);
  return atMs;
}

test("turns are evenly spaced, the first at once", async () => {
  const clock = new ManualClock();
  expect(await taken(clock, new Pace(clock, 4), 5)).toEqual([0, 250, 500, 750, 1000]);
});

test("a pause saves nothing up", async () => {
  const clock = new ManualClock();
  const pace = new Pace(clock, 4);
  await pace.take();
  await clock.advance(60_000);
  expect(await taken(clock, pace, 3)).toEqual([0, 250, 500]);
});

test("without a bound nobody waits", async () => {
  const clock = new ManualClock();
  expect(await taken(clock, new Pace(clock, Number.POSITIVE_INFINITY), 3)).toEqual([0, 0, 0]);
});

test("an aborted signal ends the wait with its reason", async () => {
  const clock = new ManualClock();
  const pace = new Pace(clock, 1);
  await pace.take();
  const control = new AbortController();
  const waiting = pace.take(control.signal);
  const reason = new Error("enough");
  control.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});
