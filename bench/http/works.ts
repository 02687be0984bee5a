/** The workloads of bench/http: one slice of each, with the time and CPU of every response. */
import { processCpuUs } from "../measure/load.js";
import { Connection } from "./connection.js";
import type { Subject } from "./subjects.js";
import { WatchedBody } from "./watched-body.js";

export interface Slice {
  /** Responses, or delivered events. */
  readonly operations: number;
  readonly elapsedMs: number;
  /** Time of each response, or of each event from sending its write until a connection has received it. */
  readonly timesMs: readonly number[];
  /** CPU of all the server's processes, microseconds per operation; NaN where the system does not report it. */
  readonly serverCpuUs: number;
  readonly etcdCpuUs: number;
  /** Watches that the server ended and the bench resumed. */
  readonly endedWatches?: number | undefined;
}

const folder = "/api/v1/namespaces/default/configmaps";
export const nameOf = (index: number): string => `map-${String(index).padStart(6, "0")}`;

/** A config map of about 1 KiB; one in a hundred has a given label. */
function draftOf(index: number, round: number): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: nameOf(index), namespace: "default", labels: { group: `g-${index % 100}` } },
    data: { round: String(round), text: "abcdefghij".repeat(75) },
  });
}

/** Creates objects [from, to), one at a time per connection. */
export function createSlice(subject: Subject, connections: number, from: number, to: number): Promise<Slice> {
  let next = from;
  return loaded(subject, connections, Number.POSITIVE_INFINITY, () => {
    const index = next++;
    return index < to ? ["POST", folder, draftOf(index, 0)] : undefined;
  });
}

/** Gets the same for `timeMs`. */
export function readSlice(
  subject: Subject,
  connections: number,
  timeMs: number,
  path: (step: number) => string,
): Promise<Slice> {
  let step = 0;
  return loaded(subject, connections, timeMs, () => ["GET", path(step++)]);
}

export const getPath =
  (objects: number, query = "") =>
  (step: number) =>
    `${folder}/${nameOf(step % objects)}${query}`;
export const listPath = (query: string) => () => `/api/v1/configmaps${query}`;

type Request = readonly [method: string, path: string, body?: string];

async function loaded(
  subject: Subject,
  connections: number,
  timeMs: number,
  next: () => Request | undefined,
): Promise<Slice> {
  const open = await Promise.all(
    Array.from({ length: connections }, () => Connection.open(subject.target, false)),
  );
  const timesMs: number[] = [];
  const cpu = cpuOf(subject);
  const startMs = performance.now();
  const work = async (connection: Connection): Promise<void> => {
    // At least one: a list may take longer than the slice.
    do {
      const request = next();
      if (request === undefined) return;
      const sentMs = performance.now();
      const { status } = await connection.request(...request);
      if (status >= 300) throw new Error(`${subject.name}: ${request[0]} ${request[1]} is ${status}`);
      timesMs.push(performance.now() - sentMs);
    } while (performance.now() - startMs < timeMs);
  };
  await Promise.all(open.map(work));
  const slice = cpu(timesMs.length, performance.now() - startMs, timesMs);
  for (const connection of open) connection.close();
  return slice;
}

/** `changes` updates by `writers` writers, delivered to `connections` watches. */
export async function watchSlice(
  subject: Subject,
  connections: number,
  changes: number,
  writers: number,
  round: number,
): Promise<Slice> {
  const folderAndVersion = await watchPath(subject);
  let missing = connections * changes;
  let endedWatches = 0;
  const open: Connection[] = [];
  const arrivals: number[][] = [];
  const texts: string[] = [];
  let done = (): void => undefined;
  let failed: (error: unknown) => void = () => undefined;
  const all = new Promise<void>((resolve, reject) => {
    done = resolve;
    failed = reject;
  });
  const watch = async (at: number, seen: number[], path: string): Promise<void> => {
    const connection = await Connection.open(subject.target, true);
    open.push(connection);
    const body = new WatchedBody();
    await connection.watch(path, (bytes) => {
      const nowMs = performance.now();
      if (at === 0) texts.push(bytes.toString("latin1"));
      const count = body.take(bytes);
      for (let event = 0; event < count; event++) seen.push(nowMs);
      missing -= count;
      if (missing === 0) done();
      else if (body.hasEnded) {
        endedWatches++;
        const version = body.lastVersion();
        const again = version === undefined ? path : path.replace(/\d+$/, version);
        watch(at, seen, again).catch(failed);
      }
    });
  };
  await Promise.all(
    Array.from({ length: connections }, (_, at) => {
      const seen: number[] = [];
      arrivals.push(seen);
      return watch(at, seen, folderAndVersion);
    }),
  );
  const clients = await Promise.all(
    Array.from({ length: writers }, () => Connection.open(subject.target, false)),
  );
  const sentMs = new Map<string, number>();
  const cpu = cpuOf(subject);
  const startMs = performance.now();
  let next = 0;
  const write = async (client: Connection): Promise<void> => {
    while (next < changes) {
      const index = next++;
      sentMs.set(nameOf(index), performance.now());
      const { status } = await client.request("PUT", `${folder}/${nameOf(index)}`, draftOf(index, round));
      if (status !== 200) throw new Error(`${subject.name}: PUT is ${status}`);
    }
  };
  await Promise.all([all, ...clients.map(write)]);
  const elapsedMs = performance.now() - startMs;
  // All connections see the same events in the same order: the first connection records which ones.
  const order = [...texts.join("").matchAll(/"name":"(map-\d+)"/g)].map(([, name]) => name ?? "");
  const timesMs = arrivals.flatMap((seen) =>
    seen.map((atMs, event) => atMs - (sentMs.get(order[event] ?? "") ?? Number.NaN)),
  );
  const slice = cpu(connections * changes, elapsedMs, timesMs);
  for (const connection of [...open, ...clients]) connection.close();
  return { ...slice, endedWatches };
}

/** A watch of everything from now on. */
async function watchPath(subject: Subject): Promise<string> {
  const connection = await Connection.open(subject.target, true);
  const { body } = await connection.request("GET", `${folder}?limit=1`);
  connection.close();
  const list = JSON.parse(body.toString("utf8")) as { metadata: { resourceVersion: string } };
  return `${folder}?watch=1&resourceVersion=${list.metadata.resourceVersion}`;
}

/** Bytes of the server's memory for each of `connections` idle watches; NaN where the system does not report it. */
export async function idleBytes(
  subject: Subject,
  connections: number,
  rssOf: (pid: number) => number | undefined,
): Promise<number> {
  const rss = (): number => subject.pids.reduce((sum, pid) => sum + (rssOf(pid) ?? Number.NaN), 0);
  const path = await watchPath(subject);
  const before = rss();
  const open: Connection[] = [];
  for (let at = 0; at < connections; at += 100) {
    const some = await Promise.all(
      Array.from({ length: Math.min(100, connections - at) }, async () => {
        const connection = await Connection.open(subject.target, true);
        await connection.watch(path, () => undefined);
        return connection;
      }),
    );
    open.push(...some);
  }
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const bytes = (rss() - before) / connections;
  for (const connection of open) connection.close();
  return bytes;
}

function cpuOf(
  subject: Subject,
): (operations: number, elapsedMs: number, timesMs: readonly number[]) => Slice {
  const server = (): number => subject.pids.reduce((sum, pid) => sum + (processCpuUs(pid) ?? Number.NaN), 0);
  const etcd = (): number => processCpuUs(subject.etcdPid) ?? Number.NaN;
  const [serverBefore, etcdBefore] = [server(), etcd()];
  return (operations, elapsedMs, timesMs) => ({
    operations,
    elapsedMs,
    timesMs,
    serverCpuUs: (server() - serverBefore) / operations,
    etcdCpuUs: (etcd() - etcdBefore) / operations,
  });
}
