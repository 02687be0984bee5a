/**
 * The driver of the benches that load a real etcd: concurrent workers for a given time, and the time of each operation.
 *
 * The slices of all subjects alternate, in reverse order every second time, so that other load on the machine affects
 * all alike; a figure is the median over its slices. CPU is that of this process (all of it: collection, sockets) and
 * of etcd (from /proc, where it exists), per operation.
 */
import { readFileSync } from "node:fs";

export interface LoadFigures {
  readonly opsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly clientCpuUs: number;
  /** Undefined where the system does not report a process's CPU. */
  readonly etcdCpuUs: number | undefined;
}

export interface Load {
  readonly name: string;
  readonly inFlight: number;
  /** Runs unmeasured before each slice. */
  readonly prepare?: ((timeMs: number) => Promise<void>) | undefined;
  /** One step of one worker; returns the number of its operations, 0 when none are left. */
  readonly step: (worker: number) => Promise<number>;
}

/** Slices of one figure. */
const rounds = 3;
/**
 * Warm-up before the first round, as a share of a slice's time. Half a slice was too little: uncompiled code and the
 * first collections of a growing heap raised a create from 60 to 92 µs.
 */
const warmShare = 1.5;
/** Linux counts a process's CPU in ticks of 10 ms. */
const tickUs = 10_000;

/**
 * Measures all loads alternately; `timeMs` is the time of each over all rounds. The result has the order of `loads`.
 */
export async function measureByTurns(
  loads: readonly Load[],
  options: { readonly timeMs: number; readonly etcdPid: number },
): Promise<readonly LoadFigures[]> {
  const sliceMs = options.timeMs / rounds;
  const slices = loads.map((): LoadFigures[] => []);
  for (let round = 0; round < rounds; round++) {
    const order = [...loads.entries()];
    if (round % 2 === 1) order.reverse();
    for (const [at, load] of order) {
      if (round === 0) {
        await load.prepare?.(sliceMs * warmShare);
        await runSlice(load, sliceMs * warmShare, options.etcdPid);
      }
      await load.prepare?.(sliceMs);
      slices[at]?.push(await runSlice(load, sliceMs, options.etcdPid));
    }
  }
  return slices.map((taken) => {
    const of = (field: keyof LoadFigures): number => median(taken.map((slice) => slice[field] ?? Number.NaN));
    const etcdCpuUs = of("etcdCpuUs");
    return {
      opsPerSecond: of("opsPerSecond"),
      p50Ms: of("p50Ms"),
      p99Ms: of("p99Ms"),
      clientCpuUs: of("clientCpuUs"),
      etcdCpuUs: Number.isNaN(etcdCpuUs) ? undefined : etcdCpuUs,
    };
  });
}

async function runSlice(load: Load, timeMs: number, etcdPid: number): Promise<LoadFigures> {
  const times: number[] = [];
  let operations = 0;
  const etcdBefore = processCpuUs(etcdPid);
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const untilMs = startMs + timeMs;
  const work = async (worker: number): Promise<void> => {
    let from = performance.now();
    // At least one: a process without CPU time may find its slice over before it starts.
    do {
      const done = await load.step(worker);
      if (done === 0) return;
      const to = performance.now();
      times.push(to - from);
      operations += done;
      from = to;
    } while (from < untilMs);
  };
  await Promise.all(Array.from({ length: load.inFlight }, (_, worker) => work(worker)));
  const elapsedMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  const etcdAfter = processCpuUs(etcdPid);
  times.sort((a, b) => a - b);
  return {
    opsPerSecond: (operations / elapsedMs) * 1000,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    clientCpuUs: (user + system) / operations,
    etcdCpuUs:
      etcdBefore === undefined || etcdAfter === undefined ? undefined : (etcdAfter - etcdBefore) / operations,
  };
}

/** CPU a process has used so far, microseconds; undefined without /proc. */
export function processCpuUs(pid: number): number | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // After the name in brackets, which may contain anything: state is field 0, utime 11, stime 12.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tickUs;
}

export function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

/** Of values in ascending order. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Rounds for display: rates to whole numbers, the rest to hundredths. */
export function readable({ opsPerSecond, p50Ms, p99Ms, clientCpuUs, etcdCpuUs }: LoadFigures): LoadFigures {
  const hundredths = (value: number): number => Math.round(value * 100) / 100;
  return {
    opsPerSecond: Math.round(opsPerSecond),
    p50Ms: hundredths(p50Ms),
    p99Ms: hundredths(p99Ms),
    clientCpuUs: hundredths(clientCpuUs),
    etcdCpuUs: etcdCpuUs === undefined ? undefined : hundredths(etcdCpuUs),
  };
}
