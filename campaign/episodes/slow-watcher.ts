/**
 * F20, F23: readers that stop reading while 200 MB are written, and a leader that dies a second before a lease would end.
 *
 * The writes put the same stored bytes every time, so the memory that this process gains is held by the two watches and
 * the cache.
 */
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createWatchCache, isStoreError, type Watch } from "keelson";
import { connectEtcd } from "keelson/etcd";
import { TcpProxy } from "../../test/support/peers/tcp-proxy.ts";
import { keyOf, Relic, type Valued } from "../traffic/kinds.ts";
import { type Act, boundMs, broken, codeOf, type Play, type Scene, until } from "./episode.ts";

const sleeper = { kind: "F20", name: "slow watcher" } as const;
const leaderOfLease = { kind: "F23", name: "leader killed a second before a lease ends" } as const;

/** Characters of random base64 text in the object; compressed, three quarters of them remain: a megabyte. */
const objectBytes = 1_340_000;
const writes = 200;
const writesSideBySide = 4;
/** Writes between two measurements; each collects all garbage, about 50 ms. */
const measureEvery = 20;
/** Everything the cache may hold: live, history, decoded. */
const budgetBytes = 32_000_000;
/** The cache, plus windows, sockets and loop queues; well below half of the data. */
const growthBytesMax = 90_000_000;
const ttlSeconds = 5;
const leaseTries = 3;
const timeoutMs = 20_000;

export const slowReaders: Play = {
  name: "slow readers and leases",
  episodes: [sleeper, leaderOfLease],
  prepare: async () => ({ cluster: {} }),
  async act(scene) {
    await scene.episode(sleeper, "watchers of this process", () => sleep(scene));
    await scene.episode(leaderOfLease, "leader", async () => {
      for (let tries = 1; ; tries++) {
        const came = await endLease(scene);
        if (came.bite !== undefined || tries === leaseTries) return came;
      }
    });
  },
};

async function sleep(scene: Scene): Promise<Act> {
  const { store } = scene.stage;
  const { kv } = scene.etcd;
  const { at, key, value } = await largeObject(scene);
  const relics = store.resources(Relic);
  await using cache = createWatchCache(relics, { budgetBytes });
  await cache.ready({ timeoutMs });
  const watches: readonly Watch<Valued>[] = [relics.watch({ ...at }), cache.watch({ ...at })];
  for (const watch of watches) await watch.ready({ timeoutMs });
  const before = memory();
  let highest = before;
  let last = 0n;
  for (let i = 0; i < writes; i += writesSideBySide) {
    const puts = Array.from({ length: writesSideBySide }, () =>
      kv.put({ key, value }, { timeoutMs, requestTimeoutMs: timeoutMs }),
    );
    for (const { header } of await Promise.all(puts)) if (header.revision > last) last = header.revision;
    if (i % measureEvery === 0) highest = Math.max(highest, memory());
  }
  highest = Math.max(highest, memory());
  const growth = highest - before;
  const read: number[] = [];
  const wrong: string[] = [];
  for (const [index, watch] of watches.entries()) {
    const name = index === 0 ? "the store's watch" : "the cache's watch";
    const came = await awake(watch, last);
    read.push(came.events);
    wrong.push(
      ...broken(
        [came.inOrder, `${name} gave versions out of order`],
        [
          came.end !== undefined || came.events === writes,
          `${name} gave ${came.events} of ${writes} events and no reason`,
        ],
        [came.end === undefined || came.end === "EXPIRED", `${name} ended with ${came.end}`],
      ),
    );
  }
  await codeOf(relics.delete(at, { timeoutMs }));
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
  return {
    bite: `${megabytes(writes * value.length)} written while two watchers slept; afterwards ${read.join(" and ")} events, memory rose by ${megabytes(growth)}`,
    broken: [
      ...wrong,
      ...broken([growth < growthBytesMax, `memory rose by ${megabytes(growth)} while watchers did not read`]),
    ],
  };
}

/** An object whose stored value, compressed, is a megabyte. */
async function largeObject(scene: Scene): Promise<{
  readonly at: { namespace: string; name: string };
  readonly key: string;
  readonly value: Uint8Array;
}> {
  const { store } = scene.stage;
  const { at, made } = await scene.relic();
  const filler = Buffer.from(
    Uint8Array.from({ length: (objectBytes * 3) / 4 }, () => scene.below(256)),
  ).toString("base64");
  await store.resources(Relic).update({ ...made, spec: { ...made.spec, filler } }, { timeoutMs });
  const key = keyOf("relics", at);
  const { kvs } = await scene.etcd.kv.range({ key }, { timeoutMs });
  const [stored] = kvs;
  if (stored === undefined) throw new Error(`${key} has gone`);
  return { at, key, value: stored.value.slice() };
}

/** Bytes in use after garbage collection, buffers included: stopped readers could accumulate those. */
function memory(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Continues to read up to the last version. */
async function awake(
  watch: Watch<Valued>,
  last: bigint,
): Promise<{ readonly events: number; readonly inOrder: boolean; readonly end: string | undefined }> {
  let events = 0;
  let seen = 0n;
  let inOrder = true;
  try {
    for await (const event of watch) {
      const version = BigInt(event.resourceVersion);
      if (event.type !== "BOOKMARK") events++;
      if (version < seen) inOrder = false;
      seen = version;
      if (version >= last) break;
    }
    return { events, inOrder, end: undefined };
  } catch (error) {
    return { events, inOrder, end: isStoreError(error) ? error.code : String(error) };
  } finally {
    await watch[Symbol.asyncDispose]();
  }
}

/**
 * The holder is cut off and the leader killed. The new leader gives every lease its whole time again, so the lease outlives
 * its TTL; the holder must be told within the TTL, while the lease still exists, that it is lost.
 */
async function endLease(scene: Scene): Promise<Act> {
  const { cluster, store } = scene.stage;
  const { kv, leases } = scene.etcd;
  const proxies = await Promise.all(cluster.members.map(({ clientPort }) => TcpProxy.start(clientPort)));
  const holder = await connectEtcd({ endpoints: proxies.map(({ url }) => url) });
  try {
    const held = await holder.leases.hold({ ttlSeconds }, { timeoutMs });
    const key = `/lease/${held.id}`;
    await kv.put({ key, value: "", lease: held.id }, { timeoutMs, requestTimeoutMs: timeoutMs });
    const { at } = await scene.relic({ ttlSeconds });
    const startMs = performance.now();
    const lost = new Promise<void>((resolve) => {
      held.lost.addEventListener("abort", () => resolve(), { once: true });
    });
    for (const proxy of proxies) proxy.set({ mode: "blackhole" });
    const there = async (): Promise<boolean> => {
      const { kvs } = await kv.range({ key }, { timeoutMs });
      return kvs.length > 0;
    };
    await delay((ttlSeconds - 1) * 1_000);
    const leader = cluster.member((await cluster.leader()) ?? 0);
    await leader.kill();
    const lostInTime = await Promise.race([lost.then(() => true), delay(boundMs, false)]);
    // Whether what the lease guards still exists when its holder is told of the loss.
    const whenLost = await there();
    const wholeMs = performance.now() - startMs;
    await delay(Math.max(0, (ttlSeconds + 1) * 1_000 - wholeMs));
    const outlived = await there();
    const afterMs = performance.now() - startMs;
    await leader.restart();
    await until("the lease ends", async () => !(await there()));
    await until("the object with a lease ends", async () => {
      const found = await codeOf(store.resources(Relic).get(at, { timeoutMs }));
      return found === "NOT_FOUND";
    });
    await codeOf(leases.revoke(held.id, { timeoutMs, ifMissing: "done" }));
    return {
      bite: outlived
        ? `a lease of ${ttlSeconds} s was there after ${(afterMs / 1_000).toFixed(1)} s`
        : undefined,
      broken: broken(
        [lostInTime, "the holder of a lease did not learn that it is lost"],
        [!outlived || whenLost, "the holder of a lease was notified that it is lost when it had gone"],
      ),
    };
  } finally {
    await holder.close();
    for (const proxy of proxies) await proxy.close();
  }
}
