import { expect, test } from "vitest";
import { systemRandom } from "../../../../src/base/random.ts";
import type { StoredWatch } from "../../../../src/storage/seam/stored.ts";
import { CacheCounters } from "../../../../src/watch/bounds/cache-counters.ts";
import { StreamProgress } from "../../../../src/watch/feed/stream-progress.ts";
import { ManualClock } from "../../../support/time/manual-clock.ts";

/** A watch that counts what is asked of it and never says anything by itself. */
class SilentWatch implements StoredWatch {
  asked = 0;
  reopened = 0;
  ready = (): Promise<void> => Promise.resolve();
  requestProgress = (): void => void this.asked++;
  reopen = (): void => void this.reopened++;
  async *[Symbol.asyncIterator](): AsyncGenerator<never, void, undefined> {}
  [Symbol.asyncDispose] = (): Promise<void> => Promise.resolve();
}

function progressOf(watch: SilentWatch): { readonly clock: ManualClock; readonly progress: StreamProgress } {
  const clock = new ManualClock();
  const counters = new CacheCounters();
  return {
    clock,
    progress: new StreamProgress({ clock, random: systemRandom, counters, watch: () => watch }),
  };
}

test("who waits is told when the version is there, and asks no more", async () => {
  const watch = new SilentWatch();
  const { clock, progress } = progressOf(watch);
  const waiting = [progress.reach(5n, 3_000), progress.reach(7n, 3_000)];
  await clock.advance(250);
  expect(watch.asked).toBe(3);
  progress.reached(6n);
  expect(await waiting[0]).toBe(true);
  progress.reached(7n);
  expect(await waiting[1]).toBe(true);
  await clock.advance(1_000);
  expect(watch.asked).toBe(3);
  expect(clock.pending).toBe(0);
});

test("a wait is thirty rounds of asking, also for who comes in the middle of one", async () => {
  const watch = new SilentWatch();
  const { clock, progress } = progressOf(watch);
  let over = 0;
  const count = (reached: boolean): void => void (over += reached ? 0 : 1);
  const first = progress.reach(5n, 3_000).then(count);
  await clock.advance(50);
  const second = progress.reach(5n, 3_000).then(count);
  await clock.advance(2_900);
  expect([over, watch.asked]).toEqual([0, 30]);
  await clock.advance(50);
  await first;
  expect(over).toBe(1);
  await clock.advance(100);
  await second;
  expect(over).toBe(2);
  expect(clock.pending).toBe(0);
});

test("a watch that stays silent is opened again after one whole wait, and then ever more seldom", async () => {
  const watch = new SilentWatch();
  const { clock, progress } = progressOf(watch);
  void progress.reach(5n, Number.POSITIVE_INFINITY);
  await clock.advance(2_900);
  progress.reopenIfSilent();
  expect(watch.reopened).toBe(0);
  await clock.advance(100);
  progress.reopenIfSilent();
  expect(watch.reopened).toBe(1);
  for (let second = 3; second < 600; second++) {
    await clock.advance(1_000);
    progress.reopenIfSilent();
  }
  // Waits of 10, 20, 40 and then 60 s, each between half and all of it.
  expect(watch.reopened).toBeGreaterThanOrEqual(12);
  expect(watch.reopened).toBeLessThanOrEqual(22);
  progress.close();
});

test("a watch that says anything, however little, is not opened again", async () => {
  const watch = new SilentWatch();
  const { clock, progress } = progressOf(watch);
  void progress.reach(5n, Number.POSITIVE_INFINITY);
  for (let second = 0; second < 60; second += 2) {
    await clock.advance(2_000);
    progress.heard();
    progress.reopenIfSilent();
  }
  expect(watch.reopened).toBe(0);
  progress.close();
});
