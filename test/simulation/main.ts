/**
 * `npm run simulate -- --seeds N [--seed S]`: N worlds from seed S on, as fast as the machine goes.
 *
 *   --seeds N   how many worlds; default 1000
 *   --seed S    the first; default drawn from the time. With --seeds 1: this one
 *   --trace     with one world: every event of it
 *
 * Each failing seed is told with what was broken and the command that shows it again; the exit code is 1 then.
 */
import { parseArgs } from "node:util";
import { runWorld } from "./world.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
  },
});
const count = Number(values.seeds);
const first = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed);
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(first)) {
  process.stderr.write("usage: npm run simulate -- --seeds N [--seed S] [--trace]\n");
  process.exit(2);
}

/** Between two lines of progress. */
const tellMs = 10_000;

// Each restore is warned of, once an endpoint.
process.removeAllListeners("warning");
process.on("warning", (warning) => {
  if (warning.name !== "KeelsonWarning") process.stderr.write(`${warning.stack ?? warning.message}\n`);
});

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
let toldMs = startedMs;
for (let i = 0; i < count; i++) {
  const seed = first + i;
  const tell = values.trace ? (line: string) => void process.stdout.write(`${line}\n`) : undefined;
  const { faults, counts, trace } = await runWorld({ seed, tell });
  for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += counts[name];
  if (count === 1) process.stdout.write(`seed ${seed}: trace ${trace} ${JSON.stringify(counts)}\n`);
  if (faults.length > 0) {
    failing.push(seed);
    process.stdout.write(
      `seed ${seed} FAILED (trace ${trace}): npm run simulate -- --seeds 1 --seed ${seed}\n`,
    );
    for (const fault of faults) process.stdout.write(`    ${fault.replace(/\n/g, "\n        ")}\n`);
  }
  const nowMs = performance.now();
  if (nowMs - toldMs > tellMs) {
    toldMs = nowMs;
    process.stdout.write(
      `${i + 1} of ${count} worlds, ${rate(i + 1, nowMs)} seeds/s, ${failing.length} failing\n`,
    );
  }
}
process.stdout.write(
  `${count} worlds from seed ${first} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s, ${rate(count, performance.now())} seeds/s: ` +
    `${total.calls} calls (${total.unknown} unknown), ${total.changes} changes, ${total.streams} watches with ${total.streamEvents} events, ` +
    `${total.relists} across a relist, ${total.mixed} worlds of processes that differ, ${total.restores} restores, ${total.events} events in ${(total.virtualMs / 3_600_000).toFixed(1)} virtual hours; ` +
    `${failing.length === 0 ? "clean" : `${failing.length} failing: ${failing.join(" ")}`}\n`,
);
process.exitCode = failing.length === 0 ? 0 : 1;

function rate(worlds: number, nowMs: number): string {
  return ((worlds * 1000) / (nowMs - startedMs)).toFixed(1);
}
