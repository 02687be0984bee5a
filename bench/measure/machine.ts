/**
 * Other load on the machine during a measurement, and its clock: a figure proves nothing if other processes used more
 * than a tenth of the machine. Time spent waiting for a processor is separated from time spent running.
 */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { processCpuUs } from "./load.js";

/** Linux counts CPU in ticks of 10 ms. */
const tickUs = 10_000;

/** Share of other load above which a figure is marked as unproved. */
export const othersShareMax = 0.1;

/**
 * Starts measuring; the returned function gives the share of all processors that other processes have used since, 0 to
 * 1; undefined where the system does not report it.
 * @param own processes of the measurement, besides this one
 */
export function watchOthers(own: readonly number[]): () => number | undefined {
  const ours = [...new Set([...own, process.pid])];
  const ownUs = (): number => ours.reduce((sum, pid) => sum + (processCpuUs(pid) ?? 0), 0);
  const [startMs, busy, used] = [performance.now(), busyUs(), ownUs()];
  return () => {
    const now = busyUs();
    if (busy === undefined || now === undefined) return undefined;
    const others = now - busy - (ownUs() - used);
    return Math.max(0, others / ((performance.now() - startMs) * 1_000 * cpus().length));
  };
}

/** Busy time of all processors, steal included, because time taken by another virtual machine is not ours either. */
function busyUs(): number | undefined {
  let line: string | undefined;
  try {
    [line] = readFileSync("/proc/stat", "utf8").split("\n", 1);
  } catch {
    return undefined;
  }
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (line ?? "")
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) * tickUs;
}

/** Milliseconds of the machine's own monotonic clock: the same in every process, which `performance.timeOrigin` is not. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * Milliseconds that this process's main thread was ready to run and had no processor, since it began; undefined where
 * the system does not report it (Linux does, in /proc/self/schedstat).
 */
export function waitedMs(): number | undefined {
  try {
    return Number(readFileSync("/proc/self/schedstat", "latin1").split(" ")[1]) / 1e6;
  } catch {
    return undefined;
  }
}
