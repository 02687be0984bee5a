/**
 * `npm run simulate -- --seeds N [--seed S] [--jobs J]`: N worlds from seed S on, as fast as the machine goes.
 *
 *   --seeds N   how many worlds; default 1000
 *   --seed S    the first; default drawn from the time. With --seeds 1: this one
 *   --jobs J    processes at a time; default one for each processor
 *   --trace     with one world: every event of it
 *
 * Each failing seed is reported with its violations and the command that replays it; the exit code is then 1. Many
 * worlds run in several processes in sequence: a killed process of a world never ends its waits, so Node keeps the
 * world in memory.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { runWorld } from "./world.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    seed: { type: "string" },
    jobs: { type: "string", default: String(availableParallelism()) },
    trace: { type: "boolean", default: false },
  },
});
const count = Number(values.seeds);
const first = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed);
const jobs = Number(values.jobs);
if (
  !Number.isSafeInteger(count) ||
  count < 1 ||
  !Number.isSafeInteger(first) ||
  !Number.isSafeInteger(jobs) ||
  jobs < 1
) {
  process.stderr.write("usage: npm run simulate -- --seeds N [--seed S] [--jobs J] [--trace]\n");
  process.exit(2);
}

/** Worlds of one process; each leaves about 3 MB behind. */
const worldsAProcess = 100;
/** Time between two lines of progress. */
const tellMs = 10_000;

// Each restore causes one warning per endpoint.
process.removeAllListeners("warning");
process.on("warning", (warning) => {
  if (warning.name !== "KeelsonWarning") process.stderr.write(`${warning.stack ?? warning.message}\n`);
});

/** The report of a process on each of its worlds. */
interface WorldReport {
  readonly seed: number;
  readonly counts: Totals;
  readonly trace: string;
  readonly faults: readonly string[];
}
type Totals = typeof total;

const startedMs = performance.now();
const total = {
  events: 0,
  calls: 0,
  unknown: 0,
  changes: 0,
  streams: 0,
  streamEvents: 0,
  relists: 0,
  mixed: 0,
  restores: 0,
  virtualMs: 0,
};
const failing: number[] = [];
let ran = 0;
let toldMs = startedMs;

if (process.send !== undefined) {
  await runWorlds(first, count, (report) => process.send?.(report));
  process.disconnect();
} else {
  if (count <= worldsAProcess) await runWorlds(first, count, take);
  else await inProcesses();
  process.stdout.write(
    `${count} worlds from seed ${first} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s, ${rate(count, performance.now())} seeds/s: ` +
      `${total.calls} calls (${total.unknown} unknown), ${total.changes} changes, ${total.streams} watches with ${total.streamEvents} events, ` +
      `${total.relists} across a relist, ${total.mixed} worlds of processes that differ, ${total.restores} restores, ${total.events} events in ${(total.virtualMs / 3_600_000).toFixed(1)} virtual hours; ` +
      `${failing.length === 0 ? "clean" : `${failing.length} failing: ${failing.sort((a, b) => a - b).join(" ")}`}\n`,
  );
  process.exitCode = failing.length === 0 ? 0 : 1;
}

async function runWorlds(from: number, worlds: number, report: (of: WorldReport) => void): Promise<void> {
  const tell = values.trace ? (line: string) => void process.stdout.write(`${line}\n`) : undefined;
  for (let seed = from; seed < from + worlds; seed++) {
    const { faults, counts, trace } = await runWorld({ seed, tell });
    if (count === 1) process.stdout.write(`seed ${seed}: trace ${trace} ${JSON.stringify(counts)}\n`);
    report({ seed, counts, trace, faults });
  }
}

async function inProcesses(): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const from = first + next;
      const worlds = Math.min(worldsAProcess, count - next);
      next += worlds;
      await reportsOf(
        fork(import.meta.filename, ["--seeds", `${worlds}`, "--seed", `${from}`]),
        from,
        worlds,
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, Math.ceil(count / worldsAProcess)) }, work));
}

/** Collects the child's reports. A child that ends before its last world fails the world it was running. */
async function reportsOf(child: ChildProcess, from: number, worlds: number): Promise<void> {
  let seen = 0;
  child.on("message", (report: WorldReport) => {
    seen++;
    take(report);
  });
  // All its messages are read when its channel closes, which may be after its exit.
  const [[code, signal]] = (await Promise.all([once(child, "exit"), once(child, "disconnect")])) as [
    [number | null, string | null],
    unknown,
  ];
  if (seen === worlds) return;
  failing.push(from + seen);
  process.stdout.write(
    `seed ${from + seen} FAILED: its process ended with ${code ?? signal}; ${worlds - seen} worlds did not run\n`,
  );
}

function take({ seed, counts, trace, faults }: WorldReport): void {
  ran++;
  for (const name of Object.keys(total) as (keyof Totals)[]) total[name] += counts[name];
  if (faults.length > 0) {
    failing.push(seed);
    process.stdout.write(
      `seed ${seed} FAILED (trace ${trace}): npm run simulate -- --seeds 1 --seed ${seed}\n`,
    );
    for (const fault of faults) process.stdout.write(`    ${fault.replace(/\n/g, "\n        ")}\n`);
  }
  const nowMs = performance.now();
  if (nowMs - toldMs < tellMs) return;
  toldMs = nowMs;
  process.stdout.write(`${ran} of ${count} worlds, ${rate(ran, nowMs)} seeds/s, ${failing.length} failing\n`);
}

function rate(worlds: number, nowMs: number): string {
  return ((worlds * 1000) / (nowMs - startedMs)).toFixed(1);
}
