/**
 * Defaults of a pod and of the pod template inside every workload (Kubernetes' pkg/apis/core/v1/defaults.go), and what
 * its admission plugins add only to a pod: default service account, tolerations, priority.
 */
import { at, isJson, type Json, listAt, objectAt, type Rules } from "./rules.ts";

const fieldRef: Rules = { fill: { apiVersion: "v1" } };
const itemsMode = { fill: { defaultMode: 420 } } satisfies Rules;

const handler: Rules = {
  within: { httpGet: { fill: { path: "/", scheme: "HTTP" } }, grpc: { fill: { service: "" } } },
};
const probe: Rules = {
  fill: { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
  ...handler,
};

/** An image without a tag, or with "latest", is always pulled. */
function pullPolicyOf({ image }: Json): string {
  const text = String(image ?? "");
  const tag = /:([\w.-]+)$/.exec(text.split("@")[0] ?? "")?.[1];
  return !text.includes("@") && (tag === undefined || tag === "latest") ? "Always" : "IfNotPresent";
}

/** Each limit without a request is also used as the request. */
function requestsOf(resources: Json): Json | undefined {
  return isJson(resources["limits"])
    ? { ...resources["limits"], ...objectAt(resources, "requests") }
    : undefined;
}

const container: Rules = {
  fill: {
    imagePullPolicy: pullPolicyOf,
    resources: {},
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
  },
  within: {
    ports: { fill: { protocol: "TCP" } },
    env: { within: { valueFrom: { within: { fieldRef } } } },
    livenessProbe: probe,
    readinessProbe: probe,
    startupProbe: probe,
    lifecycle: { within: { postStart: handler, preStop: handler } },
    resources: { compute: { requests: requestsOf } },
  },
};

const volume: Rules = {
  fill: { emptyDir: (volume: Json) => (Object.keys(volume).length === 1 ? {} : undefined) },
  within: {
    secret: itemsMode,
    configMap: itemsMode,
    downwardAPI: { ...itemsMode, within: { items: { within: { fieldRef } } } },
    hostPath: { fill: { type: "" } },
    projected: {
      ...itemsMode,
      within: {
        sources: {
          within: {
            serviceAccountToken: { fill: { expirationSeconds: 3600 } },
            downwardAPI: { within: { items: { within: { fieldRef } } } },
          },
        },
      },
    },
  },
};

export const podSpec: Rules = {
  fill: {
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    serviceAccount: ({ serviceAccountName }: Json) => serviceAccountName,
    securityContext: {},
    schedulerName: "default-scheduler",
  },
  within: {
    volumes: volume,
    initContainers: container,
    containers: container,
    ephemeralContainers: container,
  },
};

/** `spec.template` of a workload. */
export const podTemplate: Rules = { within: { template: { within: { spec: podSpec } } } };

/** Adds how long a pod stays on a node that is not ready or not reachable, unless the pod sets it. */
export function addTolerations(pod: Json): void {
  const given = listAt(pod, "spec.tolerations");
  const missing = ["not-ready", "unreachable"]
    .map((state) => `node.kubernetes.io/${state}`)
    .filter(
      (taint) =>
        !given.some(
          ({ key, effect }) =>
            (key === undefined || key === taint) && (effect === undefined || effect === "NoExecute"),
        ),
    )
    .map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }));
  if (missing.length > 0) objectAt(pod, "spec")["tolerations"] = [...given, ...missing];
}

/** Defaults of a pod itself: those of its template and what admission adds. */
export const pod: Rules = {
  fill: { spec: {} },
  within: {
    spec: {
      fill: {
        serviceAccountName: "default",
        serviceAccount: ({ serviceAccountName }: Json) => serviceAccountName,
        enableServiceLinks: true,
        priority: 0,
        preemptionPolicy: "PreemptLowerPriority",
        ...podSpec.fill,
      },
      within: podSpec.within ?? {},
    },
  },
};

/** The status of a new pod; a status that the client sent is dropped. */
export const newPodStatus = (pod: Json): Json => ({ phase: "Pending", qosClass: qosClassOf(pod) });

/** Guaranteed, Burstable or BestEffort, by the requests and limits of all containers. */
export function qosClassOf(pod: Json): string {
  const containers = [...listAt(pod, "spec.containers"), ...listAt(pod, "spec.initContainers")];
  const amounts = containers.map((one) => ({
    requests: objectAt(one, "resources.requests"),
    limits: objectAt(one, "resources.limits"),
  }));
  const named = (of: Json): boolean => of["cpu"] !== undefined || of["memory"] !== undefined;
  if (!amounts.some(({ requests, limits }) => named(requests) || named(limits))) return "BestEffort";
  const guaranteed = amounts.every((amount) =>
    ["cpu", "memory"].every(
      (name) =>
        amount.limits[name] !== undefined &&
        String(at(amount, `requests.${name}`) ?? amount.limits[name]) === String(amount.limits[name]),
    ),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}
