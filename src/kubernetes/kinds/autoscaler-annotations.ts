/** Annotations for content that autoscaling/v1 has no field for (Kubernetes' pkg/apis/autoscaling/annotations.go). */
const prefix = "autoscaling.alpha.kubernetes.io/";

export const annotationKeys: Readonly<
  Record<"metrics" | "currentMetrics" | "conditions" | "behavior", string>
> = {
  metrics: `${prefix}metrics`,
  currentMetrics: `${prefix}current-metrics`,
  conditions: `${prefix}conditions`,
  behavior: `${prefix}behavior`,
};
