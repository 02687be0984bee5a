/** The objects of a control plane, with the fields that its controllers read. */
import type { Kind, Resource } from "keelson";
import { kubernetesKind } from "keelson/kubernetes";

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
}

export interface PodTemplate {
  readonly metadata?: {
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly spec: {
    readonly containers: readonly Container[];
    readonly terminationGracePeriodSeconds?: number;
    readonly nodeName?: string;
    readonly tolerations?: readonly {
      readonly key?: string;
      readonly operator?: string;
      readonly effect?: string;
    }[];
  };
}

export interface Pod extends Resource {
  spec: PodTemplate["spec"];
  status?: {
    phase?: string;
    podIP?: string;
    conditions?: readonly Condition[];
    containerStatuses?: readonly object[];
    [field: string]: unknown;
  };
}

export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}

export interface ReplicaSet extends Resource {
  spec: { replicas?: number; selector: Selector; template: PodTemplate };
  status?: {
    replicas: number;
    readyReplicas?: number;
    availableReplicas?: number;
    fullyLabeledReplicas?: number;
    observedGeneration?: number;
  };
}

export interface Deployment extends Resource {
  spec: {
    replicas?: number;
    selector: Selector;
    template: PodTemplate;
    paused?: boolean;
    revisionHistoryLimit?: number;
    strategy?: {
      type?: string;
      rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string };
    };
  };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    unavailableReplicas?: number;
    conditions?: readonly Condition[];
  };
}

export interface Node extends Resource {
  spec?: {
    unschedulable?: boolean;
    taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  };
  status?: {
    allocatable?: Readonly<Record<string, string>>;
    capacity?: Readonly<Record<string, string>>;
    conditions?: readonly Condition[];
    [field: string]: unknown;
  };
}

export interface Lease extends Resource {
  spec: { holderIdentity?: string; renewTime?: string; leaseDurationSeconds?: number };
}

export interface Service extends Resource {
  spec: {
    selector?: Readonly<Record<string, string>>;
    clusterIP?: string;
    ports?: readonly {
      readonly name?: string;
      readonly port: number;
      readonly targetPort?: number | string;
      readonly protocol?: string;
    }[];
  };
}

export interface EndpointSlice extends Resource {
  addressType: string;
  ports: readonly { readonly name?: string; readonly port?: number; readonly protocol?: string }[];
  endpoints: readonly {
    readonly addresses: readonly string[];
    readonly conditions: { readonly ready: boolean };
    readonly nodeName?: string;
    readonly targetRef?: object;
  }[];
}

export interface Autoscaler extends Resource {
  spec: {
    scaleTargetRef: { readonly kind: string; readonly name: string };
    minReplicas?: number;
    maxReplicas: number;
    metrics?: readonly {
      readonly resource?: { readonly target: { readonly averageUtilization?: number } };
    }[];
  };
  status?: { currentReplicas?: number; desiredReplicas?: number; currentMetrics?: readonly object[] };
}

const kind = <T extends Resource>(apiVersion: string, name: string): Kind<T> =>
  // The table has the names of the kinds; the interfaces above describe their fields.
  kubernetesKind(apiVersion, name) as Kind<T>;

export const podKind: Kind<Pod> = kind("v1", "Pod");
export const nodeKind: Kind<Node> = kind("v1", "Node");
export const serviceKind: Kind<Service> = kind("v1", "Service");
export const replicaSetKind: Kind<ReplicaSet> = kind("apps/v1", "ReplicaSet");
export const deploymentKind: Kind<Deployment> = kind("apps/v1", "Deployment");
export const leaseKind: Kind<Lease> = kind("coordination.k8s.io/v1", "Lease");
export const endpointSliceKind: Kind<EndpointSlice> = kind("discovery.k8s.io/v1", "EndpointSlice");
export const autoscalerKind: Kind<Autoscaler> = kind("autoscaling/v2", "HorizontalPodAutoscaler");

/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

export const isReady = (object: { status?: { conditions?: readonly Condition[] } }): boolean =>
  object.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;

/** Whether a pod counts for its owner: it is neither being deleted nor finished. */
export const isActive = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && status?.phase !== "Succeeded" && status?.phase !== "Failed";
