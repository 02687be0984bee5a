/** Metrics of each watch cache: readiness, contents, lagging watchers, and counters that should stay 0. */
import type { CacheStats } from "../watch/bounds/cache-options.ts";
import { type Metric, single } from "./metric.ts";

/** A cache's counters under the name that the caller gave it. */
export interface NamedCache {
  readonly cache: string;
  readonly stats: CacheStats;
}

const of = (
  name: string,
  help: string,
  value: (stats: CacheStats) => number | boolean,
): Metric<NamedCache> => ({
  name: `cache_${name}`,
  type: name.endsWith("_total") ? "counter" : "gauge",
  help,
  read: ({ cache, stats }) => single(value(stats), { cache }),
});

export const cacheMetrics: readonly Metric<NamedCache>[] = [
  of("ready", "1 while the cache is filled and follows etcd.", ({ state }) => state === "ready"),
  of("objects", "Objects in the cache at the latest version.", ({ objects }) => objects),
  of("unreadable_objects", "Objects in the cache that cannot be read.", ({ unreadable }) => unreadable),
  {
    name: "cache_bytes",
    type: "gauge",
    help: "Bytes charged to the budget, by use: state, holes, decoded.",
    read: ({ cache, stats: { bytes } }) =>
      (["state", "holes", "decoded"] as const).flatMap((part) => single(bytes[part], { cache, part })),
  },
  of("budget_bytes", "The budget of the cache.", ({ bytes }) => bytes.budget),
  of(
    "history_events",
    "Past events that a watcher can still start from.",
    ({ historyEvents }) => historyEvents,
  ),
  of("watchers", "Open watches of the cache.", ({ watchers }) => watchers),
  of("lagging_watchers", "Watchers that are behind; counted up to 100.", ({ lagging }) => lagging.length),
  of(
    "events_received_total",
    "Events received from the store's watch.",
    ({ eventsReceived }) => eventsReceived,
  ),
  of("events_delivered_total", "Events delivered to watchers.", ({ eventsDelivered }) => eventsDelivered),
  of(
    "missed_events_total",
    "Events found missing; each made the cache list again. Should stay 0.",
    ({ missedEvents }) => missedEvents,
  ),
  of("relists_total", "Times the cache listed everything again.", ({ relists }) => relists),
  of("source_failures_total", "Times the store's watch failed.", ({ sourceFailures }) => sourceFailures),
  of(
    "fresh_timeouts_total",
    "Fresh reads that the cache could not answer in time.",
    ({ freshTimeouts }) => freshTimeouts,
  ),
  of(
    "self_check_failures_total",
    "Comparisons with etcd that found a difference. Should stay 0.",
    ({ selfCheckFailures }) => selfCheckFailures,
  ),
  of(
    "restores_noticed_total",
    "Restores of etcd that the cache has noticed.",
    ({ restoresNoticed }) => restoresNoticed,
  ),
];
