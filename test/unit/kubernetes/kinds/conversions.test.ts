import { describe, expect, test } from "vitest";
import { kubernetesKind } from "../../../../src/kubernetes/kinds/kubernetes-kinds.ts";
import { definitionOf } from "../../../../src/resource/model/define-kind.ts";
import type { AnyResource, ObjectMeta } from "../../../../src/resource/model/resource.ts";

const metadata = {
  name: "n",
  namespace: "a",
  uid: "u",
  generation: 1,
  creationTimestamp: "2026-01-01T00:00:00Z",
  // A stored object has no resourceVersion: that is its key's.
} as ObjectMeta;
const stored = (apiVersion: string, kind: string, content: Record<string, unknown>): AnyResource => ({
  apiVersion,
  kind,
  metadata: { ...metadata },
  ...content,
});
const as = (apiVersion: string, object: AnyResource): AnyResource =>
  definitionOf(kubernetesKind(apiVersion, object.kind)).upgrade(object) as AnyResource;

describe("an object stored in another version of its kind", () => {
  test.each([
    ["coordination.k8s.io/v1beta1", "coordination.k8s.io/v1", "Lease"],
    ["extensions/v1beta1", "apps/v1", "Deployment"],
    ["policy/v1beta1", "policy/v1", "PodDisruptionBudget"],
    ["apps/v1", "apps/v1beta2", "StatefulSet"],
    ["rbac.authorization.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1", "Role"],
  ])("of %s is read as %s %s, with every field", (from, to, kind) => {
    expect(as(to, stored(from, kind, { spec: { a: 1 } }))).toEqual(stored(to, kind, { spec: { a: 1 } }));
  });

  test("of a version Kubernetes does not have is refused, and names it", () => {
    expect(() => as("apps/v1", stored("apps/v3", "Deployment", {}))).toThrow('stored as "apps/v3"');
  });

  test("whose conversion is not known is refused, not guessed", () => {
    expect(() => as("node.k8s.io/v1alpha1", stored("node.k8s.io/v1", "RuntimeClass", {}))).toThrow(
      "its upgrade failed",
    );
  });

  const oldIngress = {
    spec: {
      ingressClassName: "nginx",
      backend: { serviceName: "web", servicePort: 80 },
      rules: [
        {
          host: "h",
          http: {
            paths: [{ path: "/", pathType: "Prefix", backend: { serviceName: "api", servicePort: "http" } }],
          },
        },
      ],
    },
  };
  const newIngress = {
    spec: {
      ingressClassName: "nginx",
      defaultBackend: { service: { name: "web", port: { number: 80 } } },
      rules: [
        {
          host: "h",
          http: {
            paths: [
              {
                path: "/",
                pathType: "Prefix",
                backend: { service: { name: "api", port: { name: "http" } } },
              },
            ],
          },
        },
      ],
    },
  };
  test("Ingress: backends, both ways", () => {
    const v1 = stored("networking.k8s.io/v1", "Ingress", newIngress);
    for (const version of ["networking.k8s.io/v1beta1", "extensions/v1beta1"]) {
      expect(as("networking.k8s.io/v1", stored(version, "Ingress", oldIngress))).toEqual(v1);
      expect(as(version, v1)).toEqual(stored(version, "Ingress", oldIngress));
    }
  });

  test("HorizontalPodAutoscaler: the CPU target, and what v1 keeps in annotations", () => {
    const v1 = stored("autoscaling/v1", "HorizontalPodAutoscaler", {
      spec: { maxReplicas: 5, targetCPUUtilizationPercentage: 50 },
      status: { currentReplicas: 1, desiredReplicas: 2, currentCPUUtilizationPercentage: 40 },
    });
    v1.metadata.annotations = {
      kept: "yes",
      "autoscaling.alpha.kubernetes.io/metrics": JSON.stringify([
        { type: "Pods", pods: { metricName: "rps", targetAverageValue: "10" } },
        {
          type: "External",
          external: { metricName: "queue", metricSelector: { matchLabels: { a: "b" } }, targetValue: "3" },
        },
      ]),
      "autoscaling.alpha.kubernetes.io/behavior": JSON.stringify({
        ScaleUp: {
          StabilizationWindowSeconds: 0,
          SelectPolicy: "Max",
          Policies: [{ Type: "Pods", Value: 4, PeriodSeconds: 15 }],
        },
        ScaleDown: null,
      }),
      "autoscaling.alpha.kubernetes.io/conditions": JSON.stringify([{ type: "AbleToScale", status: "True" }]),
    };
    expect(as("autoscaling/v2", v1)).toEqual({
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { ...metadata, annotations: { kept: "yes" } },
      spec: {
        maxReplicas: 5,
        metrics: [
          {
            type: "Pods",
            pods: { metric: { name: "rps" }, target: { type: "AverageValue", averageValue: "10" } },
          },
          {
            type: "External",
            external: {
              metric: { name: "queue", selector: { matchLabels: { a: "b" } } },
              target: { type: "Value", value: "3" },
            },
          },
          {
            type: "Resource",
            resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
          },
        ],
        behavior: {
          scaleUp: {
            stabilizationWindowSeconds: 0,
            selectPolicy: "Max",
            policies: [{ type: "Pods", value: 4, periodSeconds: 15 }],
          },
        },
      },
      status: {
        currentReplicas: 1,
        desiredReplicas: 2,
        currentMetrics: [
          { type: "Resource", resource: { name: "cpu", current: { averageUtilization: 40 } } },
        ],
        conditions: [{ type: "AbleToScale", status: "True" }],
      },
    });
  });

  test("HorizontalPodAutoscaler v2 comes back from v1 with all it had", () => {
    const selector = { matchLabels: { a: "b" } };
    const described = { kind: "Ingress", name: "main", apiVersion: "networking.k8s.io/v1" };
    const cpu = {
      type: "Resource",
      resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
    };
    const metrics = [
      {
        type: "Object",
        object: {
          describedObject: described,
          metric: { name: "rps", selector },
          target: { type: "Value", value: "2k" },
        },
      },
      {
        type: "Pods",
        pods: { metric: { name: "tps" }, target: { type: "AverageValue", averageValue: "10" } },
      },
      {
        type: "ContainerResource",
        containerResource: {
          name: "memory",
          container: "web",
          target: { type: "AverageValue", averageValue: "1Gi" },
        },
      },
      {
        type: "External",
        external: {
          metric: { name: "queue", selector },
          target: { type: "AverageValue", averageValue: "3" },
        },
      },
      cpu,
    ];
    const currentMetrics = [
      {
        type: "Resource",
        resource: { name: "cpu", current: { averageValue: "5m", averageUtilization: 40 } },
      },
      { type: "Pods", pods: { metric: { name: "tps" }, current: { averageValue: "9" } } },
    ];
    const v2 = stored("autoscaling/v2", "HorizontalPodAutoscaler", {
      spec: {
        maxReplicas: 5,
        metrics,
        behavior: { scaleDown: { policies: [{ type: "Percent", value: 10, periodSeconds: 60 }] } },
      },
      status: {
        currentReplicas: 1,
        desiredReplicas: 2,
        currentMetrics,
        conditions: [{ type: "AbleToScale", status: "True" }],
      },
    });
    v2.metadata.annotations = { kept: "yes" };
    const v1 = as("autoscaling/v1", v2);
    expect(v1).toMatchObject({
      apiVersion: "autoscaling/v1",
      spec: { maxReplicas: 5, targetCPUUtilizationPercentage: 50 },
      status: { currentReplicas: 1, desiredReplicas: 2, currentCPUUtilizationPercentage: 40 },
    });
    expect(Object.keys(v1["spec"] as object)).not.toContain("metrics");
    expect(
      JSON.parse(v1.metadata.annotations?.["autoscaling.alpha.kubernetes.io/metrics"] ?? ""),
    ).toContainEqual({
      type: "ContainerResource",
      containerResource: { name: "memory", container: "web", targetAverageValue: "1Gi" },
    });
    expect(as("autoscaling/v2", v1)).toEqual(v2);
  });

  test("EndpointSlice: topology", () => {
    const v1beta1 = stored("discovery.k8s.io/v1beta1", "EndpointSlice", {
      addressType: "IPv4",
      endpoints: [
        {
          addresses: ["10.0.0.1"],
          topology: { "kubernetes.io/hostname": "n1", "topology.kubernetes.io/zone": "z", other: "o" },
        },
      ],
    });
    expect(as("discovery.k8s.io/v1", v1beta1)).toMatchObject({
      endpoints: [{ addresses: ["10.0.0.1"], nodeName: "n1", zone: "z", deprecatedTopology: { other: "o" } }],
    });
    const v1 = stored("discovery.k8s.io/v1", "EndpointSlice", {
      addressType: "IPv4",
      endpoints: [{ addresses: ["10.0.0.2"], nodeName: "n2", zone: "z" }, { addresses: ["10.0.0.3"] }],
    });
    const older = as("discovery.k8s.io/v1beta1", v1);
    expect(older).toMatchObject({
      endpoints: [
        {
          addresses: ["10.0.0.2"],
          topology: { "kubernetes.io/hostname": "n2", "topology.kubernetes.io/zone": "z" },
        },
        { addresses: ["10.0.0.3"] },
      ],
    });
    expect(as("discovery.k8s.io/v1", older)).toEqual(v1);
  });

  test("PriorityLevelConfiguration, RuntimeClass, Deployment, DaemonSet, and the device kinds: fields that moved", () => {
    const group = "flowcontrol.apiserver.k8s.io";
    const shares = stored(`${group}/v1beta1`, "PriorityLevelConfiguration", {
      spec: { type: "Limited", limited: { assuredConcurrencyShares: 30 } },
    });
    const nominal = { spec: { type: "Limited", limited: { nominalConcurrencyShares: 30 } } };
    expect(as(`${group}/v1`, shares)).toMatchObject(nominal);
    expect(as(`${group}/v1beta1`, as(`${group}/v1`, shares))).toEqual(shares);
    expect(
      as(
        "node.k8s.io/v1",
        stored("node.k8s.io/v1alpha1", "RuntimeClass", { spec: { runtimeHandler: "runc" } }),
      ),
    ).toEqual(stored("node.k8s.io/v1", "RuntimeClass", { handler: "runc" }));
    expect(
      as("apps/v1", stored("extensions/v1beta1", "Deployment", { spec: { rollbackTo: { revision: 2 } } }))
        .metadata.annotations,
    ).toEqual({ "deprecated.deployment.rollback.to": "2" });
    expect(
      as("apps/v1", stored("extensions/v1beta1", "DaemonSet", { spec: { templateGeneration: 7 } })).metadata
        .annotations,
    ).toEqual({ "deprecated.daemonset.template.generation": "7" });
    const claim = stored("resource.k8s.io/v1beta1", "ResourceClaim", {
      spec: { devices: { requests: [{ name: "r", deviceClassName: "gpu", count: 1 }] } },
    });
    expect(as("resource.k8s.io/v1", claim)).toMatchObject({
      spec: { devices: { requests: [{ name: "r", exactly: { deviceClassName: "gpu", count: 1 } }] } },
    });
    const slice = stored("resource.k8s.io/v1beta1", "ResourceSlice", {
      spec: { devices: [{ name: "d", basic: { capacity: { m: "1" } } }] },
    });
    expect(as("resource.k8s.io/v1", slice)).toMatchObject({
      spec: { devices: [{ name: "d", capacity: { m: "1" } }] },
    });
  });

  test("CustomResourceDefinition: what versions have in common goes to each, and kubectl's v1 comes out", () => {
    const v1beta1 = stored("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", {
      spec: {
        group: "example.com",
        version: "v1",
        names: { plural: "widgets", kind: "Widget" },
        scope: "Namespaced",
        versions: [
          { name: "v1", served: true, storage: true },
          { name: "v2", served: true, storage: false },
        ],
        validation: { openAPIV3Schema: { type: "object" } },
        subresources: { status: {} },
        additionalPrinterColumns: [{ name: "Size", type: "integer", JSONPath: ".spec.size" }],
        conversion: {
          strategy: "Webhook",
          webhookClientConfig: { url: "https://x" },
          conversionReviewVersions: ["v1"],
        },
        preserveUnknownFields: false,
      },
    });
    const each = {
      served: true,
      schema: { openAPIV3Schema: { type: "object" } },
      subresources: { status: {} },
      additionalPrinterColumns: [{ name: "Size", type: "integer", jsonPath: ".spec.size" }],
    };
    const v1 = as("apiextensions.k8s.io/v1", v1beta1);
    expect(v1["spec"]).toEqual({
      group: "example.com",
      names: { plural: "widgets", kind: "Widget" },
      scope: "Namespaced",
      versions: [
        { name: "v1", storage: true, ...each },
        { name: "v2", storage: false, ...each },
      ],
      conversion: {
        strategy: "Webhook",
        webhook: { clientConfig: { url: "https://x" }, conversionReviewVersions: ["v1"] },
      },
      preserveUnknownFields: false,
    });
    expect(as("apiextensions.k8s.io/v1", as("apiextensions.k8s.io/v1beta1", v1))).toEqual(v1);
  });
});
