/**
 * Watching: etcd's history replayed without and with decoding, and one change told to 1, 100 and 1,000 watchers, of the
 * store (a stream of etcd's each) and of a cache (one stream for all). Objects of 1 KiB. The writer is in this process: its
 * CPU is in the figures, spread over the events delivered. bench/cache has the latencies, with writers elsewhere.
 */
import { createStore, type ResourceReader, type Store } from "keelson";
import { connectEtcd, type Etcd, startLocalEtcd } from "keelson/etcd";
import { filled, type Item, itemKind, load } from "./cache-objects.ts";
import { median, processCpuUs } from "./load.ts";

export interface WatchRow {
  readonly work: string;
  readonly watchers: number;
  readonly eventsPerSecond: number;
  readonly clientCpuUs: number;
  readonly etcdCpuUs: number | undefined;
  readonly anchor: string;
}

export interface WatchBenchOptions {
  /** Decides how much is watched: about ten events of history and one live change a millisecond; default 1,000. */
  readonly timeMs?: number | undefined;
  readonly watchers?: readonly number[] | undefined;
}

const prefix = "/bench";
const rounds = 3;
const historyPerMs = 10;
/** Live changes come in bursts of this size: what createMany makes one transaction of. */
const burst = 50;
/** Events told to all watchers of a figure together, for each millisecond: 1,000 watchers see fewer changes each. */
const deliveriesPerMs = 50;
const anchors: Readonly<Record<string, string>> = {
  "replay, undecoded 1": "188,000/s",
  "replay, decoded 1": "62,044/s",
  "live, cache 1": "1,175/s",
  "live, cache 100": "109,430/s, 7.8 µs",
  "live, cache 1000": "302,035/s, 4.9 µs",
};

export async function run(options: WatchBenchOptions = {}): Promise<readonly WatchRow[]> {
  const { timeMs = 1_000, watchers = [1, 100, 1_000] } = options;
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
  const row = (work: string, count: number, figures: readonly Figures[]): WatchRow => {
    const of = (field: keyof Figures): number => median(figures.map((figure) => figure[field]));
    const etcdCpuUs = of("etcdCpuUs");
    return {
      work,
      watchers: count,
      eventsPerSecond: Math.round(of("eventsPerSecond")),
      clientCpuUs: Math.round(of("clientCpuUs") * 100) / 100,
      etcdCpuUs: Number.isNaN(etcdCpuUs) ? undefined : Math.round(etcdCpuUs * 100) / 100,
      anchor: anchors[`${work} ${count}`] ?? "",
    };
  };
  const undecoded: Figures[] = [];
  const decoded: Figures[] = [];
  for (let round = 0; round < rounds; round++) {
    const work = [
      async () =>
        undecoded.push(await timed(server.pid, () => replayUndecoded(etcd, BigInt(from) + 1n, history))),
      async () => decoded.push(await timed(server.pid, () => replayDecoded(store, from, history))),
    ];
    for (const measure of round % 2 === 0 ? work : work.reverse()) await measure();
  }
  rows.push(row("replay, undecoded", 1, undecoded), row("replay, decoded", 1, decoded));
  let made = history;
  for (const count of watchers) {
    const bursts = Math.max(1, Math.ceil((timeMs * deliveriesPerMs) / count / burst / rounds));
    const changes = Math.min(bursts, Math.ceil(timeMs / rounds)) * burst;
    await using cache = await filled(store, { selfCheckIntervalMs: false });
    const readers: readonly [string, ResourceReader<Item>][] = [
      ["live, store", store.resources(itemKind)],
      ["live, cache", cache],
    ];
    for (const [work, reader] of readers) {
      await using crowd = await watchAll(reader, count);
      const figures: Figures[] = [];
      for (let round = 0; round < rounds; round++) {
        figures.push(
          await timed(server.pid, async () => {
            const told = crowd.told(changes);
            for (const to = made + changes; made < to; made += burst) await load(store, made, made + burst);
            return await told;
          }),
        );
      }
      rows.push(row(work, count, figures));
    }
  }
  return rows;
}

export function goals(rows: readonly WatchRow[]): readonly { goal: string; value: string; met: boolean }[] {
  const rate = rows.find((row) => row.work === "replay, undecoded")?.eventsPerSecond ?? Number.NaN;
  return [
    { goal: "replay of at least 120,000 events/s, undecoded", value: `${rate}/s`, met: rate >= 120_000 },
  ];
}

interface Figures {
  readonly eventsPerSecond: number;
  readonly clientCpuUs: number;
  /** NaN where the system does not tell. */
  readonly etcdCpuUs: number;
}

/** @param work how many events it delivered */
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

async function replayUndecoded(etcd: Etcd, startRevision: bigint, wanted: number): Promise<number> {
  await using watch = etcd.watches.open({
    key: `${prefix}/items/`,
    rangeEnd: `${prefix}/items0`,
    startRevision,
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
    // The object is decoded where it is read; whoever replays reads it.
    for (const event of batch) if (event.type !== "BOOKMARK" && event.object.spec.size >= 0) events++;
    if (events >= wanted) break;
  }
  return events;
}

/** Watchers from now on, all established. `told` resolves when each has seen so many events more, with their sum. */
async function watchAll(reader: ResourceReader<Item>, count: number) {
  const watches = Array.from({ length: count }, () => reader.watch());
  let delivered = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let reached = (): void => undefined;
  const loops = watches.map(async (watch) => {
    for await (const batch of watch.batches()) {
      delivered += batch.length;
      if (delivered >= wanted) reached();
    }
  });
  await Promise.all(watches.map((watch) => watch.ready()));
  return {
    async told(changes: number): Promise<number> {
      const before = delivered;
      wanted = before + changes * count;
      // A loop that ends with an error ends the wait with it.
      await Promise.race([new Promise<void>((resolve) => (reached = resolve)), ...loops]);
      return delivered - before;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all(watches.map((watch) => watch[Symbol.asyncDispose]()));
      await Promise.all(loops);
    },
  };
}
