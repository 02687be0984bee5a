/**
 * Splits the time between a write's acknowledgement and its delivery to the last watcher. The writer, etcd and the
 * cache with its watchers are separate processes, as in bench/cache; each part is measured in the cache's process:
 *
 *   writer   sent ───────► acknowledged
 *   cache                      │  wait │ collect │ outside │ arrived ── ours ──► last watcher has it
 *
 *   wait      its main thread was ready and had no processor (others of the machine, its own helpers, etcd, the writer)
 *   collect   V8 collected garbage; the waiting during it is in wait as well
 *   ours      from the bytes being read to the last watcher's loop, wait and collect apart: the library's code
 *   outside   none of these: etcd, the kernel
 *
 * `--time` is each figure's. The rows give the distribution of each part and, of the slowest hundredth, what share each has.
 */
import { execFile } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { PerformanceObserver } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createStore, type WatchCache } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
import { filled, type Item, itemKind, load } from "./cache-objects.js";
import { percentile } from "./measure/load.js";
import { machineMs, othersShareMax, waitedMs, watchOthers } from "./measure/machine.js";

export interface TimelineRow {
  readonly crowd: string;
  readonly part: string;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Share of the time after acknowledgement, for the slowest hundredth. */
  readonly tailShare: string;
  readonly note: string;
}

export interface TimelineOptions {
  readonly timeMs?: number | undefined;
  readonly objects?: number;
  /** Watchers and writers. */
  readonly crowds?: readonly (readonly [watchers: number, writers: number])[];
}

export const small: TimelineOptions = { timeMs: 100, objects: 200, crowds: [[5, 1]] };

const runFile = promisify(execFile);
const child = fileURLToPath(new URL("./cache-child.js", import.meta.url));

export async function run(options: TimelineOptions = {}): Promise<readonly TimelineRow[]> {
  const {
    timeMs = 6_000,
    objects = 10_000,
    crowds = [
      [1, 1],
      [100, 1],
    ],
  } = options;
  const sockets = watchSockets();
  try {
    await using server = await startLocalEtcd();
    await using etcd = await connectEtcd({ endpoints: server.endpoints });
    await using store = await createStore({
      etcd,
      kinds: [itemKind],
      prefix: "/bench",
      namespaces: "open",
      compaction: false,
    });
    await load(store, 0, objects);
    await using cache = await filled(store, { selfCheckIntervalMs: false });
    const rows: TimelineRow[] = [];
    for (const [watchers, writers] of crowds) {
      // The first run compiles.
      for (const ms of [timeMs / 3, timeMs]) {
        const others = watchOthers([server.pid]);
        const writes = await observe({
          cache,
          watchers,
          writers,
          timeMs: ms,
          endpoint: server.endpoints[0] ?? "",
          sockets,
        });
        if (ms !== timeMs) continue;
        const share = others();
        rows.push(...rowsOf(`${watchers} watchers, ${writers} writers`, writes, share));
      }
    }
    return rows;
  } finally {
    sockets.stop();
  }
}

/** The times of one write: the machine's clock, milliseconds. */
interface Write {
  readonly sentMs: number;
  readonly acknowledgedMs: number;
  readonly arrivedMs: number;
  readonly lastMs: number;
  /** After the acknowledgement. */
  readonly waitMs: number;
  readonly collectMs: number;
  readonly oursMs: number;
}

interface Arrival {
  readonly atMs: number;
  /** Time that the main thread had waited for a processor so far. */
  readonly waitedMs: number;
}

/** When this process's loop last read bytes from etcd. */
interface Sockets {
  readonly last: Arrival;
  stop(): void;
}

function watchSockets(): Sockets {
  const sockets = {
    last: { atMs: 0, waitedMs: 0 },
    stop: (): void => {
      unsubscribe("net.client.socket", hook);
    },
  };
  const hook = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket };
    socket.once("connect", () =>
      socket.prependListener("data", () => {
        sockets.last = { atMs: machineMs(), waitedMs: waitedMs() ?? Number.NaN };
      }),
    );
  };
  subscribe("net.client.socket", hook);
  return sockets;
}

async function observe(parts: {
  readonly cache: WatchCache<Item>;
  readonly watchers: number;
  readonly writers: number;
  readonly timeMs: number;
  readonly endpoint: string;
  readonly sockets: Sockets;
}): Promise<readonly Write[]> {
  const { cache, watchers, writers, timeMs, endpoint, sockets } = parts;
  interface Seen {
    readonly arrived: Arrival;
    readonly before: Arrival;
    last: Arrival;
  }
  const seen = new Map<string, Seen>();
  let before: Arrival = sockets.last;
  const watches = Array.from({ length: watchers }, () => cache.watch());
  const loops = watches.map(async (watch, index) => {
    for await (const events of watch.batches()) {
      // Watchers are called in the order in which they started.
      const isLast = index === watches.length - 1;
      if (index > 0 && !isLast) continue;
      const now: Arrival = { atMs: machineMs(), waitedMs: isLast ? (waitedMs() ?? Number.NaN) : 0 };
      for (const { resourceVersion } of events) {
        const known = seen.get(resourceVersion);
        if (known !== undefined) known.last = now;
        else seen.set(resourceVersion, { arrived: sockets.last, before, last: now });
      }
      if (isLast) before = now;
    }
  });
  await Promise.all(watches.map((watch) => watch.ready()));
  const collections: (readonly [startMs: number, endMs: number])[] = [];
  const skewMs = machineMs() - performance.now();
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      collections.push([startTime + skewMs, startTime + duration + skewMs]);
  });
  observer.observe({ entryTypes: ["gc"] });
  const { stdout } = await runFile(
    process.execPath,
    [child, "write", endpoint, "/bench", String(writers), String(timeMs)],
    { maxBuffer: 2 ** 28 },
  );
  await cache.list();
  observer.disconnect();
  await Promise.all(watches.map((watch) => watch[Symbol.asyncDispose]()));
  await Promise.all(loops);
  const log = JSON.parse(stdout) as readonly (readonly [string, number, number, number])[];
  return log.flatMap(([version, sentMs, acknowledgedMs]) => {
    const at = seen.get(version);
    if (at === undefined) return [];
    const { arrived, before: earlier, last } = at;
    const ours = { fromMs: Math.max(arrived.atMs, acknowledgedMs), toMs: last.atMs };
    const waitedBeforeMs = Math.min(
      Math.max(0, arrived.atMs - acknowledgedMs),
      Math.max(0, arrived.waitedMs - earlier.waitedMs),
    );
    const waitedInsideMs = Math.min(ours.toMs - ours.fromMs, Math.max(0, last.waitedMs - arrived.waitedMs));
    const collectInsideMs = overlap(collections, ours.fromMs, ours.toMs);
    return [
      {
        sentMs,
        acknowledgedMs,
        arrivedMs: arrived.atMs,
        lastMs: last.atMs,
        waitMs: waitedBeforeMs + waitedInsideMs,
        collectMs: overlap(collections, acknowledgedMs, arrived.atMs) + collectInsideMs,
        oursMs: Math.max(0, last.atMs - arrived.atMs - Math.max(waitedInsideMs, collectInsideMs)),
      },
    ];
  });
}

function overlap(spans: readonly (readonly [number, number])[], fromMs: number, toMs: number): number {
  let sum = 0;
  for (const [start, end] of spans) sum += Math.max(0, Math.min(end, toMs) - Math.max(start, fromMs));
  return sum;
}

function rowsOf(crowd: string, writes: readonly Write[], others: number | undefined): readonly TimelineRow[] {
  const after = ({ lastMs, acknowledgedMs }: Write): number => lastMs - acknowledgedMs;
  const tail = [...writes].sort((a, b) => after(b) - after(a)).slice(0, Math.ceil(writes.length / 100));
  const sum = (of: (write: Write) => number): number => tail.reduce((total, write) => total + of(write), 0);
  const whole = sum(after);
  const rest = (write: Write): number =>
    Math.max(0, after(write) - write.waitMs - write.collectMs - write.oursMs);
  const parts: readonly (readonly [string, (write: Write) => number])[] = [
    ["after acknowledgement", after],
    ["wait for a processor", ({ waitMs }) => waitMs],
    ["collect", ({ collectMs }) => collectMs],
    ["outside", rest],
    ["ours", ({ oursMs }) => oursMs],
    ["sent to acknowledged", ({ sentMs, acknowledgedMs }) => acknowledgedMs - sentMs],
  ];
  const taken = others === undefined ? "" : `others had ${Math.round(others * 100)} %`;
  const note = `${writes.length} writes${(others ?? 0) > othersShareMax ? `; unproved: ${taken}` : ""}`;
  return parts.map(([part, of], index) => {
    const sorted = writes.map(of).sort((a, b) => a - b);
    const at = (share: number): number => Math.round(percentile(sorted, share) * 1_000) / 1_000;
    return {
      crowd,
      part,
      p50Ms: at(0.5),
      p90Ms: at(0.9),
      p99Ms: at(0.99),
      maxMs: at(1),
      tailShare: index === 0 || index === parts.length - 1 ? "" : `${Math.round((sum(of) / whole) * 100)} %`,
      note: index === 0 ? note : "",
    };
  });
}
