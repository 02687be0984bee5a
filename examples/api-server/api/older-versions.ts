/**
 * Versions that older clients still speak (kubectl and the controllers of 1.20), and Event's second group. `older` and
 * `newer` turn an object's content from the stored version and back; where a version differs by name alone, neither is
 * there. An object on its way loses nothing: what one version has no field for stays under its own name.
 */
import { at, isJson, type Json, listAt, objectAt } from "../defaults/rules.ts";

type Content = (object: Json) => Json;

export interface Shape {
  readonly storedGroup: string;
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly older?: Content;
  readonly newer?: Content;
}

const shape = (kind: string, group: string, version: string, more: Partial<Shape> = {}): Shape => ({
  storedGroup: group,
  kind,
  group,
  version,
  ...more,
});

export const olderVersions: readonly Shape[] = [
  shape("PodDisruptionBudget", "policy", "v1beta1"),
  shape("CronJob", "batch", "v1beta1"),
  shape("EndpointSlice", "discovery.k8s.io", "v1beta1", { older: sliceDown, newer: sliceUp }),
  shape("HorizontalPodAutoscaler", "autoscaling", "v1", { older: scalerDown, newer: scalerUp }),
  shape("Event", "events.k8s.io", "v1", { storedGroup: "", older: eventDown, newer: eventUp }),
  shape("Event", "events.k8s.io", "v1beta1", { storedGroup: "", older: eventDown, newer: eventUp }),
];

const hostLabel = "kubernetes.io/hostname";

/** v1beta1 had a map where v1 has `nodeName` and `zone`. */
function sliceDown(slice: Json): Json {
  const endpoints = listAt(slice, "endpoints").map(({ nodeName, deprecatedTopology, ...endpoint }) => {
    const topology = { ...(isJson(deprecatedTopology) ? deprecatedTopology : {}) };
    if (nodeName !== undefined) topology[hostLabel] = nodeName;
    return Object.keys(topology).length === 0 ? endpoint : { ...endpoint, nodeName, topology };
  });
  return { ...slice, endpoints };
}

function sliceUp(slice: Json): Json {
  const endpoints = listAt(slice, "endpoints").map(({ topology, ...endpoint }) => {
    const { [hostLabel]: host, ...rest } = isJson(topology) ? topology : {};
    const nodeName = endpoint["nodeName"] ?? host;
    return {
      ...endpoint,
      ...(nodeName === undefined ? {} : { nodeName }),
      ...(Object.keys(rest).length === 0 ? {} : { deprecatedTopology: rest }),
    };
  });
  return { ...slice, endpoints };
}

const isCpu = (metric: Json): boolean =>
  at(metric, "resource.name") === "cpu" && at(metric, "resource.target.type") === "Utilization";
const isCurrentCpu = (metric: Json): boolean =>
  at(metric, "resource.name") === "cpu" && at(metric, "resource.current.averageUtilization") !== undefined;
const metricsAnnotation = "autoscaling.alpha.kubernetes.io/metrics";

/** autoscaling/v1 has a field for a share of CPU alone; other metrics travel in an annotation. */
function scalerDown(scaler: Json): Json {
  const { metrics: _, behavior: __, ...spec } = objectAt(scaler, "spec");
  const { currentMetrics: ___, conditions: ____, ...status } = objectAt(scaler, "status");
  const cpu = listAt(scaler, "spec.metrics").find(isCpu);
  const now = listAt(scaler, "status.currentMetrics").find(isCurrentCpu);
  const others = listAt(scaler, "spec.metrics").filter((metric) => metric !== cpu);
  const metadata = objectAt(scaler, "metadata");
  const annotations = { ...objectAt(metadata, "annotations") };
  if (others.length > 0) annotations[metricsAnnotation] = JSON.stringify(others);
  if (cpu !== undefined) {
    spec["targetCPUUtilizationPercentage"] = at(cpu, "resource.target.averageUtilization");
  }
  if (now !== undefined) {
    status["currentCPUUtilizationPercentage"] = at(now, "resource.current.averageUtilization");
  }
  const told = Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations };
  return { ...scaler, metadata: told, spec, status };
}

function scalerUp(scaler: Json): Json {
  const { targetCPUUtilizationPercentage: target, ...spec } = objectAt(scaler, "spec");
  const { currentCPUUtilizationPercentage: now, ...status } = objectAt(scaler, "status");
  const metadata = objectAt(scaler, "metadata");
  const { [metricsAnnotation]: others, ...annotations } = objectAt(metadata, "annotations");
  const metrics = typeof others === "string" ? (JSON.parse(others) as Json[]) : [];
  const cpu = (value: Json): Json => ({ type: "Resource", resource: { name: "cpu", ...value } });
  if (target !== undefined) {
    metrics.unshift(cpu({ target: { type: "Utilization", averageUtilization: target } }));
  }
  const currentMetrics = now === undefined ? [] : [cpu({ current: { averageUtilization: now } })];
  return {
    ...scaler,
    metadata: { ...metadata, annotations },
    spec: metrics.length === 0 ? spec : { ...spec, metrics },
    status: currentMetrics.length === 0 ? status : { ...status, currentMetrics },
  };
}

/** Core's names of an event's fields, and those of events.k8s.io. */
const eventFields = [
  ["involvedObject", "regarding"],
  ["message", "note"],
  ["reportingComponent", "reportingController"],
  ["source", "deprecatedSource"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["count", "deprecatedCount"],
] as const;

function eventDown(event: Json): Json {
  const names = new Map<string, string>(eventFields);
  return Object.fromEntries(Object.entries(event).map(([name, value]) => [names.get(name) ?? name, value]));
}

function eventUp(event: Json): Json {
  const names = new Map<string, string>(eventFields.map(([core, other]) => [other, core]));
  return Object.fromEntries(Object.entries(event).map(([name, value]) => [names.get(name) ?? name, value]));
}
