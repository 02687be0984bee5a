import { createStore, isStoreError, type Resource, type Store, StoreError } from "keelson";
import type { Etcd } from "keelson/etcd";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { etcdBinaries } from "../../support/etcd/etcd-binaries.ts";
import { connect } from "../../support/etcd/etcd-cases.ts";
import { processForAll } from "../../support/etcd/real-etcd.ts";
import { refusal } from "../../support/failures.ts";
import { namespacedKind } from "../../support/kinds.ts";
import { replayLedger } from "../../support/quota-log.ts";
import { until } from "../../support/time/patience.ts";

interface Widget extends Resource {
  spec: { cpu?: string; text?: string };
}

const Widget = namespacedKind<Widget>("Widget", {
  measure: ({ spec }): Record<string, string> => (spec.cpu === undefined ? {} : { "requests.cpu": spec.cpu }),
});

describe.each(await etcdBinaries())("quotas on etcd $version", ({ path }) => {
  const clients: Etcd[] = [];
  const stores: Store[] = [];
  let store: Store;
  let made = 0;

  const openStore = async (): Promise<Store> => {
    const etcd = await connect(lab.local.endpoints);
    const opened = await createStore({ etcd, kinds: [Widget], compaction: false });
    clients.push(etcd);
    stores.push(opened);
    return opened;
  };
  const etcd = (): Etcd => {
    const [first] = clients;
    if (first === undefined) throw new Error("no client");
    return first;
  };
  /** A namespace of the test's own. */
  const namespace = async (): Promise<string> => {
    const name = `team-${made++}`;
    await store.namespaces.create({ metadata: { name } });
    return name;
  };
  const draft = (name: string, at: string, spec: Widget["spec"] = {}, labels?: Record<string, string>) => ({
    metadata: { name, namespace: at, ...(labels === undefined ? {} : { labels }) },
    spec,
  });
  const refused = (call: Promise<unknown>): Promise<StoreError<"QUOTA_EXCEEDED">> =>
    refusal(call, "QUOTA_EXCEEDED");

  /** Now, as etcd does it when an object's time is over: it revokes the lease. */
  const expire = async (at: string, name: string): Promise<void> => {
    const { kvs } = await etcd().kv.range({ key: `/registry/widgets/${at}/${name}` });
    await etcd().leases.revoke(kvs[0]?.lease ?? 0n);
  };

  const lab = processForAll({ binary: path, extraArgs: ["--unsafe-no-fsync"] });
  beforeAll(async () => {
    store = await openStore();
  });
  afterAll(async () => {
    for (const one of stores) await one.close();
    for (const one of clients) await one.close();
  });

  test("the object too many is refused with quota, name, used, hard and requested; after a delete it fits", async () => {
    const at = await namespace();
    const widgets = store.resources(Widget);
    await store.quotas.set(at, { hard: { "count/widgets": 2 } });
    await widgets.create(draft("a", at));
    await widgets.create(draft("b", at));
    const error = await refused(widgets.create(draft("c", at)));
    expect(error.details.violations).toEqual([
      { namespace: at, quota: "default", name: "count/widgets", used: 2, hard: 2, requested: 1 },
    ]);
    expect(error.httpStatus).toBe(403);
    await widgets.delete({ namespace: at, name: "a" });
    await widgets.create(draft("c", at));
    expect(await store.quotas.get(at)).toMatchObject({
      namespace: at,
      name: "default",
      hard: { "count/widgets": 2 },
      used: { "count/widgets": 2 },
    });
  });

  test("a new quota first counts what is there, by amount and by label, and gives base units back", async () => {
    const at = await namespace();
    const widgets = store.resources(Widget);
    await widgets.create(draft("a", at, { cpu: "500m" }, { tier: "gold" }));
    await widgets.create(draft("b", at, { cpu: "1.5" }));
    const all = await store.quotas.set(at, {
      hard: { "requests.cpu": 3, "count/widgets": 10, bytes: "1Mi" },
    });
    expect(all.used).toMatchObject({ "requests.cpu": 2, "count/widgets": 2 });
    expect(all.used["bytes"]).toBeGreaterThan(100);
    expect(all.hard["bytes"]).toBe(1_048_576);
    const gold = await store.quotas.set(at, {
      name: "gold",
      hard: { "requests.cpu": "750m" },
      labelSelector: "tier=gold",
    });
    expect(gold.used).toEqual({ "requests.cpu": 0.5 });
    const both = await refused(widgets.create(draft("c", at, { cpu: "1500m" }, { tier: "gold" })));
    expect(both.details.violations.map((one) => `${one.quota} ${one.name}`).sort()).toEqual([
      "default requests.cpu",
      "gold requests.cpu",
    ]);
    await widgets.create(draft("d", at, { cpu: "250m" }, { tier: "gold" }));
    expect((await store.quotas.get(at, { name: "gold" })).used).toEqual({ "requests.cpu": 0.75 });
    expect((await store.quotas.list({ namespace: at })).map((one) => one.name)).toEqual(["default", "gold"]);
  });

  test("an update is charged by its difference; lowering a limit below use refuses only what adds", async () => {
    const at = await namespace();
    const widgets = store.resources(Widget);
    await store.quotas.set(at, { hard: { "requests.cpu": 4 } });
    const first = await widgets.create(draft("a", at, { cpu: "3" }));
    await refused(widgets.update({ ...first, spec: { cpu: "5" } }));
    const second = await widgets.update({ ...first, spec: { cpu: "4" } });
    await store.quotas.set(at, { hard: { "requests.cpu": 1 } });
    const relabelled = await widgets.update({
      ...second,
      metadata: { ...second.metadata, labels: { a: "b" } },
    });
    await refused(widgets.update({ ...relabelled, spec: { cpu: "4001m" } }));
    const third = await widgets.update({ ...relabelled, spec: { cpu: "2" } });
    await refused(widgets.update({ ...third, spec: { cpu: "2100m" } }));
    await store.quotas.remove(at);
    await widgets.update({ ...third, spec: { cpu: "100" } });
    await expect(store.quotas.get(at)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("cluster-wide limits hold over namespaces", async () => {
    const [one, two] = [await namespace(), await namespace()];
    const widgets = store.resources(Widget);
    const status = await store.quotas.set("", {
      name: "gpu",
      hard: { "requests.cpu": "7.5" },
      labelSelector: "gpu",
    });
    expect(status.used).toEqual({ "requests.cpu": 0 });
    await widgets.create(draft("a", one, { cpu: "4" }, { gpu: "" }));
    const error = await refused(widgets.create(draft("a", two, { cpu: "4" }, { gpu: "" })));
    expect(error.details.violations).toEqual([
      { namespace: "", quota: "gpu", name: "requests.cpu", used: 4, hard: 7.5, requested: 4 },
    ]);
    await widgets.create(draft("a", two, { cpu: "4" }));
    await store.quotas.remove("", { name: "gpu" });
  });

  test("a namespace takes its quotas with it; one of the same name begins without", {
    timeout: 60_000,
  }, async () => {
    const at = await namespace();
    const widgets = store.resources(Widget);
    await store.quotas.set(at, { hard: { "count/widgets": 1 } });
    await widgets.create(draft("a", at));
    await store.namespaces.delete({ name: at });
    await until(
      async () =>
        store.namespaces.get({ name: at }).then(
          () => false,
          (error: unknown) => isStoreError(error, "NOT_FOUND"),
        ),
      "the namespace is gone",
    );
    expect(
      (
        await etcd().kv.range({
          key: `/keelson/registry/quotas/${at}/`,
          rangeEnd: `/keelson/registry/quotas/${at}0`,
          countOnly: true,
        })
      ).count,
    ).toBe(0n);
    await store.namespaces.create({ metadata: { name: at } });
    await widgets.create(draft("a", at));
    await widgets.create(draft("b", at));
  });

  test("bad input is refused before any call", async () => {
    const before = JSON.stringify(etcd().stats().requests);
    const bad: readonly (() => Promise<unknown>)[] = [
      () => store.quotas.set("Not A Name", { hard: { "count/widgets": 1 } }),
      () => store.quotas.set("default", { hard: {} }),
      () => store.quotas.set("default", { hard: { "count/widgets": -1 } }),
      () => store.quotas.set("default", { hard: { "count/widgets": "many" } }),
      () => store.quotas.set("default", { hard: { "..": 1 } }),
      () => store.quotas.set("default", { name: "../x", hard: { "count/widgets": 1 } }),
      () => store.quotas.set("default", { hard: { "count/widgets": 1 }, labelSelector: "a in (" }),
      () => store.quotas.get("default", { name: "/" }),
      () => store.quotas.remove("a/b"),
    ];
    for (const call of bad)
      await expect(Promise.resolve().then(call)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(JSON.stringify(etcd().stats().requests)).toBe(before);
  });

  test("an object that expires takes its charge with it, at the same revision", {
    timeout: 60_000,
  }, async () => {
    const at = await namespace();
    const widgets = store.resources(Widget);
    const from = BigInt(await store.currentResourceVersion()) + 1n;
    await store.quotas.set(at, { hard: { "count/widgets": 2 } });
    await widgets.create(draft("a", at), { ttlSeconds: 600 });
    await widgets.create(draft("b", at));
    await refused(widgets.create(draft("c", at)));
    await expire(at, "a");
    await until(async () => (await store.quotas.get(at)).used["count/widgets"] === 1, "the charge is gone");
    await widgets.create(draft("c", at));
    const states = await replayLedger(etcd(), {
      from,
      objects: `/registry/widgets/${at}/`,
      ledger: `/keelson/registry/quotas/${at}/ledger/default/`,
      name: "count/widgets",
    });
    expect(states.filter((state) => state.used !== state.live)).toEqual([]);
  });

  test("a quota set over expiring objects gives them entries of their own", { timeout: 60_000 }, async () => {
    const at = await namespace();
    const widgets = store.resources(Widget);
    await widgets.create(draft("a", at), { ttlSeconds: 600 });
    await widgets.create(draft("b", at));
    expect((await store.quotas.set(at, { hard: { "count/widgets": 5 } })).used).toEqual({
      "count/widgets": 2,
    });
    await expire(at, "a");
    await until(async () => (await store.quotas.get(at)).used["count/widgets"] === 1, "the charge is gone");
    expect((await store.quotas.reconcile(at)).differences).toEqual([]);
  });

  test("64 creators in four stores against a limit of 50, with deletes: used = live <= 50 at every revision", {
    timeout: 120_000,
  }, async () => {
    const at = await namespace();
    const all = [store, await openStore(), await openStore(), await openStore()];
    const from = BigInt(await store.currentResourceVersion()) + 1n;
    await store.quotas.set(at, { hard: { "count/widgets": 50 } });
    let refused = 0;
    let created = 0;
    await Promise.all(
      Array.from({ length: 64 }, async (_, worker) => {
        const widgets = (all[worker % 4] ?? store).resources(Widget);
        for (let round = 0; round < 6; round++) {
          const name = `w${worker}-${round}`;
          try {
            await widgets.create(draft(name, at));
            created++;
            if ((worker + round) % 3 !== 0) await widgets.delete({ namespace: at, name });
          } catch (error) {
            if (!isStoreError(error, "QUOTA_EXCEEDED")) throw error;
            const [violation] = error.details.violations;
            expect((violation?.used ?? 0) + (violation?.requested ?? 0)).toBeGreaterThan(50);
            refused++;
          }
        }
      }),
    );
    expect(created).toBeGreaterThan(50);
    expect(refused).toBeGreaterThan(0);
    const states = await replayLedger(etcd(), {
      from,
      objects: `/registry/widgets/${at}/`,
      ledger: `/keelson/registry/quotas/${at}/ledger/default/`,
      name: "count/widgets",
    });
    expect(states.length).toBeGreaterThan(created);
    expect(states.filter((state) => state.used !== state.live || state.live > 50)).toEqual([]);
    const { used } = await store.quotas.get(at);
    const { items } = await store.resources(Widget).list({ namespace: at });
    expect(used["count/widgets"]).toBe(items.length);
    expect((await store.quotas.reconcile(at)).differences).toEqual([]);
  });

  test("a quota set while writers run counts every one of them once", { timeout: 120_000 }, async () => {
    const at = await namespace();
    const all = [store, ...stores.slice(1, 3)];
    const widgets = all.map((one) => one.resources(Widget));
    let stop = false;
    const writers = widgets.map(async (own, index) => {
      for (let i = 0; !stop; i++) {
        await own.create(draft(`x${index}-${i}`, at));
        if (i % 2 === 0) await own.delete({ namespace: at, name: `x${index}-${i}` });
      }
    });
    for (let i = 0; i < 3; i++) {
      await store.quotas.set(at, {
        hard: i === 1 ? { "count/widgets": 100_000, bytes: "1Gi" } : { "count/widgets": 100_000 },
      });
      expect((await store.quotas.reconcile(at)).differences).toEqual([]);
      await store.quotas.remove(at);
    }
    await store.quotas.set(at, { hard: { "count/widgets": 100_000 } });
    stop = true;
    await Promise.all(writers);
    expect((await store.quotas.get(at)).used["count/widgets"]).toBe(
      (await store.resources(Widget).list({ namespace: at })).items.length,
    );
  });

  test("createMany past the limit: exactly as many as fit, the others refused each by itself", {
    timeout: 60_000,
  }, async () => {
    const at = await namespace();
    await store.quotas.set(at, { hard: { "count/widgets": 130 } });
    const results = await store
      .resources(Widget)
      .createMany(Array.from({ length: 200 }, (_, i) => draft(`m${i}`, at)));
    const failed = results.filter((one) => one instanceof StoreError);
    expect(new Set(failed.map((one) => one.code))).toEqual(new Set(["QUOTA_EXCEEDED"]));
    expect(results.length - failed.length).toBe(130);
    expect((await store.quotas.get(at)).used["count/widgets"]).toBe(130);
  });
});
