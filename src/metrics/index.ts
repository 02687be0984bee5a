/**
 * The entry point `keelson/metrics`: what keelson counts, for Prometheus.
 *
 * @module keelson/metrics
 */
import "../base/supported-node.ts";

export type { Labels, MetricFacts, Sample } from "./metric.ts";
export {
  type MetricRegistry,
  type MetricSources,
  metricFacts,
  type RegisteredMetric,
  registerMetrics,
} from "./register-metrics.ts";
