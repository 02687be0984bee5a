/**
 * Converts HorizontalPodAutoscaler v1 to v2. v1 has only a CPU target; everything else of an object written as v2 is in
 * its annotations, where kube-apiserver put it when it stored v1 (until 1.23).
 */
import { annotationKeys } from "./autoscaler-annotations.ts";
import { type Fields, fieldsOf, ifThere, listOf, withFields, without } from "./plain-fields.ts";

/** Kubernetes' default when no metric is given. */
const defaultUtilization = 80;

export function autoscalerToV2(object: Fields): Fields {
  const metadata = fieldsOf(object["metadata"]);
  const annotations = fieldsOf(metadata["annotations"]);
  const spec = fieldsOf(object["spec"]);
  const status = fieldsOf(object["status"]);
  const metrics = jsonOf(annotations[annotationKeys.metrics]);
  const utilization = spec["targetCPUUtilizationPercentage"];
  const wanted = [
    ...listOf(metrics).map(metricSpec),
    ...(utilization === undefined ? [] : [cpuMetric("target", utilization)]),
  ];
  const current = jsonOf(annotations[annotationKeys.currentMetrics]);
  const used = status["currentCPUUtilizationPercentage"];
  return withFields(object, {
    metadata: withFields(metadata, {
      annotations: without(annotations, ...Object.values(annotationKeys)),
    }),
    spec: withFields(without(spec, "targetCPUUtilizationPercentage"), {
      metrics: wanted.length === 0 ? [cpuMetric("target", defaultUtilization)] : wanted,
      behavior: lowerFirst(jsonOf(annotations[annotationKeys.behavior])),
    }),
    status: withFields(without(status, "currentCPUUtilizationPercentage"), {
      currentMetrics:
        current === undefined
          ? used === undefined
            ? undefined
            : [cpuMetric("current", used)]
          : listOf(current).map(metricStatus),
      conditions: jsonOf(annotations[annotationKeys.conditions]),
    }),
  });
}

function cpuMetric(part: "target" | "current", averageUtilization: unknown): Fields {
  const value = part === "target" ? { type: "Utilization", averageUtilization } : { averageUtilization };
  return { type: "Resource", resource: { name: "cpu", [part]: value } };
}

function metricSpec(metric: unknown): Fields {
  const { type, object, pods, resource, containerResource, external } = fieldsOf(metric);
  return withFields(
    { type },
    {
      object: ifThere(object, (it) => ({
        ...identified(it, "selector"),
        describedObject: it["target"],
        target: target(
          it["averageValue"] === undefined ? "Value" : "AverageValue",
          it["targetValue"],
          it["averageValue"],
        ),
      })),
      pods: ifThere(pods, (it) => ({
        ...identified(it, "selector"),
        target: target("AverageValue", undefined, it["targetAverageValue"]),
      })),
      resource: ifThere(resource, resourceSpec),
      containerResource: ifThere(containerResource, (it) => ({
        ...resourceSpec(it),
        container: it["container"],
      })),
      external: ifThere(external, (it) => ({
        ...identified(it, "metricSelector"),
        target: target(
          it["targetValue"] === undefined ? "AverageValue" : "Value",
          it["targetValue"],
          it["targetAverageValue"],
        ),
      })),
    },
  );
}

function resourceSpec(it: Fields): Fields {
  const utilization = it["targetAverageUtilization"];
  const type = utilization === undefined ? "AverageValue" : "Utilization";
  return {
    name: it["name"],
    target: withFields({ type }, { averageValue: it["targetAverageValue"], averageUtilization: utilization }),
  };
}

function metricStatus(metric: unknown): Fields {
  const { type, object, pods, resource, containerResource, external } = fieldsOf(metric);
  const resourceStatus = (it: Fields): Fields => ({
    name: it["name"],
    current: withFields(
      {},
      { averageValue: it["currentAverageValue"], averageUtilization: it["currentAverageUtilization"] },
    ),
  });
  return withFields(
    { type },
    {
      object: ifThere(object, (it) => ({
        ...identified(it, "selector"),
        describedObject: it["target"],
        current: withFields({}, { value: it["currentValue"], averageValue: it["averageValue"] }),
      })),
      pods: ifThere(pods, (it) => ({
        ...identified(it, "selector"),
        current: withFields({}, { averageValue: it["currentAverageValue"] }),
      })),
      resource: ifThere(resource, resourceStatus),
      containerResource: ifThere(containerResource, (it) => ({
        ...resourceStatus(it),
        container: it["container"],
      })),
      external: ifThere(external, (it) => ({
        ...identified(it, "metricSelector"),
        current: withFields({}, { value: it["currentValue"], averageValue: it["currentAverageValue"] }),
      })),
    },
  );
}

function identified(it: Fields, selector: string): Fields {
  return { metric: withFields({ name: it["metricName"] }, { selector: it[selector] }) };
}

function target(type: string, value: unknown, averageValue: unknown): Fields {
  return withFields({ type }, { value, averageValue });
}

/** As in kube-apiserver, an unreadable annotation is ignored. */
function jsonOf(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The behaviour is kept under Go's own names: "ScaleUp" for scaleUp. */
function lowerFirst(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerFirst);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([name, inner]) => [name.slice(0, 1).toLowerCase() + name.slice(1), lowerFirst(inner)]),
  );
}
