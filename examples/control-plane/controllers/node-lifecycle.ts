/**
 * The node life cycle controller: a node whose lease is not renewed becomes not ready and is tainted. After a delay its
 * pods are deleted, so that their owners create others elsewhere.
 */
import type { ClusterClient } from "../client/cluster-client.ts";
import { isReady, leaseKind, type Node, nodeKind, now, podKind } from "../objects.ts";

const leaseNamespace = "kube-node-lease";
const unreachable = { key: "node.kubernetes.io/unreachable", effect: "NoExecute" };

export interface NodeTimes {
  /** Milliseconds from the last heartbeat until a node counts as lost. Kubernetes: 40,000. */
  readonly graceMs: number;
  /** Milliseconds from then until its pods are deleted. Kubernetes: 300,000. */
  readonly evictionMs: number;
}

export function runNodeLifecycle(cluster: ClusterClient, { graceMs, evictionMs }: NodeTimes): void {
  const nodes = cluster.informer(nodeKind);
  const leases = cluster.informer(leaseKind);
  const pods = cluster.informer(podKind);
  /** When this process last saw a heartbeat: clocks of different machines are never compared. */
  const seenMs = new Map<string, number>();
  const lostMs = new Map<string, number>();
  leases.onChange(({ metadata: { namespace, name } }, gone) => {
    if (namespace === leaseNamespace && !gone) seenMs.set(name, Date.now());
  });
  nodes.onChange(({ metadata: { name } }, gone) => {
    if (gone) {
      seenMs.delete(name);
      lostMs.delete(name);
    } else if (!seenMs.has(name)) seenMs.set(name, Date.now());
  });

  const look = async (node: Node): Promise<void> => {
    const { name } = node.metadata;
    const isLost = Date.now() - (seenMs.get(name) ?? Date.now()) > graceMs;
    const isTainted = node.spec?.taints?.some(({ key }) => key === unreachable.key) === true;
    if (isLost && isReady(node)) {
      const others = (node.status?.conditions ?? []).filter(({ type }) => type !== "Ready");
      const condition = {
        type: "Ready",
        status: "Unknown",
        reason: "NodeStatusUnknown",
        message: "Kubelet stopped posting node status.",
        lastTransitionTime: now(),
      };
      await nodes.resources.patch(
        node.metadata,
        { status: { conditions: [...others, condition] } },
        "status",
      );
    }
    if (isLost !== isTainted) {
      const others = (node.spec?.taints ?? []).filter(({ key }) => key !== unreachable.key);
      await nodes.resources.patch(node.metadata, {
        spec: { taints: isLost ? [...others, unreachable] : others },
      });
    }
    if (!isLost) return void lostMs.delete(name);
    const since = lostMs.get(name) ?? Date.now();
    lostMs.set(name, since);
    if (Date.now() - since < evictionMs) return;
    for (const pod of await pods.list()) {
      if (pod.spec.nodeName !== name) continue;
      // Its node agent is gone and cannot finish a graceful deletion.
      await pods.resources.delete(pod.metadata, { gracePeriodSeconds: 0 }).catch(() => {});
    }
  };

  const timer = setInterval(
    () => {
      const lookAtAll = async (): Promise<void> => {
        for (const node of await nodes.list()) await look(node).catch(() => {});
      };
      // Not cached yet: the next interval handles them.
      lookAtAll().catch(() => {});
    },
    Math.max(100, graceMs / 4),
  );
  cluster.signal.addEventListener("abort", () => clearInterval(timer));
}
