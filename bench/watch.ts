/**
 * Watching: etcd's history replayed without and with decoding, and one change delivered to 1 to 10,000 watchers, of the
 * store (an etcd stream each) and of a cache (one stream for all), compared with plain etcd3's watcher. Objects are 1
 * KiB. The writer is in this process: the figures include its CPU, divided by the delivered events, and times are from
 * requesting a write until the last watcher has it. bench/cache has the latencies with writers in other processes.
 */
import { Etcd3 } from "etcd3";
import { createStore, type ResourceReader, type Store } from "keelson";
import { connectEtcd, type Etcd, startLocalEtcd } from "keelson/etcd";
import { filled, type Item, itemKind, load } from "./cache-objects.ts";
import { watchAll } from "./measure/crowd.ts";
import { atLeast, atMost, type Goal } from "./measure/goals.ts";
import { median, percentile, processCpuUs } from "./measure/load.ts";

export interface WatchRow {
  readonly work: string;
  readonly watchers: number;
  readonly eventsPerSecond: number;
  /** Latency of live changes, from requesting the write until every watcher has it. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly clientCpuUs: number;
  readonly etcdCpuUs: number | undefined;
  readonly anchor: string;
}

export interface WatchBenchOptions {
  /** Sets the amount of work: about fifty events of history and one live change a millisecond; default 1,000. */
  readonly timeMs?: number | undefined;
  readonly watchers?: readonly number[] | undefined;
}

const prefix = "/bench";
const rounds = 3;
/** etcd takes up to 100 ms before it begins a replay: a short history would measure that. */
const historyPerMs = 50;
/** Size of the bursts of live changes: one transaction of createMany. */
const burst = 50;
/** Events delivered to all watchers of a figure together, per millisecond: 1,000 watchers see fewer changes each. */
const deliveriesPerMs = 100;
/** Minimum number of bursts per figure, for a meaningful median. */
const burstsMin = 3;
/** A watcher of the store is an etcd stream: more than this needs the cache. */
const storeWatchersMax = 1_000;
const anchors: Readonly<Record<string, string>> = {
  "replay, undecoded, whole 1": "188,000/s",
  "replay, decoded 1": "62,044/s",
  "live, cache 1": "1,175/s",
  "live, cache 100": "109,430/s, 7.8 µs",
  "live, cache 1000": "302,035/s, 4.9 µs",
};

export async function run(options: WatchBenchOptions = {}): Promise<readonly WatchRow[]> {
  const { timeMs = 1_000, watchers = [1, 100, 1_000, 10_000] } = options;
  await using server = await startLocalEtcd({ extraArgs: ["--quota-backend-bytes", String(8 * 2 ** 30)] });
  await using etcd = await connectEtcd({ endpoints: server.endpoints });
  await using store = await createStore({
    etcd,
    kinds: [itemKind],
    prefix,
    namespaces: "open",
    compaction: false,
  });
  const history = Math.max(burst, timeMs * historyPerMs);
  const from = await store.currentResourceVersion();
  await load(store, 0, history);
  const rows: WatchRow[] = [];
  const startRevision = BigInt(from) + 1n;
  const replays: readonly (readonly [string, () => Promise<number>])[] = [
    ["replay, etcd3 Watcher", () => replayPlain(server.endpoints, String(startRevision), history)],
    ["replay, undecoded, in parts", () => replayUndecoded(etcd, { startRevision, fragment: true }, history)],
    ["replay, undecoded, whole", () => replayUndecoded(etcd, { startRevision, fragment: false }, history)],
    ["replay, decoded", () => replayDecoded(store, from, history)],
  ];
  const taken = replays.map((): Figures[] => []);
  for (let round = 0; round < rounds; round++) {
    const order = [...replays.entries()];
    if (round % 2 === 1) order.reverse();
    for (const [at, [, replay]] of order) taken[at]?.push(await timed(server.pid, replay));
  }
  for (const [at, [work]] of replays.entries()) rows.push(rowOf(work, 1, taken[at] ?? [], []));
  let made = history;
  for (const count of watchers) {
    const bursts = Math.max(burstsMin, Math.ceil((timeMs * deliveriesPerMs) / count / burst / rounds));
    const changes = Math.min(bursts, Math.ceil(timeMs / rounds)) * burst;
    await using cache = await filled(store, { selfCheckIntervalMs: false });
    const readers: [string, ResourceReader<Item>][] = [["live, cache", cache]];
    if (count <= storeWatchersMax) readers.unshift(["live, store", store.resources(itemKind)]);
    for (const [work, reader] of readers) {
      await using crowd = await watchAll(reader, count);
      const figures: Figures[] = [];
      const times: number[] = [];
      for (let round = 0; round < rounds; round++) {
        figures.push(
          await timed(server.pid, async () => {
            let delivered = 0;
            for (const to = made + changes; made < to; made += burst) {
              const startMs = performance.now();
              const all = crowd.delivered(burst);
              await load(store, made, made + burst);
              delivered += await all;
              times.push(performance.now() - startMs);
            }
            return delivered;
          }),
        );
      }
      rows.push(rowOf(work, count, figures, times));
    }
  }
  return rows;
}

export function goals(rows: readonly WatchRow[]): readonly Goal[] {
  const rate = rows.find((row) => row.work === "replay, undecoded, whole")?.eventsPerSecond;
  const cpuUs = rows.find((row) => row.work === "live, cache" && row.watchers === 1_000)?.clientCpuUs;
  return [
    ...atLeast("replay of at least 120,000 events/s, undecoded", rate, 120_000, (figure) => `${figure}/s`),
    ...atMost(
      "CPU per event delivered to 1,000 watchers of the cache at most 1 µs",
      cpuUs,
      1,
      (figure) => `${figure} µs`,
    ),
  ];
}

interface Figures {
  readonly eventsPerSecond: number;
  readonly clientCpuUs: number;
  /** NaN where the system does not report it. */
  readonly etcdCpuUs: number;
}

function rowOf(
  work: string,
  watchers: number,
  figures: readonly Figures[],
  times: readonly number[],
): WatchRow {
  const of = (field: keyof Figures): number => median(figures.map((figure) => figure[field]));
  const hundredths = (value: number): number => Math.round(value * 100) / 100;
  const etcdCpuUs = of("etcdCpuUs");
  const sorted = [...times].sort((a, b) => a - b);
  return {
    work,
    watchers,
    eventsPerSecond: Math.round(of("eventsPerSecond")),
    p50Ms: sorted.length === 0 ? undefined : hundredths(percentile(sorted, 0.5)),
    p99Ms: sorted.length === 0 ? undefined : hundredths(percentile(sorted, 0.99)),
    clientCpuUs: hundredths(of("clientCpuUs")),
    etcdCpuUs: Number.isNaN(etcdCpuUs) ? undefined : hundredths(etcdCpuUs),
    anchor: anchors[`${work} ${watchers}`] ?? "",
  };
}

/** @param work returns the number of delivered events */
async function timed(etcdPid: number, work: () => Promise<number>): Promise<Figures> {
  const etcdBefore = processCpuUs(etcdPid) ?? Number.NaN;
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const events = await work();
  const elapsedMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  const etcdAfter = processCpuUs(etcdPid) ?? Number.NaN;
  return {
    eventsPerSecond: (events / elapsedMs) * 1000,
    clientCpuUs: (user + system) / events,
    etcdCpuUs: (etcdAfter - etcdBefore) / events,
  };
}

async function replayPlain(
  endpoints: readonly string[],
  startRevision: string,
  wanted: number,
): Promise<number> {
  const plain = new Etcd3({
    hosts: [...endpoints],
    grpcOptions: { "grpc.max_receive_message_length": -1 },
  });
  try {
    const watcher = await plain.watch().prefix(`${prefix}/items/`).startRevision(startRevision).watcher();
    let events = 0;
    await new Promise<void>((resolve, reject) => {
      watcher.on("error", reject);
      watcher.on("put", () => {
        if (++events === wanted) resolve();
      });
    });
    // Only closing it would let it reconnect forever.
    await watcher.cancel();
    return events;
  } finally {
    plain.close();
  }
}

async function replayUndecoded(
  etcd: Etcd,
  how: { readonly startRevision: bigint; readonly fragment: boolean },
  wanted: number,
): Promise<number> {
  await using watch = etcd.watches.open({
    key: `${prefix}/items/`,
    rangeEnd: `${prefix}/items0`,
    views: true,
    ...how,
  });
  let events = 0;
  for await (const batch of watch) {
    if (batch.type === "events") events += batch.events.length;
    if (events >= wanted) break;
  }
  return events;
}

async function replayDecoded(store: Store, resourceVersion: string, wanted: number): Promise<number> {
  let events = 0;
  await using watch = store.resources(itemKind).watch({ resourceVersion });
  for await (const batch of watch.batches()) {
    // The object is decoded on access; a replay accesses it.
    for (const event of batch) if (event.type !== "BOOKMARK" && event.object.spec.size >= 0) events++;
    if (events >= wanted) break;
  }
  return events;
}
