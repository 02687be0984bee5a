/**
 * The cost of a whole list: time, client CPU, memory, and above all how long it blocks the event loop. `--time` is not
 * used: a run is three lists of each size.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createStore, defineKind, type Resource } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";

interface Widget extends Resource {
  spec: { text: string; size: number };
}
const Widget = defineKind<Widget>({ version: "v1", kind: "Widget", plural: "widgets", scope: "Namespaced" });

export interface ListBenchOptions {
  readonly timeMs?: number | undefined;
  /** Numbers of objects, ascending. */
  readonly sizes?: readonly number[] | undefined;
}

export const small: ListBenchOptions = { sizes: [300] };

/** With its metadata about 1 KiB stored. */
const bodyBytes = 700;
const rounds = 3;
const blockedGoalMs = 20;

export interface ListRow {
  readonly objects: number;
  readonly listMs: number;
  readonly cpuUsPerObject: number;
  /** Event loop delay during the list, milliseconds. */
  readonly loopP50Ms: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  readonly oneOfHundredMs: number;
  readonly pageOf500Ms: number;
  readonly rssMb: number;
}

export async function run(options: ListBenchOptions = {}): Promise<readonly ListRow[]> {
  const { sizes = [10_000, 100_000] } = options;
  await using server = await startLocalEtcd();
  await using etcd = await connectEtcd({ endpoints: server.endpoints });
  await using store = await createStore({ etcd, kinds: [Widget], compaction: false });
  const widgets = store.resources(Widget);
  const rows: ListRow[] = [];
  let made = 0;
  for (const objects of sizes) {
    const drafts = Array.from({ length: objects - made }, (_, i) => ({
      metadata: {
        namespace: "default",
        name: `w-${String(made + i).padStart(7, "0")}`,
        labels: { app: `app-${i % 100}` },
      },
      spec: { text: `${made + i} `.repeat(bodyBytes / 8).slice(0, bodyBytes), size: i },
    }));
    const outcomes = await widgets.createMany(drafts);
    const failed = outcomes.find((outcome) => outcome instanceof Error);
    if (failed !== undefined) throw failed;
    made = objects;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const cpu = process.cpuUsage();
    delay.enable();
    const listMs = await timed(rounds, async () => {
      const { items } = await widgets.list({ namespace: "default" });
      if (items.length !== objects) throw new Error(`a list of ${items.length} instead of ${objects}`);
    });
    delay.disable();
    const used = process.cpuUsage(cpu);
    rows.push({
      objects,
      listMs: round(listMs),
      cpuUsPerObject: round((used.user + used.system) / rounds / objects),
      loopP50Ms: round(delay.percentile(50) / 1e6),
      loopP99Ms: round(delay.percentile(99) / 1e6),
      loopMaxMs: round(delay.max / 1e6),
      oneOfHundredMs: round(
        await timed(rounds, () => widgets.list({ namespace: "default", labelSelector: "app=app-7" })),
      ),
      pageOf500Ms: round(await timed(rounds, () => widgets.list({ namespace: "default", limit: 500 }))),
      rssMb: Math.round(process.memoryUsage().rss / 2 ** 20),
    });
  }
  return rows;
}

export function goals(rows: readonly ListRow[]): readonly { goal: string; value: string; met: boolean }[] {
  return rows.map(({ objects, loopP99Ms }) => ({
    goal: `a list of ${objects} keeps the event loop less than ${blockedGoalMs} ms at p99`,
    value: `${loopP99Ms} ms`,
    met: loopP99Ms < blockedGoalMs,
  }));
}

async function timed(times: number, work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  for (let i = 0; i < times; i++) await work();
  return (performance.now() - startedMs) / times;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
