import { expect, test } from "vitest";
import { BookmarkTimer } from "../../../../src/storage/watch/bookmark-timer.ts";
import { ManualClock } from "../../../support/time/manual-clock.ts";

const never = new Promise<never>(() => undefined);

/** What `work` has come to once all that is ready has run; "nothing" where it would be waited for ever. */
async function outcome<T>(work: Promise<T>): Promise<T | "nothing"> {
  const turns = async (): Promise<"nothing"> => {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    return "nothing";
  };
  return Promise.race([work, turns()]);
}

/** Within this a watch with bookmarks has said how far it is. */
const minuteMs = 60_000;

test("a silent watch whose etcd answers gets its bookmark from the answer, within a minute", async () => {
  const clock = new ManualClock();
  let asked = 0;
  using timer = new BookmarkTimer(clock, { intervalMs: minuteMs, ask: () => asked++ });
  expect(timer.takesAnswer()).toBe(false);
  await clock.advance(minuteMs - 5_000);
  expect(asked).toBe(1);
  expect(timer.takesAnswer()).toBe(true);
  expect(timer.takesAnswer()).toBe(false);
});

test("a silent watch whose etcd does not answer repeats its last version, minute after minute", async () => {
  const clock = new ManualClock();
  using timer = new BookmarkTimer(clock, { intervalMs: minuteMs, ask: () => undefined });
  for (let i = 0; i < 3; i++) {
    const waiting = timer.interrupt(never);
    await clock.advance(minuteMs);
    expect(await outcome(waiting)).toBe("bookmark");
  }
});

test("where notices cannot be trusted nobody asks, and the last version is repeated", async () => {
  const clock = new ManualClock();
  using timer = new BookmarkTimer(clock, { intervalMs: minuteMs, ask: undefined });
  const waiting = timer.interrupt(never);
  await clock.advance(minuteMs);
  expect(await outcome(waiting)).toBe("bookmark");
});

test("a bookmark that came due while the reader was busy is given at once", async () => {
  const clock = new ManualClock();
  using timer = new BookmarkTimer(clock, { intervalMs: minuteMs, ask: undefined });
  await clock.advance(minuteMs);
  expect(await outcome(timer.interrupt(never))).toBe("bookmark");
});

test("work that ends first is what interrupt() gives", async () => {
  const clock = new ManualClock();
  using timer = new BookmarkTimer(clock, { intervalMs: minuteMs, ask: undefined });
  expect(await timer.interrupt(Promise.resolve(5))).toBe(5);
});

test("a bookmark that falls due while the reader is busy with what it waited for is kept for its next wait", async () => {
  const clock = new ManualClock();
  using timer = new BookmarkTimer(clock, { intervalMs: minuteMs, ask: undefined });
  for (let i = 0; i < 3; i++) {
    expect(await timer.interrupt(Promise.resolve(i))).toBe(i);
    await clock.advance(minuteMs);
    expect(await outcome(timer.interrupt(never))).toBe("bookmark");
  }
});

test("the interval is the caller's: the answer is waited for within it", async () => {
  const clock = new ManualClock();
  let asked = 0;
  using timer = new BookmarkTimer(clock, { intervalMs: 120, ask: () => asked++ });
  const waiting = timer.interrupt(never);
  await clock.advance(100);
  expect(asked).toBe(1);
  await clock.advance(20);
  expect(await outcome(waiting)).toBe("bookmark");
});

test("work that fails after a bookmark that was due is no unhandled rejection", async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => {
    unhandled.push(reason);
  };
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", note);
  try {
    const clock = new ManualClock();
    using timer = new BookmarkTimer(clock, { intervalMs: minuteMs, ask: undefined });
    await clock.advance(minuteMs);
    // As when the loop is left with a bookmark in hand: the wait for the next batch ends with the watch.
    const ending = new AbortController();
    const work = new Promise<never>((_, reject) => {
      ending.signal.addEventListener("abort", () => reject(ending.signal.reason));
    });
    expect(await timer.interrupt(work)).toBe("bookmark");
    ending.abort(new Error("the watch is over"));
    await outcome(never);
    expect(unhandled).toEqual([]);
  } finally {
    process.off("unhandledRejection", note);
    for (const listener of others) process.on("unhandledRejection", listener);
  }
});
