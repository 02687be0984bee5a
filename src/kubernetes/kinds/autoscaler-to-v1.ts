/**
 * Converts HorizontalPodAutoscaler v2 to v1, which has only a CPU target: the other metrics, the current ones,
 * conditions and behaviour go into annotations, from which `autoscalerToV2` reads them again (kube-apiserver's
 * conversion of autoscaling/v1).
 */
import { annotationKeys } from "./autoscaler-annotations.ts";
import { type Fields, fieldsOf, ifThere, listOf, withFields, without } from "./plain-fields.ts";

export function autoscalerToV1(object: Fields): Fields {
  const metadata = fieldsOf(object["metadata"]);
  const spec = fieldsOf(object["spec"]);
  const status = fieldsOf(object["status"]);
  const metrics = listOf(spec["metrics"]);
  const current = listOf(status["currentMetrics"]);
  const target = metrics.find((metric) => cpuShare(metric, "target") !== undefined);
  const others = metrics.filter((metric) => metric !== target).map(metricSpec);
  const used = current.map((metric) => cpuShare(metric, "current")).find((share) => share !== undefined);
  const conditions = listOf(status["conditions"]);
  return withFields(object, {
    metadata: withFields(metadata, {
      annotations: withFields(fieldsOf(metadata["annotations"]), {
        [annotationKeys.metrics]: textOf(others),
        [annotationKeys.currentMetrics]: textOf(current.map(metricStatus)),
        [annotationKeys.conditions]: textOf(conditions),
        [annotationKeys.behavior]: ifThere(spec["behavior"], (it) => JSON.stringify(upperFirst(it))),
      }),
    }),
    spec: withFields(without(spec, "metrics", "behavior"), {
      targetCPUUtilizationPercentage: cpuShare(target, "target"),
    }),
    status: withFields(without(status, "currentMetrics", "conditions"), {
      currentCPUUtilizationPercentage: used,
    }),
  });
}

/** The CPU utilization, percent, that a metric targets or reports; undefined for any other metric. */
function cpuShare(metric: unknown, part: "target" | "current"): unknown {
  const { type, resource } = fieldsOf(metric);
  const { name, [part]: value } = fieldsOf(resource);
  return type === "Resource" && name === "cpu" ? fieldsOf(value)["averageUtilization"] : undefined;
}

function metricSpec(metric: unknown): Fields {
  const { type, object, pods, resource, containerResource, external } = fieldsOf(metric);
  const resourceSpec = (it: Fields): Fields => {
    const { averageUtilization, averageValue } = fieldsOf(it["target"]);
    return withFields(
      { name: it["name"] },
      {
        container: it["container"],
        targetAverageUtilization: averageUtilization,
        targetAverageValue: averageValue,
      },
    );
  };
  return withFields(
    { type },
    {
      object: ifThere(object, (it) => {
        const { value, averageValue } = fieldsOf(it["target"]);
        const amounts = { target: it["describedObject"], targetValue: value, averageValue };
        return withFields(named(it, "selector"), amounts);
      }),
      pods: ifThere(pods, (it) =>
        withFields(named(it, "selector"), { targetAverageValue: fieldsOf(it["target"])["averageValue"] }),
      ),
      resource: ifThere(resource, resourceSpec),
      containerResource: ifThere(containerResource, resourceSpec),
      external: ifThere(external, (it) => {
        const { value, averageValue } = fieldsOf(it["target"]);
        return withFields(named(it, "metricSelector"), {
          targetValue: value,
          targetAverageValue: averageValue,
        });
      }),
    },
  );
}

function metricStatus(metric: unknown): Fields {
  const { type, object, pods, resource, containerResource, external } = fieldsOf(metric);
  const resourceStatus = (it: Fields): Fields => {
    const { averageUtilization, averageValue } = fieldsOf(it["current"]);
    return withFields(
      { name: it["name"] },
      {
        container: it["container"],
        currentAverageUtilization: averageUtilization,
        currentAverageValue: averageValue,
      },
    );
  };
  return withFields(
    { type },
    {
      object: ifThere(object, (it) => {
        const { value, averageValue } = fieldsOf(it["current"]);
        const amounts = { target: it["describedObject"], currentValue: value, averageValue };
        return withFields(named(it, "selector"), amounts);
      }),
      pods: ifThere(pods, (it) =>
        withFields(named(it, "selector"), { currentAverageValue: fieldsOf(it["current"])["averageValue"] }),
      ),
      resource: ifThere(resource, resourceStatus),
      containerResource: ifThere(containerResource, resourceStatus),
      external: ifThere(external, (it) => {
        const { value, averageValue } = fieldsOf(it["current"]);
        return withFields(named(it, "metricSelector"), {
          currentValue: value,
          currentAverageValue: averageValue,
        });
      }),
    },
  );
}

/** v2 has name and selector in `metric`, v1 beside the amounts. */
function named(it: Fields, selectorName: string): Fields {
  const { name, selector } = fieldsOf(it["metric"]);
  return withFields({ metricName: name }, { [selectorName]: selector });
}

const textOf = (list: readonly unknown[]): string | undefined =>
  list.length === 0 ? undefined : JSON.stringify(list);

/** The behaviour is kept under Go's own names: "ScaleUp" for scaleUp. */
function upperFirst(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(upperFirst);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.slice(0, 1).toUpperCase() + name.slice(1),
      upperFirst(inner),
    ]),
  );
}
