/**
 * A keelson store in the etcd of a Kubernetes cluster: its keys, its values, its encryption. A kube-apiserver reads
 * what this program writes, and the other way round; custom kinds come from the definitions stored there.
 */
import { randomBytes } from "node:crypto";
import { type AnyResource, createStore, type Kind } from "keelson";
import { connectEtcd, startLocalEtcd } from "keelson/etcd";
import * as kubernetes from "keelson/kubernetes";

await using local = await startLocalEtcd();
await using etcd = await connectEtcd({ endpoints: local.endpoints });

// kube-apiserver's --encryption-provider-config, as a path or as text.
const transforms = await kubernetes.encryptionConfiguration(`
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - aescbc: { keys: [{ name: key1, secret: ${randomBytes(32).toString("base64")} }] }
  - identity: {}
`);
// The release selects the versions in which kube-apiserver stores its kinds; objects in other versions can be read,
// too.
const kinds = kubernetes.kubernetesKinds({ version: "1.33" });
const codec = kubernetes.kubernetesCodec();
await using store = await createStore({ etcd, codec, transforms, kinds, compaction: false });

const pods = store.resources(kubernetes.kubernetesKind("v1", "Pod") as Kind<AnyResource>);
await pods.create({
  metadata: { namespace: "default", name: "web-1", labels: { app: "web" } },
  spec: { nodeName: "node-1", containers: [{ name: "web", image: "nginx:1.27" }] },
});
const secrets = store.resources(kubernetes.kubernetesKind("v1", "Secret") as Kind<AnyResource>);
await secrets.create({ metadata: { namespace: "default", name: "token" }, data: { token: "aHVudGVyMg==" } });

for (const key of ["/registry/pods/default/web-1", "/registry/secrets/default/token"]) {
  const { kvs } = await etcd.kv.range({ key });
  const start = Buffer.from(kvs[0]?.value.subarray(0, 24) ?? "").toString("latin1");
  console.log(`${key} begins with ${JSON.stringify(start)}`);
}
const definition = kubernetes.kubernetesKind("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition");
const definitions = store.resources(definition as Kind<AnyResource>);
await definitions.create({
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "widgets", kind: "Widget" },
    versions: [{ name: "v1", served: true, storage: true }],
  },
});
for (const kind of await kubernetes.customResourceKinds(etcd)) {
  await store.addKind(kind);
  const metadata = { namespace: "default", name: "first" };
  const made = await store.resources(kind as Kind<AnyResource>).create({ metadata, spec: { size: 3 } });
  console.log(`custom kind ${kind.plural}.${kind.group}: ${made.apiVersion} ${made.metadata.name}`);
}
