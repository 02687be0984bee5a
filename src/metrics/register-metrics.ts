/**
 * `registerMetrics`: registers all of keelson's metrics in the caller's prom-client registry. Nothing is counted twice:
 * each scrape reads the existing counters.
 *
 * prom-client is neither imported nor a dependency: a registry needs three methods, which versions 14 and 15 have.
 */
import type { PlainStats } from "../base/stats.ts";
import { checkOptions, type NamesOf } from "../base/text/known-options.ts";
import { invalidArgument } from "../errors.ts";
import type { Health, StoreStats } from "../resource/contract/store.ts";
import type { CacheStats } from "../watch/bounds/cache-options.ts";
import { cacheMetrics, type NamedCache } from "./cache-metrics.ts";
import { etcdMetrics } from "./etcd-metrics.ts";
import { type Labels, type Metric, type MetricFacts, metricPrefix, type Sample } from "./metric.ts";
import { healthMetrics, storeMetrics } from "./store-metrics.ts";

/** The sources of metrics; each part may be left out. */
export interface MetricSources {
  /** A store: its calls, its etcd client and its health, which costs a few cheap etcd requests per scrape. */
  readonly store?:
    | {
        /** As `Store.stats`. */
        stats(): StoreStats;
        /** As `Store.health`. */
        health(): Promise<Health>;
      }
    | undefined;
  /** A connection without a store. A store's metrics already include its own connection. */
  readonly etcd?:
    | {
        /** As `Etcd.stats`. */
        stats(): PlainStats;
      }
    | undefined;
  /** Watch caches, by the name that becomes the label `cache`. */
  readonly caches?:
    | Readonly<
        Record<
          string,
          {
            /** As `WatchCache.stats`. */
            stats(): CacheStats;
          }
        >
      >
    | undefined;
  /** Labels of every sample, e.g. to distinguish two stores of one process. Default: none. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

const sourceNames: NamesOf<MetricSources> = {
  store: "object",
  etcd: "object",
  caches: "object",
  labels: "object",
};

/** A metric as a registry keeps it: the part of prom-client's `Metric` that a registry uses. */
export interface RegisteredMetric {
  /** With its prefix, `keelson_`. */
  readonly name: string;
  /** Its meaning, as help text. */
  readonly help: string;
  /** The type, in prom-client's terms. */
  readonly type: "counter" | "gauge" | "histogram";
  /** Samples of several processes are added up. */
  readonly aggregator: "sum";
  /** The metric with its current samples. */
  get(): Promise<{
    /** As the metric's. */
    readonly name: string;
    /** As the metric's. */
    readonly help: string;
    /** As the metric's. */
    readonly type: "counter" | "gauge" | "histogram";
    /** As the metric's. */
    readonly aggregator: "sum";
    /** Current samples. */
    readonly values: readonly Sample[];
  }>;
  /** Does nothing: the counters belong to the store. */
  reset(): void;
}

/** A `Registry` of prom-client 14 or 15. */
export interface MetricRegistry {
  // A method, so that a registry typed for only its own metrics fits; a metric has everything that it uses.
  /** Adds a metric. */
  registerMetric(metric: never): void;
  /** The metric of that name; undefined when there is none. */
  getSingleMetric(name: string): unknown;
  /** Removes a metric. */
  removeSingleMetric(name: string): void;
}

/** Every metric that may be registered, with its full name, in the order of docs/guides/watch-it.md. */
export const metricFacts: readonly MetricFacts[] = [
  ...storeMetrics,
  ...etcdMetrics,
  ...cacheMetrics,
  ...healthMetrics,
].map(({ name, type, help }) => ({ name: `${metricPrefix}${name}`, type, help }));

/**
 * Registers the metrics of `sources`, under `keelson_…`, until the result is disposed.
 *
 * @throws INVALID_ARGUMENT "registry" when it is not a registry, or already has one of the names; "sources" without a
 * source
 * @example
 * ```ts
 * import { createStore, defineKind } from "keelson";
 * import { connectEtcd } from "keelson/etcd";
 * import { registerMetrics } from "keelson/metrics";
 * import { Registry } from "prom-client";
 *
 * const Pod = defineKind({ version: "v1", kind: "Pod", plural: "pods", scope: "Namespaced" });
 * const etcd = await connectEtcd({ endpoints: "http://127.0.0.1:2379" });
 * const store = await createStore({ etcd, kinds: [Pod] });
 * const registry = new Registry();
 * const registered = registerMetrics(registry, { store });
 * console.log(await registry.metrics());
 * registered[Symbol.dispose]();
 * ```
 */
export function registerMetrics(registry: MetricRegistry, sources: MetricSources): Disposable {
  if (typeof registry?.registerMetric !== "function" || typeof registry.getSingleMetric !== "function") {
    throw invalidArgument("registry", "Cannot register metrics: registry is no Registry of prom-client");
  }
  checkOptions(sources ?? null, "register metrics", sourceNames, "sources");
  const { store, etcd, caches, labels = {} } = sources;
  if (store === undefined && etcd === undefined && caches === undefined) {
    throw invalidArgument("sources", "Cannot register metrics: sources has neither store, etcd nor caches");
  }
  const named = (): readonly NamedCache[] =>
    Object.entries(caches ?? {}).map(([cache, source]) => ({ cache, stats: source.stats() }));
  const metrics = [
    ...(store === undefined ? [] : pulled(storeMetrics, labels, () => [store.stats()])),
    ...(store === undefined && etcd === undefined
      ? []
      : pulled(etcdMetrics, labels, () => [store?.stats().etcd ?? etcd?.stats() ?? {}])),
    ...(caches === undefined ? [] : pulled(cacheMetrics, labels, named)),
    ...(store === undefined ? [] : pulled(healthMetrics, labels, sharedHealth(store))),
  ];
  const taken = metrics.find(({ name }) => registry.getSingleMetric(name) !== undefined);
  if (taken !== undefined) {
    throw invalidArgument(
      "registry",
      `Cannot register metrics: the registry has "${taken.name}" already; give each store a registry of its own, and merge them`,
    );
  }
  for (const metric of metrics) registry.registerMetric(metric as never);
  return {
    [Symbol.dispose]() {
      for (const { name } of metrics) registry.removeSingleMetric(name);
    },
  };
}

/** One health check for all metrics of a scrape: they are read at the same time. */
function sharedHealth(store: { health(): Promise<Health> }): () => Promise<readonly Health[]> {
  let looking: Promise<Health> | undefined;
  return async () => {
    looking ??= store.health().finally(() => {
      looking = undefined;
    });
    return [await looking];
  };
}

function pulled<From>(
  metrics: readonly Metric<From>[],
  labels: Labels,
  from: () => readonly From[] | Promise<readonly From[]>,
): readonly RegisteredMetric[] {
  return metrics.map(({ name: short, type, help, read }) => {
    const name = `${metricPrefix}${short}`;
    const facts = { name, help, type, aggregator: "sum" } as const;
    return {
      ...facts,
      async get() {
        const samples = (await from()).flatMap((each) => read(each));
        const values = samples.map((sample) => ({ ...sample, labels: { ...labels, ...sample.labels } }));
        return { ...facts, values };
      },
      reset() {},
    };
  });
}
