/**
 * Scaling: one etcd and one cache with 1,000 to 1,000,000 objects of 1 KiB; many watchers over the largest number; and
 * as many node agents as a large cluster has, each watching its node's pods by a field. docs/scale.md describes it.
 *
 * Everything is in this process, writers included, so CPU is an upper bound. `--time` is not used; the whole takes about
 * five minutes and 4 GiB of disk.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createStore, createWatchCache, defineKind, type Kind, type Resource, type Store } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
import { filled, item, itemKind, load } from "./cache-objects.ts";
import { watchAll } from "./measure/crowd.ts";
import { median, percentile } from "./measure/load.ts";

export interface ScaleRow {
  readonly work: string;
  /** Objects in etcd and in the cache. */
  readonly objects: number;
  readonly value: number;
  readonly unit: string;
  readonly note: string;
}

export interface ScaleBenchOptions {
  readonly timeMs?: number | undefined;
  /** Numbers of objects, ascending. */
  readonly sizes?: readonly number[] | undefined;
  /** Watchers of everything, over the largest number of objects. */
  readonly watchers?: number | undefined;
  readonly nodes?: number | undefined;
  readonly podsPerNode?: number | undefined;
  /** Total number of pod changes, sequential in each lane. */
  readonly podChanges?: number | undefined;
}

export const small: ScaleBenchOptions = {
  sizes: [600],
  watchers: 20,
  nodes: 10,
  podsPerNode: 3,
  podChanges: 30,
};

interface Pod extends Resource {
  spec: { nodeName: string; image: string; text: string };
  status: { phase: string; step: number };
}

const podKind: Kind<Pod> = defineKind<Pod>({
  version: "v1",
  kind: "Pod",
  plural: "pods",
  scope: "Namespaced",
  fields: { "spec.nodeName": ({ spec }) => spec.nodeName },
  indexes: ["field:spec.nodeName"],
});

const any = { consistency: "any" } as const;
const cacheBytes = 6 * 2 ** 30;
const pageItems = 500;
/** Repetitions of each read; the figure is the median. */
const samples = 25;
const burst = 50;
const burstsPerFigure = 6;
/** Concurrent pod changes. */
const lanes = 16;
const podTextBytes = 600;

export async function run(options: ScaleBenchOptions = {}): Promise<readonly ScaleRow[]> {
  const {
    sizes = [1_000, 10_000, 100_000, 1_000_000],
    watchers = 10_000,
    nodes = 5_000,
    podsPerNode = 30,
    podChanges = 20_000,
  } = options;
  await using server = await startLocalEtcd({ extraArgs: ["--quota-backend-bytes", String(8 * 2 ** 30)] });
  await using etcd = await connectEtcd({ endpoints: server.endpoints });
  await using store = await createStore({
    etcd,
    kinds: [itemKind, podKind],
    prefix: "/scale",
    namespaces: "open",
    compaction: false,
  });
  const rows: ScaleRow[] = [];
  let made = 0;
  for (const objects of sizes) {
    const startMs = performance.now();
    await load(store, made, objects);
    const loadedPerSecond = ((objects - made) / (performance.now() - startMs)) * 1000;
    rows.push({ work: "createMany", objects, value: loadedPerSecond, unit: "objects/s", note: "" });
    made = objects;
    rows.push(...(await growthRows(store, objects)));
    if (objects === sizes.at(-1)) rows.push(...(await crowdRows(store, objects, watchers)));
  }
  rows.push(...(await nodeRows(store, nodes, podsPerNode, podChanges)));
  const { databaseBytes } = await store.health();
  rows.push({
    work: "etcd's database",
    objects: made + nodes * podsPerNode,
    value: databaseBytes ?? Number.NaN,
    unit: "bytes",
    note: "all of the above",
  });
  return rows.map((row) => ({ ...row, value: readable(row.value) }));
}

/** Reads of etcd, the filling of a cache, its memory, its reads. */
async function growthRows(store: Store, objects: number): Promise<readonly ScaleRow[]> {
  const rows: ScaleRow[] = [];
  const add = (work: string, value: number, unit: string, note = ""): void => {
    rows.push({ work, objects, value, unit, note });
  };
  const items = store.resources(itemKind);
  const keyAt = (i: number) => item((i * 7919) % objects).metadata;
  add("get from etcd", await medianMs((i) => items.get(keyAt(i))), "ms");
  add(`page of ${pageItems} from etcd`, await medianMs(() => items.list({ limit: pageItems })), "ms");
  collectGarbage();
  const before = process.memoryUsage.rss();
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await using cache = await filled(store, { budgetBytes: cacheBytes, selfCheckIntervalMs: false });
  const fillMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  loop.disable();
  add(
    "fill",
    (objects / fillMs) * 1000,
    "objects/s",
    `${((user + system) / objects).toFixed(1)} µs CPU each`,
  );
  add(
    "event loop p99 while it fills",
    loop.percentile(99) / 1e6,
    "ms",
    `longest ${readable(loop.max / 1e6)}`,
  );
  collectGarbage();
  const grown = process.memoryUsage.rss() - before;
  const { bytes } = cache.stats();
  add(
    "charged per cached object",
    bytes.total / objects,
    "bytes",
    `RSS grew by ${readable(grown / 2 ** 20)} MiB`,
  );
  add("get from the cache", await medianMs((i) => cache.get(keyAt(i), { read: any })), "ms");
  add("get from the cache, linearizable", await medianMs((i) => cache.get(keyAt(i))), "ms");
  const page = { limit: pageItems, read: any };
  add(`page of ${pageItems} from the cache`, await medianMs(() => cache.list(page)), "ms");
  const node = { fieldSelector: "spec.nodeName=node-7", read: any };
  const { items: onNode } = await cache.list(node);
  add(
    "list of one node by its index",
    await medianMs(() => cache.list(node)),
    "ms",
    `${onNode.length} found`,
  );
  await using watch = cache.watch();
  await watch.ready();
  const events = watch.batches()[Symbol.asyncIterator]();
  const untilDeliveredMs = await medianMs(async (i) => {
    const { namespace, name } = keyAt(i);
    const changed = await items.guaranteedUpdate({ namespace, name }, (current) => ({
      ...current,
      spec: { ...current.spec, size: current.spec.size + 0.5 },
    }));
    for (;;) {
      const { value } = await events.next();
      if (value === undefined) throw new Error("the watch ended");
      const { resourceVersion } = changed.metadata;
      if (value.some((event: { resourceVersion: string }) => event.resourceVersion === resourceVersion))
        return;
    }
  });
  add("write, until a watcher has it", untilDeliveredMs, "ms");
  return rows;
}

/** Bursts of changes delivered to many watchers of everything. */
async function crowdRows(store: Store, objects: number, watchers: number): Promise<readonly ScaleRow[]> {
  await using cache = await filled(store, { budgetBytes: cacheBytes, selfCheckIntervalMs: false });
  await using crowd = await watchAll(cache, watchers);
  const times: number[] = [];
  const cpu = process.cpuUsage();
  let made = objects;
  let delivered = 0;
  for (let i = 0; i < burstsPerFigure; i++) {
    const all = crowd.delivered(burst);
    const startMs = performance.now();
    await load(store, made, made + burst);
    made += burst;
    delivered += await all;
    times.push(performance.now() - startMs);
  }
  const { user, system } = process.cpuUsage(cpu);
  const of = `${watchers} watchers`;
  const elapsedMs = times.reduce((sum, ms) => sum + ms, 0);
  return [
    { work: `${of}: delivered`, objects, value: (delivered / elapsedMs) * 1000, unit: "events/s", note: "" },
    {
      work: `${of}: CPU`,
      objects,
      value: (user + system) / delivered,
      unit: "µs/event",
      note: "writes included",
    },
    {
      work: `${of}: ${burst} creates, until all have them`,
      objects,
      value: median(times),
      unit: "ms",
      note: `longest ${readable(Math.max(...times))}`,
    },
  ];
}

/** Node agents, each of which watches only its own pods. */
async function nodeRows(
  store: Store,
  nodes: number,
  podsPerNode: number,
  changes: number,
): Promise<readonly ScaleRow[]> {
  const pods = store.resources(podKind);
  const objects = nodes * podsPerNode;
  const place = (i: number) => ({ namespace: `team-${i % 50}`, name: `pod-${i}` });
  for (let from = 0; from < objects; from += 5_000) {
    const count = Math.min(5_000, objects - from);
    const outcomes = await pods.createMany(
      Array.from({ length: count }, (_, at) => ({
        metadata: place(from + at),
        spec: {
          nodeName: `node-${(from + at) % nodes}`,
          image: "registry/app:1",
          text: "x".repeat(podTextBytes),
        },
        status: { phase: "Pending", step: 0 },
      })),
    );
    const failed = outcomes.find((outcome) => outcome instanceof Error);
    if (failed instanceof Error) throw failed;
  }
  const startMs = performance.now();
  await using cache = createWatchCache(pods, { budgetBytes: cacheBytes, selfCheckIntervalMs: false });
  await cache.ready();
  const fillMs = performance.now() - startMs;
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const beginMs = performance.now();
  const watches = Array.from({ length: nodes }, (_, node) =>
    cache.watch({ fieldSelector: `spec.nodeName=node-${node}` }),
  );
  const sentMs = new Map<string, number>();
  const times: number[] = [];
  let strangers = 0;
  let toldAll = (): void => undefined;
  const loops = watches.map(async (watch, node) => {
    for await (const batch of watch.batches()) {
      const now = performance.now();
      for (const event of batch) {
        if (event.type === "BOOKMARK") continue;
        if (event.object.spec.nodeName !== `node-${node}`) strangers++;
        times.push(now - (sentMs.get(`${event.object.metadata.name} ${event.object.status.step}`) ?? now));
        if (times.length === changes) toldAll();
      }
    }
  });
  const ended = Promise.race(loops);
  ended.catch(() => undefined);
  await Promise.all(watches.map((watch) => watch.ready()));
  const openMs = performance.now() - beginMs;
  collectGarbage();
  const perWatcher = (process.memoryUsage().heapUsed - before) / nodes;
  const all = new Promise<void>((resolve) => (toldAll = resolve));
  const cpu = process.cpuUsage();
  const writeMs = performance.now();
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let change = lane; change < changes; change += lanes) {
        const { namespace, name } = place((change * 7919) % objects);
        await pods.guaranteedUpdate({ namespace, name }, (current) => {
          const step = current.status.step + 1;
          sentMs.set(`${name} ${step}`, performance.now());
          return { ...current, status: { phase: "Running", step } };
        });
      }
    }),
  );
  await Promise.race([all, ended]);
  const elapsedMs = performance.now() - writeMs;
  const { user, system } = process.cpuUsage(cpu);
  await Promise.all(watches.map((watch) => watch[Symbol.asyncDispose]()));
  await Promise.all(loops);
  if (strangers > 0) throw new Error(`${strangers} events came to a node they are not of`);
  times.sort((a, b) => a - b);
  const of = `${nodes} nodes x ${podsPerNode} pods`;
  const row = (work: string, value: number, unit: string, note = ""): ScaleRow => ({
    work: `${of}: ${work}`,
    objects,
    value,
    unit,
    note,
  });
  return [
    row("fill", (objects / fillMs) * 1000, "objects/s"),
    row("watchers opened", openMs, "ms", `${readable(perWatcher / 1024)} KiB of heap each`),
    row("pods changed", (changes / elapsedMs) * 1000, "writes/s", "each delivered to its node alone"),
    row("CPU per change", (user + system) / changes, "µs", "the write included"),
    row(
      "from the change made until its node has it",
      percentile(times, 0.5),
      "ms",
      `p99 ${readable(percentile(times, 0.99))}`,
    ),
  ];
}

async function medianMs(work: (sample: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < samples; i++) {
    const startMs = performance.now();
    await work(i);
    times.push(performance.now() - startMs);
  }
  return median(times);
}

/** Collects garbage if the process was started with `--expose-gc`; otherwise memory is reported as it is. */
function collectGarbage(): void {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
}

function readable(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
