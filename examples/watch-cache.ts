/**
 * A watch cache between the store and its readers: one watch on etcd serves any number of lists and watchers, an index
 * finds a node's objects without a scan of the others, and an old version is read like the latest.
 */
import { createStore, defineKind, type Resource, withCaches } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";

interface Pod extends Resource {
  spec: { nodeName: string };
}
const podKind = defineKind<Pod>({
  version: "v1",
  kind: "Pod",
  plural: "pods",
  scope: "Namespaced",
  fields: { "spec.nodeName": (pod) => pod.spec.nodeName },
  indexes: ["field:spec.nodeName"],
});

await using local = await startLocalEtcd();
await using etcd = await connectEtcd({ endpoints: local.endpoints });
await using plain = await createStore({ etcd, kinds: [podKind] });
await using store = withCaches(plain);
await store.ready();
const pods = store.resources(podKind); // reads and watches come from the cache, writes go to etcd

await pods.createMany(
  Array.from({ length: 300 }, (_, i) => ({
    metadata: { namespace: "default", name: `pod-${i}` },
    spec: { nodeName: `node-${i % 100}` },
  })),
);

// Still linearizable: the cache asks etcd for its revision, waits until it has seen it, and answers.
const { items, resourceVersion } = await pods.list({ fieldSelector: "spec.nodeName=node-7" });
console.log(`${items.length} pods on node-7 at version ${resourceVersion}`);

// A hundred node agents; each receives only the events of its own node.
const agents = Array.from({ length: 100 }, (_, node) =>
  pods.watch({ resourceVersion, fieldSelector: `spec.nodeName=node-${node}` }),
);
await pods.delete({ namespace: "default", name: "pod-7" });
for await (const event of agents[7] ?? []) {
  if (event.type !== "BOOKMARK") console.log(`node-7 receives: ${event.type} ${event.object.metadata.name}`);
  break;
}
await Promise.all(agents.map((agent) => agent[Symbol.asyncDispose]()));

const before = await pods.list({ read: { consistency: "exact", resourceVersion } });
const after = await pods.list({ read: { consistency: "any" } });
console.log(`${before.items.length} pods before the deletion, ${after.items.length} after`);
