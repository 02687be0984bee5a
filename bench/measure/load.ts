/**
 * The driver of the benches that load a real etcd: workers in flight for a while, and what each operation took.
 *
 * Each subject is measured in slices that take turns with the others', in the other order every second time, so that
 * what the machine does besides hits all alike; a figure is the median over its slices. CPU is that of this process (all
 * of it: collection, sockets) and of etcd's (from /proc, where there is one), over the operations done.
 */
import { readFileSync } from "node:fs";

export interface LoadFigures {
  readonly opsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly clientCpuUs: number;
  /** Undefined where the system does not tell a process's CPU. */
  readonly etcdCpuUs: number | undefined;
}

export interface Load {
  readonly name: string;
  readonly inFlight: number;
  /** Runs before each slice and is not measured. */
  readonly prepare?: ((timeMs: number) => Promise<void>) | undefined;
  /** One step of one worker: how many operations it did; 0 when there is nothing left to do. */
  readonly step: (worker: number) => Promise<number>;
}

/** Slices of one figure. */
const rounds = 3;
/**
 * Of a slice's time, run before it is measured in the first round. Half a slice was too little: code that was not
 * compiled yet, and the first collections of a growing heap, made a create 92 µs where it takes 60.
 */
const warmShare = 1.5;
/** Linux counts a process's CPU in ticks of 10 ms. */
const tickUs = 10_000;

/** Measures all loads by turns; `timeMs` is each one's time over all rounds. The order of the answer is that of `loads`. */
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
    // One at least: a process that is not given the processor may find its slice over before it has begun.
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

/** CPU a process has used so far, microseconds; undefined where there is no /proc. */
export function processCpuUs(pid: number): number | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // After the name in brackets, which may hold anything: state is field 0, utime 11, stime 12.
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

/** Rounds what a person reads: rates to whole numbers, the rest to hundredths. */
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
