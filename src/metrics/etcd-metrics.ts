/** Metrics of the etcd client: requests by method, retries, bytes, streams, endpoints. */
import type { PlainStats } from "../base/stats.ts";
import type { Histogram } from "../resource/contract/store.ts";
import { byName, histogramSamples, type Metric, metricPrefix, type Sample, single } from "./metric.ts";

const counter = (name: string, field: string, help: string): Metric<PlainStats> => ({
  name: `etcd_${name}`,
  type: name.endsWith("_total") ? "counter" : "gauge",
  help,
  read: (stats) => single(numberAt(stats, field)),
});

export const etcdMetrics: readonly Metric<PlainStats>[] = [
  {
    name: "etcd_requests_total",
    type: "counter",
    help: "Requests sent to etcd, retries included, by gRPC method.",
    read: ({ requests }) => byName("method", numbersOf(requests)),
  },
  {
    name: "etcd_request_failures_total",
    type: "counter",
    help: "Requests that failed, by gRPC method.",
    read: ({ failures }) => byName("method", numbersOf(failures)),
  },
  {
    name: "etcd_request_duration_seconds",
    type: "histogram",
    help: "How long requests to etcd took.",
    read: ({ latency }) =>
      isHistogram(latency)
        ? histogramSamples(`${metricPrefix}etcd_request_duration_seconds`, {}, latency)
        : [],
  },
  counter("retries_total", "retries", "Requests sent again."),
  counter("requests_in_flight", "inFlight", "Requests waiting for a response."),
  counter("requests_waiting", "waiting", "Requests waiting for a free connection slot."),
  counter("sent_bytes_total", "bytesSent", "Bytes of requests sent."),
  counter("received_bytes_total", "bytesReceived", "Bytes of responses received."),
  counter("open_streams", "openStreams", "Open streams: watches, keepalives, snapshots."),
  counter("streams_waiting", "waitingStreams", "Streams waiting for a free connection slot."),
  counter("stream_reconnects_total", "streamReconnects", "Streams that were opened again after a failure."),
  counter("restores_total", "restores", "Restores of etcd that this client has noticed."),
  {
    name: "etcd_endpoint_up",
    type: "gauge",
    help: "1 for an endpoint that takes requests, 0 for one in back-off after failures.",
    read: ({ endpoints }) => endpointsOf(endpoints),
  },
];

function numberAt(stats: PlainStats, field: string): number | undefined {
  const value = stats[field];
  return typeof value === "number" ? value : undefined;
}

function numbersOf(value: PlainStats[string]): Readonly<Record<string, number>> {
  if (typeof value !== "object" || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => (typeof each === "number" ? [[name, each]] : [])),
  );
}

function endpointsOf(value: PlainStats[string]): readonly Sample[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap(({ url, state }: PlainStats) => {
    if (typeof url !== "string") return [];
    return single(state === "healthy", { endpoint: url });
  });
}

function isHistogram(value: unknown): value is Histogram {
  return typeof value === "object" && value !== null && "boundsMs" in value && "counts" in value;
}
