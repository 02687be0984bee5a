/** Defaults of services, storage, access and the rest (Kubernetes' defaults.go of each group). */
import { at, type Json, type Rules } from "./rules.ts";
import { claimSpec } from "./workloads.ts";

const isOpen = ({ type }: Json): boolean => type === "NodePort" || type === "LoadBalancer";

const service: Rules = {
  within: {
    spec: {
      fill: {
        type: "ClusterIP",
        sessionAffinity: "None",
        internalTrafficPolicy: ({ type }: Json) => (type === "ExternalName" ? undefined : "Cluster"),
        externalTrafficPolicy: (spec: Json) => (isOpen(spec) ? "Cluster" : undefined),
        allocateLoadBalancerNodePorts: ({ type }: Json) => (type === "LoadBalancer" ? true : undefined),
        ipFamilies: ({ type }: Json) => (type === "ExternalName" ? undefined : ["IPv4"]),
        ipFamilyPolicy: ({ type }: Json) => (type === "ExternalName" ? undefined : "SingleStack"),
      },
      within: {
        ports: { fill: { protocol: "TCP", targetPort: ({ port }: Json) => port }, zero: { targetPort: 0 } },
      },
    },
  },
};

const claim: Rules = {
  fill: { spec: {}, status: {} },
  within: { spec: claimSpec, status: { fill: { phase: "Pending" } } },
};

const volume: Rules = {
  fill: { status: {} },
  within: {
    status: { fill: { phase: "Pending" } },
    spec: { fill: { persistentVolumeReclaimPolicy: "Retain", volumeMode: "Filesystem" } },
  },
};

const rbacGroup = "rbac.authorization.k8s.io";
const binding: Rules = {
  within: {
    roleRef: { fill: { apiGroup: rbacGroup } },
    subjects: {
      fill: {
        apiGroup: ({ kind }: Json) => (kind === "ServiceAccount" ? undefined : rbacGroup),
      },
    },
  },
};

const networkPolicy: Rules = {
  within: {
    spec: {
      fill: {
        podSelector: {},
        policyTypes: (spec: Json) => (spec["egress"] === undefined ? ["Ingress"] : ["Ingress", "Egress"]),
      },
    },
  },
};

const definition: Rules = {
  within: {
    spec: {
      fill: { conversion: { strategy: "None" } },
      within: {
        names: {
          fill: {
            singular: ({ kind }: Json) => String(kind).toLowerCase(),
            listKind: ({ kind }: Json) => `${String(kind)}List`,
          },
        },
      },
    },
  },
};

const tcp: Rules = { fill: { protocol: "TCP" } };

export const otherRules: Readonly<Record<string, Rules>> = {
  services: service,
  nodes: { within: { status: { fill: { allocatable: ({ capacity }: Json) => capacity } } } },
  secrets: { fill: { type: "Opaque" } },
  endpoints: { within: { subsets: { within: { ports: tcp } } } },
  "endpointslices.discovery.k8s.io": { within: { ports: { fill: { name: "", ...tcp.fill } } } },
  persistentvolumeclaims: claim,
  persistentvolumes: volume,
  "storageclasses.storage.k8s.io": { fill: { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" } },
  "rolebindings.rbac.authorization.k8s.io": binding,
  "clusterrolebindings.rbac.authorization.k8s.io": binding,
  "networkpolicies.networking.k8s.io": networkPolicy,
  "priorityclasses.scheduling.k8s.io": { fill: { preemptionPolicy: "PreemptLowerPriority" } },
  "customresourcedefinitions.apiextensions.k8s.io": definition,
  resourcequotas: { fill: { status: (quota: Json) => hardStatus(quota) } },
};

/** What kubectl shows of a quota before its usage was counted. */
const hardStatus = (quota: Json): Json | undefined => {
  const hard = at(quota, "spec.hard");
  return hard === undefined ? undefined : { hard, used: {} };
};
