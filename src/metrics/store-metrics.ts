/** Metrics of a store: calls by verb, failures by code, watches, and health, which sends requests to etcd. */
import type { Health, StoreStats } from "../resource/contract/store.ts";
import { byName, histogramSamples, type Metric, metricPrefix, single } from "./metric.ts";

/** In the order of the guide. */
export const storeMetrics: readonly Metric<StoreStats>[] = [
  {
    name: "calls_total",
    type: "counter",
    help: "Calls to the store, by verb.",
    read: ({ calls }) => byName("verb", calls),
  },
  {
    name: "call_errors_total",
    type: "counter",
    help: "Calls that failed, by error code.",
    read: ({ errors }) => byName("code", errors),
  },
  {
    name: "call_duration_seconds",
    type: "histogram",
    help: "How long calls took, retries included, by verb.",
    read: ({ latency }) =>
      Object.entries(latency).flatMap(([verb, histogram]) =>
        histogramSamples(`${metricPrefix}call_duration_seconds`, { verb }, histogram),
      ),
  },
  {
    name: "conflict_retries_total",
    type: "counter",
    help: "Times guaranteedUpdate read and changed an object again because another write had changed it.",
    read: ({ conflictRetries }) => single(conflictRetries),
  },
  {
    name: "unknown_outcomes_total",
    type: "counter",
    help: "Writes reported as OUTCOME_UNKNOWN.",
    read: ({ unknownOutcomes }) => single(unknownOutcomes),
  },
  {
    name: "open_watches",
    type: "gauge",
    help: "Open watches of the store.",
    read: ({ openWatches }) => single(openWatches),
  },
  {
    name: "events_delivered_total",
    type: "counter",
    help: "Events delivered to watches of the store.",
    read: ({ eventsDelivered }) => single(eventsDelivered),
  },
  {
    name: "corrupt_objects_total",
    type: "counter",
    help: "Stored values that could not be read.",
    read: ({ corruptObjects }) => single(corruptObjects),
  },
  {
    name: "plaintext_reads_total",
    type: "counter",
    help: "Reads that met plaintext where sealed values are expected.",
    read: ({ plaintextRead }) => single(plaintextRead),
  },
];

export const healthMetrics: readonly Metric<Health>[] = [
  { name: "healthy", type: "gauge", help: "1 if health() reports no problem.", read: ({ ok }) => single(ok) },
  {
    name: "problems",
    type: "gauge",
    help: "Problems that health() reports.",
    read: ({ problems }) => single(problems.length),
  },
  {
    name: "has_leader",
    type: "gauge",
    help: "1 if etcd has a leader.",
    read: ({ leader }) => single(leader),
  },
  {
    name: "alarms",
    type: "gauge",
    help: "Alarms that etcd has raised.",
    read: ({ alarms }) => single(alarms.length),
  },
  {
    name: "database_bytes",
    type: "gauge",
    help: "Size of etcd's database file.",
    read: ({ databaseBytes }) => single(databaseBytes),
  },
  {
    name: "database_in_use_bytes",
    type: "gauge",
    help: "Bytes of the database file that are in use; defragmentation frees the rest.",
    read: ({ databaseBytesInUse }) => single(databaseBytesInUse),
  },
  {
    name: "database_quota_bytes",
    type: "gauge",
    help: "Size at which etcd refuses writes.",
    read: ({ quotaBytes }) => single(quotaBytes),
  },
  {
    name: "client_certificate_expiry_timestamp_seconds",
    type: "gauge",
    help: "When the client certificate expires, in seconds since 1970.",
    read: ({ clientCertificateExpiresAt: ends }) =>
      single(ends === undefined ? undefined : Date.parse(ends) / 1_000),
  },
];
