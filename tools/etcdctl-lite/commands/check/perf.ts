/**
 * `check perf`: whether a cluster sustains a load of writes for a minute. Rates, sizes, criteria and output are
 * etcdctl's; the number of concurrent puts equals etcdctl's number of clients, over this client's own connections.
 */
import type { Etcd } from "keelson/etcd";
import type { Command } from "../../cli/command.ts";
import { badArguments, CliFailure, exitCodes } from "../../cli/failure.ts";
import { causeOf } from "../../cli/failure-text.ts";
import { progressBar } from "../../cli/progress-bar.ts";
import type { Session } from "../../cli/session.ts";
import { CheckedKeys, checkFlags, type Load, loadOf, Measured } from "./workload.ts";

interface PerfLoad {
  /** Target rate, writes per second. */
  readonly rate: number;
  /** Concurrent writes. */
  readonly clients: number;
}

const perfLoads: Readonly<Record<Load, PerfLoad>> = {
  s: { rate: 150, clients: 50 },
  m: { rate: 1_000, clients: 200 },
  l: { rate: 8_000, clients: 500 },
  xl: { rate: 15_000, clients: 1_000 },
};

/** Criteria: nine tenths of the rate; no write above 0.5 s; a standard deviation of at most 0.1 s. */
const bounds = { rateShare: 0.9, slowestSeconds: 0.5, deviationSeconds: 0.1 } as const;
/** Maximum delay for which overdue writes are made up, milliseconds: timers may fire late. */
const arrearsMs = 50;

export const command: Command = {
  usage: "[options]",
  about: [
    "Writes keys of 256 and values of 1024 bytes below --prefix and deletes them afterwards, even if it is interrupted.",
    "Exits with 1 if the cluster does not keep up.",
  ].join("\n"),
  flags: [
    ...checkFlags("perf"),
    { name: "duration", type: "duration", fallback: "1m0s", summary: "how long to write" },
  ],
  examples: [
    ["check perf --load m --auto-compact --auto-defrag", "1,000 writes a second, and no trace left"],
  ],
  async run(session) {
    const { rate, clients } = perfLoads[loadOf(session)];
    const durationMs = session.flags.durationMs("duration");
    if (durationMs < 1_000) throw badArguments("--duration is below 1s");
    const etcd = await session.connect(undefined, { inFlightMax: clients });
    const keys = new CheckedKeys(session, etcd, { keyBytes: 256, valueBytes: 1_024 });
    await keys.mustBeNone("'");
    const measured = new Measured();
    let seconds = 0;
    try {
      seconds = await writeAtRate(session, etcd, {
        rate,
        clients,
        durationMs,
        put: () => measured.one(() => keys.put()),
      });
    } finally {
      await keys.cleanUp().catch((error: unknown) => {
        session.line(`FAIL: Cleanup failed during key deletion: ERROR(${causeOf(error)})`);
      });
    }
    session.io.signal.throwIfAborted();
    await keys.defragment();
    const passed = verdict(session, measured, { rate, seconds });
    session.line(passed ? "PASS" : "FAIL");
    if (!passed) throw new CliFailure(exitCodes.error, "");
  },
};

/** @returns the seconds until the last response */
async function writeAtRate(
  { io }: Session,
  { clock }: Etcd,
  plan: PerfLoad & { readonly durationMs: number; readonly put: () => Promise<void> },
): Promise<number> {
  using bar = progressBar(io.stderr);
  const startedMs = clock.monotonicMs();
  const endMs = startedMs + plan.durationMs;
  const everyMs = 1_000 / plan.rate;
  const underWay = new Set<Promise<void>>();
  let dueMs = startedMs;
  let sent = 0;
  while (!io.signal.aborted) {
    const nowMs = clock.monotonicMs();
    if (nowMs >= endMs) break;
    dueMs = Math.max(dueMs, nowMs - arrearsMs);
    while (dueMs <= nowMs && underWay.size < plan.clients) {
      const put = plan.put().finally(() => underWay.delete(put));
      underWay.add(put);
      dueMs += everyMs;
      sent++;
    }
    bar.show({ done: sent, total: undefined, unit: "writes" });
    if (underWay.size < plan.clients) await clock.sleep(Math.max(1, Math.min(everyMs, dueMs - nowMs)));
    else await Promise.race(underWay);
  }
  await Promise.all(underWay);
  return (clock.monotonicMs() - startedMs) / 1_000;
}

function verdict(
  session: Session,
  measured: Measured,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): boolean {
  const failures = measured.failures();
  for (const line of failures) session.line(line);
  const achieved = measured.count / Math.max(seconds, 0.001);
  const { slowestSeconds, deviationSeconds } = measured;
  const writes = Math.trunc(achieved) + 1;
  const fast = achieved / rate > bounds.rateShare;
  session.line(
    fast ? `PASS: Throughput is ${writes} writes/s` : `FAIL: Throughput too low: ${writes} writes/s`,
  );
  const prompt = slowestSeconds <= bounds.slowestSeconds;
  const slowest = `${slowestSeconds.toFixed(6)}s`;
  session.line(
    prompt ? `PASS: Slowest request took ${slowest}` : `Slowest request took too long: ${slowest}`,
  );
  const even = deviationSeconds <= bounds.deviationSeconds;
  const deviation = `${deviationSeconds.toFixed(6)}s`;
  session.line(even ? `PASS: Stddev is ${deviation}` : `Stddev too high: ${deviation}`);
  return failures.length === 0 && fast && prompt && even;
}
