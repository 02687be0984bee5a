/** Objects and a hand-made kind for codec tests. */
import type { Head } from "../../../src/resource/model/head.ts";
import type { KindDefinition } from "../../../src/resource/model/kind.ts";
import type { AnyResource, Resource } from "../../../src/resource/model/resource.ts";

export const key = "/registry/pods/default/web-7d4b9c6f5-x2x9k";
export const writeId: Uint8Array = Uint8Array.from({ length: 16 }, (_, i) => i * 16 + i);

export const podKind: KindDefinition = {
  group: "",
  version: "v1",
  kind: "Pod",
  plural: "pods",
  scope: "Namespaced",
  status: true,
  fields: ["spec.nodeName", "status.phase"],
  singular: "pod",
  shortNames: [],
  categories: [],
  scale: undefined,
  apiVersion: "v1",
  resource: "pods",
  keyPath: "pods",
  nameRule: "subdomain",
  indexes: [],
  headerVersion: 1,
  ttlSeconds: undefined,
  measures: true,
  reads: undefined,
  headOf(object: Resource): Head {
    const { spec, status } = object as AnyResource & {
      spec?: { nodeName?: string };
      status?: { phase?: string };
    };
    const { resourceVersion: _, ...metadata } = object.metadata;
    const fields: Record<string, string> = {};
    if (spec?.nodeName !== undefined) fields["spec.nodeName"] = spec.nodeName;
    if (status?.phase !== undefined) fields["status.phase"] = status.phase;
    return {
      apiVersion: object.apiVersion,
      kind: object.kind,
      metadata,
      fields,
      amounts: { "requests.cpu": "0.25" },
      headerVersion: this.headerVersion,
    };
  },
  upgrade(stored: Resource): Resource {
    return { ...stored, apiVersion: this.apiVersion };
  },
  validate: () => [],
};

export function pod(name = "web-7d4b9c6f5-x2x9k"): AnyResource {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      generateName: "web-7d4b9c6f5-",
      namespace: "default",
      uid: "0f4c1e3a-1111-4222-8333-444455556666",
      resourceVersion: "42",
      generation: 1,
      creationTimestamp: "2026-01-01T00:00:00Z",
      labels: { app: "web", "pod-template-hash": "7d4b9c6f5", tier: "front" },
      annotations: { "prometheus.io/scrape": "true", note: "größer als 日本 🙂" },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: "web-7d4b9c6f5",
          uid: "1f4c1e3a-1111-4222-8333-444455556666",
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      nodeName: "node-17",
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 30,
      priority: -100,
      ratio: 0.25,
      containers: [
        {
          name: "web",
          image: "registry.example.com/team/web:1.2.3",
          args: ["--port=8080", ""],
          ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
          resources: { requests: { cpu: "250m", memory: "128Mi" } },
          securityContext: {},
        },
      ],
      nodeSelector: { "kubernetes.io/os": "linux" },
    },
    status: {
      phase: "Running",
      startTime: "2026-01-01T00:00:00Z",
      lastProbeTime: null,
      ready: true,
      restarts: 300,
    },
  };
}
