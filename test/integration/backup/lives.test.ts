/** restoreObjects and what the store decides about an object's life: leases, and namespaces that were terminating. */
import { join } from "node:path";
import { isStoreError } from "keelson";
import { restoreObjects, saveSnapshot } from "keelson/backup";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AnyResource } from "../../../src/resource/model/resource.ts";
import { startStore } from "../../support/etcd/real-etcd.ts";
import { tempFolder } from "../../support/etcd/snapshot-lab.ts";
import { namespacedKind } from "../../support/kinds.ts";

const Pod = namespacedKind<AnyResource>("Pod", { status: true });
const at = (name: string, namespace = "shop") => ({ namespace, name });

let folder: Awaited<ReturnType<typeof tempFolder>>;
let lab: Awaited<ReturnType<typeof startStore>>;
beforeEach(async () => {
  folder = await tempFolder();
  lab = await startStore({}, { kinds: [Pod] });
  await lab.store.namespaces.create({ metadata: { name: "shop" } });
});
afterEach(async () => {
  await lab[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});
const leaseOf = async (name: string): Promise<bigint> =>
  (await lab.etcd.kv.range({ key: Buffer.from(`/registry/pods/shop/${name}`) })).kvs[0]?.lease ?? 0n;
const codeOf = (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => (isStoreError(error) ? error.code : String(error)),
  );

test("an object with a time to live is on a lease again, made new or overwritten, and the report says so", async () => {
  const pods = lab.store.resources(Pod);
  await pods.create({ metadata: at("session"), spec: { a: 1 }, status: { b: 1 } }, { ttlSeconds: 600 });
  await pods.create({ metadata: at("lasting"), spec: {} });
  await pods.create({ metadata: at("changed"), spec: { a: 1 } }, { ttlSeconds: 600 });
  const snapshot = join(folder.path, "snapshot.db");
  await saveSnapshot(lab.etcd, snapshot);
  const { resourceVersion } = await pods.list();
  for (const name of ["session", "lasting", "changed"]) await pods.delete(at(name));
  await pods.create({ metadata: at("changed"), spec: { a: 2 } });

  const report = await restoreObjects(snapshot, lab.store, { conflict: "overwrite", kinds: [Pod] });
  expect(report.failed).toEqual([]);
  for (const name of ["session", "changed"]) {
    expect(await leaseOf(name), name).not.toBe(0n);
    expect(report.diff.find((one) => one.name === name)?.ttlSeconds).toBeGreaterThanOrEqual(600);
  }
  expect(await leaseOf("lasting")).toBe(0n);
  expect(report.text).toMatch(/create pods shop\/session \(expires in 6\d\d s\)/);

  await pods.delete(at("session"));
  const again = await restoreObjects({ store: lab.store, resourceVersion }, lab.store, {
    conflict: "skip",
    kinds: [Pod],
  });
  expect(again.diff.find(({ name }) => name === "session")?.lostTtl).toBe(true);
  expect(again.text).toContain("it does not expire");
});

test("a backup of a terminating namespace makes none terminate, and one from before revives none", async () => {
  const pods = lab.store.resources(Pod);
  const before = join(folder.path, "before.db");
  await pods.create({ metadata: { ...at("held"), finalizers: ["a.b/c"] }, spec: {} });
  await saveSnapshot(lab.etcd, before);
  await lab.store.namespaces.delete({ name: "shop" });
  const during = join(folder.path, "during.db");
  await saveSnapshot(lab.etcd, during);

  const revive = await restoreObjects(before, lab.store, { conflict: "overwrite", namespaces: ["shop"] });
  expect((await lab.store.namespaces.get({ name: "shop" })).metadata.deletionTimestamp).toBeDefined();
  expect((await lab.store.namespaces.get({ name: "shop" })).status?.phase).toBe("Terminating");
  expect(revive.overwritten + revive.created + revive.unchanged).toBeGreaterThan(0);

  await pods.guaranteedUpdate(at("held"), (pod) => ({
    ...pod,
    metadata: { ...pod.metadata, finalizers: [] },
  }));
  await expect
    .poll(() => codeOf(lab.store.namespaces.get({ name: "shop" })), { timeout: 20_000 })
    .toBe("NOT_FOUND");
  for (const conflict of ["overwrite", "skip"] as const) {
    const report = await restoreObjects(during, lab.store, { conflict, namespaces: ["shop"] });
    expect(report.failed).toEqual([]);
    const { metadata, status } = await lab.store.namespaces.get({ name: "shop" });
    expect(metadata.deletionTimestamp).toBeUndefined();
    expect(metadata.finalizers).toBeUndefined();
    expect(status?.phase).toBe("Active");
    await pods.create({ metadata: at(`new-${conflict}`), spec: {} });
  }
});
