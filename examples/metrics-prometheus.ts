/**
 * Prometheus metrics of the etcd client, under the names Kubernetes' API servers use, from keelson's diagnostics
 * channel. Needs `prom-client`.
 */
import { subscribe } from "node:diagnostics_channel";
import { connectEtcd, type RequestEvent, startLocalEtcd } from "keelson/etcd";
import { Counter, Histogram, Registry } from "prom-client";

/** What Kubernetes calls each of etcd's methods; a transaction is its way to create, update and delete. */
const operations: Readonly<Record<string, string>> = {
  "/etcdserverpb.KV/Range": "get",
  "/etcdserverpb.KV/Put": "update",
  "/etcdserverpb.KV/DeleteRange": "delete",
  "/etcdserverpb.KV/Txn": "update",
};

export function etcdMetrics(register: Registry): void {
  const labels = { labelNames: ["operation" as const], registers: [register] };
  const duration = new Histogram({
    name: "etcd_request_duration_seconds",
    help: "Etcd request latency in seconds for each operation.",
    buckets: [
      0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
    ],
    ...labels,
  });
  const requests = new Counter({ name: "etcd_requests_total", help: "Etcd request counts.", ...labels });
  const errors = new Counter({
    name: "etcd_request_errors_total",
    help: "Etcd failed request counts.",
    ...labels,
  });
  subscribe("keelson:etcd:request", (message) => {
    const event = message as RequestEvent;
    if (event.phase !== "end") return;
    const operation = operations[event.method] ?? event.method;
    requests.inc({ operation });
    if (event.outcome !== "OK") errors.inc({ operation });
    duration.observe({ operation }, (event.durationMs ?? 0) / 1000);
  });
}

const register = new Registry();
etcdMetrics(register);
await using local = await startLocalEtcd();
await using etcd = await connectEtcd({ endpoints: local.endpoints });
await etcd.kv.put({ key: "examples/metrics", value: "1" });
await etcd.kv.range({ key: "examples/metrics" });
console.log(await register.metrics());
