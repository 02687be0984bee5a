/** The store as a whole: quotas, health, stats, close, errors, query functions, and unit tests over memoryEtcd. */
import {
  createStore,
  type Draft,
  isStoreError,
  type Kind,
  type Resource,
  type ResourceStore,
  StoreError,
} from "keelson";
import { connectEtcd } from "keelson/etcd";
import { deleteQuery, getQuery, listQuery, watchQuery } from "keelson/http";
import { memoryEtcd } from "keelson/testing";
import { describe, expect, test } from "vitest";
import { refusal, thrownBy } from "../support/failures.ts";
import { patientMs, until, within } from "../support/time/patience.ts";
import { at, ConfigMap, configMap, Pod, pod, worldForAll } from "./world.ts";

const world = worldForAll();

describe("quotas", () => {
  test("hold, tell what was asked, and give back on delete", async () => {
    const store = await world.store();
    const pods = store.resources(Pod);
    await pods.create(pod("already", { cpu: "500m" }));
    const status = await store.quotas.set("default", { hard: { "count/pods": 2, "requests.cpu": "1500m" } });
    expect(status).toMatchObject({
      namespace: "default",
      name: "default",
      hard: { "count/pods": 2, "requests.cpu": 1.5 },
    });
    expect(status.used).toMatchObject({ "count/pods": 1, "requests.cpu": 0.5 });
    const cpu = await refusal(pods.create(pod("big", { cpu: "2" })), "QUOTA_EXCEEDED");
    expect(cpu.httpStatus).toBe(403);
    expect(cpu.details.violations).toEqual([
      expect.objectContaining({ quota: "default", name: "requests.cpu" }),
    ]);
    await pods.create(pod("second", { cpu: "1" }));
    const both = await refusal(pods.create(pod("third", { cpu: "1m" })), "QUOTA_EXCEEDED");
    expect(both.details.violations.map((v) => v.name).sort()).toEqual(["count/pods", "requests.cpu"]);
    expect(both.toStatus().reason).toBe("Forbidden");
    await refusal(
      pods.guaranteedUpdate(at("second"), (p) => ({ ...p, spec: { ...p.spec, cpu: "2" } })),
      "QUOTA_EXCEEDED",
    );
    await refusal(pods.create(pod("dry", { cpu: "1" }), { dryRun: true }), "QUOTA_EXCEEDED");
    await pods.delete(at("already"));
    await pods.create(pod("third", { cpu: "500m" }));
    expect((await store.quotas.get("default")).used).toMatchObject({ "count/pods": 2, "requests.cpu": 1.5 });
    expect((await store.quotas.reconcile("default")).differences).toEqual([]);
    // Lowering below use refuses new writes only.
    await store.quotas.set("default", { hard: { "count/pods": 1 } });
    await pods.guaranteedUpdate(at("second"), (p) => ({ ...p, spec: { ...p.spec, image: "other" } }));
    await pods.delete(at("third"));
    await refusal(pods.create(pod("fourth")), "QUOTA_EXCEEDED");
    await store.quotas.remove("default");
    await refusal(store.quotas.get("default"), "NOT_FOUND");
    await pods.create(pod("fourth"));
  });

  test("several of one namespace all hold; a selector counts its own; list and preconditions", async () => {
    const store = await world.store();
    const pods = store.resources(Pod);
    await store.quotas.set("default", { name: "all", hard: { "count/pods": 3 } });
    const gold = await store.quotas.set("default", {
      name: "gold",
      hard: { "count/pods": 1 },
      labelSelector: "tier=gold",
    });
    await pods.create(pod("g1", { labels: { tier: "gold" } }));
    const error = await refusal(pods.create(pod("g2", { labels: { tier: "gold" } })), "QUOTA_EXCEEDED");
    expect(error.details.violations.map((v) => v.quota)).toEqual(["gold"]);
    await pods.create(pod("p1"));
    await refusal(
      pods.guaranteedUpdate(at("p1"), (p) => ({
        ...p,
        metadata: { ...p.metadata, labels: { tier: "gold" } },
      })),
      "QUOTA_EXCEEDED",
    );
    expect((await store.quotas.list({ namespace: "default" })).map((q) => q.name).sort()).toEqual([
      "all",
      "gold",
    ]);
    await refusal(
      store.quotas.set(
        "default",
        { name: "gold", hard: { "count/pods": 5 } },
        { preconditions: { resourceVersion: "1" } },
      ),
      "PRECONDITION_FAILED",
    );
    const next = await store.quotas.get("default", { name: "gold" });
    expect(next.hard).toEqual(gold.hard);
    await refusal(store.quotas.remove("default", { name: "nope" }), "NOT_FOUND");
  });

  test("bad amounts are INVALID_ARGUMENT; 64 creators never pass the limit", async () => {
    const store = await world.store();
    for (const hard of [{ "count/pods": -1 }, { "count/pods": "x" }, { "count/pods": Number.NaN }]) {
      await refusal(store.quotas.set("default", { hard }), "INVALID_ARGUMENT");
    }
    await store.quotas.set("default", { hard: { "count/configmaps": 20, bytes: "10Mi" } });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 64 }, (_, i) => store.resources(ConfigMap).create(configMap(`c-${i}`))),
    );
    expect(outcomes.filter((o) => o.status === "fulfilled").length).toBe(20);
    for (const o of outcomes)
      if (o.status === "rejected")
        expect(isStoreError(o.reason, "QUOTA_EXCEEDED"), String(o.reason)).toBe(true);
    const { used, hard } = await store.quotas.get("default");
    expect(used["count/configmaps"]).toBe(20);
    expect(hard["bytes"]).toBe(10 * 1024 * 1024);
    expect(used["bytes"]).toBeGreaterThan(0);
    const many = await store.resources(ConfigMap).createMany([configMap("m-1"), configMap("m-2")]);
    expect(many.map((o) => o instanceof StoreError && o.code)).toEqual(["QUOTA_EXCEEDED", "QUOTA_EXCEEDED"]);
  });
});

describe("health, stats and close", () => {
  test("health tells of the cluster; stats are plain and synchronous", async () => {
    const store = await world.store();
    const health = await store.health({ timeoutMs: patientMs });
    expect(health).toMatchObject({ ok: true, problems: [], leader: true, alarms: [] });
    expect(health.databaseBytes).toBeGreaterThan(0);
    expect(health.epoch).toMatch(/./);
    await store.resources(ConfigMap).create(configMap("a"));
    await refusal(store.resources(ConfigMap).get(at("nope")), "NOT_FOUND");
    const stats = store.stats();
    expect(stats.calls["create"]).toBe(1);
    expect(stats.errors["NOT_FOUND"]).toBe(1);
    expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
  });

  test("close: no new calls, writes under way finish, closing twice is fine, etcd stays open", async () => {
    const prefix = world.prefix();
    const store = await world.store({ prefix });
    const maps = store.resources(ConfigMap);
    const writing = Array.from({ length: 20 }, (_, i) => maps.create(configMap(`w-${i}`)));
    await Promise.all([store.close(), store.close()]);
    const outcomes = await Promise.allSettled(writing);
    expect(outcomes.map((o) => o.status)).toEqual(outcomes.map(() => "fulfilled"));
    await store.close();
    const calls: readonly (() => Promise<unknown>)[] = [
      () => maps.get(at("w-0")),
      () => maps.list(),
      () => maps.create(configMap("x")),
      () => maps.createMany([configMap("x")]),
      () => maps.delete(at("w-0")),
      () => maps.deleteCollection(),
      () => maps.guaranteedUpdate(at("w-0"), (c) => c),
      () => maps.watch().ready(),
      () => store.currentResourceVersion(),
      () => store.quotas.list(),
      () => store.quotas.set("default", { hard: {} }),
      () => store.namespaces.list(),
      () => store.addKind(ConfigMap),
      () => store.removeKind(ConfigMap),
      () => store.rewrite(ConfigMap),
    ];
    for (const call of calls) {
      const error = await thrownBy((async () => call())());
      expect(isStoreError(error, "CLOSED"), `${call}: ${error}`).toBe(true);
    }
    expect((await within(store.health(), "health")).ok).toBe(false);
    store.stats();
    expect((await (await world.store({ prefix })).resources(ConfigMap).list()).items.length).toBe(20);
  });

  test("await using closes store and connection; an etcd that is not there is UNAVAILABLE or DEADLINE in time", async () => {
    {
      await using etcd = await world.connect();
      await using store = await createStore({ etcd, kinds: [ConfigMap], prefix: world.prefix() });
      await store.resources(ConfigMap).create(configMap("a"));
    }
    const notThere = async (): Promise<void> => {
      await using etcd = await connectEtcd({ endpoints: "http://127.0.0.1:1", timeoutMs: 500 });
      await etcd.kv.range({ key: "a" });
    };
    await refusal(within(notThere(), "no etcd", 15_000), "UNAVAILABLE", "DEADLINE");
  });
});

describe("errors", () => {
  test("isStoreError narrows by code, in types too", async () => {
    const store = await world.store();
    const error = await thrownBy(store.resources(ConfigMap).get(at("nope")));
    if (!isStoreError(error, "NOT_FOUND", "CORRUPT_OBJECT")) throw error;
    const code: "NOT_FOUND" | "CORRUPT_OBJECT" = error.code;
    expect(code).toBe("NOT_FOUND");
    expect(error.httpStatus).toBe(404);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toBeInstanceOf(Error);
    expect(isStoreError(new Error("x"))).toBe(false);
    expect(isStoreError(error)).toBe(true);
    expect(isStoreError(error, "CONFLICT")).toBe(false);
    expect(error.toStatus()).toMatchObject({
      kind: "Status",
      apiVersion: "v1",
      status: "Failure",
      reason: "NotFound",
      code: 404,
      details: { name: "nope", kind: "configmaps" },
    });
    expect(JSON.parse(JSON.stringify(error.toStatus()))).toEqual(error.toStatus());
  });

  test("types: every T is a Draft<T>, a Kind<Pod> is a Kind, a store of Pods is a ResourceStore<Pod>", async () => {
    const kind: Kind = Pod;
    const asDraft = (object: Pod): Draft<Pod> => object;
    const generic = <T extends Resource>(object: T): Draft<T>["metadata"] => object.metadata;
    const store = await world.store();
    const pods: ResourceStore<Pod> = store.resources(Pod);
    const made = await pods.create(pod("typed"));
    expect(asDraft(made)).toBe(made);
    expect(generic(made)).toBe(made.metadata);
    expect(kind).toBe(Pod);
    expect(Pod.type).toBeUndefined();
    expect(Pod.fields).toEqual(["spec.nodeName", "status.phase"]);
  });
});

describe("queries", () => {
  const query = (text: string) => new URLSearchParams(text);
  test("kubectl's get, list and watch queries to options", () => {
    expect(getQuery(query(""))).toEqual({});
    expect(getQuery(query("resourceVersion=0"))).toEqual({ read: { consistency: "any" } });
    expect(getQuery(query("resourceVersion=12"))).toEqual({
      read: { consistency: "notOlderThan", resourceVersion: "12" },
    });
    expect(listQuery(query("limit=500&labelSelector=a%3Db&fieldSelector=spec.nodeName%3Dn1"))).toMatchObject({
      limit: 500,
      labelSelector: "a=b",
      fieldSelector: "spec.nodeName=n1",
    });
    expect(listQuery(query("resourceVersion=0"))).toEqual({ read: { consistency: "any" } });
    expect(listQuery(query("resourceVersion=5"))).toEqual({
      read: { consistency: "notOlderThan", resourceVersion: "5" },
    });
    expect(listQuery(query("resourceVersion=5&limit=2"))).toEqual({
      limit: 2,
      read: { consistency: "exact", resourceVersion: "5" },
    });
    expect(listQuery(query("resourceVersion=5&resourceVersionMatch=Exact")).read).toEqual({
      consistency: "exact",
      resourceVersion: "5",
    });
    expect(listQuery(query("resourceVersion=5&limit=2&resourceVersionMatch=NotOlderThan")).read).toEqual({
      consistency: "notOlderThan",
      resourceVersion: "5",
    });
    expect(listQuery(query("continue=abc&limit=2"))).toEqual({ continueToken: "abc", limit: 2 });
    expect(listQuery(query("limit=0"))).toEqual({});
    expect(watchQuery(query("watch=1&resourceVersion=7&allowWatchBookmarks=true&timeoutSeconds=30"))).toEqual(
      {
        resourceVersion: "7",
        bookmarks: true,
        timeoutMs: 30_000,
      },
    );
    expect(watchQuery(query("watch=true"))).toMatchObject({ sendInitialEvents: true });
    expect(
      watchQuery(
        query("watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"),
      ),
    ).toMatchObject({ sendInitialEvents: true, bookmarks: true });
    expect(deleteQuery(query("gracePeriodSeconds=30&propagationPolicy=Foreground&dryRun=All"))).toEqual({
      gracePeriodSeconds: 30,
      propagationPolicy: "Foreground",
      dryRun: true,
    });
    expect(
      deleteQuery(query(""), {
        kind: "DeleteOptions",
        apiVersion: "v1",
        preconditions: { uid: "u" },
        gracePeriodSeconds: 0,
      }),
    ).toMatchObject({
      preconditions: { uid: "u" },
      gracePeriodSeconds: 0,
    });
  });

  test("illegal combinations are INVALID_ARGUMENT", () => {
    const illegal: readonly (() => unknown)[] = [
      () => listQuery(query("resourceVersionMatch=Exact")),
      () => listQuery(query("resourceVersion=0&resourceVersionMatch=Exact")),
      () => listQuery(query("resourceVersion=5&resourceVersionMatch=Nope")),
      () => listQuery(query("continue=abc&resourceVersionMatch=Exact&resourceVersion=5")),
      () => listQuery(query("limit=x")),
      () => listQuery(query("limit=-1")),
      () => listQuery(query("sendInitialEvents=true")),
      () => getQuery(query("resourceVersion=abc")),
      () => watchQuery(query("sendInitialEvents=true")),
      () => watchQuery(query("timeoutSeconds=x")),
      () => deleteQuery(query("propagationPolicy=Nope")),
      () => deleteQuery(query("gracePeriodSeconds=x")),
      () => deleteQuery(query("dryRun=Some")),
    ];
    for (const call of illegal) {
      let error: unknown;
      try {
        call();
      } catch (thrown) {
        error = thrown;
      }
      expect(isStoreError(error, "INVALID_ARGUMENT"), `${call} ${error}`).toBe(true);
    }
  });
});

test("memoryEtcd: what is built on keelson is tested without an etcd", async () => {
  await using etcd = memoryEtcd();
  await using store = await createStore({ etcd, kinds: [Pod, ConfigMap] });
  const pods = store.resources(Pod);
  const watch = pods.watch({ sendInitialEvents: true });
  const made = await pods.create(pod("a"));
  expect(await pods.get(at("a"))).toEqual(made);
  for await (const event of watch) {
    if (event.type === "ADDED") break;
  }
  await pods.delete(at("a"));
  await until(async () => (await pods.list()).items.length === 0, "deleted");
  expect((await store.health({ timeoutMs: patientMs })).ok).toBe(true);
});
