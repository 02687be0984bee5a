/**
 * What the cache promises its watchers under load: every stream equals etcd's log, whatever its speed; what it holds
 * equals etcd, sampled all the while; memory stays in its budget; etcd sees few requests however many callers there are.
 *
 * KEELSON_FULL=1 runs the full size: 1,000 watchers, a stop of 30 seconds.
 */
import {
  type CacheOptions,
  type CacheStats,
  createStore,
  createWatchCache,
  isStoreError,
  type Resource,
  type ResourceStore,
  type WatchCache,
  type WatchEvent,
  type WatchOptions,
} from "keelson";
import { beforeEach, describe, expect, test } from "vitest";
import { streamFaults } from "../../campaign/checkers/c3-watches.ts";
import { TruthLog } from "../../campaign/checkers/truth-log.ts";
import { logFaults, logOf, type Reading, streamOf } from "../../campaign/checkers/watch-events.ts";
import { etcdBinaries } from "../support/etcd/etcd-binaries.ts";
import { etcdForAll, storeForEach } from "../support/etcd/real-etcd.ts";
import { namespacedKind } from "../support/kinds.ts";
import { recordedEtcd } from "../support/recorded-requests.ts";
import { until } from "../support/time/patience.ts";

interface Item extends Resource {
  spec: { n: number; node: string };
}
const Item = namespacedKind<Item>("Item", {
  fields: { "spec.node": ({ spec }) => spec.node },
  indexes: ["label:app", "field:spec.node"],
});
const full = process.env["KEELSON_FULL"] === "1";
const watcherCount = full ? 1_000 : 200;
const timeoutMs = full ? 300_000 : 120_000;
const stopMs = full ? 30_000 : 1_500;
/** Between two comparisons with etcd, under load. */
const sampleMs = 250;
const namespaces = ["a", "a-b", "b"];
const reading: Reading<Item> = {
  key: ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
  value: ({ metadata, spec }) => `${spec.n} ${spec.node} ${metadata.labels?.["app"] ?? "-"}`,
};
const nodeOf = (body: string): string | undefined => body.split(" ")[1];
const appOf = (body: string): string | undefined => body.split(" ")[2];

/** What watchers ask for, and the same as a condition on the log. */
const wishes: readonly { options: WatchOptions; wants: (key: string, body: string) => boolean }[] = [
  { options: {}, wants: () => true },
  { options: { namespace: "a" }, wants: (key) => key.startsWith("a/") },
  { options: { labelSelector: "app=web" }, wants: (_, body) => appOf(body) === "web" },
  { options: { labelSelector: "app in (web, db), app!=db" }, wants: (_, body) => appOf(body) === "web" },
  { options: { fieldSelector: "spec.node=n3" }, wants: (_, body) => nodeOf(body) === "n3" },
  { options: { fieldSelector: "spec.node=" }, wants: (_, body) => nodeOf(body) === "" },
  {
    options: { namespace: "b", fieldSelector: "spec.node!=n1" },
    wants: (key, body) => key.startsWith("b/") && nodeOf(body) !== "n1",
  },
  { options: { namespace: "a", name: "i-3" }, wants: (key) => key === "a/i-3" },
];

/** Creates, changes and deletes at random until told to stop. */
function churn(items: ResourceStore<Item>, workers: number): { writes(): number; stop(): Promise<void> } {
  let going = true;
  let writes = 0;
  const work = async (worker: number): Promise<void> => {
    for (let i = worker * 1_000; going; i++) {
      const namespace = namespaces[i % namespaces.length] ?? "a";
      const name = `i-${(i * 7 + worker) % 40}`;
      const app = ["web", "db", "batch"][(i * 5) % 3] ?? "web";
      const node = i % 4 === 0 ? "" : `n${i % 6}`;
      try {
        if (i % 5 === 4) await items.delete({ namespace, name });
        else {
          const metadata = { namespace, name, labels: { app } };
          await items.guaranteedUpdate(
            { namespace, name },
            (c) => ({ ...c, metadata: { ...c.metadata, labels: { app } }, spec: { n: i, node } }),
            { createIfMissing: () => ({ metadata, spec: { n: i, node } }) },
          );
        }
        writes++;
      } catch (error) {
        if (!isStoreError(error, "NOT_FOUND")) throw error;
      }
    }
  };
  const running = Array.from({ length: workers }, (_, worker) => work(worker));
  return {
    writes: () => writes,
    async stop() {
      going = false;
      await Promise.all(running);
    },
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.each((await etcdBinaries()).slice(-1))("watchers of a cache on etcd $version", ({ path }) => {
  let items: ResourceStore<Item>;
  const lab = etcdForAll({ binary: path });
  const own = storeForEach(lab, { kinds: [Item], namespaces: "open" });
  beforeEach(() => {
    items = own.store.resources(Item);
  });

  /** What a run of many watchers tells those who act on it meanwhile. */
  interface Run {
    readonly cache: WatchCache<Item>;
    /** The last version of etcd's own stream that was read. */
    logged(): bigint;
    /** Every watcher that stops reading has had its first batch, and stands still from then on. */
    allStand(): boolean;
  }

  /**
   * Every stream of many watchers of mixed speed against the log, with `during` happening meanwhile: writers go on until
   * it is done, the time is over and there was something to see.
   */
  async function mixedSpeeds(
    options: CacheOptions,
    during: (run: Run) => Promise<void>,
  ): Promise<CacheStats> {
    await using cache = createWatchCache(items, { selfCheckIntervalMs: false, ...options });
    await cache.ready();
    const start = cache.resourceVersion;
    const everything: WatchEvent<Item>[] = [];
    const log = items.watch({ resourceVersion: start });
    const logged = (async () => {
      for await (const event of log) {
        everything.push(event);
        if (event.type !== "BOOKMARK" && event.object.metadata.name === "end") break;
      }
    })();
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const streams = Array.from({ length: watcherCount }, (_, i) => {
      const wish = wishes[i % wishes.length] ?? { options: {}, wants: () => true };
      const watch = cache.watch({ ...wish.options, resourceVersion: start, bookmarks: i % 3 === 0 });
      const events: WatchEvent<Item>[] = [];
      // A tenth is slow, a tenth stops reading altogether until the end.
      const speed = i % 10 === 0 ? "slow" : i % 10 === 5 ? "stopped" : "fast";
      const done = (async () => {
        for await (const batch of watch.batches()) {
          events.push(...batch);
          if (speed === "slow") await pause(20);
          if (speed === "stopped") await released;
        }
      })();
      return {
        name: `watcher ${i} (${speed})`,
        speed,
        start: BigInt(start),
        events,
        wants: wish.wants,
        watch,
        done,
      };
    });
    await Promise.all(streams.map(({ watch }) => watch.ready()));
    const writers = churn(items, 8);
    let worst = 0;
    const endMs = performance.now() + stopMs;
    let isDone = false;
    const meanwhile = during({
      cache,
      logged: () => BigInt(everything.at(-1)?.resourceVersion ?? 0),
      allStand: () => streams.every(({ speed, events }) => speed !== "stopped" || events.length > 0),
    }).finally(() => {
      isDone = true;
    });
    for (let sample = 0; performance.now() < endMs || writers.writes() <= 100 || !isDone; sample++) {
      await pause(sampleMs);
      worst = Math.max(worst, cache.stats().bytes.total);
      await sameAsEtcd(cache, wishes[sample % wishes.length]);
    }
    await meanwhile;
    await writers.stop();
    expect(writers.writes()).toBeGreaterThan(100);
    const last = await items.create({ metadata: { namespace: "z", name: "end" }, spec: { n: 0, node: "" } });
    const endAt = BigInt(last.metadata.resourceVersion);
    await logged;
    release();
    const changes = logOf(everything, reading);
    expect(logFaults(changes)).toEqual([]);
    // Who has nothing left to be told is at the end: its next event can only be later.
    await expect
      .poll(() => (BigInt(cache.resourceVersion) >= endAt ? cache.stats().lagging.length : -1), {
        timeout: full ? 150_000 : 90_000,
      })
      .toBe(0);
    await Promise.all(streams.map(({ watch }) => watch[Symbol.asyncDispose]()));
    await Promise.all(streams.map(({ done }) => done));
    const truth = new TruthLog(changes);
    const faults = streams.flatMap((stream) =>
      streamFaults(truth, streamOf(stream, reading), {
        until: endAt,
        wants: (change) => change?.type === "put" && stream.wants(change.key, change.value ?? ""),
      }).map(({ rule, what }) => `${stream.name}: not ${rule}: ${what}`),
    );
    expect(faults).toEqual([]);
    expect(worst).toBeLessThan(cache.stats().bytes.budget);
    for (const wish of wishes) expect(await sameAsEtcd(cache, wish)).toBe(true);
    return cache.stats();
  }

  /**
   * What the cache holds is what etcd holds at the same version: keys, versions and values, by one way of reading them.
   * False when etcd had compacted that version before it was read.
   */
  async function sameAsEtcd(
    cache: WatchCache<Item>,
    wish: (typeof wishes)[number] | undefined,
  ): Promise<boolean> {
    const { name, ...selected } = wish?.options ?? {};
    const scope = name === undefined ? selected : { ...selected, fieldSelector: `metadata.name=${name}` };
    const read = { consistency: "exact", resourceVersion: cache.resourceVersion } as const;
    try {
      const [held, stored] = await Promise.all([
        cache.list({ ...scope, read }),
        items.list({ ...scope, read }),
      ]);
      expect(held.resourceVersion).toBe(stored.resourceVersion);
      expect(held.items).toEqual(stored.items);
      return true;
    } catch (error) {
      if (isStoreError(error, "EXPIRED")) return false;
      throw error;
    }
  }

  test(
    "watchers of mixed speed, some stopped, across two compactions: each stream equals etcd's log",
    async () => {
      let compacted = 0n;
      await mixedSpeeds({}, async ({ cache, logged }) => {
        for (const share of [0.3, 0.4]) {
          await pause(stopMs * share);
          // What both streams from etcd have passed: one that must be opened anew finds its place still there.
          const passed = (): bigint => {
            const [read, applied] = [logged(), BigInt(cache.resourceVersion)];
            return read < applied ? read : applied;
          };
          const before = compacted;
          await until(() => passed() > before, "both streams go on");
          compacted = passed();
          await lab.etcd.kv.compact(compacted);
        }
      });
      expect(compacted).toBeGreaterThan(0n);
    },
    timeoutMs,
  );

  test(
    "with next to no history in memory, slow watchers go on from etcd's own",
    async () => {
      const { replays } = await mixedSpeeds({ historyBytes: 20_000 }, async ({ cache, allStand }) => {
        await until(allStand, "each that stops has stopped");
        const stoodAt = cache.stats().eventsReceived;
        // All that is held then is later than where the stopped ones stand, and what they were given ahead.
        await until(() => {
          const { eventsReceived, historyEvents } = cache.stats();
          return eventsReceived - stoodAt > 2 * historyEvents + 600;
        }, "history has gone on without them");
      });
      expect(replays).toBeGreaterThan(0);
    },
    timeoutMs,
  );

  test("a quiet cache answers 1,000 consistent lists with one or two quorum reads", async () => {
    const prefix = "/g-quiet";
    const recorded = recordedEtcd(lab.etcd);
    const options = { kinds: [Item], prefix, namespaces: "open", compaction: false } as const;
    await using counted = await createStore({ etcd: recorded.etcd, ...options });
    const quiet = counted.resources(Item);
    await quiet.create({ metadata: { namespace: "a", name: "one" }, spec: { n: 1, node: "" } });
    await using cache = createWatchCache(quiet, { selfCheckIntervalMs: false });
    await cache.ready();
    await lab.etcd.kv.put({ key: "/elsewhere", value: "x" });
    const [sentBefore, before, begunMs] = [recorded.requests.length, cache.stats(), performance.now()];
    const pages = await Promise.all(Array.from({ length: 1_000 }, () => cache.list()));
    expect(pages.every(({ items: listed }) => listed.length === 1)).toBe(true);
    const sent = recorded.requests.slice(sentBefore);
    const after = cache.stats();
    // The store's revision, read by a quorum; and the lists that went on to etcd, which a cache counts.
    const revisions = sent.filter((request) =>
      request.includes(`/keelson${prefix}/epoch","serializable":false`),
    );
    const lists = sent.filter((request) => request.startsWith(`range {"key":"${prefix}/items/`));
    expect(lists).toHaveLength(after.etcdReads - before.etcdReads);
    // A cache that lags looks again every three seconds whether the store is still ahead.
    expect(revisions.length).toBeLessThanOrEqual(2 + Math.floor((performance.now() - begunMs) / 3_000));
    const timeouts = after.freshTimeouts - before.freshTimeouts;
    if (timeouts === 0) expect([1, 2]).toContain(revisions.length + lists.length);
    // On a machine that stands still for 3 s the cache does not catch up in time: only who waited in vain goes on to etcd.
    const shared = after.etcdReadsShared - before.etcdReadsShared;
    if (timeouts > 0) expect(Math.max(lists.length, shared)).toBeLessThanOrEqual(timeouts);
  });
});
