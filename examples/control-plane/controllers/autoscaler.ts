/**
 * The horizontal pod autoscaler: sets replicas by the ratio of measured to desired utilization, through the scale
 * subresource, so it works for every kind of target. The caller supplies the metric.
 */
import type { ClusterClient } from "../client/cluster-client.ts";
import { type Autoscaler, autoscalerKind, deploymentKind } from "../objects.ts";

/** Average utilization of a target's pods, percent of their requests; undefined: not known. */
export type Metric = (target: {
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
}) => number | undefined;

interface Scale {
  readonly spec: { readonly replicas: number };
}

/** A deviation of up to a tenth changes nothing, as in Kubernetes. */
const tolerance = 0.1;

export function runAutoscalers(cluster: ClusterClient, metric: Metric, intervalMs: number): void {
  const autoscalers = cluster.informer(autoscalerKind);
  const settle = async (scaler: Autoscaler): Promise<void> => {
    const { namespace = "default" } = scaler.metadata;
    const { scaleTargetRef, minReplicas = 1, maxReplicas, metrics = [] } = scaler.spec;
    if (scaleTargetRef.kind !== deploymentKind.kind) return;
    const target = { namespace, name: scaleTargetRef.name };
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${target.name}/scale`;
    const { spec } = await cluster.api.json<Scale>(path);
    const wanted = metrics[0]?.resource?.target.averageUtilization ?? 80;
    const measured = metric({ ...target, replicas: spec.replicas });
    if (measured === undefined) return;
    const ratio = measured / wanted;
    const ideal = Math.abs(ratio - 1) <= tolerance ? spec.replicas : Math.ceil(spec.replicas * ratio);
    const desired = Math.min(maxReplicas, Math.max(minReplicas, ideal));
    if (desired !== spec.replicas) {
      await cluster.resources(deploymentKind).patch(target, { spec: { replicas: desired } }, "scale");
    }
    const current = { name: "cpu", current: { averageUtilization: Math.round(measured) } };
    const status = {
      currentReplicas: spec.replicas,
      desiredReplicas: desired,
      currentMetrics: [{ type: "Resource", resource: current }],
    };
    if (JSON.stringify(status) !== JSON.stringify(pick(scaler.status))) {
      await autoscalers.resources.patch(scaler.metadata, { status }, "status");
    }
  };
  const timer = setInterval(() => {
    // Targets that fail, or have no metric yet, are checked again at the next interval.
    const look = async (): Promise<void> => {
      for (const scaler of await autoscalers.list()) await settle(scaler);
    };
    look().catch(() => {});
  }, intervalMs);
  cluster.signal.addEventListener("abort", () => clearInterval(timer));
}

const pick = (status: Autoscaler["status"]) => ({
  currentReplicas: status?.currentReplicas,
  desiredReplicas: status?.desiredReplicas,
  currentMetrics: status?.currentMetrics,
});
