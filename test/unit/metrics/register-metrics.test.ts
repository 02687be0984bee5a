/** keelson/metrics in the real prom-client: names, values, histograms, and an end. */
import { createStore, createWatchCache } from "keelson";
import { metricFacts, registerMetrics } from "keelson/metrics";
import { memoryEtcd } from "keelson/testing";
import { Counter, Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import { namespacedKind } from "../../support/kinds.ts";

const pods = namespacedKind("Pod");

async function world(): Promise<{
  readonly store: Awaited<ReturnType<typeof createStore>>;
  readonly cache: ReturnType<typeof createWatchCache>;
  readonly end: () => Promise<void>;
}> {
  const etcd = memoryEtcd();
  const store = await createStore({ etcd, kinds: [pods], compaction: false });
  const cache = createWatchCache(store.resources(pods));
  await cache.ready();
  return {
    store,
    cache,
    async end() {
      await cache[Symbol.asyncDispose]();
      await store.close();
      await etcd.close();
    },
  };
}

/** Samples of a page in Prometheus' text format. */
const samplesIn = (page: string): ReadonlyMap<string, number> =>
  new Map(
    [...page.matchAll(/^([a-z_]+(?:\{[^}]*\})?) (\S+)$/gm)].map(([, name = "", value]) => [
      name,
      Number(value),
    ]),
  );

describe("registerMetrics", () => {
  test("a scrape has every metric, with the values of now", async () => {
    const { store, cache, end } = await world();
    const registry = new Registry();
    using _ = registerMetrics(registry, { store, caches: { pods: cache } });
    const key = { namespace: "default", name: "a" };
    await store.resources(pods).create({ metadata: key });
    await expect(store.resources(pods).get({ ...key, name: "b" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    const page = await registry.metrics();
    const samples = samplesIn(page);
    expect(samples.get('keelson_calls_total{verb="create"}')).toBe(1);
    expect(samples.get('keelson_call_errors_total{code="NOT_FOUND"}')).toBe(1);
    expect(samples.get('keelson_call_duration_seconds_count{verb="create"}')).toBe(1);
    expect(samples.get('keelson_call_duration_seconds_bucket{verb="create",le="+Inf"}')).toBe(1);
    expect(samples.get('keelson_cache_ready{cache="pods"}')).toBe(1);
    expect(samples.get("keelson_healthy")).toBe(1);
    expect(samples.get('keelson_etcd_requests_total{method="/etcdserverpb.KV/Txn"}')).toBe(
      (store.stats().etcd["requests"] as Record<string, number>)["/etcdserverpb.KV/Txn"],
    );
    for (const { name, type, help } of metricFacts) {
      expect(page).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    }
    await end();
  });

  test("buckets are counted from the smallest on, and end at the count", async () => {
    const { store, end } = await world();
    const registry = new Registry();
    using _ = registerMetrics(registry, { store });
    for (const name of ["a", "b", "c"])
      await store.resources(pods).create({ metadata: { namespace: "default", name } });
    const buckets = [
      ...(await registry.metrics()).matchAll(/duration_seconds_bucket\{verb="create",le="([^"]+)"\} (\d+)/g),
    ];
    expect(buckets.map(([, le]) => le).slice(0, 2)).toEqual(["0.00025", "0.0005"]);
    const counts = buckets.map(([, , count]) => Number(count));
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts.at(-1)).toBe(3);
    await end();
  });

  test("names and types follow Prometheus' customs", () => {
    for (const { name, type } of metricFacts) {
      expect(name).toMatch(/^keelson_[a-z_]+$/);
      expect(name.endsWith("_total")).toBe(type === "counter");
      if (type === "histogram") expect(name).toMatch(/_seconds$/);
    }
    expect(new Set(metricFacts.map(({ name }) => name)).size).toBe(metricFacts.length);
  });

  test("disposed, the registry has none of them; the caller's own stay", async () => {
    const { store, end } = await world();
    const registry = new Registry();
    const own = new Counter({ name: "own_total", help: "own", registers: [registry] });
    own.inc();
    const metrics = registerMetrics(registry, { store, labels: { store: "main" } });
    expect(await registry.metrics()).toContain('keelson_healthy{store="main"} 1');
    expect(await registry.getMetricsAsJSON()).toContainEqual(
      expect.objectContaining({ name: "keelson_healthy" }),
    );
    metrics[Symbol.dispose]();
    expect(await registry.metrics()).toBe("# HELP own_total own\n# TYPE own_total counter\nown_total 1\n");
    await end();
  });

  test("a second store in one registry, no registry and no source are refused", async () => {
    const { store, end } = await world();
    const registry = new Registry();
    using _ = registerMetrics(registry, { store });
    expect(() => registerMetrics(registry, { store })).toThrow(/has "keelson_calls_total" already/);
    expect(() => registerMetrics({} as Registry, { store })).toThrow(/no Registry/);
    expect(() => registerMetrics(new Registry(), {})).toThrow(/neither store, etcd nor caches/);
    await end();
  });
});
