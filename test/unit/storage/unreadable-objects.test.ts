/**
 * One object that cannot be read is no reason to keep anybody from the others: damaged bytes, a key nobody gave, another
 * version without upgrade, a field function that throws, JSON of another program; in every call that walks over it.
 */
import { randomBytes } from "node:crypto";
import { createStore, createWatchCache, defineKind, isStoreError, type Store, withCaches } from "keelson";
import { aesGcm, type Codec, jsonCodec, msgpackCodec } from "keelson/codec";
import type { Etcd } from "keelson/etcd";
import { memoryEtcd } from "keelson/testing";
import { afterEach, describe, expect, test } from "vitest";
import type { AnyResource } from "../../../src/resource/model/resource.ts";

const spec = { version: "v1", kind: "Pod", plural: "pods", scope: "Namespaced" } as const;
const Plain = defineKind<AnyResource>(spec);
const Pod = defineKind<AnyResource>({
  ...spec,
  headerVersion: 2,
  fields: { "spec.node": (pod) => (pod["spec"] as { node: string }).node },
  indexes: ["field:spec.node"],
  measure: (pod) => ({ "requests.cpu": (pod["spec"] as { cpu?: number }).cpu ?? 0 }),
});
const at = (name: string) => ({ namespace: "shop", name });
const keyOf = (name: string): Buffer => Buffer.from(`/registry/pods/shop/${name}`);
const secret = { pods: aesGcm({ keys: [{ id: "k", key: new Uint8Array(32).fill(7) }] }) };

/** Each leaves one object "odd" in the namespace. */
const damages: Readonly<Record<string, (etcd: Etcd, store: Store) => Promise<unknown>>> = {
  "random bytes": (etcd) => etcd.kv.put({ key: keyOf("odd"), value: randomBytes(64) }),
  "cut bytes": async (etcd, store) => {
    await store.resources(Plain).create({ metadata: at("odd"), spec: { node: "n1" } });
    const { kvs } = await etcd.kv.range({ key: keyOf("odd") });
    await etcd.kv.put({ key: keyOf("odd"), value: (kvs[0]?.value ?? new Uint8Array()).subarray(0, 40) });
  },
  "sealed, no key": async (etcd) => {
    // Of a store elsewhere: one at this place would refuse to open without the key.
    const sealing = await createStore({
      etcd,
      prefix: "/sealed",
      kinds: [Plain],
      transforms: secret,
      compaction: false,
    });
    await sealing.namespaces.create({ metadata: { name: "shop" } });
    await sealing.resources(Plain).create({ metadata: { ...at("odd"), finalizers: ["a.b/c"] }, spec: {} });
    await sealing.close();
    const { kvs } = await etcd.kv.range({ key: Buffer.from("/sealed/pods/shop/odd") });
    await etcd.kv.put({ key: keyOf("odd"), value: kvs[0]?.value ?? new Uint8Array() });
  },
  "labels of numbers": (etcd) => {
    const metadata = { ...at("odd"), labels: { a: 1 } };
    const value = Buffer.from(JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata }));
    return etcd.kv.put({ key: keyOf("odd"), value });
  },
  "no object": (etcd) => etcd.kv.put({ key: keyOf("odd"), value: Buffer.from("[1, 2]") }),
};
const codecs: Readonly<Record<string, Codec>> = {
  msgpack: msgpackCodec(),
  "raw json": jsonCodec({ raw: true }),
};
const cases = Object.keys(damages).flatMap((damage) =>
  Object.keys(codecs).map((codec) => [damage, codec] as const),
);

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function world(damage: string, codec: string): Promise<{ etcd: Etcd; store: Store }> {
  const etcd = memoryEtcd();
  open.push(etcd);
  const before = await createStore({ etcd, kinds: [Plain], codec: codecs[codec], compaction: false });
  await before.namespaces.create({ metadata: { name: "shop" } });
  const sound = { labels: { app: "web" } };
  await before.resources(Plain).create({ metadata: { ...at("a"), ...sound }, spec: { node: "n1", cpu: 1 } });
  await damages[damage]?.(etcd, before);
  await before.resources(Plain).create({ metadata: { ...at("z"), ...sound }, spec: { node: "n1", cpu: 1 } });
  await before.close();
  const store = await createStore({ etcd, kinds: [Pod], codec: codecs[codec], compaction: false });
  open.push(store);
  return { etcd, store };
}
const names = (items: readonly AnyResource[]): string[] => items.map(({ metadata }) => metadata.name);
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

const unexpected = (error: unknown): never => expect.unreachable(String(error));

test("an object on which the kind's functions fail is there for every read that needs none of them, initial events included", async () => {
  const etcd = memoryEtcd();
  open.push(etcd);
  const store = await createStore({ etcd, kinds: [Pod], namespaces: "open", compaction: false });
  open.push(store);
  const pods = store.resources(Pod);
  await using live = pods.watch({ onCorrupt: unexpected });
  await live.ready();
  // Without spec, the field's function throws.
  const value = Buffer.from(JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: at("odd") }));
  await etcd.kv.put({ key: keyOf("odd"), value });
  expect(names((await pods.list({ onCorrupt: unexpected })).items)).toEqual(["odd"]);
  await using initial = pods.watch({ sendInitialEvents: true, onCorrupt: unexpected });
  for (const watch of [live, initial]) {
    for await (const event of watch) {
      expect(event).toMatchObject({ type: "ADDED", object: { metadata: { name: "odd" } } });
      break;
    }
  }
});

describe.each(cases)("an object that cannot be read: %s, %s", (damage, codec) => {
  test("lists give the others, and onCorrupt the one", async () => {
    const { store } = await world(damage, codec);
    const pods = store.resources(Pod);
    for (const selector of [{}, { labelSelector: "app=web" }, { fieldSelector: "spec.node=n1" }]) {
      const corrupt: string[] = [];
      const onCorrupt = (error: unknown): void => {
        if (isStoreError(error, "CORRUPT_OBJECT")) corrupt.push(error.details.name ?? "");
      };
      expect(names((await pods.list({ ...selector, onCorrupt })).items)).toEqual(["a", "z"]);
      expect(corrupt).toEqual(["odd"]);
      const refused = await failure(pods.list(selector));
      expect(isStoreError(refused, "CORRUPT_OBJECT")).toBe(true);
      expect(String(refused)).not.toContain("/registry");
    }
  });

  test("a watch with onCorrupt gives the others, first and later", async () => {
    const { store, etcd } = await world(damage, codec);
    const corrupt: unknown[] = [];
    const pods = store.resources(Pod);
    await using cache = createWatchCache(pods);
    for (const reader of [pods, cache]) {
      corrupt.length = 0;
      await using watch = reader.watch({
        sendInitialEvents: true,
        bookmarks: true,
        onCorrupt: (error) => void corrupt.push(error),
      });
      const seen: string[] = [];
      for await (const event of watch) {
        if (event.type === "BOOKMARK") {
          if (event.initialEventsEnd === true) {
            expect(corrupt).toHaveLength(1);
            await etcd.kv.put({ key: keyOf("a"), value: Buffer.from("damaged") });
            await pods.create({ metadata: at(`later-${reader === pods ? 1 : 2}`), spec: { node: "n2" } });
          }
          continue;
        }
        seen.push(`${event.type} ${event.object.metadata.name}`);
        if (event.object.metadata.name.startsWith("later") && seen.includes(`DELETED a`)) break;
        if (event.type === "DELETED" && event.object.metadata.name === "a") continue;
        if (seen.length > 8) break;
      }
      expect(seen).toContain("DELETED a");
      expect(corrupt.every((error) => isStoreError(error, "CORRUPT_OBJECT"))).toBe(true);
      await etcd.kv.deleteRange({ key: keyOf("a") });
      await pods.create({ metadata: { ...at("a"), labels: { app: "web" } }, spec: { node: "n1" } });
    }
  });

  test("a cache becomes ready, and says what it cannot read", async () => {
    const { store } = await world(damage, codec);
    const cached = withCaches(store, { kinds: [Pod] });
    await cached.ready();
    const onCorrupt = (): void => undefined;
    expect(names((await cached.resources(Pod).list({ onCorrupt })).items)).toEqual(["a", "z"]);
    expect(cached.cache(Pod).stats().unreadable).toBe(1);
    expect((await cached.health()).problems.join("\n")).toMatch(/cannot read 1 object.*pods "shop\/odd"/);
  });

  test("a quota counts the others and says so, and holds", async () => {
    const { store } = await world(damage, codec);
    const pods = store.resources(Pod);
    await pods.create({ metadata: at("b"), spec: { node: "n", cpu: 1 } });
    const quota = await store.quotas.set("shop", { hard: { "requests.cpu": 3, "count/pods": 10 } });
    // Its key says that it is there, nothing says what it asks for.
    expect(quota.used["count/pods"]).toBe(4);
    const more = pods.create({ metadata: at("m"), spec: { node: "n", cpu: 3 } });
    expect(isStoreError(await failure(more), "QUOTA_EXCEEDED")).toBe(true);
    expect(quota.unread).toBe(1);
    await store.quotas.reconcile();
    expect((await store.health()).problems.join("\n")).toMatch(
      /quotas count 1 objects by key and size alone/,
    );
  });

  test("deleteCollection deletes the others", async () => {
    const { store } = await world(damage, codec);
    const pods = store.resources(Pod);
    expect(isStoreError(await failure(pods.deleteCollection({ namespace: "shop" })), "CORRUPT_OBJECT")).toBe(
      true,
    );
    expect(names((await pods.list({ onCorrupt: () => undefined })).items)).toEqual([]);
  });

  test("its namespace is emptied of the others, waits for it and says so; others go", async () => {
    const { store, etcd } = await world(damage, codec);
    await store.namespaces.create({ metadata: { name: "other" } });
    await store.resources(Pod).create({ metadata: { namespace: "other", name: "p" }, spec: { node: "n" } });
    await store.namespaces.delete({ name: "shop" });
    await store.namespaces.delete({ name: "other" });
    const gone = async (name: string): Promise<boolean> =>
      isStoreError(await failure(store.namespaces.get({ name })), "NOT_FOUND");
    await expect.poll(() => gone("other"), { timeout: 20_000 }).toBe(true);
    await expect
      .poll(async () => (await store.health()).problems.join("\n"), { timeout: 20_000 })
      .toMatch(/Namespace "shop" cannot be emptied by this process: Cannot read pods "shop\/odd"/);
    const { kvs } = await etcd.kv.range({ key: keyOf("odd") });
    expect(kvs).toHaveLength(1);
    expect(await gone("shop")).toBe(false);
    await store.resources(Pod).delete(at("odd"), { ignoreStoreReadErrorWithClusterBreakingPotential: true });
    await expect.poll(() => gone("shop"), { timeout: 20_000 }).toBe(true);
    // That another program's form was met stays a fact of this process; the namespace is no longer one.
    const stuck = async (): Promise<readonly string[]> =>
      (await store.health()).problems.filter((problem) => problem.startsWith("Namespace "));
    await expect.poll(stuck, { timeout: 20_000 }).toEqual([]);
  });

  test("it is deleted deliberately, and only so", async () => {
    const { store, etcd } = await world(damage, codec);
    const pods = store.resources(Pod);
    const unsafe = { ignoreStoreReadErrorWithClusterBreakingPotential: true } as const;
    expect(isStoreError(await failure(pods.delete(at("odd"))), "CORRUPT_OBJECT")).toBe(true);
    expect(isStoreError(await failure(pods.delete(at("a"), unsafe)), "INVALID_ARGUMENT")).toBe(true);
    expect(isStoreError(await failure(pods.delete(at("nope"), unsafe)), "NOT_FOUND")).toBe(true);
    const stale = pods.delete(at("odd"), { ...unsafe, preconditions: { resourceVersion: "1" } });
    expect(isStoreError(await failure(stale), "PRECONDITION_FAILED")).toBe(true);
    const mixed = pods.delete(at("odd"), { ...unsafe, propagationPolicy: "Orphan" });
    expect(isStoreError(await failure(mixed), "INVALID_ARGUMENT")).toBe(true);
    await pods.delete(at("odd"), { ...unsafe, dryRun: true });
    expect((await etcd.kv.range({ key: keyOf("odd") })).kvs).toHaveLength(1);
    const { metadata } = await pods.delete(at("odd"), unsafe);
    expect(metadata).toMatchObject(at("odd"));
    expect((await etcd.kv.range({ key: keyOf("odd") })).kvs).toEqual([]);
    expect(names((await pods.list()).items)).toEqual(["a", "z"]);
  });
});
