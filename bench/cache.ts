/**
 * Compares the cache with reference figures (the Go watch cache of Kubernetes on a 2-core machine): reads warm and
 * cold, at the latest and at a past version; watching; filling and memory. Objects of 1 KiB, real etcd, one member.
 *
 * Wall times are medians; CPU is that of this process (writers and fills run in separate processes).
 */
import { execFile } from "node:child_process";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createStore, type ListOptions, type Store, type WatchCache } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
import { filled, type Item, item, itemKind, load } from "./cache-objects.js";
import { atLeast, atMost, type Goal } from "./measure/goals.ts";
import { machineMs } from "./measure/machine.js";

export interface CacheRow {
  readonly work: string;
  readonly objects: number;
  /** The value, in `unit`: milliseconds, microseconds, objects or events per second, or bytes. */
  readonly keelson: number;
  readonly unit: string;
  readonly cpu: string;
  readonly anchor: string;
  readonly note: string;
}

export interface CacheBenchOptions {
  /** Milliseconds measured per read; default 300. */
  readonly timeMs?: number | undefined;
  /** Numbers of objects; default 10,000, 100,000 and 150,000, where the reference slows down. */
  readonly objects?: readonly number[] | undefined;
  /** Duration of writing for each number of watchers, milliseconds; default 3,000. */
  readonly watchMs?: number | undefined;
  /** Watchers and writers; default up to 1,000 and 16. */
  readonly crowds?: readonly (readonly [watchers: number, writers: number])[] | undefined;
}

export const small: CacheBenchOptions = { timeMs: 5, objects: [500], watchMs: 100, crowds: [[20, 2]] };

const run1 = promisify(execFile);
const child = fileURLToPath(new URL("./cache-child.js", import.meta.url));
const crowdsDefault = [
  [1, 1],
  [100, 1],
  [1000, 1],
  [100, 16],
  [1000, 16],
] as const;
const any = { consistency: "any" } as const;

export async function run(options: CacheBenchOptions = {}): Promise<readonly CacheRow[]> {
  const { timeMs = 300, objects: sizes = [10_000, 100_000, 150_000], watchMs = 3_000 } = options;
  const crowds = options.crowds ?? crowdsDefault;
  const rows: CacheRow[] = [];
  await using server = await startLocalEtcd({ extraArgs: ["--quota-backend-bytes", String(4 * 2 ** 30)] });
  await using etcd = await connectEtcd({ endpoints: server.endpoints });
  for (const objects of sizes) {
    const prefix = `/bench-${objects}`;
    await using store = await createStore({
      etcd,
      kinds: [itemKind],
      prefix,
      namespaces: "open",
      compaction: false,
    });
    const start = await store.currentResourceVersion();
    await load(store, 0, objects);
    rows.push(...(await memoryRows(server.endpoints[0] ?? "", prefix, objects)));
    rows.push(...(await readRows(store, objects, timeMs)));
    if (objects === sizes[0])
      rows.push(...(await watchRows(store, server.endpoints[0] ?? "", prefix, { objects, watchMs, crowds })));
    if (objects === 100_000 || sizes.length === 1) rows.push(await replayRow(store, start, objects));
  }
  return rows;
}

export function goals(rows: readonly CacheRow[]): readonly Goal[] {
  const sizes = [...new Set(rows.map(({ objects }) => objects))];
  const [first = 0] = sizes;
  const of = (work: string, objects = first): number | undefined =>
    rows.find((row) => row.work === work && row.objects === objects)?.keelson;
  const times = (figure: number | undefined, factor: number): number | undefined =>
    figure === undefined ? undefined : figure * factor;
  const most = (goal: string, figure: number | undefined, bound: number, unit: string): readonly Goal[] =>
    atMost(`${goal} at most ${bound} ${unit}`, figure, bound, (value) => `${value.toFixed(2)} ${unit}`);
  // Only fills of 100,000 objects or more count: smaller ones measure the start.
  const fills = sizes.filter((objects) => objects >= 100_000).map((objects) => of("fill", objects) ?? 0);
  const last = sizes.at(-1) ?? first;
  const at10k = <T>(goals: readonly T[]): readonly T[] => (first === 10_000 ? goals : []);
  return [
    ...at10k([
      ...most("list of 10,000, any, warm", of("list all, any, warm"), 1, "ms"),
      ...most(
        "1 % label list, indexed, any, warm",
        times(of("list 1 % by label, any, warm"), 1_000),
        100,
        "µs",
      ),
      ...most("list of 10,000, cold", of("list all, any, cold"), 60, "ms"),
    ]),
    ...most("page of 500, any, warm", times(of("page of 500, any, warm"), 1_000), 100, "µs"),
    ...most(
      "page of 500, past version, warm",
      times(of("page of 500, past version, warm"), 1_000),
      100,
      "µs",
    ),
    ...most("get, any, warm", times(of("get, any, warm"), 1_000), 2, "µs"),
    ...most(
      "event loop blocked at p99 while listing cold",
      of("event loop p99, cold list of all", last),
      20,
      "ms",
    ),
    ...most(
      "event loop blocked at p99 while the cache fills",
      of("event loop p99 while it fills", last),
      15,
      "ms",
    ),
    ...atLeast(
      "fill of 100,000 and more at least 60,000 objects/s",
      fills.length === 0 ? undefined : Math.min(...fills),
      60_000,
      (figure) => `${figure.toFixed(0)}/s`,
    ),
    ...most("RSS per cached 1 KiB object", times(of("RSS per object", last), 1 / 1_024), 1.6, "KiB"),
    ...most(
      "CPU per delivered event at 1,000 watchers",
      of("1000 watchers, 16 writers: CPU per event"),
      1,
      "µs",
    ),
    ...most(
      "deliver after acknowledgement, p99, 100 watchers",
      of("100 watchers, 1 writer: deliver after ack p99"),
      3,
      "ms",
    ),
  ];
}

interface Timed {
  readonly p50: number;
  readonly cpuMs: number;
}

async function timed(timeMs: number, work: () => Promise<unknown>): Promise<Timed> {
  for (let i = 0; i < 5; i++) await work();
  const times: number[] = [];
  const cpu = process.cpuUsage();
  const until = performance.now() + timeMs;
  do {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  } while (performance.now() < until);
  const { user, system } = process.cpuUsage(cpu);
  times.sort((a, b) => a - b);
  return { p50: times[times.length >> 1] ?? 0, cpuMs: (user + system) / 1000 / times.length };
}

async function readRows(store: Store, objects: number, timeMs: number): Promise<CacheRow[]> {
  const rows: CacheRow[] = [];
  const note = "";
  const add = (work: string, { p50, cpuMs }: Timed, anchor = ""): void => {
    rows.push({ work, objects, keelson: p50, unit: "ms", cpu: `${cpuMs.toFixed(3)} ms`, anchor, note });
  };
  const at10k = (anchor: string): string => (objects === 10_000 ? anchor : "");

  // Cold: only bytes and no decoded values are kept, so every list decodes.
  await using cold = await filled(store, { decodedBytes: 0, selfCheckIntervalMs: false });
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const coldAll = await timed(timeMs, () => cold.list({ read: any }));
  loop.disable();
  add("list all, any, cold", coldAll, at10k("10.4 ms, decoded in memory"));
  const p99 = loop.percentile(99) / 1e6;
  rows.push({
    work: "event loop p99, cold list of all",
    objects,
    keelson: p99,
    unit: "ms",
    cpu: "",
    anchor: "",
    note,
  });
  const frozen = await filled(store, { decodedBytes: 0, freeze: false, selfCheckIntervalMs: false });
  add("list all, any, cold, not frozen", await timed(timeMs, () => frozen.list({ read: any })));
  await frozen[Symbol.asyncDispose]();

  // Warm: everything decoded once, within the budget; a past version is kept besides the latest.
  const budget = { budgetBytes: 2 * 2 ** 30, decodedBytes: 2 ** 30, selfCheckIntervalMs: false } as const;
  await using cache = await filled(store, budget);
  const past = cache.resourceVersion;
  for (let i = 0; i < 500; i++) {
    const { namespace, name } = item(i * Math.max(1, Math.floor(objects / 500))).metadata;
    await store
      .resources(itemKind)
      .guaranteedUpdate({ namespace, name }, (c) => ({ ...c, spec: { ...c.spec, size: i + 0.5 } }));
  }
  await cache.list();
  await cache.list({ read: { consistency: "exact", resourceVersion: past } });
  const list = (work: string, more: ListOptions, anchor = ""): Promise<void> =>
    timed(timeMs, () => cache.list(more)).then((result) => add(work, result, anchor));
  const exact = { consistency: "exact", resourceVersion: past } as const;
  const label = { labelSelector: "app=app-7" };
  await list("list all, any, warm", { read: any }, at10k("10.4 ms, CPU 19.8 ms"));
  await list("list all, linearizable, warm", {}, at10k("11.4 ms, CPU 21.3 ms"));
  await list("list all, past version, warm", { read: exact });
  await list("list 1 % by label, any, warm", { ...label, read: any }, at10k("4.9 ms, CPU 5.8 ms"));
  await list("list 1 % by label, linearizable, warm", label, at10k("7.8 ms, CPU 8.3 ms"));
  await list(
    "list 1 % by label, past version, warm",
    { ...label, read: exact },
    objects === 150_000 ? "8 ms where the latest takes 5-8 µs" : "",
  );
  await list(
    "list one node by field, any, warm",
    { fieldSelector: "spec.nodeName=node-7", read: any },
    objects === 150_000 ? "5-8 µs" : "",
  );
  await list(
    "list one node by field, past version, warm",
    { fieldSelector: "spec.nodeName=node-7", read: exact },
    objects === 150_000 ? "8 ms" : "",
  );
  await list("list by a label that is no index, any, warm", { labelSelector: "release=r-3", read: any });
  await list(
    "list one namespace, any, warm",
    { namespace: "team-07", read: any },
    at10k("283 µs, CPU 0.99 ms"),
  );
  await list("page of 500, any, warm", { limit: 500, read: any });
  await list("page of 500, past version, warm", { limit: 500, read: exact });
  const walk = async (): Promise<void> => {
    let token: string | undefined;
    do {
      const page: Awaited<ReturnType<WatchCache<Item>["list"]>> = await cache.list(
        token === undefined ? { limit: 500, read: any } : { limit: 500, continueToken: token },
      );
      token = page.continueToken;
    } while (token !== undefined);
  };
  add("walk all in pages of 500, one version, warm", await timed(timeMs, walk), at10k("25.4 ms, CPU 46 ms"));
  const keys = Array.from({ length: 1000 }, (_, i) => item((i * 7919) % objects).metadata);
  const gets = await timed(timeMs, async () => {
    for (const key of keys) await cache.get(key, { read: any });
  });
  add(
    "get, any, warm",
    { p50: gets.p50 / keys.length, cpuMs: gets.cpuMs / keys.length },
    "6.0 µs, CPU 8.7 µs",
  );
  const fresh = await timed(timeMs, () => Promise.all(keys.slice(0, 64).map((key) => cache.get(key))));
  add("get, linearizable, 64 at once, warm", { p50: fresh.p50 / 64, cpuMs: fresh.cpuMs / 64 });
  if (objects === 10_000) {
    const source = store.resources(itemKind);
    add("list all straight from etcd", await timed(timeMs, () => source.list()), "191 ms, CPU 206 ms");
  }
  return rows;
}

async function memoryRows(endpoint: string, prefix: string, objects: number): Promise<CacheRow[]> {
  const { stdout } = await run1(process.execPath, ["--expose-gc", child, "fill", endpoint, prefix]);
  const { fillMs, firstMs, cpuMs, loopP99Ms, loopMaxMs, rss, heap, buffers, rssPeak, rssAfter, bytes } =
    JSON.parse(stdout) as Record<string, number> & { bytes: { total: number } };
  const per = (value = 0): string => `${Math.round(value / objects)} B`;
  const anchors =
    objects === 10_000
      ? ["33,500/s", ""]
      : objects === 100_000
        ? ["36,200/s", "659 MiB peak, 515 MiB after"]
        : ["", ""];
  const mib = (value = 0): string => `${Math.round(value / 2 ** 20)} MiB`;
  return [
    {
      work: "fill",
      objects,
      keelson: (objects / (fillMs ?? 1)) * 1000,
      unit: "objects/s",
      cpu: `${(((cpuMs ?? 0) * 1000) / objects).toFixed(1)} µs each`,
      anchor: anchors[0] ?? "",
      note: `${Math.round(fillMs ?? 0)} ms; the first, in a fresh process: ${Math.round(firstMs ?? 0)} ms`,
    },
    {
      work: "event loop p99 while it fills",
      objects,
      keelson: loopP99Ms ?? 0,
      unit: "ms",
      cpu: "",
      anchor: "",
      note: `longest ${(loopMaxMs ?? 0).toFixed(1)} ms`,
    },
    {
      work: "RSS per object",
      objects,
      keelson: (rss ?? 0) / objects,
      unit: "bytes",
      cpu: "",
      anchor: "4,554 B heap",
      note: `heap ${per(heap)}, buffers ${per(buffers)}, charged ${per(bytes.total)}`,
    },
    {
      work: "RSS of the process",
      objects,
      keelson: (rssAfter ?? 0) / 2 ** 20,
      unit: "MiB",
      cpu: "",
      anchor: anchors[1] ?? "",
      note: `peak ${mib(rssPeak)}`,
    },
  ];
}

async function watchRows(
  store: Store,
  endpoint: string,
  prefix: string,
  {
    objects,
    watchMs,
    crowds,
  }: Required<Pick<CacheBenchOptions, "watchMs" | "crowds">> & {
    readonly objects: number;
  },
): Promise<CacheRow[]> {
  const rows: CacheRow[] = [];
  const anchors: Record<string, readonly string[]> = {
    "1/1": ["1,175/s", "0.83/3.6 ms", ""],
    "100/1": ["109,430/s", "1.0/3.9 ms", "7.8"],
    "1000/1": ["302,035/s", "4.8/10.6 ms", "4.9"],
    "100/16": ["267,439/s", "7.8/49 ms", "4.7"],
    "1000/16": ["960,327/s", "46/170 ms", "1.8"],
  };
  for (const [watchers, writers] of crowds ?? []) {
    await using cache = await filled(store, { selfCheckIntervalMs: false });
    const seen = new Map<string, number[]>();
    let delivered = 0;
    const watches = Array.from({ length: watchers }, () => cache.watch());
    const done = watches.map(async (watch, i) => {
      // Every tenth watcher records when each version arrives.
      const notes = i % 10 === 0;
      for await (const events of watch.batches()) {
        delivered += events.length;
        if (!notes) continue;
        const at = machineMs();
        for (const { resourceVersion } of events) {
          const known = seen.get(resourceVersion);
          if (known === undefined) seen.set(resourceVersion, [at]);
          else known.push(at);
        }
      }
    });
    await Promise.all(watches.map((watch) => watch.ready()));
    const cpu = process.cpuUsage();
    const start = performance.now();
    const { stdout } = await run1(
      process.execPath,
      [child, "write", endpoint, prefix, String(writers), String(watchMs)],
      { maxBuffer: 2 ** 28 },
    );
    const elapsed = performance.now() - start;
    await cache.list();
    const { user, system } = process.cpuUsage(cpu);
    await Promise.all(watches.map((watch) => watch[Symbol.asyncDispose]()));
    await Promise.all(done);
    const log = JSON.parse(stdout) as [string, number, number, number][];
    const afterAck: number[] = [];
    const whole: number[] = [];
    for (const [version, sent, acknowledged] of log) {
      for (const at of seen.get(version) ?? []) {
        afterAck.push(at - acknowledged);
        whole.push(at - sent);
      }
    }
    const percentile = (values: number[], share: number): number => {
      values.sort((a, b) => a - b);
      return values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
    };
    const name = `${watchers} watcher${watchers === 1 ? "" : "s"}, ${writers} writer${writers === 1 ? "" : "s"}`;
    const [rate = "", latency = "", anchorCpu = ""] = anchors[`${watchers}/${writers}`] ?? [];
    const cpuUs = (user + system) / Math.max(1, delivered);
    const base = { objects, cpu: "", note: "" };
    // The child's start-up is in `elapsed`: the rate uses only the time in which writes were sent.
    const span = Math.min(elapsed, (log.at(-1)?.[2] ?? 0) - (log[0]?.[1] ?? 0) || elapsed);
    rows.push({
      ...base,
      work: `${name}: delivered`,
      keelson: (delivered / span) * 1000,
      unit: "events/s",
      anchor: rate,
      note: `${log.length} writes`,
    });
    rows.push({
      ...base,
      work: `${name}: write to deliver p50`,
      keelson: percentile(whole, 0.5),
      unit: "ms",
      anchor: latency,
      note: `p99 ${percentile(whole, 0.99).toFixed(2)} ms`,
    });
    rows.push({
      ...base,
      work: `${name}: deliver after ack p99`,
      keelson: percentile(afterAck, 0.99),
      unit: "ms",
      anchor: "",
      note: `p50 ${percentile(afterAck, 0.5).toFixed(2)} ms`,
    });
    rows.push({
      ...base,
      work: `${name}: CPU per event`,
      keelson: cpuUs,
      unit: "µs",
      anchor: anchorCpu,
      note: "ingest and dispatch included",
    });
  }
  return rows;
}

async function replayRow(store: Store, resourceVersion: string, objects: number): Promise<CacheRow> {
  await using cache = await filled(store, { selfCheckIntervalMs: false });
  const cpu = process.cpuUsage();
  const start = performance.now();
  let events = 0;
  for await (const batch of cache.watch({ resourceVersion }).batches()) {
    events += batch.length;
    if (events >= objects) break;
  }
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return {
    work: "replay of etcd's history, decoded",
    objects,
    keelson: (events / ms) * 1000,
    unit: "events/s",
    cpu: `${((user + system) / events).toFixed(1)} µs each`,
    anchor: "62,044/s",
    note: "",
  };
}
