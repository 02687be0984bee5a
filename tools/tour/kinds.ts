/**
 * The kinds of the tour's world, as an API server would declare them, and kinds created at run time for all other
 * manifests.
 *
 * Key paths are Kubernetes' own ("minions", "services/specs"), so that the raw keys look as they do there.
 */
import { type AnyResource, defineKind, type Kind, type Quantity, type Resource } from "keelson";

export interface Container {
  name: string;
  image: string;
  resources?: { requests?: Record<string, Quantity>; limits?: Record<string, Quantity> };
}

export interface Pod extends Resource {
  spec: { nodeName?: string; containers: Container[]; restartPolicy?: string };
  status?: { phase?: string };
}
export interface Node extends Resource {
  spec: { podCIDR?: string; unschedulable?: boolean };
  status?: { capacity?: Record<string, Quantity>; conditions?: { type: string; status: string }[] };
}
export interface Service extends Resource {
  spec: { type?: string; clusterIP?: string; selector?: Record<string, string>; ports?: { port: number }[] };
}
/** ReplicationController and Deployment: their replicas and template. */
export interface Workload extends Resource {
  spec: { replicas?: number; selector?: unknown; template?: unknown };
  status?: { replicas?: number };
}
export interface ConfigMap extends Resource {
  data?: Record<string, string>;
}
export interface Secret extends Resource {
  type?: string;
  data?: Record<string, string>;
}

/** A pod's requests: quotas add up the values that `measure` returns. */
function requestsOf(pod: Pod): Record<string, Quantity> {
  const [first] = pod.spec.containers;
  const { cpu = 0, memory = 0 } = first?.resources?.requests ?? {};
  return { "requests.cpu": cpu, "requests.memory": memory };
}

export const podKind: Kind<Pod> = defineKind<Pod>({
  version: "v1",
  kind: "Pod",
  plural: "pods",
  scope: "Namespaced",
  status: true,
  fields: { "spec.nodeName": (pod) => pod.spec.nodeName, "status.phase": (pod) => pod.status?.phase },
  indexes: ["field:spec.nodeName", "label:app"],
  measure: requestsOf,
});
export const nodeKind: Kind<Node> = defineKind<Node>({
  version: "v1",
  kind: "Node",
  plural: "nodes",
  scope: "Cluster",
  status: true,
  keyPath: "minions",
});
export const serviceKind: Kind<Service> = defineKind<Service>({
  version: "v1",
  kind: "Service",
  plural: "services",
  scope: "Namespaced",
  keyPath: "services/specs",
});
export const replicationControllerKind: Kind<Workload> = defineKind<Workload>({
  version: "v1",
  kind: "ReplicationController",
  plural: "replicationcontrollers",
  scope: "Namespaced",
  status: true,
  keyPath: "controllers",
});
export const deploymentKind: Kind<Workload> = defineKind<Workload>({
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
  scope: "Namespaced",
  status: true,
});
export const configMapKind: Kind<ConfigMap> = defineKind<ConfigMap>({
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  scope: "Namespaced",
});
export const secretKind: Kind<Secret> = defineKind<Secret>({
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  scope: "Namespaced",
  fields: { type: (secret) => secret.type },
});

/** Kinds that the tour always opens; the store defines Namespace itself. */
export const tourKinds: readonly Kind[] = [
  podKind,
  nodeKind,
  serviceKind,
  replicationControllerKind,
  deploymentKind,
  configMapKind,
  secretKind,
];

/** An undeclared kind, guessed from one of its objects: plural by English, namespaced unless it says nothing. */
export function guessKind(apiVersion: string, kind: string, isNamespaced: boolean): Kind<AnyResource> {
  const [version = "v1", group = ""] = apiVersion.split("/").reverse();
  const lower = kind.toLowerCase();
  const plural = /[^aeiou]y$/.test(lower)
    ? `${lower.slice(0, -1)}ies`
    : /(?:s|x|ch|sh)$/.test(lower)
      ? `${lower}es`
      : `${lower}s`;
  return defineKind<AnyResource>({
    group,
    version,
    kind,
    plural,
    scope: isNamespaced ? "Namespaced" : "Cluster",
    // Roles and bindings have names such as system:node.
    nameRule: group === "rbac.authorization.k8s.io" ? "segment" : "subdomain",
  });
}
