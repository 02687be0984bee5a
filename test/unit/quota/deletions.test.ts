/** What a quota counts is never below zero, and nothing on its way out is held up by a quota. */
import { createStore, type Resource, unfamiliarKind } from "keelson";
import { expect, test } from "vitest";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";
import { namespacedKind } from "../../support/kinds.ts";

interface Job extends Resource {
  spec: { size: number };
}
const jobKind = (factor: number) =>
  namespacedKind<Job>("Job", {
    headerVersion: Math.abs(factor) + 1,
    measure: (job) => ({ slots: job.spec.size * factor }),
  });
const job = (name: string, finalizers: string[] = []) => ({
  metadata: { namespace: "default", name, finalizers },
  spec: { size: 1 },
});
const at = (name: string) => ({ namespace: "default", name });

test("a measure below zero is INVALID_OBJECT, dry runs included", async () => {
  await using lab = new MemoryLab();
  const kind = jobKind(-1);
  await using store = await createStore({ etcd: lab.connect(), kinds: [kind], compaction: false });
  const jobs = store.resources(kind);
  for (const dryRun of [true, false]) {
    await expect(jobs.create(job("a"), { dryRun })).rejects.toMatchObject({
      code: "INVALID_OBJECT",
      details: { errors: [{ field: 'measure["slots"]' }] },
    });
  }
});

test.each(["bytes", "slots"])(
  "an object is marked, released and removed under a full quota of %s",
  async (name) => {
    await using lab = new MemoryLab();
    const [small, large] = [jobKind(1), jobKind(5)];
    await using store = await createStore({ etcd: lab.connect(), kinds: [small], compaction: false });
    await store.resources(small).create(job("a", ["example.com/one", "example.com/two"]));
    await store.quotas.set("default", { hard: { [name]: "1Gi" } });
    const full = (await store.quotas.get("default")).used[name] ?? 0;
    await store.quotas.set("default", { hard: { [name]: full } });
    // A process that measures more than was charged.
    await using other = await createStore({ etcd: lab.connect(), kinds: [large], compaction: false });
    const jobs = other.resources(large);
    await jobs.delete(at("a"));
    if (name === "slots") expect((await other.quotas.get("default")).used).toEqual({ slots: 1 });
    await expect(jobs.create(job("b"))).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    for (const finalizers of [["example.com/two"], []]) {
      await jobs.guaranteedUpdate(at("a"), (one) => ({ ...one, metadata: { ...one.metadata, finalizers } }));
    }
    expect((await other.quotas.get("default")).used).toEqual({ [name]: 0 });
    expect((await other.quotas.reconcile()).differences).toEqual([]);
  },
);

test("what goes beyond a limit on its way out leaves no room for others to do so, too", async () => {
  await using lab = new MemoryLab();
  const kind = jobKind(1);
  const open = () => createStore({ etcd: lab.connect(), kinds: [kind], compaction: false });
  await using one = await open();
  await using two = await open();
  await one.resources(kind).create(job("a", ["example.com/one"]));
  await one.quotas.set("default", { hard: { bytes: "1Gi" } });
  const used = (await one.quotas.get("default")).used["bytes"] ?? 0;
  // Room for a mark's half, all of it held by the other process after its object has gone.
  await one.quotas.set("default", { hard: { bytes: used + 300 } });
  await two.resources(kind).create(job("b"));
  await two.resources(kind).delete(at("b"));
  await one.quotas.set("default", { hard: { bytes: used + 10 } });
  await one.resources(kind).delete(at("a"));
  await expect(two.resources(kind).create(job("c"))).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
  expect((await one.quotas.reconcile()).differences).toEqual([]);
});

test("a namespace emptied by a process that knows its kinds by their records leaves cluster-wide use right", async () => {
  await using lab = new MemoryLab();
  const kind = jobKind(1);
  const byRecord = unfamiliarKind({
    group: "",
    version: "v1",
    kind: "Job",
    plural: "jobs",
    scope: "Namespaced",
    keyPath: "jobs",
    nameRule: "subdomain",
  });
  const first = await createStore({ etcd: lab.connect(), kinds: [kind], compaction: false });
  await first.namespaces.create({ metadata: { name: "shop" } });
  await first.quotas.set("", { hard: { slots: 3, "count/jobs": 3 } });
  const jobs = first.resources(kind);
  await jobs.create({
    ...job("held"),
    metadata: { namespace: "shop", name: "held", finalizers: ["example.com/one"] },
  });
  await jobs.create({ ...job("free"), metadata: { namespace: "shop", name: "free" } });
  await jobs.create(job("elsewhere"));
  await first.close();
  await using other = await createStore({ etcd: lab.connect(), kinds: [byRecord], compaction: false });
  await other.namespaces.delete({ name: "shop" });
  const used = async () => (await other.quotas.get("")).used;
  while ((await used())["count/jobs"] !== 2) await new Promise((resolve) => setImmediate(resolve));
  expect(await used()).toEqual({ slots: 2, "count/jobs": 2 });
  await using last = await createStore({ etcd: lab.connect(), kinds: [kind], compaction: false });
  const held = { namespace: "shop", name: "held" };
  await last
    .resources(kind)
    .guaranteedUpdate(held, (one) => ({ ...one, metadata: { ...one.metadata, finalizers: [] } }));
  expect((await last.quotas.get("")).used).toEqual({ slots: 1, "count/jobs": 1 });
});
