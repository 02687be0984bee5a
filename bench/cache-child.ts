/**
 * The part of the cache bench that needs a separate process: `fill` measures time and memory of a fresh cache, `write`
 * updates objects outside the watching process, so that its CPU is measured alone.
 *
 *   fill <endpoint> <prefix>                     one JSON line
 *   write <endpoint> <prefix> <writers> <ms>     one JSON line: [version, sent at, acknowledged at, waited] of each write;
 *                                                times of the machine's clock, waited for a processor since the start
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createStore } from "keelson";
import { connectEtcd } from "keelson/etcd";
import { filled, item, itemKind } from "./cache-objects.js";
import { machineMs, waitedMs } from "./measure/machine.js";

const [mode, endpoint = "", prefix = "", writers = "1", ms = "1000"] = process.argv.slice(2);
const collect = (): void => {
  for (let i = 0; i < 4; i++) globalThis.gc?.();
};
const pause = (forMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, forMs));

const etcd = await connectEtcd({ endpoints: endpoint });
const store = await createStore({ etcd, kinds: [itemKind], prefix, namespaces: "open", compaction: false });
if (mode === "fill") {
  // Reading from etcd allocates working memory of the process, not the cache: allocate it first.
  for (let i = 0; i < 30; i++) await store.resources(itemKind).list({ limit: 2_000 });
  await pause(200);
  collect();
  const before = process.memoryUsage();
  // The first fill compiles; the figure is the median of three, each of a new cache.
  const fills: { ms: number; cpuMs: number; loopP99Ms: number; loopMaxMs: number }[] = [];
  let cache: Awaited<ReturnType<typeof filled>> | undefined;
  for (let i = 0; i < 3; i++) {
    await cache?.[Symbol.asyncDispose]();
    collect();
    // The garbage collections above end before the measurement.
    await pause(100);
    const loop = monitorEventLoopDelay({ resolution: 1 });
    loop.enable();
    const cpu = process.cpuUsage();
    const start = performance.now();
    cache = await filled(store, { selfCheckIntervalMs: false });
    const { user, system } = process.cpuUsage(cpu);
    loop.disable();
    fills.push({
      ms: performance.now() - start,
      cpuMs: (user + system) / 1000,
      loopP99Ms: loop.percentile(99) / 1e6,
      loopMaxMs: loop.max / 1e6,
    });
  }
  const firstMs = fills[0]?.ms ?? 0;
  const [, middle] = fills.sort((a, b) => a.ms - b.ms);
  const { ms: fillMs = 0, cpuMs = 0, loopP99Ms = 0, loopMaxMs = 0 } = middle ?? {};
  if (cache === undefined) throw new Error("nothing was filled");
  const peak = process.memoryUsage().rss;
  await pause(500);
  collect();
  await pause(500);
  collect();
  const after = process.memoryUsage();
  const { objects, bytes } = cache.stats();
  process.stdout.write(
    `${JSON.stringify({ fillMs, cpuMs, firstMs, loopP99Ms, loopMaxMs, objects, bytes, rss: after.rss - before.rss, heap: after.heapUsed - before.heapUsed, buffers: after.arrayBuffers - before.arrayBuffers, rssPeak: peak, rssAfter: after.rss })}\n`,
  );
  await cache[Symbol.asyncDispose]();
} else {
  const items = store.resources(itemKind);
  const log: [string, number, number, number][] = [];
  const until = performance.now() + Number(ms);
  const write = async (worker: number): Promise<void> => {
    for (let i = worker; performance.now() < until; i += Number(writers)) {
      const { metadata, spec } = item(i % 10_000);
      const sent = machineMs();
      const { namespace, name } = metadata;
      const made = await items.guaranteedUpdate({ namespace, name }, (current) => ({
        ...current,
        spec: { ...spec, size: i + sent },
      }));
      log.push([made.metadata.resourceVersion, sent, machineMs(), waitedMs() ?? Number.NaN]);
    }
  };
  await Promise.all(Array.from({ length: Number(writers) }, (_, worker) => write(worker)));
  process.stdout.write(`${JSON.stringify(log)}\n`);
}
await store.close();
await etcd.close();
