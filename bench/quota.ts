/**
 * The cost of a quota for writers: creates with 64 in flight into one namespace and into 64, with and without a quota
 * on each, alternating in one run. The goal is a ratio, so the machine's speed does not matter.
 */
import { createStore, defineKind, type Resource, type Store } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
import { atLeast, type Goal, ratioOf } from "./measure/goals.ts";

interface Widget extends Resource {
  spec: { text: string };
}
const Widget = defineKind<Widget>({ version: "v1", kind: "Widget", plural: "widgets", scope: "Namespaced" });

/** Bytes of one object's body: with its metadata about 1 KiB stored. */
const bodyBytes = 700;
const inFlight = 64;
const rounds = 3;
const timeDefaultMs = 2_000;

export interface QuotaRow {
  readonly namespaces: number;
  readonly quota: "without" | "with";
  readonly createsPerSecond: number;
  readonly clientCpuUs: number;
}

export const small = { timeMs: 30 };

export async function run(
  options: { readonly timeMs?: number | undefined } = {},
): Promise<readonly QuotaRow[]> {
  const { timeMs = timeDefaultMs } = options;
  await using server = await startLocalEtcd();
  await using etcd = await connectEtcd({ endpoints: server.endpoints });
  await using store = await createStore({ etcd, kinds: [Widget], compaction: false });
  const figures = new Map<string, { perSecond: number[]; cpuUs: number[] }>();
  let made = 0;
  for (let round = 0; round < rounds; round++) {
    for (const spread of [1, inFlight]) {
      // The order reverses each time, so that drift affects both alike.
      for (const limited of round % 2 === 0 ? [false, true] : [true, false]) {
        const names = await namespaces(store, spread, made++, limited);
        const figure = await measure(store, names, timeMs);
        const at = `${spread} ${limited}`;
        const sums = figures.get(at) ?? { perSecond: [], cpuUs: [] };
        sums.perSecond.push(figure.perSecond);
        sums.cpuUs.push(figure.cpuUs);
        figures.set(at, sums);
      }
    }
  }
  return [1, inFlight].flatMap((spread) =>
    [false, true].map((limited): QuotaRow => {
      const sums = figures.get(`${spread} ${limited}`) ?? { perSecond: [], cpuUs: [] };
      return {
        namespaces: spread,
        quota: limited ? "with" : "without",
        createsPerSecond: Math.round(median(sums.perSecond)),
        clientCpuUs: Math.round(median(sums.cpuUs)),
      };
    }),
  );
}

export function goals(rows: readonly QuotaRow[]): readonly Goal[] {
  const share = (spread: number): number | undefined => {
    const of = (quota: string): number | undefined =>
      rows.find((row) => row.namespaces === spread && row.quota === quota)?.createsPerSecond;
    return ratioOf(of("with"), of("without"));
  };
  return [
    ...atLeast(
      "one namespace with a quota reaches at least 60 % of the same without",
      share(1),
      0.6,
      percent,
    ),
    ...atLeast("64 namespaces with quotas reach at least 85 %", share(inFlight), 0.85, percent),
  ];
}

async function namespaces(
  store: Store,
  count: number,
  series: number,
  limited: boolean,
): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, i) => `bench-${series}-${i}`);
  for (const name of names) {
    await store.namespaces.create({ metadata: { name } });
    if (limited) await store.quotas.set(name, { hard: { "count/widgets": 1_000_000, bytes: "10Gi" } });
  }
  return names;
}

async function measure(
  store: Store,
  names: readonly string[],
  timeMs: number,
): Promise<{ perSecond: number; cpuUs: number }> {
  const widgets = store.resources(Widget);
  const text = "x".repeat(bodyBytes);
  let created = 0;
  const worker = async (index: number, untilMs: number): Promise<void> => {
    const namespace = names[index % names.length] ?? "default";
    let i = 0;
    // At least one: a process without CPU time may find its time over before it starts.
    do {
      const name = `w-${index}-${i++}-${created}`;
      await widgets.create({ metadata: { namespace, name }, spec: { text } });
      created++;
    } while (performance.now() < untilMs);
  };
  const warmUntil = performance.now() + timeMs / 4;
  await Promise.all(Array.from({ length: inFlight }, (_, index) => worker(index, warmUntil)));
  created = 0;
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, (_, index) => worker(index + inFlight, startMs + timeMs)),
  );
  const elapsedMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (created / elapsedMs) * 1000, cpuUs: (user + system) / created };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const percent = (ratio: number): string => `${(ratio * 100).toFixed(0)} %`;
