/**
 * Arguments that no compiler has seen: INVALID_ARGUMENT (a bad draft: INVALID_OBJECT) from every verb, in its promise or
 * at once, and never a TypeError from within.
 */
import {
  createStore,
  createWatchCache,
  defineView,
  jsonView,
  readStoreRecords,
  type Store,
  withCache,
  withCaches,
} from "keelson";
import { kmsEnvelope } from "keelson/codec";
import { connectEtcd, type Etcd } from "keelson/etcd";
import { memoryEtcd } from "keelson/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { refusal } from "../support/failures.ts";
import { at, ConfigMap, configMap, Pod } from "./world.ts";

let etcd: Etcd;
let store: Store;
let cached: ReturnType<typeof withCaches>;
beforeAll(async () => {
  etcd = memoryEtcd();
  store = await createStore({ etcd, kinds: [ConfigMap, Pod], compaction: false });
  cached = withCaches(store);
  await cached.ready();
  await store.resources(ConfigMap).create(configMap("a"));
});
afterAll(async () => {
  await cached?.close();
  await etcd?.close();
});

/** As a caller without types would: fits everywhere. */
const untyped = (value: unknown): never => value as never;

async function refused(
  what: string,
  call: () => unknown,
  ...codes: readonly ("INVALID_ARGUMENT" | "INVALID_OBJECT")[]
) {
  const settled = (async () => await call())();
  await refusal(settled, ...(codes.length === 0 ? (["INVALID_ARGUMENT"] as const) : codes)).catch(
    (error: unknown) => {
      throw new Error(`${what}: ${String(error)}`);
    },
  );
}

test.each(["the store", "a cached store"])(
  "%s refuses what is no options, key, draft or view",
  async (name) => {
    const maps = (name === "the store" ? store : cached).resources(ConfigMap);
    for (const bad of [null, "x", 5, []].map(untyped)) {
      const of = (verb: string): string => `${verb} with ${JSON.stringify(bad)}`;
      await refused(of("get"), () => maps.get(at("a"), bad));
      await refused(of("get of"), () => maps.get(bad));
      await refused(of("list"), () => maps.list(bad));
      await refused(of("watch"), () => maps.watch(bad).ready());
      await refused(of("as"), () => maps.as(bad));
      await refused(of("create"), () => maps.create(configMap("new"), bad));
      await refused(of("create of"), () => maps.create(bad), "INVALID_OBJECT");
      await refused(of("update of"), () => maps.update(bad), "INVALID_OBJECT");
      await refused(of("delete"), () => maps.delete(at("a"), bad));
      await refused(of("guaranteedUpdate"), () => maps.guaranteedUpdate(at("a"), bad));
      await refused(of("guaranteedUpdate options"), () => maps.guaranteedUpdate(at("a"), (map) => map, bad));
      await refused(of("deleteCollection"), () => maps.deleteCollection(bad));
      await refused(of("createMany options"), () => maps.createMany([configMap("new")], bad));
      if (!Array.isArray(bad)) await refused(of("createMany"), () => maps.createMany(bad));
    }
    for (const options of [
      { signal: "x" },
      { signal: {} },
      { dryRun: "All" },
      { preconditions: { resourceversion: "5" } },
      { preconditions: "x" },
    ].map(untyped)) {
      await refused(`delete with ${JSON.stringify(options)}`, () => maps.delete(at("a"), options));
    }
    await refused("createIfMissing", () =>
      maps.guaranteedUpdate(at("b"), (map) => map, untyped({ createIfMissing: 5 })),
    );
    await refused("onProgress", () => maps.createMany([configMap("new")], untyped({ onProgress: 5 })));
    expect((await maps.list()).items.map(({ metadata }) => metadata.name)).toEqual(["a"]);
  },
);

test("what is made of parts refuses what is none", async () => {
  for (const bad of [undefined, null, "x", {}].map(untyped)) {
    await refused("createStore", () => createStore(bad));
    await refused("createStore etcd", () => createStore({ etcd: bad, kinds: [] }));
    await refused("connectEtcd", () => connectEtcd(bad));
    await refused("createWatchCache", () => createWatchCache(bad));
    await refused("withCaches", () => withCaches(bad));
    await refused("readStoreRecords", () => readStoreRecords(bad));
    await refused("withCache", () => withCache(store.resources(ConfigMap), bad));
    await refused("defineView", () => defineView({ name: "x", project: bad }));
    await refused("kmsEnvelope", () => kmsEnvelope({ provider: bad }));
    await refused("quotas.set", () => store.quotas.set("default", bad));
  }
  // A quota has no uid: a precondition that nothing can check lets nothing through.
  const preconditions = { uid: "some" };
  const hard = { "count/pods": 1 };
  await refused("quotas.set of a uid", () => store.quotas.set("default", { hard }, { preconditions }));
  await refused("quotas.remove of a uid", () => store.quotas.remove("default", { preconditions }));
  const kinds = [ConfigMap];
  await refused("kinds", () => createStore(untyped({ etcd, kinds: "x" })));
  await refused("codec", () => createStore({ etcd, kinds, codec: untyped({}) }));
  await refused("transforms", () => createStore({ etcd, kinds, transforms: { "*": untyped({}) } }));
  await refused("from", () => defineView({ ...jsonView, from: untyped("body") }));
  await using pods = createWatchCache(store.resources(Pod));
  await refused("another kind's cache", () => withCache(store.resources(ConfigMap), untyped(pods)));
});
