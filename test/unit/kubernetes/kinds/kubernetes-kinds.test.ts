import { describe, expect, test } from "vitest";
import { builtinKinds } from "../../../../src/kubernetes/kinds/builtin-kinds.ts";
import { kubernetesKind, kubernetesKinds } from "../../../../src/kubernetes/kinds/kubernetes-kinds.ts";
import { definitionOf } from "../../../../src/resource/model/define-kind.ts";
import { KeySpace, nestingKinds } from "../../../../src/resource/model/keys.ts";
import type { Kind } from "../../../../src/resource/model/kind.ts";
import { namespaceKind } from "../../../../src/resource/model/namespace-kind.ts";
import type { AnyResource } from "../../../../src/resource/model/resource.ts";

const named = (kinds: readonly Kind[], kind: string): Kind => {
  const found = kinds.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
};
const apiVersionOf = (kind: Kind): string => definitionOf(kind).apiVersion;
const keys = new KeySpace("/registry");
const keyOf = (kind: Kind, name: string, namespace?: string): string =>
  keys.object(definitionOf(kind), namespace === undefined ? { name } : { namespace, name });

describe("kubernetesKinds()", () => {
  test("has every stored kind once, and no two whose keys nest", () => {
    const kinds = kubernetesKinds();
    expect(kinds.length).toBe(builtinKinds.length);
    expect(new Set(kinds.map((kind) => definitionOf(kind).resource)).size).toBe(kinds.length);
    expect(nestingKinds(kinds.map(definitionOf))).toBeUndefined();
    expect(named(kinds, "Namespace")).toBe(namespaceKind);
  });

  // Facts of test/integration/etcd/data.go, 1.20 and 1.36: where an object lies and in which version.
  test.each([
    ["Node", undefined, "/registry/minions/n", "v1", "v1"],
    ["Pod", "a", "/registry/pods/a/n", "v1", "v1"],
    ["Service", "a", "/registry/services/specs/a/n", "v1", "v1"],
    ["Endpoints", "a", "/registry/services/endpoints/a/n", "v1", "v1"],
    ["ReplicationController", "a", "/registry/controllers/a/n", "v1", "v1"],
    ["Event", "a", "/registry/events/a/n", "v1", "v1"],
    ["Deployment", "a", "/registry/deployments/a/n", "apps/v1", "apps/v1"],
    [
      "HorizontalPodAutoscaler",
      "a",
      "/registry/horizontalpodautoscalers/a/n",
      "autoscaling/v1",
      "autoscaling/v2",
    ],
    ["CronJob", "a", "/registry/cronjobs/a/n", "batch/v1beta1", "batch/v1"],
    ["Job", "a", "/registry/jobs/a/n", "batch/v1", "batch/v1"],
    [
      "CertificateSigningRequest",
      undefined,
      "/registry/certificatesigningrequests/n",
      "certificates.k8s.io/v1beta1",
      "certificates.k8s.io/v1",
    ],
    ["Lease", "a", "/registry/leases/a/n", "coordination.k8s.io/v1beta1", "coordination.k8s.io/v1"],
    ["EndpointSlice", "a", "/registry/endpointslices/a/n", "discovery.k8s.io/v1beta1", "discovery.k8s.io/v1"],
    ["Ingress", "a", "/registry/ingress/a/n", "networking.k8s.io/v1beta1", "networking.k8s.io/v1"],
    [
      "IngressClass",
      undefined,
      "/registry/ingressclasses/n",
      "networking.k8s.io/v1beta1",
      "networking.k8s.io/v1",
    ],
    ["NetworkPolicy", "a", "/registry/networkpolicies/a/n", "networking.k8s.io/v1", "networking.k8s.io/v1"],
    ["PodDisruptionBudget", "a", "/registry/poddisruptionbudgets/a/n", "policy/v1beta1", "policy/v1"],
    [
      "PriorityClass",
      undefined,
      "/registry/priorityclasses/n",
      "scheduling.k8s.io/v1",
      "scheduling.k8s.io/v1",
    ],
    ["RuntimeClass", undefined, "/registry/runtimeclasses/n", "node.k8s.io/v1beta1", "node.k8s.io/v1"],
    [
      "ClusterRole",
      undefined,
      "/registry/clusterroles/n",
      "rbac.authorization.k8s.io/v1",
      "rbac.authorization.k8s.io/v1",
    ],
    ["CSIDriver", undefined, "/registry/csidrivers/n", "storage.k8s.io/v1beta1", "storage.k8s.io/v1"],
    ["CSINode", undefined, "/registry/csinodes/n", "storage.k8s.io/v1", "storage.k8s.io/v1"],
    [
      "FlowSchema",
      undefined,
      "/registry/flowschemas/n",
      "flowcontrol.apiserver.k8s.io/v1beta1",
      "flowcontrol.apiserver.k8s.io/v1",
    ],
    [
      "MutatingWebhookConfiguration",
      undefined,
      "/registry/mutatingwebhookconfigurations/n",
      "admissionregistration.k8s.io/v1beta1",
      "admissionregistration.k8s.io/v1",
    ],
    [
      "CustomResourceDefinition",
      undefined,
      "/registry/apiextensions.k8s.io/customresourcedefinitions/n",
      "apiextensions.k8s.io/v1beta1",
      "apiextensions.k8s.io/v1beta1",
    ],
    [
      "APIService",
      undefined,
      "/registry/apiregistration.k8s.io/apiservices/n",
      "apiregistration.k8s.io/v1beta1",
      "apiregistration.k8s.io/v1",
    ],
    ["PodSecurityPolicy", undefined, "/registry/podsecuritypolicy/n", "policy/v1beta1", undefined],
    ["ServiceCIDR", undefined, "/registry/servicecidrs/n", undefined, "networking.k8s.io/v1"],
    [
      "MutatingAdmissionPolicy",
      undefined,
      "/registry/mutatingadmissionpolicies/n",
      undefined,
      "admissionregistration.k8s.io/v1beta1",
    ],
    ["DeviceTaintRule", undefined, "/registry/devicetaintrules/n", undefined, "resource.k8s.io/v1alpha3"],
    ["ResourceClaim", "a", "/registry/resourceclaims/a/n", undefined, "resource.k8s.io/v1"],
    [
      "VolumeAttributesClass",
      undefined,
      "/registry/volumeattributesclasses/n",
      undefined,
      "storage.k8s.io/v1",
    ],
    [
      "StorageVersionMigration",
      undefined,
      "/registry/storageversionmigrations/n",
      undefined,
      "storagemigration.k8s.io/v1beta1",
    ],
  ] as const)("%s of %s lies at %s, as %s in 1.20 and %s in 1.36", (kind, namespace, key, in120, in136) => {
    expect(keyOf(named(kubernetesKinds(), kind), "n", namespace)).toBe(key);
    for (const [version, apiVersion] of [
      ["1.20", in120],
      ["v1.36.4", in136],
    ] as const) {
      const found = kubernetesKinds({ version }).find((one) => one.kind === kind);
      expect(found === undefined ? undefined : apiVersionOf(found), version).toBe(apiVersion);
    }
  });

  test("takes releases as they are written, newer ones as its newest, and refuses the rest", () => {
    const today = kubernetesKinds({ version: "1.36" }).map(apiVersionOf);
    expect(kubernetesKinds({ version: "1.99" }).map(apiVersionOf)).toEqual(today);
    expect(kubernetesKinds({ version: "v1.36.2+k3s1" }).map(apiVersionOf)).toEqual(today);
    for (const version of ["1.15", "2.0", "", "1", "latest", "1.20 "]) {
      expect(() => kubernetesKinds({ version }), version).toThrow("expected 1.16 or newer");
    }
  });

  test("knows names, short names, categories, fields and times to live", () => {
    const kinds = kubernetesKinds();
    expect(named(kinds, "Pod")).toMatchObject({
      shortNames: ["po"],
      singular: "pod",
      categories: ["all"],
      status: true,
    });
    expect(definitionOf(named(kinds, "Pod")).indexes).toEqual(["field:spec.nodeName"]);
    expect(named(kinds, "Deployment").scale).toEqual({
      specReplicas: "spec.replicas",
      statusReplicas: "status.replicas",
      selector: "spec.selector",
    });
    expect(named(kinds, "CustomResourceDefinition").shortNames).toEqual(["crd", "crds"]);
    expect(definitionOf(named(kinds, "Event")).ttlSeconds).toBe(3600);
    expect(keyOf(named(kinds, "ClusterRole"), "system:node")).toBe("/registry/clusterroles/system:node");
    expect(keyOf(named(kinds, "APIService"), "v1.")).toBe("/registry/apiregistration.k8s.io/apiservices/v1.");
    expect(() => keyOf(named(kinds, "Pod"), "system:node", "a")).toThrow("lower-case letters");
    const all = kinds.filter(({ categories }) => categories.includes("all")).map(({ plural }) => plural);
    expect(all.sort()).toEqual([
      "cronjobs",
      "daemonsets",
      "deployments",
      "horizontalpodautoscalers",
      "jobs",
      "pods",
      "replicasets",
      "replicationcontrollers",
      "services",
      "statefulsets",
    ]);
  });

  test("selects by the fields Kubernetes selects by, zero values included", () => {
    const fieldsOf = (kind: string, more: Record<string, unknown>): Record<string, string> =>
      definitionOf(named(kubernetesKinds(), kind)).headOf({
        apiVersion: "v1",
        kind,
        metadata: { name: "n", uid: "u", resourceVersion: "", generation: 1, creationTimestamp: "" },
        ...more,
      } as AnyResource).fields;
    expect(fieldsOf("Node", {})).toEqual({ "spec.unschedulable": "false" });
    expect(fieldsOf("Node", { spec: { unschedulable: true } })).toEqual({ "spec.unschedulable": "true" });
    expect(fieldsOf("Pod", { spec: { nodeName: "n1" }, status: { phase: "Running" } })).toEqual({
      "spec.nodeName": "n1",
      "status.phase": "Running",
      "spec.hostNetwork": "false",
    });
    expect(fieldsOf("Job", { status: { succeeded: 2 } })).toEqual({ "status.successful": "2" });
    expect(fieldsOf("Event", { source: { component: "kubelet" }, type: "Normal" })).toMatchObject({
      source: "kubelet",
      type: "Normal",
    });
    expect(fieldsOf("Event", { source: {}, reportingComponent: "c" })).toMatchObject({
      source: "c",
      reportingComponent: "c",
    });
  });
});

describe("kubernetesKind()", () => {
  test("finds a kind in any of its versions", () => {
    expect(kubernetesKind("apps/v1", "Deployment")).toMatchObject({
      group: "apps",
      version: "v1",
      plural: "deployments",
    });
    expect(definitionOf(kubernetesKind("extensions/v1beta1", "Ingress"))).toMatchObject({
      apiVersion: "extensions/v1beta1",
      keyPath: "ingress",
    });
    expect(kubernetesKind("v1", "Namespace")).toBe(namespaceKind);
  });

  test("names the nearest when there is none", () => {
    for (const [apiVersion, kind, nearest] of [
      ["apps/v1", "Deploymnt", "apps/v1 Deployment"],
      ["v1", "Deployment", "apps/v1 Deployment"],
      ["v1", "deployment", "apps/v1 Deployment"],
      ["networking.k8s.io/v2", "Ingress", "networking.k8s.io/v1 Ingress"],
      ["v1", "Pods", "v1 Pod"],
    ] as const) {
      expect(() => kubernetesKind(apiVersion, kind)).toThrow(`did you mean ${nearest}?`);
    }
  });
});
