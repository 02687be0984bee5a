/**
 * The replica set controller: keeps as many pods as the set requests. Pods that it has created but not yet seen are
 * counted, so a stale cache never causes an extra pod.
 */
import { isStoreError, type Key } from "keelson";
import type { ClusterClient } from "../client/cluster-client.ts";
import { controllerOf, ownedByReference } from "../client/informer.ts";
import { isActive, isReady, type Pod, podKind, type ReplicaSet, replicaSetKind } from "../objects.ts";
import { Controller } from "./controller.ts";

/** Concurrent creates or deletes for one set. */
const burst = 500;
const inFlight = 32;

export function runReplicaSets(cluster: ClusterClient): Controller {
  const sets = cluster.informer(replicaSetKind);
  const pods = cluster.informer(podKind);
  /** Uids of pods that were created or deleted here, while the cache does not show it yet. */
  const made = new Map<string, Set<string>>();
  const deleted = new Map<string, Set<string>>();
  const expected = (of: Map<string, Set<string>>, uid: string): Set<string> => {
    const known = of.get(uid) ?? new Set<string>();
    of.set(uid, known);
    return known;
  };

  const settle = async (key: Key): Promise<void> => {
    const set = await sets.get(key);
    if (set === undefined) return;
    const { uid, namespace, deletionTimestamp } = set.metadata;
    const mine = await pods.ownedBy(uid);
    const leaving = expected(deleted, uid);
    const active = mine.filter((pod) => isActive(pod) && !leaving.has(pod.metadata.uid));
    const seen = new Set(mine.map((pod) => pod.metadata.uid));
    const coming = expected(made, uid);
    for (const one of coming) if (seen.has(one)) coming.delete(one);
    const missing = (set.spec.replicas ?? 1) - active.length - coming.size;
    if (deletionTimestamp === undefined && missing > 0) {
      await inTurns(Math.min(missing, burst), async () => {
        const pod = await pods.resources.create(podOf(set), namespace);
        coming.add(pod.metadata.uid);
      });
    } else if (deletionTimestamp === undefined && missing < 0) {
      const surplus = [...active].sort(leastWanted).slice(0, Math.min(-missing, burst));
      await inTurns(surplus.length, async (i) => {
        const pod = surplus[i];
        if (pod === undefined) return;
        leaving.add(pod.metadata.uid);
        await pods.resources.delete(pod.metadata).catch(ignoringGone);
      });
    }
    await tell(set, active);
  };

  const tell = async (set: ReplicaSet, active: readonly Pod[]): Promise<void> => {
    const ready = active.filter(isReady).length;
    const status = {
      replicas: active.length,
      fullyLabeledReplicas: active.length,
      readyReplicas: ready,
      availableReplicas: ready,
      observedGeneration: set.metadata.generation,
    };
    const { replicas, readyReplicas = 0, observedGeneration } = set.status ?? { replicas: -1 };
    if (
      replicas === status.replicas &&
      readyReplicas === ready &&
      observedGeneration === status.observedGeneration
    )
      return;
    await sets.resources.patch(set.metadata, { status }, "status");
  };

  const controller = new Controller({ name: "replica set", settle, signal: cluster.signal, concurrency: 8 });
  sets.onChange((set, gone) => {
    if (gone) {
      made.delete(set.metadata.uid);
      deleted.delete(set.metadata.uid);
    } else controller.enqueue(set.metadata);
  });
  pods.onChange((pod, gone) => {
    const owner = controllerOf(pod);
    if (owner?.kind !== "ReplicaSet") return;
    made.get(owner.uid)?.delete(pod.metadata.uid);
    if (gone) deleted.get(owner.uid)?.delete(pod.metadata.uid);
    controller.enqueue({ namespace: pod.metadata.namespace, name: owner.name });
  });
  return controller;
}

const podOf = (set: ReplicaSet): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    generateName: `${set.metadata.name}-`,
    labels: set.spec.template.metadata?.labels,
    annotations: set.spec.template.metadata?.annotations,
    ownerReferences: [ownedByReference(set)],
  },
  spec: set.spec.template.spec,
});

/** Pods that do not run yet are deleted first, then the youngest. */
function leastWanted(a: Pod, b: Pod): number {
  const rank = (pod: Pod): number => (pod.spec.nodeName === undefined ? 0 : isReady(pod) ? 2 : 1);
  return rank(a) - rank(b) || (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? 1 : -1);
}

/** Runs `step` for 0 to `count` - 1, several concurrently. */
async function inTurns(count: number, step: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) await step(i);
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, worker));
}

function ignoringGone(error: unknown): void {
  if (!isStoreError(error, "NOT_FOUND")) throw error;
}
