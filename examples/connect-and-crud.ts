/**
 * Connect to etcd, declare a kind, then create, read, update and delete an object of it.
 *
 * `startLocalEtcd` runs a real etcd for the duration of the program; to use your own cluster, pass its endpoints to
 * `connectEtcd` instead.
 */
import { createStore, defineKind, isStoreError, type Resource } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";

interface Widget extends Resource {
  spec: { size: number };
}
const widgetKind = defineKind<Widget>({
  group: "example.com",
  version: "v1",
  kind: "Widget",
  plural: "widgets",
  scope: "Namespaced",
});

await using local = await startLocalEtcd();
await using etcd = await connectEtcd({ endpoints: local.endpoints });
await using store = await createStore({ etcd, kinds: [widgetKind] });
const widgets = store.resources(widgetKind);
const key = { namespace: "default", name: "first" };

const created = await widgets.create({ metadata: key, spec: { size: 1 } });
console.log(`created  ${created.metadata.name}, version ${created.metadata.resourceVersion}`);

const read = await widgets.get(key);
const updated = await widgets.update({ ...read, spec: { size: read.spec.size + 1 } });
console.log(`updated  to size ${updated.spec.size}, version ${updated.metadata.resourceVersion}`);

const deleted = await widgets.delete(key);
console.log(`deleted  at version ${deleted.metadata.resourceVersion}, it was of size ${deleted.spec.size}`);

try {
  await widgets.get(key);
  throw new Error("a deleted object was found");
} catch (error) {
  if (!isStoreError(error, "NOT_FOUND")) throw error;
  console.log(`gone     ${error.code}, HTTP ${error.httpStatus}`);
}
