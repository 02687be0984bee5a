/**
 * A dry run answers as the write would and writes nothing, also where this process remembers a state that another
 * process has changed: namespaces, quotas and their room, leases.
 */
import { createStore, defineKind, isStoreError, type Store } from "keelson";
import type { Etcd } from "keelson/etcd";
import { memoryEtcd } from "keelson/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AnyResource } from "../../../src/resource/model/resource.ts";

const Job = defineKind<AnyResource>({ version: "v1", kind: "Job", plural: "jobs", scope: "Namespaced" });
const draft = (name: string) => ({ metadata: { namespace: "shop", name }, spec: { size: 1 } });
const dryRun = true;

let etcd: Etcd;
let store: Store;
let other: Store;
beforeEach(async () => {
  etcd = memoryEtcd();
  store = await createStore({ etcd, kinds: [Job], compaction: false });
  other = await createStore({ etcd, kinds: [Job], compaction: false });
  await store.namespaces.create({ metadata: { name: "shop" } });
});
afterEach(async () => {
  await store.close();
  await other.close();
  await etcd.close();
});

/** The outcome of a dry run: "ok" or the code. */
async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "ok";
  } catch (error) {
    if (!isStoreError(error)) throw error;
    return error.code;
  }
}

/** Keys below the ledgers, and of objects, that changed while `work` ran. */
async function written(work: () => Promise<unknown>): Promise<readonly string[]> {
  const { header } = await etcd.kv.range({ key: "none" });
  await work();
  const changed = { key: Buffer.from([0]), rangeEnd: Buffer.from([0]), minModRevision: header.revision + 1n };
  const { kvs } = await etcd.kv.range({ ...changed, keysOnly: true });
  return kvs.map(({ key }) => Buffer.from(key).toString()).filter((key) => /quotas|jobs/.test(key));
}

test("under a quota it moves no room, and sees what other processes have charged", async () => {
  const jobs = store.resources(Job);
  await store.quotas.set("shop", { hard: { "count/jobs": 2 } });
  const tryOne = (): Promise<unknown> => jobs.create(draft("tried"), { dryRun });
  expect(await written(async () => expect(await outcome(tryOne)).toBe("ok"))).toEqual([]);
  const kept = await jobs.create(draft("kept"));
  await other.resources(Job).create(draft("others"));
  expect(await written(async () => expect(await outcome(tryOne)).toBe("QUOTA_EXCEEDED"))).toEqual([]);
  expect(await outcome(() => jobs.update({ ...kept, spec: { size: 2 } } as AnyResource, { dryRun }))).toBe(
    "ok",
  );
  expect(await outcome(() => jobs.delete({ namespace: "shop", name: "kept" }, { dryRun }))).toBe("ok");
  await other.resources(Job).delete({ namespace: "shop", name: "others" });
  expect(await outcome(tryOne)).toBe("ok");
  await other.quotas.set("shop", { hard: { "count/jobs": 1 } });
  expect(await outcome(tryOne)).toBe("QUOTA_EXCEEDED");
});

test("a namespace that another process has deleted refuses it", async () => {
  const jobs = store.resources(Job);
  const held = {
    ...draft("held"),
    metadata: { ...draft("held").metadata, finalizers: ["example.com/wait"] },
  };
  await jobs.create(held);
  await other.namespaces.delete({ name: "shop" });
  expect(await outcome(() => jobs.create(draft("tried"), { dryRun }))).toBe("NAMESPACE_TERMINATING");
});

test("it grants no lease", async () => {
  const jobs = store.resources(Job);
  await jobs.create(draft("there"));
  const key = { namespace: "shop", name: "there" };
  const missing = { namespace: "shop", name: "missing" };
  const createIfMissing = (): ReturnType<typeof draft> => draft("missing");
  const before = await etcd.leases.list();
  await jobs.guaranteedUpdate(key, (job) => job, { dryRun, ttlSeconds: 1_000 });
  await jobs.guaranteedUpdate(missing, (job) => job, { dryRun, ttlSeconds: 1_000, createIfMissing });
  await jobs.create(draft("tried"), { dryRun, ttlSeconds: 1_000 });
  expect(await etcd.leases.list()).toEqual(before);
});
