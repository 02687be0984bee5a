/**
 * How long a test waits on a machine that it shares: for what is not about time, longer than any stall of the machine;
 * for what must end, a bound of this process's own running time, so that a stop of it (or timers that come late) cannot
 * end a wait before what it waits for had its turn.
 */
import { setTimeout as delay } from "node:timers/promises";
import { connectEtcd, type Etcd, type EtcdOptions } from "keelson/etcd";

/** Bound of one request to etcd where no test asks for another, milliseconds: an etcd that stands still for ten seconds is no failure. */
export const requestTimeoutMs = 60_000;
/** Outer bound of what must happen, milliseconds of running time: far above what it takes on a loaded machine. */
export const boundMs = 45_000;
/** A wait is counted in steps of this: one that took longer, because the process stood still, counts no more than one. */
const stepMs = 50;

/** A client that sits stalls out. */
export function patientEtcd(
  { endpoints }: { readonly endpoints: readonly string[] },
  options: Partial<EtcdOptions> = {},
): Promise<Etcd> {
  return connectEtcd({ endpoints, requestTimeoutMs, ...options });
}

/** Resolves when this process has run for `ms`; rejects when aborted. */
export async function running(ms: number, signal?: AbortSignal): Promise<void> {
  for (let ran = 0; ran < ms; ran += stepMs) await delay(Math.min(stepMs, ms - ran), undefined, { signal });
}

/** Settles as `work`, or rejects when it has not by the bound. */
export async function within<T>(work: Promise<T>, what: string, ms: number = boundMs): Promise<T> {
  const over = new AbortController();
  try {
    return await Promise.race([
      work,
      running(ms, over.signal).then(() => {
        throw new Error(`not within ${ms} ms: ${what}`);
      }),
    ]);
  } finally {
    over.abort();
  }
}

/** Polls until `holds`, within the bound. */
export async function until(holds: () => boolean | Promise<boolean>, what = `${holds}`): Promise<void> {
  for (let ran = 0; !(await holds()); ran += 10) {
    if (ran >= boundMs) throw new Error(`not within ${boundMs} ms: ${what}`);
    await delay(10);
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

/** Last time `withTimeEnough` gives, milliseconds. */
const longestMs = 30_000;
