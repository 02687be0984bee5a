/**
 * How long calls go on while every endpoint refuses: two members in memory, one clock that is moved by hand, and a network
 * that is looked at as the real one is. Nothing here waits: what has ended, and after how many requests, is read off.
 */
import { createStore, isStoreError } from "keelson";
import type { Etcd } from "keelson/etcd";
import { manualClock } from "keelson/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openEtcdAtOnce } from "../../../../src/etcd/connect-etcd.ts";
import { createFencedWrites } from "../../../../src/etcd/fenced/fenced-writes.ts";
import type { MemoryNode } from "../../../../src/testing/memory-node.ts";
import { MemoryServer } from "../../../../src/testing/memory-server.ts";
import { memoryTransport, type Weather } from "../../../../src/testing/memory-transport.ts";

const endpoints = ["http://one:2379", "http://two:2379"] as const;
type Listening = "listens" | "refuses" | "says nothing";

let clock: ReturnType<typeof manualClock>;
let server: MemoryServer;
let clients: Etcd[];
/** What is at each endpoint's address. */
let state: Record<string, Listening>;
/** Whether streams break. */
let isCut: boolean;
/** Connections tried and requests sent, by endpoint. */
let asked: Record<string, number>;

beforeEach(() => {
  clock = manualClock();
  server = new MemoryServer({ clock });
  clients = [];
  state = Object.fromEntries(endpoints.map((url) => [url, "listens"]));
  asked = {};
  isCut = false;
});
afterEach(async () => {
  for (const etcd of clients) await etcd.close();
  server.close();
});

function all(now: Listening): void {
  for (const url of endpoints) state[url] = now;
}

function connect(weather?: Weather["unary"]): Etcd {
  const process = {};
  const nodeAt = (url: string): MemoryNode => ({
    call: (method, request) => server.call(method, request),
    openWatch: (sink) => server.openWatch(sink),
    keepAlive: (request) => server.keepAlive(request),
    peer: () => (state[url] === "listens" ? process : undefined),
  });
  const fair: Weather = {
    unary: (method, url) => {
      asked[url] = (asked[url] ?? 0) + 1;
      return weather?.(method, url) ?? {};
    },
    stream: () => (isCut ? { loss: "cut" } : {}),
  };
  const etcd = openEtcdAtOnce({ endpoints, clock }, memoryTransport(nodeAt, fair), ({ url }) =>
    Promise.resolve(
      state[url] === "listens"
        ? undefined
        : { reason: `it ${state[url]}`, answered: state[url] === "refuses" },
    ),
  );
  clients.push(etcd);
  return etcd;
}

/** What `work` has come to by now. */
function watched(work: Promise<unknown>): { outcome: () => unknown } {
  let outcome: unknown = "under way";
  work.then(
    (value) => (outcome = value === undefined ? "done" : value),
    (error: unknown) => (outcome = error),
  );
  return { outcome: () => outcome };
}

const refusal = expect.objectContaining({
  code: "UNAVAILABLE",
  message: expect.stringContaining("it refuses"),
  details: expect.objectContaining({ refused: true }),
});

const put = (etcd: Etcd, call = {}): Promise<unknown> => etcd.kv.put({ key: "a", value: "1" }, call);
const fenced = (etcd: Etcd, call = {}): Promise<unknown> =>
  createFencedWrites({ etcd, root: "/keelson" }).write(
    { key: "/a", guard: 0n, change: { type: "put", value: Buffer.from("1") }, writeId: Buffer.from("one") },
    call,
  );
const fencedMany = async (etcd: Etcd, call = {}): Promise<unknown> => {
  const writes = ["/a", "/b"].map((key) => ({
    key,
    guard: 0n,
    change: { type: "put" as const, value: Buffer.from("1") },
    writeId: Buffer.from(key),
  }));
  const [first] = await createFencedWrites({ etcd, root: "/keelson" }).writeMany(writes, call);
  if (first instanceof Error) throw first;
  return first;
};

test.each<readonly [string, (etcd: Etcd, call?: object) => Promise<unknown>]>([
  ["a read", (etcd, call) => etcd.kv.range({ key: "a" }, call)],
  ["a write", put],
  ["a lease", (etcd, call) => etcd.leases.grant({ ttlSeconds: 60 }, call)],
  ["a fenced write", fenced],
  ["fenced writes in a group", fencedMany],
  ["a watch's first connection", (etcd) => etcd.watches.open({ key: "a" }).ready()],
])("%s ends once every endpoint has refused for a second", async (_, run) => {
  const etcd = connect();
  all("refuses");
  const { outcome } = watched(run(etcd));
  await clock.advance(900);
  expect(outcome()).toBe("under way");
  await clock.advance(1_500);
  expect(outcome()).toEqual(refusal);
  // Dialled again within its patience, each endpoint by a back-off that grows.
  for (const url of endpoints) expect(asked[url]).toBeGreaterThan(1);
  for (const url of endpoints) expect(asked[url]).toBeLessThan(12);
});

test.each([
  ["a write", put],
  ["a fenced write", fenced],
  ["fenced writes in a group", fencedMany],
])("%s with a time of its own goes on for that time, and is applied when etcd is back", async (_, run) => {
  const etcd = connect();
  all("refuses");
  const { outcome } = watched(run(etcd, { timeoutMs: 20_000 }));
  await clock.advance(8_000);
  expect(outcome()).toBe("under way");
  all("listens");
  await clock.advance(2_000);
  expect(outcome()).not.toBeInstanceOf(Error);
  expect(outcome()).not.toBe("under way");
});

test("an etcd that is back within a second is not told of", async () => {
  const etcd = connect();
  all("refuses");
  const { outcome } = watched(put(etcd));
  await clock.advance(800);
  all("listens");
  await clock.advance(1_000);
  expect(outcome()).toMatchObject({ header: {} });
});

test("one that says nothing is waited for, and so is a member that is asked by its name", async () => {
  const etcd = connect();
  const [one, two] = endpoints;
  state = { [one]: "refuses", [two]: "says nothing" };
  const either = watched(put(etcd));
  const [refusing, silent] = endpoints.map((endpoint) => watched(etcd.maintenance.status({ endpoint })));
  await clock.advance(3_000);
  expect(either.outcome()).toBe("under way");
  expect(silent?.outcome()).toBe("under way");
  // It alone was asked for, and it has answered.
  expect(refusing?.outcome()).toEqual(refusal);
  await clock.advance(10_000);
  expect(isStoreError(either.outcome(), "UNAVAILABLE")).toBe(true);
});

test("a watch that was open waits until etcd is back, however long it refuses", async () => {
  const etcd = connect();
  const watch = etcd.watches.open({ key: "a", startRevision: 1n });
  await clock.advance(10);
  await watch.ready();
  const events = watched(
    (async () => {
      for await (const batch of watch) if (batch.type === "events") return batch.events.length;
      return 0;
    })(),
  );
  all("refuses");
  isCut = true;
  watch.requestProgress();
  await clock.advance(30_000);
  expect(events.outcome()).toBe("under way");
  all("listens");
  isCut = false;
  watched(put(etcd));
  await clock.advance(5_000);
  expect(events.outcome()).toBe(1);
});

test("createStore() with a time asks again for a write session whose request had no certain answer", async () => {
  let losses = 0;
  const untilMs = clock.monotonicMs() + 25_000;
  const etcd = connect((method) => {
    if (method !== "/etcdserverpb.Lease/LeaseGrant" || clock.monotonicMs() > untilMs) return {};
    losses++;
    return { loss: "request swallowed" };
  });
  const opened = watched(createStore({ etcd, kinds: [], compaction: false, timeoutMs: 60_000 }));
  await clock.advance(55_000);
  const store = opened.outcome();
  expect(losses).toBeGreaterThan(1);
  expect(store).toHaveProperty("namespaces");
  await (store as AsyncDisposable)[Symbol.asyncDispose]();
});
