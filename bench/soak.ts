/**
 * `npm run soak -- --minutes 60 [--rate 50]`: a steady mixed load on a real etcd for the given time, and the resources
 * of this process. Nothing may grow: sockets, timers, handles, streams, heap after a collection, RSS.
 *
 *   load      creates (one in ten with a TTL), updates, deletes, reads, paged lists, quotas; watches of store and cache
 *             opened and left; leases held and given back; a snapshot saved a minute; compaction as in life, only sooner
 *   verdict   after a warm-up, the last third of the samples against the first: growth beyond noise fails the run
 *
 * Prints a table with the slopes by hour; the exit code is 1 when something grew.
 */
import { setMaxListeners } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createStore, isStoreError, type ResourceStore, withCaches } from "keelson";
import { saveSnapshot } from "keelson/backup";
import { connectEtcd, type Etcd, startLocalEtcd } from "keelson/etcd";
import { type Item, item, itemKind } from "./cache-objects.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "60" }, rate: { type: "string", default: "50" } },
});
const minutes = Number(values.minutes);
const rate = Number(values.rate);
if (!(minutes > 0) || !(rate > 0)) {
  process.stderr.write("usage: npm run soak -- --minutes N [--rate operations a second]\n");
  process.exit(2);
}

/**
 * Samples of a run: enough for a median of thirds, few enough that their garbage collections do not disturb the run.
 */
const samplesWanted = 60;
/** The first quarter fills caches and compiles code. */
const warmShare = 0.25;
/** Objects that are created and deleted. */
const objects = 400;
const workers = 8;
const watchers = 20;

interface Sample {
  readonly atMs: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** Smaller growth of a count is noise: a pending request has a timer and a socket. */
const noiseFloors: Readonly<Record<string, number>> = {
  "heap MiB": 6,
  "RSS MiB": 40,
  timers: 12,
  sockets: 3,
  "other handles": 8,
  streams: 3,
};

const folder = await mkdtemp(join(tmpdir(), "keelson-soak-"));
const server = await startLocalEtcd();
const failures = new Map<string, number>();
let operations = 0;
/** Expected failures: the object already exists, is missing, or has changed. Half of the calls use a missing object. */
let refused = 0;
let snapshots = 0;
let watchEvents = 0;
try {
  await using etcd = await connectEtcd({ endpoints: server.endpoints });
  const store = await createStore({
    etcd,
    kinds: [itemKind],
    namespaces: "open",
    compaction: { intervalMs: 20_000 },
  });
  await using cached = withCaches(store, { historyBytes: 4 * 1024 * 1024, budgetBytes: 64 * 1024 * 1024 });
  await cached.ready();
  for (let i = 0; i < 20; i += 5) {
    await store.quotas.set(`team-${String(i).padStart(2, "0")}`, { hard: { "count/items": objects } });
  }
  const samples = await soak(etcd, cached.resources(itemKind), store.resources(itemKind));
  process.exitCode = tell(samples) ? 0 : 1;
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function soak(
  etcd: Etcd,
  cached: ResourceStore<Item>,
  direct: ResourceStore<Item>,
): Promise<readonly Sample[]> {
  const end = new AbortController();
  const { signal } = end;
  // Every worker and watcher listens to it.
  setMaxListeners(0, signal);
  const startMs = performance.now();
  const running = [
    ...Array.from({ length: workers }, (_, worker) => work(worker, signal, cached, direct)),
    ...Array.from({ length: watchers }, (_, i) => follow(i, signal, i % 2 === 0 ? cached : direct)),
    lease(etcd, signal),
    snapshot(etcd, signal),
  ];
  const samples: Sample[] = [];
  const everyMs = (minutes * 60_000) / samplesWanted;
  for (let i = 0; i < samplesWanted; i++) {
    await sleep(everyMs);
    samples.push({ atMs: performance.now() - startMs, counts: look(etcd) });
  }
  end.abort();
  await Promise.all(running);
  return samples;
}

/** The current resources of this process. */
function look(etcd: Etcd): Readonly<Record<string, number>> {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const kinds = process.getActiveResourcesInfo();
  const timers = kinds.filter((kind) => kind === "Timeout" || kind === "Immediate").length;
  const sockets = kinds.filter((kind) => kind.startsWith("TCP") || kind.startsWith("TLS")).length;
  return {
    "heap MiB": heapUsed / 2 ** 20,
    "RSS MiB": rss / 2 ** 20,
    timers,
    sockets,
    "other handles": kinds.length - timers - sockets,
    streams: etcd.stats().openStreams,
  };
}

/** Sequential calls, at the worker's share of the rate. */
async function work(
  worker: number,
  signal: AbortSignal,
  cached: ResourceStore<Item>,
  direct: ResourceStore<Item>,
): Promise<void> {
  for (let n = worker; !signal.aborted; n += workers) {
    await pause((1000 * workers) / rate, signal);
    if (signal.aborted) return;
    try {
      await one(n, cached, direct);
      operations++;
    } catch (error) {
      if (!isStoreError(error)) throw error;
      if (isStoreError(error, "NOT_FOUND", "ALREADY_EXISTS", "CONFLICT")) refused++;
      else {
        failures.set(error.code, (failures.get(error.code) ?? 0) + 1);
      }
    }
  }
}

async function one(n: number, cached: ResourceStore<Item>, direct: ResourceStore<Item>): Promise<void> {
  // Hashed, so that operation and object are independent.
  const draft = item((Math.imul(n, 0x9e3779b1) >>> 16) % objects);
  const { namespace, name } = draft.metadata;
  const at = { namespace, name };
  switch (n % 10) {
    case 0:
    case 1:
      await cached.create(draft, n % 30 === 0 ? { ttlSeconds: 5 } : {});
      return;
    case 3:
    case 4:
      await cached.guaranteedUpdate(at, (current) => ({ ...current, spec: { ...current.spec, size: n } }));
      return;
    case 2:
    case 5:
      await cached.delete(at);
      return;
    case 6:
      await cached.get(at);
      return;
    case 7:
      await cached.list({ labelSelector: `app=app-${n % 100}` });
      return;
    case 8: {
      let page = await direct.list({ limit: 50 });
      while (page.continueToken !== undefined) {
        page = await direct.list({ limit: 50, continueToken: page.continueToken });
      }
      return;
    }
    default:
      await direct.get(at, { timeoutMs: 2_000 });
  }
}

/** Watches, stops after a while, and watches again. */
async function follow(i: number, signal: AbortSignal, reader: ResourceStore<Item>): Promise<void> {
  while (!signal.aborted) {
    try {
      const timeoutMs = 5_000 + i * 500;
      for await (const _ of reader.watch({
        sendInitialEvents: i % 4 === 0,
        bookmarks: true,
        timeoutMs,
        signal,
      })) {
        watchEvents++;
      }
    } catch (error) {
      if (!isStoreError(error, "EXPIRED", "UNAVAILABLE", "NOT_READY")) throw error;
      failures.set(`watch ${error.code}`, (failures.get(`watch ${error.code}`) ?? 0) + 1);
      await pause(200, signal);
    }
  }
}

async function lease(etcd: Etcd, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const held = await etcd.leases.hold({ ttlSeconds: 6 });
    await pause(5_000, signal);
    await held.revoke();
    await held[Symbol.asyncDispose]();
  }
}

async function snapshot(etcd: Etcd, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(Math.min(60_000, (minutes * 60_000) / 10), signal);
    if (signal.aborted) return;
    const path = join(folder, "soak.db");
    await saveSnapshot(etcd, path);
    await rm(path);
    snapshots++;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/** The table, and whether nothing grew. */
function tell(samples: readonly Sample[]): boolean {
  const kept = samples.slice(Math.floor(samples.length * warmShare));
  const third = Math.floor(kept.length / 3);
  let sound = true;
  const errors = [...failures].map(([code, count]) => `${code} ${count}`).join(", ");
  process.stdout.write(
    `${minutes} min, etcd ${server.version}: ${operations} operations and ${refused} refused, ${watchEvents} watch events, ${snapshots} snapshots; ` +
      `failures: ${errors === "" ? "none" : errors}\n` +
      `${"".padEnd(14)}${["first third", "last third", "slope / h", "noise", ""].map((head) => head.padStart(13)).join("")}\n`,
  );
  for (const [name, floor] of Object.entries(noiseFloors)) {
    const read = (sample: Sample): number => sample.counts[name] ?? 0;
    const first = kept.slice(0, third).map(read);
    const last = kept.slice(-third).map(read);
    const growth = median(last) - median(first);
    const noise = Math.max(floor, 3 * median(first.map((value) => Math.abs(value - median(first)))));
    const grew = growth > noise;
    if (grew) sound = false;
    const figures = [median(first), median(last), slope(kept, read), noise].map((value) =>
      value.toFixed(1).padStart(13),
    );
    process.stdout.write(`${name.padEnd(14)}${figures.join("")}${(grew ? "GREW" : "steady").padStart(13)}\n`);
  }
  return sound;
}

/** Slope of the best-fitting line, per hour. */
function slope(samples: readonly Sample[], read: (sample: Sample) => number): number {
  const meanAt = mean(samples.map(({ atMs }) => atMs));
  const meanValue = mean(samples.map(read));
  let above = 0;
  let below = 0;
  for (const sample of samples) {
    above += (sample.atMs - meanAt) * (read(sample) - meanValue);
    below += (sample.atMs - meanAt) ** 2;
  }
  return (above / below) * 3_600_000;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
