/**
 * An etcd like a small Kubernetes cluster's: kinds in Kubernetes' own protobuf, Secrets, a store's sealed kind, plain keys of other
 * programs, quotas, a history. What the page's tests and pictures show.
 */
import { type AnyResource, createStore, type Kind, type Store } from "keelson";
import { aesGcm } from "keelson/codec";
import { connectEtcd, type Etcd, type LocalEtcd, startLocalEtcd } from "keelson/etcd";
import { kubernetesCodec, kubernetesKind } from "keelson/kubernetes";
import { namespacedKind } from "../../../support/kinds.ts";
import { patientMs } from "../../../support/time/patience.ts";

const namespaces = ["billing", "checkout", "shop", "warehouse"];
const images = [
  "registry.example/shop/web:1.14.0",
  "registry.example/shop/cart:2.3.1",
  "registry.example/shop/mail:0.9.4",
];

/** A fixed one: the page of a test has the file. */
export const sealingKey: Uint8Array = Buffer.alloc(32, 7);
export const sealingKeysFile: string = JSON.stringify({
  keys: [{ id: "2026-01", key: Buffer.from(sealingKey).toString("base64") }],
});

const creditKind = namespacedKind<AnyResource>("CreditCard", { group: "shop.example" });

export interface ShopCluster extends AsyncDisposable {
  readonly local: LocalEtcd;
  readonly etcd: Etcd;
  readonly store: Store;
}

export async function startShopCluster(): Promise<ShopCluster> {
  const local = await startLocalEtcd();
  const etcd = await connectEtcd({ endpoints: local.endpoints, requestTimeoutMs: patientMs });
  const store = await createStore({
    etcd,
    codec: kubernetesCodec(),
    kinds: [...clusterKinds.values(), creditKind],
    transforms: { "creditcards.shop.example": aesGcm({ keys: [{ id: "2026-01", key: sealingKey }] }) },
    compaction: false,
  });
  await fill(store);
  await otherPrograms(etcd);
  return {
    local,
    etcd,
    store,
    async [Symbol.asyncDispose]() {
      await store.close();
      await etcd.close();
      await local.stop();
    },
  };
}

const clusterKinds = new Map<string, Kind>(
  (
    [
      ["v1", "Pod"],
      ["v1", "Service"],
      ["v1", "ConfigMap"],
      ["v1", "Secret"],
      ["v1", "Node"],
      ["apps/v1", "Deployment"],
      ["apps/v1", "ReplicaSet"],
    ] as const
  ).map(([apiVersion, kind]) => [kind, kubernetesKind(apiVersion, kind)]),
);

async function fill(store: Store): Promise<void> {
  const of = (kind: string) => {
    const known = clusterKinds.get(kind);
    if (known === undefined) throw new Error(`${kind} is none of the cluster's`);
    return store.resources(known as Kind<AnyResource>);
  };
  for (const name of namespaces) await store.namespaces.create({ metadata: { name } });
  for (let at = 1; at <= 3; at++) {
    await of("Node").create({ metadata: { name: `node-${at}` }, spec: { podCIDR: `10.42.${at}.0/24` } });
  }
  for (const namespace of namespaces) {
    for (const [at, app] of ["web", "cart", "mail"].entries()) {
      const labels = { app, tier: at === 0 ? "front" : "back" };
      const image = images[at] ?? "";
      const template = { metadata: { labels }, spec: { containers: [{ name: app, image }] } };
      const spec = { replicas: 2 + at, selector: { matchLabels: { app } }, template };
      await of("Deployment").create({ metadata: { name: app, namespace, labels }, spec });
      await of("Service").create({
        metadata: { name: app, namespace, labels },
        spec: { selector: { app }, ports: [{ port: 80, targetPort: 8080 }] },
      });
      for (let pod = 0; pod < 6; pod++) {
        await of("Pod").create({
          metadata: { name: `${app}-7c9d${at}b${pod}-x${pod}k2q`, namespace, labels },
          spec: {
            nodeName: `node-${1 + (pod % 3)}`,
            containers: [{ name: app, image, ports: [{ containerPort: 8080 }] }],
          },
          status: { phase: "Running", podIP: `10.42.${1 + (pod % 3)}.${10 + pod}` },
        });
      }
    }
    await of("ConfigMap").create({
      metadata: { name: "settings", namespace },
      data: { "app.yaml": "log: info\ncurrency: EUR\nretries: 3\n", currency: "EUR" },
    });
    await of("Secret").create({
      metadata: { name: "database", namespace },
      type: "Opaque",
      data: {
        password: Buffer.from(`tr0ub4dor-${namespace}`).toString("base64"),
        user: Buffer.from("shop").toString("base64"),
      },
    });
  }
  await store.resources(creditKind).create({
    metadata: { name: "customer-17", namespace: "billing" },
    spec: { number: "4111 1111 1111 1111", holder: "A. Customer" },
  });
  const web = { namespace: "shop", name: "web" };
  for (const [replicas, image] of [
    [4, "registry.example/shop/web:1.14.0"],
    [4, "registry.example/shop/web:1.15.0"],
    [6, "registry.example/shop/web:1.15.2"],
  ] as const) {
    await of("Deployment").guaranteedUpdate(web, (old) => ({
      ...old,
      spec: {
        ...Object(old["spec"]),
        replicas,
        template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image }] } },
      },
    }));
  }
  await store.quotas.set("shop", { hard: { "count/pods": 20, "count/configmaps": 10, bytes: 200_000 } });
  await store.quotas.set("warehouse", { hard: { "count/pods": 18, "count/secrets": 5 } });
}

async function otherPrograms({ kv }: Etcd): Promise<void> {
  await kv.put({ key: "/config/frontend/theme", value: "light" });
  await kv.put({
    key: "/config/frontend/flags",
    value: '{"checkout":{"new":true,"share":0.25},"locale":"en"}',
  });
  await kv.put({ key: "/config/frontend/theme", value: "dark" });
  await kv.put({ key: "/skydns/example/shop/web", value: '{"host":"10.43.0.17","ttl":30}' });
  await kv.put({ key: "/flannel/leases/node-1", value: Uint8Array.from([0, 1, 2, 254, 255, 10, 13, 0]) });
}
