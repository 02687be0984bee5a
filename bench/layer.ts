/**
 * Compares the storage layer with Kubernetes' layer in Go: create, get, update, lists, watches and filling a cache,
 * with objects of 1 KiB. Each layer is a process with its own etcd. They alternate in every round, in reverse order
 * every second time, after one unmeasured round that compiles the code. LAYER_PEER names the peer's program
 * (layer/subject.ts defines its commands); without it keelson is measured alone. A ratio is keelson's figure over the
 * peer's of the same round, or the peer's time over keelson's: above 1, keelson is ahead.
 */
import { fileURLToPath } from "node:url";
import { startLocalEtcd } from "keelson/etcd";
import { type LayerAnswer, type LayerCommand, LayerProcess } from "./layer/subject.ts";
import { median, percentile, processCpuUs } from "./measure/load.ts";
import { watchOthers } from "./measure/machine.ts";
import { rateOf, rounded, spread, unproved } from "./measure/turns.ts";

export interface LayerRow {
  readonly work: string;
  readonly layer: string;
  readonly perSecond: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  /** CPU of the layer's process, microseconds per operation, object or delivered event. */
  readonly clientCpuUs: number;
  readonly etcdCpuUs: number;
  /** Rate over the peer's: median, smallest to largest of the rounds. */
  readonly ratio?: string | undefined;
  /** The peer's CPU over this one's. */
  readonly cpuRatio?: string | undefined;
  readonly note?: string | undefined;
}

export interface LayerOptions {
  /** Milliseconds per workload and layer over all rounds; default 3,000. */
  readonly timeMs?: number | undefined;
  readonly objects?: number;
  /** Objects of the fill; default 100,000. */
  readonly fill?: number;
  /** Watchers and writers. */
  readonly crowds?: readonly (readonly [watchers: number, writers: number])[];
}

export const small: LayerOptions = { timeMs: 60, objects: 150, fill: 300, crowds: [[3, 1]] };

const rounds = 3;
/** Maximum creates of one round with one in flight. */
const singlesMax = 1_000;
/** Gets per operation of "cached-get", as in layer/subject.ts. */
const getsTogether = 100;
const keelson = [process.execPath, fileURLToPath(new URL("./layer/keelson.js", import.meta.url))];

export async function run(options: LayerOptions = {}): Promise<readonly LayerRow[]> {
  const { timeMs = 3_000, objects = 10_000, fill = 100_000 } = options;
  const crowds = options.crowds ?? [
    [1, 1],
    [100, 1],
    [1_000, 16],
  ];
  const peer = process.env["LAYER_PEER"];
  const layers: Layer[] = [];
  try {
    layers.push(await startLayer("keelson", keelson));
    if (peer !== undefined) layers.push(await startLayer("Kubernetes in Go", [peer]));
    return await measured(layers, { timeMs, objects, fill, crowds });
  } finally {
    for (const layer of layers) await layer[Symbol.asyncDispose]();
  }
}

interface Layer extends AsyncDisposable {
  readonly name: string;
  readonly etcdPid: number;
  readonly process: LayerProcess;
  /** Writes from another process, which keeps running, because a new process is slow. */
  readonly writer: LayerProcess;
}

async function startLayer(name: string, command: readonly string[]): Promise<Layer> {
  const etcd = await startLocalEtcd({ extraArgs: ["--quota-backend-bytes", String(4 * 2 ** 30)] });
  const start = (): Promise<LayerProcess> => LayerProcess.start(command, etcd.endpoints[0] ?? "", "/bench");
  const process = await start();
  const writer = await start();
  return {
    name,
    etcdPid: etcd.pid,
    process,
    writer,
    async [Symbol.asyncDispose]() {
      await writer[Symbol.asyncDispose]();
      await process[Symbol.asyncDispose]();
      await etcd[Symbol.asyncDispose]();
    },
  };
}

/** One round of one work of one layer. */
interface Slice {
  readonly operations: number;
  readonly elapsedMs: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly clientCpuUs: number;
  readonly etcdCpuUs: number;
  readonly tries?: number | undefined;
}

type Work = (layer: Layer, round: number) => Promise<Slice>;

async function measured(
  layers: readonly Layer[],
  sizes: Required<LayerOptions>,
): Promise<readonly LayerRow[]> {
  const { timeMs = 0, objects, fill, crowds } = sizes;
  const ms = timeMs / rounds;
  /** Creates of one round: the objects between those that other workloads use and `fill`. */
  const creates = Math.min(objects, Math.floor((fill - objects) / (rounds + 1)));
  const rows: LayerRow[] = [];
  const add = async (work: string, one: Work): Promise<void> => {
    rows.push(...(await byTurns(work, layers, one)));
  };
  const all = (command: LayerCommand): Promise<unknown> =>
    Promise.all(layers.map((layer) => layer.process.ask(command)));
  await all({ work: "load", from: 0, to: objects });
  for (const inFlight of [64, 1])
    await add(`get from etcd, ${inFlight} in flight`, (layer) =>
      asked(layer, { work: "get", objects, inFlight, ms }),
    );
  await all({ work: "open" });
  await add("update through the cache, 64 in flight", (layer) =>
    asked(layer, { work: "update", objects, inFlight: 64, ms }),
  );
  await add("update, 16 writers on one key", (layer) => asked(layer, { work: "contend", inFlight: 16, ms }));
  await add("list all from the cache", (layer) => asked(layer, { work: "list", ms }));
  await add("1 % by label from the cache", (layer) => asked(layer, { work: "label", ms }));
  await add("get from the cache", async (layer) =>
    eachOf(await asked(layer, { work: "cached-get", objects, ms })),
  );
  for (const [watchers, writers] of crowds) {
    const name = `${watchers} watchers, ${writers} writer${writers === 1 ? "" : "s"}`;
    await add(`${name}: delivered after acknowledgement`, (layer) =>
      watched(layer, { watchers, writers, objects, ms }),
    );
  }
  await all({ work: "close" });
  // Last: by then the code is compiled, as in a long-running server, which takes about 40,000 writes in Node.
  await add("create, 64 in flight", (layer, round) => {
    const from = objects + round * creates;
    return asked(layer, { work: "create", from, to: from + creates, inFlight: 64 });
  });
  await add("create, 1 in flight", (layer, round) => {
    const from = fill + round * singlesMax;
    return asked(layer, {
      work: "create",
      from,
      to: from + Math.min(singlesMax, Math.max(3, Math.round(ms / 4))),
      inFlight: 1,
    });
  });
  await all({ work: "load", from: objects + (rounds + 1) * creates, to: fill });
  await add(`fill of ${fill}`, (layer) => asked(layer, { work: "fill" }));
  return rows;
}

async function byTurns(work: string, layers: readonly Layer[], one: Work): Promise<LayerRow[]> {
  // As a separate round: workloads that use objects by number need other objects.
  for (const layer of layers) await one(layer, rounds);
  const others = watchOthers(layers.flatMap((layer) => [layer.process.pid, layer.writer.pid, layer.etcdPid]));
  const taken = new Map<Layer, Slice[]>(layers.map((layer) => [layer, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? layers : [...layers].reverse();
    for (const layer of order) taken.get(layer)?.push(await one(layer, round));
  }
  const share = others();
  const [, peer] = layers;
  const peerSlices = peer === undefined ? [] : (taken.get(peer) ?? []);
  return layers.map((layer) => {
    const slices = taken.get(layer) ?? [];
    const of = (read: (slice: Slice) => number | undefined): number =>
      rounded(median(slices.map((slice) => read(slice) ?? Number.NaN)));
    const timed = slices[0]?.p50Ms !== undefined;
    const tries = slices[0]?.tries;
    const { note } = unproved(share);
    const counted =
      tries === undefined
        ? undefined
        : `${of((slice) => (slice.tries ?? 0) / slice.operations)} tries a success`;
    return {
      work,
      layer: layer.name,
      perSecond: of(rateOf),
      p50Ms: timed ? of(({ p50Ms }) => p50Ms) : undefined,
      p99Ms: timed ? of(({ p99Ms }) => p99Ms) : undefined,
      clientCpuUs: of(({ clientCpuUs }) => clientCpuUs),
      etcdCpuUs: of(({ etcdCpuUs }) => etcdCpuUs),
      ...(layer === peer
        ? {}
        : {
            ratio: spread(slices.map((slice, at) => rateOf(slice) / rateOf(peerSlices[at]))),
            cpuRatio: spread(
              slices.map((slice, at) => (peerSlices[at]?.clientCpuUs ?? Number.NaN) / slice.clientCpuUs),
            ),
          }),
      note: [counted, note].filter((text) => text !== undefined).join("; "),
    };
  });
}

async function asked(layer: Layer, command: LayerCommand): Promise<Slice> {
  const pids = [layer.process.pid, layer.etcdPid];
  const before = pids.map(cpuOf);
  const answer = await layer.process.ask(command);
  return sliceOf(answer, pids, before);
}

const cpuOf = (pid: number): number => processCpuUs(pid) ?? Number.NaN;

function sliceOf(answer: LayerAnswer, pids: readonly number[], before: readonly number[]): Slice {
  const { operations, elapsedMs, p50Ms, p99Ms, tries } = answer;
  const [clientCpuUs = Number.NaN, etcdCpuUs = Number.NaN] = pids.map(
    (pid, at) => (cpuOf(pid) - (before[at] ?? Number.NaN)) / operations,
  );
  const timed = p50Ms > 0;
  return {
    operations,
    elapsedMs,
    p50Ms: timed ? p50Ms : undefined,
    p99Ms: timed ? p99Ms : undefined,
    clientCpuUs,
    etcdCpuUs,
    tries,
  };
}

/** For operations of a hundred calls each. */
function eachOf(slice: Slice): Slice {
  const { p50Ms, p99Ms } = slice;
  return {
    ...slice,
    operations: slice.operations * getsTogether,
    p50Ms: p50Ms === undefined ? undefined : p50Ms / getsTogether,
    p99Ms: p99Ms === undefined ? undefined : p99Ms / getsTogether,
    clientCpuUs: slice.clientCpuUs / getsTogether,
    etcdCpuUs: slice.etcdCpuUs / getsTogether,
  };
}

/**
 * Events delivered per second while another process writes; the times are from a write's acknowledgement to its
 * delivery.
 */
async function watched(
  layer: Layer,
  how: { readonly watchers: number; readonly writers: number; readonly objects: number; readonly ms: number },
): Promise<Slice> {
  const { watchers, writers, objects, ms } = how;
  await layer.process.ask({ work: "watch", watchers });
  const pids = [layer.process.pid, layer.etcdPid];
  const before = pids.map(cpuOf);
  const written = await layer.writer.ask({ work: "write", objects, inFlight: writers, ms });
  const told = await layer.process.ask({ work: "told" });
  const times = (written.log ?? []).flatMap(([version, , acknowledgedMs]) =>
    (told.seen?.[version] ?? []).map((atMs) => atMs - acknowledgedMs),
  );
  times.sort((a, b) => a - b);
  return {
    ...sliceOf({ ...told, elapsedMs: written.elapsedMs }, pids, before),
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
  };
}
