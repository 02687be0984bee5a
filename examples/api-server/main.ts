/**
 * An API server that kubectl talks to, on keelson: discovery, get, list in pages, watch, create, replace, patch and
 * delete of pods, config maps, deployments and namespaces, all reads and watches from one watch cache.
 *
 *   node dist/examples/api-server/main.js            serves, asks itself a few things, ends
 *   node dist/examples/api-server/main.js --serve    stays; prints the kubectl command line
 *
 * Authentication, admission, defaulting and server-side printing are an API server's own and are not here.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createStore, defineKind, type Resource, withCaches } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
import { handlerOf } from "./handler.ts";

interface Pod extends Resource {
  spec: { nodeName?: string };
  status?: { phase?: string };
}
const podKind = defineKind<Pod>({
  version: "v1",
  kind: "Pod",
  plural: "pods",
  scope: "Namespaced",
  status: true,
  fields: { "spec.nodeName": (pod) => pod.spec.nodeName, "status.phase": (pod) => pod.status?.phase },
  indexes: ["field:spec.nodeName"],
});
const configMapKind = defineKind({
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  scope: "Namespaced",
});
const deploymentKind = defineKind({
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
  scope: "Namespaced",
  status: true,
});

await using local = await startLocalEtcd();
await using etcd = await connectEtcd({ endpoints: local.endpoints });
await using plain = await createStore({ etcd, kinds: [podKind, configMapKind, deploymentKind] });
await using store = withCaches(plain);
await store.ready();

const server = createServer(handlerOf(store));
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
console.log(`kubectl --server ${url} get pods`);

if (process.argv.includes("--serve")) await new Promise((stop) => process.once("SIGINT", stop));
else await lookAround();
server.closeAllConnections();
server.close();

/** What a controller does, with nothing but HTTP: list, watch from there, and see its own write come back. */
async function lookAround(): Promise<void> {
  const pods = `${url}/api/v1/namespaces/default/pods`;
  const list = (await (await fetch(pods)).json()) as {
    items: unknown[];
    metadata: { resourceVersion: string };
  };
  console.log(`${list.items.length} pods at version ${list.metadata.resourceVersion}`);
  const watch = await fetch(`${pods}?watch=true&resourceVersion=${list.metadata.resourceVersion}`);
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "web" }, spec: { nodeName: "node-1" } };
  const created = await fetch(pods, { method: "POST", body: JSON.stringify(pod) });
  console.log(`create: ${created.status}`);
  const stale = await fetch(pods, { method: "POST", body: JSON.stringify(pod) });
  console.log(`create again: ${stale.status} ${((await stale.json()) as { reason: string }).reason}`);
  const reader = watch.body?.pipeThrough(new TextDecoderStream()).getReader();
  const line = (await reader?.read())?.value ?? "";
  const event = JSON.parse(line) as { type: string; object: Pod };
  console.log(`watch: ${event.type} ${event.object.metadata.name} on ${event.object.spec.nodeName}`);
  await reader?.cancel();
  const onNode = await fetch(`${url}/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1`);
  console.log(`pods on node-1: ${((await onNode.json()) as { items: unknown[] }).items.length}`);
}
