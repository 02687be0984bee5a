/**
 * How long a test waits on a machine that it shares: for what is not about time, longer than any stall of the machine;
 * for what must end, a bound of this process's own running time, so that a stop of it (or timers that come late) cannot
 * end a wait before what it waits for had its turn.
 */
import { setTimeout as delay } from "node:timers/promises";

/** Outer bound of any wait in a test, milliseconds of running time: far above what it takes on a loaded machine. */
export const boundMs = 45_000;

/**
 * Bound of one request, milliseconds: a machine that stands still for ten seconds makes no request of a test fail.
 * Tests of what becomes of a request that ends too early say so, or hold the clock (leap-clock.ts).
 */
export const patientMs = 30_000;

/** Time between two looks at the clock counts as this at most, milliseconds: beyond it the process stood still. */
const lapMaxMs = 1_000;
/** Last time `withTimeEnough` gives, milliseconds. */
const longestMs = 30_000;

/** How long this process has run since it was begun. */
class RunningTime {
  #lookedMs = performance.now();
  #ranMs = 0;

  ms(): number {
    const now = performance.now();
    this.#ranMs += Math.min(lapMaxMs, now - this.#lookedMs);
    this.#lookedMs = now;
    return this.#ranMs;
  }
}

/** Polls until `holds`, within the bound. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string = `${holds}`,
  ms: number = boundMs,
): Promise<void> {
  const running = new RunningTime();
  while (!(await holds())) {
    if (running.ms() > ms) throw new Error(`not within ${ms} ms: ${what}`);
    await delay(10);
  }
}

/** Settles as `work`, or rejects when it has not by the bound. */
export async function within<T>(work: Promise<T>, what: string, ms: number = boundMs): Promise<T> {
  const settled = new AbortController();
  const bound = async (): Promise<never> => {
    const running = new RunningTime();
    while (running.ms() < ms) await delay(Math.min(50, ms), undefined, { signal: settled.signal });
    throw new Error(`not within ${ms} ms: ${what}`);
  };
  try {
    return await Promise.race([work, bound()]);
  } finally {
    settled.abort();
  }
}

/**
 * Runs `attempt` with longer and longer times until one was long enough, and gives what that one gave. For a claim about
 * what happens inside a short time: an attempt in which the time was over too early says nothing (undefined) and is
 * made again with twice as long.
 */
export async function withTimeEnough<T>(
  firstMs: number,
  attempt: (timeMs: number) => Promise<T | undefined>,
): Promise<T> {
  for (let timeMs = firstMs; timeMs <= longestMs; timeMs *= 2) {
    const outcome = await attempt(timeMs);
    if (outcome !== undefined) return outcome;
  }
  throw new Error(`nothing came of it within ${longestMs} ms`);
}
