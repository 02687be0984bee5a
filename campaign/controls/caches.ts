/**
 * N7 and N9: a cache that differs from etcd.
 *
 *   N7   its watch was compacted; instead of a relist it continues from now with its old contents
 *   N9   a late state older than the current one is accepted
 */
import { createWatchCache, isStoreError, type WatchCache } from "keelson";
import type { Etcd, EtcdWatch } from "keelson/etcd";
import type { PlainValue } from "../../src/codec/form/value.ts";
import type { StoredBatch } from "../../src/storage/seam/stored.ts";
import { TcpProxy } from "../../test/support/peers/tcp-proxy.ts";
import { type Taps, tappedReader } from "../../test/support/tapped-source.ts";
import type { Control } from "./control.ts";
import { boundMs, Doc, docsPrefix, Lab, until } from "./lab.ts";
import { RecordedDocs, RecordedWatch, sampleOf } from "./recorded-docs.ts";

/** Off: the cache's comparison with etcd would repair the fault that the checkers must find. */
const cacheOptions = { selfCheckIntervalMs: false } as const;

async function arrive(cache: WatchCache<Doc>, doc: Doc | undefined): Promise<void> {
  const revision = BigInt(doc?.metadata.resourceVersion ?? "0");
  await until(() => BigInt(cache.resourceVersion) >= revision, "the cache has the last change");
}

/** Watches of documents never end EXPIRED: they continue from etcd's current revision, and `again` is called. */
function forgetsCompaction(etcd: Etcd, again: () => void): Etcd {
  const open: Etcd["watches"]["open"] = (request, call) => {
    let current: EtcdWatch = etcd.watches.open(request, call);
    return {
      ready: () => current.ready(),
      requestProgress: () => current.requestProgress(),
      async *[Symbol.asyncIterator]() {
        for (;;) {
          try {
            yield* current;
            return;
          } catch (error) {
            if (!isStoreError(error, "EXPIRED")) throw error;
            const { header } = await etcd.kv.range({ key: "/" }, { timeoutMs: boundMs });
            current = etcd.watches.open({ ...request, startRevision: header.revision + 1n }, call);
            again();
          }
        }
      },
      [Symbol.asyncDispose]: () => current[Symbol.asyncDispose](),
    };
  };
  return {
    ...etcd,
    watches: {
      stats: () => etcd.watches.stats(),
      open: (request, call) =>
        String(request.key).startsWith(docsPrefix) ? open(request, call) : etcd.watches.open(request, call),
    },
  };
}

export const keptOldCache: Control = {
  name: "N7",
  sabotage: "a cache whose watch was compacted away keeps serving its old state",
  caughtBy: ["C4"],
  rules: ["cache is not etcd"],
  duration: "short",
  async play({ sabotaged, binary }) {
    await using lab = await Lab.open({ binary });
    const proxy = lab.use(await TcpProxy.start(lab.server.clientPort));
    const behind = await lab.connect({ endpoints: proxy.url, requestTimeoutMs: 1_000 });
    let resumed = false;
    const etcd = sabotaged
      ? forgetsCompaction(behind, () => {
          resumed = true;
        })
      : behind;
    const docs = new RecordedDocs(lab, "writer", (await lab.store(lab.etcd)).resources(Doc));
    const x = await docs.create("x", "x1");
    await docs.create("y", "y1");
    const cache = lab.use(createWatchCache((await lab.store(etcd)).resources(Doc), cacheOptions));
    await cache.ready();
    await sampleOf(lab, "cache", cache, { consistency: "any" });
    // While the cache is cut off, changes are made and compacted.
    proxy.set({ mode: "drop" });
    if (x !== undefined) await docs.update(x, "x2");
    await docs.delete("y");
    const end = await lab.recordTruth(docsPrefix);
    await lab.etcd.kv.compact(end, { physical: true });
    proxy.set({ mode: "ok" });
    if (sabotaged) await until(() => resumed, "the watch has gone on");
    const last = await docs.create("last", "last");
    await arrive(cache, last);
    await sampleOf(lab, "cache", cache, { consistency: "any" });
    await lab.recordTruth(docsPrefix, undefined, end + 1n);
    return { history: lab.history() };
  },
};

/** Every change of an object carries the value of the first one. */
function olderValues(): (batch: StoredBatch) => StoredBatch {
  const first = new Map<string, PlainValue | undefined>();
  return (batch) => {
    const events = batch.events.map((event) => {
      if (event.type === "delete") return event;
      const { record } = event;
      if (!first.has(record.key)) first.set(record.key, record.value);
      return { ...event, record: { ...record, value: first.get(record.key) } };
    });
    return { ...batch, events };
  };
}

export const olderObject: Control = {
  name: "N9",
  sabotage: "a cache takes an older state of an object than it has",
  caughtBy: ["C3", "C4"],
  rules: ["reliable", "cache is not etcd"],
  duration: "short",
  async play({ sabotaged, binary }) {
    await using lab = await Lab.open({ binary });
    const store = (await lab.store(lab.etcd)).resources(Doc);
    const docs = new RecordedDocs(lab, "writer", store);
    const taps: Taps = sabotaged ? { batch: olderValues() } : {};
    const cache = lab.use(createWatchCache(tappedReader(store, taps), cacheOptions));
    await cache.ready();
    const watch = new RecordedWatch(lab, cache, { resourceVersion: cache.resourceVersion });
    await watch.ready();
    const x = await docs.create("x", "x1");
    if (x !== undefined) await docs.update(x, "x2");
    const last = await docs.create("last", "last");
    await arrive(cache, last);
    await until(() => watch.seen.has(`${docsPrefix}a/last`), "the last change is seen");
    await watch.stop();
    await sampleOf(lab, "cache", cache, { consistency: "any" });
    await lab.recordTruth(docsPrefix);
    return { history: lab.history() };
  },
};
