/** What was charged for an object whose value keeps no amounts is on record beside it, and speaks of one version alone. */
import { createStore, defineKind, type Kind, type Resource, type Store, unfamiliarKind } from "keelson";
import { type Codec, jsonCodec, msgpackCodec } from "keelson/codec";
import { expect, test, vi } from "vitest";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";

interface Job extends Resource {
  spec: { size: number };
}
const place = { version: "v1", kind: "Job", plural: "jobs", scope: "Namespaced" } as const;
const jobKind = (factor: number) =>
  defineKind<Job>({
    ...place,
    headerVersion: factor,
    measure: ({ spec }) => ({ slots: spec.size * factor }),
  });
const unmeasured = defineKind<Job>(place);
const byRecord = unfamiliarKind({ ...place, group: "", keyPath: "jobs", nameRule: "subdomain" });
const job = (name: string, more: object = {}) => ({
  metadata: { namespace: "default", name, ...more },
  spec: { size: 1 },
});
const at = (name: string) => ({ namespace: "default", name });
const raw = jsonCodec({ raw: true });

/** Stores of one etcd, with kinds of their own. */
class World extends MemoryLab {
  open(kind: Kind, codec: Codec = raw): Promise<Store> {
    return createStore({ etcd: this.connect(), kinds: [kind], codec, compaction: false });
  }

  /** Keys below a prefix, with value, version and lease. */
  below(prefix: string) {
    const { kvs } = this.server.mvcc.range({ key: prefix, rangeEnd: `${prefix.slice(0, -1)}0` });
    return kvs.map(({ key, value, modRevision, lease }) => ({
      key: Buffer.from(key).toString().slice(prefix.length),
      value: Buffer.from(value).toString(),
      modRevision,
      lease,
    }));
  }

  /** What is on record beside objects. */
  get records() {
    return this.below("/keelson/registry/amounts/");
  }

  get objects() {
    return this.below("/registry/jobs/").map((object) => ({ ...object, key: `jobs/${object.key}` }));
  }
}

const used = async (store: Store): Promise<unknown> => (await store.quotas.get("default")).used;

test("a record is written with each version of the object, on its lease, and goes with it", async () => {
  await using lab = new World();
  await using store = await lab.open(jobKind(2));
  const jobs = store.resources(jobKind(2));
  const agrees = (value: string): void => {
    const [object] = lab.objects;
    expect(lab.records).toEqual([{ ...object, value }]);
  };
  await jobs.create(job("a"));
  agrees('{"slots":"2"}');
  await jobs.guaranteedUpdate(at("a"), (one) => ({ ...one, spec: { size: 5 } }));
  agrees('{"slots":"10"}');
  await jobs.guaranteedUpdate(at("a"), (one) => one, { ttlSeconds: 1_000 });
  expect(lab.objects[0]?.lease).not.toBe(0n);
  agrees('{"slots":"10"}');
  await jobs.delete(at("a"));
  expect(lab.records).toEqual([]);
  const made = await jobs.createMany([job("b"), job("c")], { ttlSeconds: 1_000 });
  expect(made.map((one) => one instanceof Error)).toEqual([false, false]);
  expect(lab.records.map(({ value: _, ...rest }) => rest)).toEqual(
    lab.objects.map(({ value: _, ...rest }) => rest),
  );
  await jobs.deleteCollection({ namespace: "default" });
  expect(lab.records).toEqual([]);
});

test("there is none where the value keeps amounts, or nobody can ask for any", async () => {
  await using lab = new World();
  await using enveloped = await lab.open(jobKind(1), msgpackCodec());
  await enveloped.resources(jobKind(1)).create(job("a"));
  await using plain = await lab.open(unmeasured);
  await plain.resources(unmeasured).create(job("b"));
  expect(lab.records).toEqual([]);
  await plain.quotas.set("default", { hard: { slots: 3 } });
  await plain.resources(unmeasured).create(job("c"));
  expect(lab.records.map(({ key, value }) => [key, value])).toEqual([["jobs/default/c", "{}"]]);
});

test("a kind that measures more, less or for the first time gives back what was charged", async () => {
  await using lab = new World();
  await using none = await lab.open(unmeasured);
  await using one = await lab.open(jobKind(1));
  await using five = await lab.open(jobKind(5));
  await none.quotas.set("default", { hard: { slots: 20 } });
  await none.resources(unmeasured).create(job("none"));
  await one.resources(jobKind(1)).create(job("one"));
  await five.resources(jobKind(5)).create(job("five"));
  expect(await used(one)).toEqual({ slots: 6 });
  // A count that begins now goes by the same records.
  await five.quotas.remove("default");
  await five.quotas.set("default", { hard: { slots: 10 } });
  expect(await used(five)).toEqual({ slots: 6 });
  await five.resources(jobKind(5)).delete(at("none"));
  await five.resources(jobKind(5)).delete(at("one"));
  expect(await used(five)).toEqual({ slots: 5 });
  await one.resources(jobKind(1)).delete(at("five"));
  expect(await used(one)).toEqual({ slots: 0 });
  for (const store of [none, one, five]) expect((await store.quotas.reconcile()).differences).toEqual([]);
});

test("after a write of another tool the record says nothing", async () => {
  await using lab = new World();
  await using store = await lab.open(jobKind(1));
  await using other = await lab.open(jobKind(3));
  await store.quotas.set("default", { hard: { slots: 20 } });
  await store.resources(jobKind(1)).create(job("a"));
  const key = "/registry/jobs/default/a";
  const { value = "" } = lab.objects[0] ?? {};
  lab.server.mvcc.put({ key, value: value.replace('"size":1', '"size":2') });
  expect((await other.quotas.reconcile()).differences).toEqual([
    { namespace: "default", quota: "default", name: "slots", ledger: 1, counted: 6 },
  ]);
  await other.resources(jobKind(3)).delete(at("a"));
  expect(await used(other)).toEqual({ slots: 0 });
  expect(lab.records).toEqual([]);
});

test("what is no record of ours counts as none", async () => {
  await using lab = new World();
  await using store = await lab.open(jobKind(1));
  await store.resources(jobKind(1)).create(job("a"));
  for (const value of ["", "7", "null", '{"slots":7}', '{"slots":"many"}', '{"slots":"-7"}']) {
    const object = lab.objects[0]?.value ?? "";
    // At one revision, as the store writes both.
    lab.server.mvcc.txn({
      compare: [],
      success: [
        { type: "put", put: { key: "/registry/jobs/default/a", value: object } },
        { type: "put", put: { key: "/keelson/registry/amounts/jobs/default/a", value } },
      ],
      failure: [],
    });
    await store.quotas.set("default", { hard: { slots: 5 } });
    expect(await used(store)).toEqual({ slots: 1 });
    await store.quotas.remove("default");
  }
});

test("a rewrite charges what is measured today, and an envelope takes the record's place", async () => {
  await using lab = new World();
  await using one = await lab.open(jobKind(1));
  await one.quotas.set("default", { hard: { slots: 20 } });
  await one.resources(jobKind(1)).createMany([job("a"), job("b")]);
  await using three = await lab.open(jobKind(3));
  expect(await three.rewrite(jobKind(3))).toMatchObject({ scanned: 2, rewritten: 2, left: 0 });
  expect(await three.rewrite(jobKind(3))).toMatchObject({ scanned: 2, rewritten: 0, left: 0 });
  expect(await used(three)).toEqual({ slots: 6 });
  vi.spyOn(process, "emitWarning").mockReturnValue();
  await using enveloped = await lab.open(jobKind(4), msgpackCodec());
  expect(await enveloped.rewrite(jobKind(4))).toMatchObject({ scanned: 2, rewritten: 2, left: 0 });
  vi.restoreAllMocks();
  expect(lab.records).toEqual([]);
  expect(await used(enveloped)).toEqual({ slots: 8 });
  expect((await one.quotas.reconcile()).differences).toEqual([]);
});

test("who does not know the kind marks, releases and removes objects without losing what was charged", async () => {
  await using lab = new World();
  await using known = await lab.open(jobKind(2));
  await known.namespaces.create({ metadata: { name: "shop" } });
  await known.quotas.set("", { hard: { slots: 20 } });
  const jobs = known.resources(jobKind(2));
  const finalizers = ["example.com/one"];
  await jobs.create(job("held", { namespace: "shop", finalizers }));
  await jobs.create(job("free", { namespace: "shop" }));
  await jobs.create(job("elsewhere"));
  await using other = await lab.open(byRecord);
  const clusterUse = async (): Promise<unknown> => (await other.quotas.get("")).used;
  await other.namespaces.delete({ name: "shop" });
  while (lab.objects.length > 2) await new Promise((resolve) => setImmediate(resolve));
  expect(await clusterUse()).toEqual({ slots: 4 });
  const held = { namespace: "shop", name: "held" };
  await other
    .resources(byRecord)
    .guaranteedUpdate(held, (it) => ({ ...it, metadata: { ...it.metadata, labels: { a: "b" } } }));
  expect(lab.records.map(({ value }) => value)).toEqual(['{"slots":"2"}', '{"slots":"2"}']);
  expect(await clusterUse()).toEqual({ slots: 4 });
  await other
    .resources(byRecord)
    .guaranteedUpdate(held, (it) => ({ ...it, metadata: { ...it.metadata, finalizers: [] } }));
  expect(await clusterUse()).toEqual({ slots: 2 });
  expect((await other.quotas.reconcile()).differences).toEqual([]);
});

test("an object that cannot be read gives back what is on record of it when it is removed", async () => {
  await using lab = new World();
  await using old = await lab.open(jobKind(2));
  await old.quotas.set("default", { hard: { slots: 20 } });
  await old.resources(jobKind(2)).create(job("a"));
  const next = defineKind<Job>({ ...place, version: "v2", measure: () => ({ slots: 7 }) });
  await using store = await lab.open(next);
  await expect(store.resources(next).delete(at("a"))).rejects.toMatchObject({ code: "CORRUPT_OBJECT" });
  await store.resources(next).delete(at("a"), { ignoreStoreReadErrorWithClusterBreakingPotential: true });
  expect(await used(store)).toEqual({ slots: 0 });
  expect(lab.records).toEqual([]);
});

test.each(["plain JSON", "an envelope"])(
  "a namespace emptied of objects of a version without upgrade, in %s, gives back what they were charged",
  async (form) => {
    await using lab = new World();
    const codec = form === "plain JSON" ? raw : msgpackCodec();
    const next = defineKind<Job>({ ...place, version: "v2", measure: () => ({ slots: 7 }) });
    await using old = await lab.open(jobKind(2), codec);
    await old.namespaces.create({ metadata: { name: "shop" } });
    await old.quotas.set("", { hard: { slots: 20, "count/jobs": 20 } });
    for (const name of ["a", "b"]) await old.resources(jobKind(2)).create(job(name, { namespace: "shop" }));
    await old.close();
    await using store = await lab.open(next, codec);
    await store.namespaces.delete({ name: "shop" });
    while (lab.below("/registry/namespaces/").some(({ key }) => key === "shop"))
      await new Promise((resolve) => setImmediate(resolve));
    expect((await store.quotas.get("")).used).toEqual({ slots: 0, "count/jobs": 0 });
    expect(lab.records).toEqual([]);
  },
);
