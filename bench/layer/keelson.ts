/** keelson as the measured layer: answers the commands of layer/subject.ts. */
import { createInterface } from "node:readline";
import { createStore, type Watch, type WatchCache, withCache } from "keelson";
import { connectEtcd } from "keelson/etcd";
import { filled, type Item, item, itemKind, load } from "../cache-objects.ts";
import { percentile } from "../measure/load.ts";
import { machineMs } from "../measure/machine.ts";
import type { LayerAnswer, LayerCommand } from "./subject.ts";

const [endpoint = "", prefix = ""] = process.argv.slice(2);
const etcd = await connectEtcd({ endpoints: endpoint });
const store = await createStore({ etcd, kinds: [itemKind], prefix, namespaces: "open", compaction: false });
const items = store.resources(itemKind);
const any = { consistency: "any" } as const;
/** Gets of one operation of "cached-get". */
const getsTogether = 100;
/** Watchers that record when versions arrive. */
const notingWatchers = 10;

let cache: WatchCache<Item> | undefined;
let watching: { readonly watches: readonly Watch<Item>[]; readonly ended: Promise<unknown> } | undefined;
let seen: Record<string, number[]> = {};
let told = 0;

function opened(): WatchCache<Item> {
  if (cache === undefined) throw new Error("no cache is open");
  return cache;
}

const keyOf = (i: number): { namespace: string; name: string } => {
  const { namespace, name } = item(i).metadata;
  return { namespace, name };
};
const nothing: LayerAnswer = { operations: 0, elapsedMs: 0, p50Ms: 0, p99Ms: 0 };

/** Runs the given number of workers; each repeats the step until `ms` have passed or a step returns the end. */
async function loaded(
  inFlight: number,
  ms: number,
  step: (worker: number, n: number) => Promise<boolean>,
): Promise<LayerAnswer> {
  const times: number[] = [];
  const startMs = machineMs();
  const work = async (worker: number): Promise<void> => {
    for (let n = 0, fromMs = startMs; ; n++) {
      if (!(await step(worker, n))) return;
      const nowMs = machineMs();
      times.push(nowMs - fromMs);
      fromMs = nowMs;
      if (nowMs - startMs >= ms) return;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, worker) => work(worker)));
  const elapsedMs = machineMs() - startMs;
  times.sort((a, b) => a - b);
  const at = (share: number): number => (times.length === 0 ? 0 : percentile(times, share));
  return { operations: times.length, elapsedMs, p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function watch(watchers: number): Promise<LayerAnswer> {
  seen = {};
  told = 0;
  const watches = Array.from({ length: watchers }, () => opened().watch());
  const every = Math.max(1, Math.floor(watchers / notingWatchers));
  const loops = watches.map(async (one, index) => {
    for await (const events of one.batches()) {
      told += events.length;
      if (index % every !== 0) continue;
      const atMs = machineMs();
      for (const { resourceVersion } of events) {
        const known = seen[resourceVersion];
        if (known === undefined) seen[resourceVersion] = [atMs];
        else known.push(atMs);
      }
    }
  });
  await Promise.all(watches.map((one) => one.ready()));
  watching = { watches, ended: Promise.all(loops) };
  return nothing;
}

async function endWatch(): Promise<LayerAnswer> {
  for (let last = -1; last !== told; ) {
    last = told;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  for (const one of watching?.watches ?? []) await one[Symbol.asyncDispose]();
  await watching?.ended;
  return { ...nothing, operations: told, seen };
}

async function answer(command: LayerCommand): Promise<LayerAnswer> {
  const { work, from = 0, to = 0, objects = 1, inFlight = 1, ms = 0 } = command;
  switch (work) {
    case "create": {
      let next = from;
      return loaded(inFlight, Number.POSITIVE_INFINITY, async () => {
        if (next >= to) return false;
        await items.create(item(next++));
        return true;
      });
    }
    case "load":
      await load(store, from, to);
      return nothing;
    case "get":
      return loaded(inFlight, ms, async (worker, n) => {
        await items.get(keyOf((worker * 7919 + n) % objects));
        return true;
      });
    case "open":
      cache = await filled(store, {
        budgetBytes: 2 ** 31,
        decodedBytes: 2 ** 30,
        selfCheckIntervalMs: false,
      });
      return nothing;
    case "close":
      await cache?.[Symbol.asyncDispose]();
      return nothing;
    case "fill": {
      const startMs = machineMs();
      await using more = await filled(store, { selfCheckIntervalMs: false });
      const elapsedMs = machineMs() - startMs;
      return { ...nothing, operations: more.stats().objects, elapsedMs };
    }
    case "update":
    case "contend": {
      const cached = withCache(items, opened());
      let tries = 0;
      const figures = await loaded(inFlight, ms, async (worker, n) => {
        const key = keyOf(work === "update" ? (worker + n * inFlight) % objects : 0);
        const size = machineMs() + worker;
        await cached.guaranteedUpdate(key, (current) => {
          tries++;
          return { ...current, spec: { ...current.spec, size } };
        });
        return true;
      });
      return { ...figures, tries };
    }
    case "list":
    case "label":
      return loaded(1, ms, async () => {
        await opened().list({ read: any, ...(work === "label" ? { labelSelector: "app=app-7" } : {}) });
        return true;
      });
    case "cached-get":
      return loaded(1, ms, async (_, n) => {
        for (let i = 0; i < getsTogether; i++)
          await opened().get(keyOf(((n * getsTogether + i) * 7919) % objects), { read: any });
        return true;
      });
    case "watch":
      return watch(command.watchers ?? 1);
    case "told":
      return endWatch();
    case "write": {
      const log: [string, number, number][] = [];
      const figures = await loaded(inFlight, ms, async (worker, n) => {
        const sentMs = machineMs();
        const made = await items.guaranteedUpdate(keyOf((worker + n * inFlight) % objects), (current) => ({
          ...current,
          spec: { ...current.spec, size: sentMs },
        }));
        log.push([made.metadata.resourceVersion, sentMs, machineMs()]);
        return true;
      });
      return { ...figures, log };
    }
    default:
      throw new Error(`unknown work "${work}"`);
  }
}

process.stdout.write('{"ready":true}\n');
for await (const line of createInterface({ input: process.stdin })) {
  const told = await answer(JSON.parse(line) as LayerCommand).catch((error: unknown) => ({
    ...nothing,
    error: String(error),
  }));
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
