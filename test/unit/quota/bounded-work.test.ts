/** What quotas read and keep is bounded by what they are asked, not by how many others there are. */
import { createStore } from "keelson";
import { expect, test } from "vitest";
import { systemClock } from "../../../src/base/time/clock.ts";
import { TurnBudget } from "../../../src/base/time/turn-budget.ts";
import type { Etcd } from "../../../src/etcd/ports/etcd.ts";
import { QuotaSnapshot } from "../../../src/quota/admin/quota-snapshot.ts";
import { QuotaKeys } from "../../../src/quota/model/quota-keys.ts";
import { decodeSpec, type NamespaceSpec } from "../../../src/quota/model/quota-spec.ts";
import { KeySpace } from "../../../src/resource/model/keys.ts";
import { widget, widgetKind } from "../../conformance/implementation.ts";
import { MemoryLab } from "../../support/etcd/memory-lab.ts";

const count = "count/widgets.example.com";

async function specOf(kv: Etcd["kv"], keys: QuotaKeys): Promise<NamespaceSpec> {
  const { kvs } = await kv.range({ key: keys.spec("default") });
  return decodeSpec("default", kvs[0]?.value, 0n);
}

/** Tells how often a key is looked at. */
class CountingKeys extends QuotaKeys {
  looks = 0;
  override parse(key: string): ReturnType<QuotaKeys["parse"]> {
    this.looks++;
    return super.parse(key);
  }
}

test("a snapshot looks at each key once, in turns, however many namespaces have quotas", async () => {
  await using lab = new MemoryLab();
  const { server } = lab;
  const keys = new CountingKeys(new KeySpace("/registry"));
  const namespaces = 3_000;
  for (let i = 0; i < namespaces; i++) {
    const at = keys.ledger(`n-${i}`, "default", "aa");
    const rules = [
      { name: "default", hard: { [count]: "5" }, labelSelector: "", generation: "aa", state: "active" },
    ];
    server.mvcc.put({ key: keys.spec(`n-${i}`), value: JSON.stringify({ format: 1, writeId: "x", rules }) });
    server.mvcc.put({ key: at.base, value: `{"${count}":"1"}` });
    server.mvcc.put({ key: at.slot("p-0"), value: `{"used":{"${count}":"2"},"room":{},"grantedAt":"0"}` });
  }
  const { kv } = lab.connect();
  let turns = 0;
  let over = false;
  const count0 = (): void => {
    turns++;
    if (!over) setImmediate(count0);
  };
  setImmediate(count0);
  const snapshot = await QuotaSnapshot.read({ kv, keys, turns: new TurnBudget(systemClock) }, undefined, {});
  over = true;
  expect([...snapshot.namespaces]).toHaveLength(namespaces);
  const spec = snapshot.spec("n-77");
  const [rule] = spec.rules;
  if (rule === undefined) throw new Error("the namespace has its rule");
  expect(snapshot.ledger("n-77", rule).used.get(count)).toBe(3_000_000_000n);
  expect(keys.looks).toBe(3 * namespaces);
  // Pages alone make a few; the work between two of them is given up, too.
  expect(turns).toBeGreaterThan(10);
});

test("a grant reads what has changed in a ledger, not all of it", async () => {
  await using lab = new MemoryLab();
  let answered = 0;
  let grants = 0;
  const etcd = lab.connect({
    async answer(method, request, server) {
      const answer = await server.call(method, request);
      const text = Buffer.from(request);
      if (method !== "/etcdserverpb.KV/Txn" || !text.includes("/ledger/")) return answer;
      answered = Math.max(answered, answer.byteLength);
      if (text.includes("/grants")) grants++;
      return answer;
    },
  });
  await using store = await createStore({ etcd, kinds: [widgetKind], compaction: false });
  const leased = 600;
  const drafts = Array.from({ length: leased }, (_, i) => widget("default", `leased-${i}`));
  await store.quotas.set("default", { hard: { [count]: 5_000 } });
  await store.resources(widgetKind).createMany(drafts, { ttlSeconds: 1_000 });
  [answered, grants] = [0, 0];
  for (let i = 0; i < 5; i++) {
    // All room is void under another limit: each write needs a grant.
    await store.quotas.set("default", { hard: { [count]: 5_001 + i } });
    answered = 0;
    await store.resources(widgetKind).create(widget("default", `more-${i}`));
    // The first reads what the load has changed since the grants it needed.
    if (i > 0) expect(answered).toBeLessThan(leased * 20);
  }
  expect(grants).toBe(5);
  expect((await store.quotas.get("default")).used).toEqual({ [count]: leased + 5 });
});

test.each([1, 64, 1_000])(
  "a grant beside the slots of %i processes reads no more than what changed",
  async (others) => {
    await using lab = new MemoryLab();
    const { mvcc } = lab.server;
    /** Of each answer that tells of a ledger: its entries, and its bytes. */
    let looks: { readonly entries: number; readonly bytes: number }[] = [];
    const etcd = lab.connect({
      async answer(method, request, server) {
        const answer = await server.call(method, request);
        if (method !== "/etcdserverpb.KV/Txn" || Buffer.from(request).includes("/grants")) return answer;
        const entries = Buffer.from(answer).toString("latin1").split("/ledger/").length - 1;
        if (entries > 0) looks.push({ entries, bytes: answer.byteLength });
        return answer;
      },
    });
    await using store = await createStore({ etcd, kinds: [widgetKind], compaction: false });
    const keys = new QuotaKeys(new KeySpace("/registry"));
    const limit = 100_000;
    await store.quotas.set("default", { hard: { [count]: limit } });
    const { generation } = (await specOf(etcd.kv, keys)).rules[0] ?? {};
    if (generation === undefined) throw new Error("the quota has a rule");
    const at = keys.ledger("default", "default", generation);
    for (let i = 0; i < others; i++) {
      mvcc.put({ key: keys.process(`p${i}`), value: "" });
      mvcc.put({ key: at.slot(`p${i}-0`), value: `{"used":{"${count}":"1"},"room":{},"grantedAt":"0"}` });
    }
    const widgets = store.resources(widgetKind);
    await widgets.create(widget("default", "first"));
    // Once it must read what there is.
    expect(looks).toHaveLength(1);
    expect(looks[0]?.entries).toBe(others + 1);
    for (let i = 1; i <= 5; i++) {
      // All room is void under another limit: each write needs a grant.
      await store.quotas.set("default", { hard: { [count]: limit + i } });
      looks = [];
      await widgets.create(widget("default", `more-${i}`));
      // Its own slot has changed, and the key that grants take turns by.
      expect(looks.map(({ entries }) => entries)).toEqual([2]);
      expect(looks[0]?.bytes).toBeLessThan(1_000);
    }
    expect((await store.quotas.get("default")).used).toEqual({ [count]: others + 6 });
  },
);

test("a refusal is true after entries of the ledger went by themselves", async () => {
  await using lab = new MemoryLab();
  await using store = await createStore({ etcd: lab.connect(), kinds: [widgetKind], compaction: false });
  const widgets = store.resources(widgetKind);
  await store.quotas.set("default", { hard: { [count]: 3 } });
  for (let round = 0; round < 3; round++) {
    for (const name of ["a", "b", "c"]) await widgets.create(widget("default", name), { ttlSeconds: 1_000 });
    await expect(widgets.create(widget("default", "d"))).rejects.toMatchObject({ code: "QUOTA_EXCEEDED" });
    // As when the lease ends: object and entry go at one revision, and no guard is told.
    for (const kv of lab.server.mvcc.range({ key: "/", rangeEnd: "0" }).kvs) {
      const key = Buffer.from(kv.key).toString();
      if (key.includes("/leased/") || key.startsWith("/registry/example.com/widgets/")) {
        lab.server.mvcc.deleteRange({ key });
      }
    }
    expect((await store.quotas.get("default")).used).toEqual({ [count]: 0 });
  }
});

test("what is remembered of namespaces that came and went does not grow", async () => {
  await using lab = new MemoryLab();
  await using store = await createStore({ etcd: lab.connect(), kinds: [widgetKind], compaction: false });
  let read = 0;
  for (let i = 0; i < 5; i++) {
    await store.namespaces.create({ metadata: { name: "shop" } });
    await store.quotas.set("shop", { hard: { [count]: 1 } });
    await store.resources(widgetKind).create(widget("shop", "a"));
    await store.resources(widgetKind).delete({ namespace: "shop", name: "a" });
    await store.namespaces.delete({ name: "shop" });
    while (
      await store.namespaces.get({ name: "shop" }).then(
        () => true,
        () => false,
      )
    )
      read++;
    expect(await store.quotas.list()).toEqual([]);
  }
  expect(read).toBeGreaterThan(0);
  const left = lab.server.mvcc.range({
    key: "/keelson/registry/quotas/",
    rangeEnd: "/keelson/registry/quotas0",
  }).kvs;
  expect(
    left.map(({ key }) => Buffer.from(key).toString()).filter((key) => !key.includes("_processes")),
  ).toEqual([]);
});
