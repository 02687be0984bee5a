/** Serve all of keelson's metrics to Prometheus, through a prom-client registry. */
import { createStore, defineKind } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
import { registerMetrics } from "keelson/metrics";
import { Registry } from "prom-client";

const pods = defineKind({ version: "v1", kind: "Pod", plural: "pods", scope: "Namespaced" });

await using local = await startLocalEtcd();
await using etcd = await connectEtcd({ endpoints: local.endpoints });
await using store = await createStore({ etcd, kinds: [pods] });
const registry = new Registry();
using _ = registerMetrics(registry, { store });
await store.resources(pods).create({ metadata: { namespace: "default", name: "web-1" } });
console.log(await registry.metrics());
