/**
 * The scheduler: binds each pod without a node by the requests of its containers. Among the nodes with enough free
 * resources it takes the one with the most left. A bound pod counts at once, before the watch delivers the binding.
 */
import { isStoreError, type Key } from "keelson";
import type { ClusterClient } from "../client/cluster-client.ts";
import { isReady, type Node, nodeKind, type Pod, podKind } from "../objects.ts";
import { Controller } from "./controller.ts";
import { quantityOf } from "./quantity.ts";

/** The free resources of a node. */
interface Room {
  cpu: number;
  memory: number;
  pods: number;
}

const nothing: Room = { cpu: 0, memory: 0, pods: 0 };

export function runScheduler(cluster: ClusterClient): Controller {
  const pods = cluster.informer(podKind);
  const nodes = cluster.informer(nodeKind);
  const known = new Map<string, Node>();
  const used = new Map<string, Room>();
  /** The requests and node of each pod, by uid. */
  const placed = new Map<string, { readonly node: string; readonly takes: Room }>();
  const unplaced = new Map<string, Key>();

  const place = (uid: string, node: string, takes: Room): void => {
    if (placed.has(uid)) return;
    placed.set(uid, { node, takes });
    used.set(node, sum(used.get(node) ?? nothing, takes, 1));
  };
  const remove = (uid: string): void => {
    const place = placed.get(uid);
    if (place === undefined) return;
    placed.delete(uid);
    used.set(place.node, sum(used.get(place.node) ?? nothing, place.takes, -1));
  };

  const settle = async (key: Key): Promise<void> => {
    const pod = await pods.get(key);
    if (pod === undefined || pod.spec.nodeName !== undefined || pod.metadata.deletionTimestamp !== undefined)
      return;
    const { uid, namespace, name } = pod.metadata;
    if (placed.has(uid)) return;
    const takes = requestsOf(pod);
    const node = bestNode(pod, takes);
    if (node === undefined) {
      unplaced.set(uid, { namespace, name });
      return;
    }
    place(uid, node, takes);
    try {
      const target = { apiVersion: "v1", kind: "Node", name: node };
      await pods.resources.post(key, "binding", {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name, namespace, uid },
        target,
      });
    } catch (error) {
      remove(uid);
      if (!isStoreError(error, "CONFLICT", "NOT_FOUND")) throw error;
    }
  };

  const bestNode = (pod: Pod, takes: Room): string | undefined => {
    let best: { readonly name: string; readonly score: number } | undefined;
    for (const node of known.values()) {
      if (node.spec?.unschedulable === true || !isReady(node) || isTainted(node, pod)) continue;
      const { name } = node.metadata;
      const has = roomOf(node);
      const left = sum(sum(has, used.get(name) ?? nothing, -1), takes, -1);
      if (left.cpu < 0 || left.memory < 0 || left.pods < 0) continue;
      const score = left.cpu / (has.cpu || 1) + left.memory / (has.memory || 1) + left.pods / (has.pods || 1);
      if (best === undefined || score > best.score) best = { name, score };
    }
    return best?.name;
  };

  const controller = new Controller({ name: "scheduler", settle, signal: cluster.signal, concurrency: 32 });
  const retryUnplaced = (): void => {
    for (const key of unplaced.values()) controller.enqueue(key);
    unplaced.clear();
  };
  nodes.onChange((node, gone) => {
    const { name } = node.metadata;
    if (gone) known.delete(name);
    else known.set(name, node);
    retryUnplaced();
  });
  pods.onChange((pod, gone) => {
    const { uid } = pod.metadata;
    const done = gone || pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
    if (done) {
      remove(uid);
      unplaced.delete(uid);
      retryUnplaced();
    } else if (pod.spec.nodeName !== undefined) place(uid, pod.spec.nodeName, requestsOf(pod));
    else controller.enqueue(pod.metadata);
  });
  return controller;
}

const sum = (a: Room, b: Room, sign: 1 | -1): Room => ({
  cpu: a.cpu + sign * b.cpu,
  memory: a.memory + sign * b.memory,
  pods: a.pods + sign * b.pods,
});

const amountsOf = (amounts: Readonly<Record<string, string>> = {}): Pick<Room, "cpu" | "memory"> => ({
  cpu: quantityOf(amounts["cpu"]),
  memory: quantityOf(amounts["memory"]),
});

const roomOf = ({ status }: Node): Room => ({
  ...amountsOf(status?.allocatable),
  pods: quantityOf(status?.allocatable?.["pods"]),
});

function requestsOf({ spec }: Pod): Room {
  const all = spec.containers.map(({ resources }) => ({ ...amountsOf(resources?.requests), pods: 0 }));
  return all.reduce<Room>((total, one) => sum(total, one, 1), { ...nothing, pods: 1 });
}

const isTainted = ({ spec }: Node, pod: Pod): boolean =>
  (spec?.taints ?? []).some(
    (taint) =>
      taint.effect !== "PreferNoSchedule" &&
      !(pod.spec.tolerations ?? []).some(
        ({ key, effect }) =>
          (key === undefined || key === taint.key) && (effect === undefined || effect === taint.effect),
      ),
  );
