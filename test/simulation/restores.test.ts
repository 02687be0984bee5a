/** Restores of the in-memory cluster, in event orders that only a held stream can force. */
import { createStore, createWatchCache, isStoreError, type Store } from "keelson";
import { expect, test } from "vitest";
import { systemClock } from "../../src/base/time/clock.ts";
import { openEtcdAtOnce } from "../../src/etcd/connect-etcd.ts";
import type { Etcd } from "../../src/etcd/ports/etcd.ts";
import type { ByteDuplex, TransportFactory } from "../../src/etcd/transport/transport.ts";
import { decodeWatchMessage } from "../../src/etcd/wire/watch.ts";
import { memoryTransport } from "../../src/testing/memory-transport.ts";
import { failureOf } from "../support/failures.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { until, within } from "../support/time/patience.ts";
import { SimulatedCluster } from "./cluster.ts";
import { Item, itemOf } from "./item.ts";

const epochKey = "/keelson/registry/epoch";
const options = {
  members: 1,
  fragmentBytes: 2 ** 21,
  syncIntervalMs: 1,
  pageItemsMax: 0,
  progressDropped: 0,
  lagMs: 1,
} as const;

/** A cluster, its client, and a way to suppress the client's watch of the epoch's record. */
class Lab implements AsyncDisposable {
  readonly cluster: SimulatedCluster = new SimulatedCluster(
    options,
    systemClock,
    seededRandom(1),
    () => undefined,
  );
  readonly etcd: Etcd;
  #store: Store | undefined;
  deafToEpoch = false;

  constructor() {
    const inner = memoryTransport((url) => this.cluster.node(url));
    const transport: TransportFactory = (parts) => {
      const under = inner(parts);
      return {
        endpoint: under.endpoint,
        unary: (...call) => under.unary(...call),
        serverStream: (...call) => under.serverStream(...call),
        bidi: (...call) => this.#held(under.bidi(...call)),
        close: () => under.close(),
      };
    };
    this.etcd = openEtcdAtOnce({ endpoints: this.cluster.endpoints, requestTimeoutMs: 1_000 }, transport);
  }

  async store(): Promise<Store> {
    this.#store = await createStore({
      etcd: this.etcd,
      kinds: [Item],
      namespaces: "open",
      compaction: false,
    });
    return this.#store;
  }

  restart(): void {
    this.cluster.member(0).restart();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store?.close();
    await this.etcd.close();
    this.cluster.close();
  }

  /** The suppressed watch of the epoch delivers nothing, not even its end. */
  #held(stream: ByteDuplex): ByteDuplex {
    let isEpochs = false;
    return {
      next: async () => {
        try {
          const message = await stream.next();
          if (!isEpochs || !this.deafToEpoch) return message;
        } catch (error) {
          if (!isEpochs || !this.deafToEpoch) throw error;
        }
        await until(async () => !this.deafToEpoch, "the epoch's watch is let go", 60_000);
        return undefined;
      },
      poll: () => (isEpochs && this.deafToEpoch ? undefined : stream.poll()),
      write: (message) => {
        const decoded = decodeWatchMessage(message);
        if (decoded.type === "create") isEpochs = Buffer.from(decoded.create.key).toString() === epochKey;
        return stream.write(message);
      },
      drained: () => stream.drained(),
      end: () => stream.end(),
      cancel: () => stream.cancel(),
    };
  }
}

const draft = (name: string, n: number) => itemOf("a", name, `tok.p0.0.${n}.web.n1;`);

test("a cache whose stream meets a restore under the old cluster id tells its watchers nothing of the new history", async () => {
  await using lab = new Lab();
  const store = await lab.store();
  const items = store.resources(Item);
  await items.create(draft("kept", 1));
  const snapshot = lab.cluster.save();
  await items.create(draft("gone", 2));
  await using cache = createWatchCache(items, { selfCheckIntervalMs: false });
  await cache.ready();
  const told: string[] = [];
  await using watch = cache.watch();
  await watch.ready();
  const end = failureOf(
    (async () => {
      for await (const event of watch) told.push(event.type);
    })(),
  );
  lab.deafToEpoch = true;
  lab.cluster.restore(snapshot, { bumpTo: 1_000_000n, renews: [epochKey], renamed: false });
  lab.restart();
  expect(await within(end, "the watch's end")).toMatchObject({
    code: "EXPIRED",
    details: { reason: "epoch" },
  });
  expect(told).toEqual([]);
  lab.deafToEpoch = false;
  await cache.ready();
  expect((await cache.list()).items.map(({ metadata }) => metadata.name)).toEqual(["kept"]);
}, 60_000);

test("notOlderThan holds over a restore: what had been reached before it is ahead of the store again", async () => {
  await using lab = new Lab();
  const store = await lab.store();
  const items = store.resources(Item);
  await items.create(draft("kept", 1));
  const snapshot = lab.cluster.save();
  let resourceVersion = "";
  // Beyond the records that the restored store writes again.
  for (let n = 2; n < 40; n++)
    resourceVersion = (await items.create(draft(`gone-${n}`, n))).metadata.resourceVersion;
  lab.cluster.restore(snapshot, { renews: [], renamed: true });
  lab.restart();
  const read = { consistency: "notOlderThan", resourceVersion } as const;
  // The first read may be refused because of the unknown cluster; the one that detects the restore must not return an
  // older state than requested.
  let code = "UNAVAILABLE";
  while (code === "UNAVAILABLE") {
    code = await items.list({ read }).then(
      (page) => `OK at ${page.resourceVersion}`,
      (error: unknown) => (isStoreError(error) ? error.code : String(error)),
    );
  }
  expect(code).toBe("FUTURE_VERSION");
}, 60_000);

test("of calls that wait for an endpoint none is sent to another history, whichever of them detects it", async () => {
  await using lab = new Lab();
  const { history, kv } = lab.etcd;
  await kv.put({ key: "a", value: "1" });
  const snapshot = lab.cluster.save();
  lab.cluster.restore(snapshot, { renews: [], renamed: true });
  lab.restart();
  // The first answer of another cluster may be a stranger's, the next one is taken for a restore: all wait for that.
  for (let round = 1; history.generation === 0; round++) {
    const begun = Array.from({ length: 20 }, (_, i) =>
      failureOf(kv.put({ key: `w-${round}-${i}`, value: "begun before" })),
    );
    for (const failure of await Promise.all(begun)) expect(failure).toMatchObject({ code: "UNAVAILABLE" });
  }
  expect((await kv.range({ key: "w", rangeEnd: "x" })).kvs).toEqual([]);
}, 60_000);

test("a list under way starts over where a restore is noticed between its pages and their use", async () => {
  await using lab = new Lab();
  let afterPage: (() => Promise<void>) | undefined;
  // A page is delivered only after another call has detected the restore behind it.
  const kv = new Proxy(lab.etcd.kv, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== "range") return typeof value === "function" ? value.bind(target) : value;
      return async (...call: Parameters<typeof target.range>) => {
        const page = await target.range(...call);
        const then = afterPage;
        if (then === undefined || !Buffer.from(call[0].key).toString().includes("/items/")) return page;
        afterPage = undefined;
        await then();
        return page;
      };
    },
  });
  await using store = await createStore({
    etcd: { ...lab.etcd, kv },
    kinds: [Item],
    namespaces: "open",
    compaction: false,
  });
  const items = store.resources(Item);
  await items.create(draft("kept", 1));
  const snapshot = lab.cluster.save();
  await items.create(draft("gone", 2));
  const { generation } = lab.etcd.history;
  afterPage = async () => {
    lab.cluster.restore(snapshot, { renews: [], renamed: true });
    lab.restart();
    await until(
      async () => {
        await lab.etcd.kv.range({ key: "a" }).catch(() => undefined);
        return lab.etcd.history.generation !== generation;
      },
      "the restore is noticed",
      30_000,
    );
  };
  const page = await items.list();
  expect(afterPage).toBeUndefined();
  expect(page.items.map(({ metadata }) => metadata.name)).toEqual(["kept"]);
}, 60_000);

test("an epoch that comes back with a snapshot is renewed, also by who has never held it", async () => {
  await using lab = new Lab();
  const first = await lab.store();
  const items = first.resources(Item);
  for (let n = 1; n < 5; n++) await items.create(draft(`kept-${n}`, n));
  const snapshot = lab.cluster.save();
  for (let n = 5; n < 40; n++) await items.create(draft(`gone-${n}`, n));
  const { continueToken } = await items.list({ limit: 1 });
  const { epoch } = await first.health();
  const restore = async (store: Store): Promise<void> => {
    const before = (await store.health()).epoch;
    lab.cluster.restore(snapshot, { renews: [], renamed: true });
    lab.restart();
    await until(async () => {
      const [kv] = (await lab.etcd.kv.range({ key: epochKey }).catch(() => ({ kvs: [] }))).kvs;
      const recorded = Buffer.from(kv?.value ?? "").toString();
      return recorded !== before && recorded === (await store.health()).epoch;
    }, "another epoch on record");
  };
  await restore(first);
  await first.close();
  // It holds what was written after the first restore, and nothing else.
  const second = await lab.store();
  await restore(second);
  expect((await second.health()).epoch).not.toBe(epoch);
  const goOn = second.resources(Item).list({ limit: 1, continueToken });
  expect(await failureOf(goOn)).toMatchObject({ code: "EXPIRED" });
}, 120_000);
