/**
 * The deployment controller: creates a replica set for each template, and rolls from one to the next within maxSurge
 * and maxUnavailable. A template that an older set already has is a rollback: that set is reused.
 */
import { createHash } from "node:crypto";
import { isStoreError, type Key } from "keelson";
import type { ClusterClient } from "../client/cluster-client.ts";
import { controllerOf, ownedByReference } from "../client/informer.ts";
import {
  type Deployment,
  deploymentKind,
  now,
  type PodTemplate,
  type ReplicaSet,
  replicaSetKind,
} from "../objects.ts";
import { Controller } from "./controller.ts";

const revisionAnnotation = "deployment.kubernetes.io/revision";
const hashLabel = "pod-template-hash";

export function runDeployments(cluster: ClusterClient): Controller {
  const deployments = cluster.informer(deploymentKind);
  const sets = cluster.informer(replicaSetKind);

  const settle = async (key: Key): Promise<void> => {
    const deployment = await deployments.get(key);
    if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return;
    const owned = await sets.ownedBy(deployment.metadata.uid);
    const hash = hashOf(deployment.spec.template);
    const current = owned.find(({ metadata }) => metadata.labels?.[hashLabel] === hash);
    const others = owned.filter((set) => set !== current);
    if (current === undefined) {
      await create(deployment, hash, nextRevision(owned), others.length === 0);
      return;
    }
    const newest = Math.max(...owned.map(revisionOf));
    const revision = revisionOf(current) === newest ? newest : newest + 1;
    await mark(deployment, current, revision);
    if (deployment.spec.paused !== true) await roll(deployment, current, others);
    await clean(deployment, others);
    await tell(deployment, current, owned);
  };

  const create = async (
    deployment: Deployment,
    hash: string,
    revision: number,
    first: boolean,
  ): Promise<void> => {
    const { name, namespace, annotations } = deployment.metadata;
    const { selector, template, replicas = 1 } = deployment.spec;
    const labels = { ...template.metadata?.labels, [hashLabel]: hash };
    const set = {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name: `${name}-${hash}`,
        labels,
        annotations: { ...annotations, [revisionAnnotation]: String(revision) },
        ownerReferences: [ownedByReference(deployment)],
      },
      spec: {
        replicas: first ? replicas : Math.min(replicas, surgeOf(deployment)),
        selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    };
    await sets.resources.create(set, namespace);
  };

  /** The revision is written to the set and the deployment, where `kubectl rollout` reads it. */
  const mark = async (deployment: Deployment, current: ReplicaSet, revision: number): Promise<void> => {
    const annotations = { [revisionAnnotation]: String(revision) };
    if (current.metadata.annotations?.[revisionAnnotation] !== String(revision)) {
      await sets.resources.patch(current.metadata, { metadata: { annotations } });
    }
    if (deployment.metadata.annotations?.[revisionAnnotation] !== String(revision)) {
      await deployments.resources.patch(deployment.metadata, { metadata: { annotations } });
    }
  };

  const roll = async (
    deployment: Deployment,
    current: ReplicaSet,
    others: readonly ReplicaSet[],
  ): Promise<void> => {
    const wanted = deployment.spec.replicas ?? 1;
    const olds = others.filter(({ spec }) => (spec.replicas ?? 1) > 0);
    const asked = (set: ReplicaSet): number => set.spec.replicas ?? 1;
    if (deployment.spec.strategy?.type === "Recreate") {
      for (const set of olds) await scale(set, 0);
      if (others.every(({ status }) => (status?.replicas ?? 0) === 0)) await scale(current, wanted);
      return;
    }
    if (olds.length === 0) return scale(current, wanted);
    const all = [current, ...olds];
    const room = wanted + surgeOf(deployment) - all.reduce((sum, set) => sum + asked(set), 0);
    if (asked(current) > wanted) await scale(current, wanted);
    else if (room > 0 && asked(current) < wanted)
      await scale(current, Math.min(wanted, asked(current) + room));
    // Old pods may be removed down to the minimum available; unavailable pods of the new set count as missing. The
    // count uses the sets' specs: their status may be stale and would allow the same pods to be removed twice.
    const least = wanted - unavailableOf(deployment);
    const missing = Math.max(0, asked(current) - (current.status?.availableReplicas ?? 0));
    let surplus = all.reduce((sum, set) => sum + asked(set), 0) - least - missing;
    for (const set of olds) {
      const less = Math.min(asked(set), surplus);
      if (less <= 0) continue;
      surplus -= less;
      await scale(set, asked(set) - less);
    }
  };

  const scale = async (set: ReplicaSet, replicas: number): Promise<void> => {
    if (set.spec.replicas === replicas) return;
    await sets.resources.patch(set.metadata, {
      metadata: { resourceVersion: set.metadata.resourceVersion },
      spec: { replicas },
    });
  };

  /** Deletes the oldest sets beyond the revision history limit. */
  const clean = async ({ spec }: Deployment, others: readonly ReplicaSet[]): Promise<void> => {
    const idle = others.filter((set) => set.spec.replicas === 0 && (set.status?.replicas ?? 0) === 0);
    const surplus = idle
      .sort((a, b) => revisionOf(a) - revisionOf(b))
      .slice(0, Math.max(0, idle.length - (spec.revisionHistoryLimit ?? 10)));
    for (const { metadata } of surplus) await sets.resources.delete(metadata).catch(ignoringGone);
  };

  const tell = async (
    deployment: Deployment,
    current: ReplicaSet,
    owned: readonly ReplicaSet[],
  ): Promise<void> => {
    const sum = (of: (set: ReplicaSet) => number | undefined): number =>
      owned.reduce((all, set) => all + (of(set) ?? 0), 0);
    const wanted = deployment.spec.replicas ?? 1;
    const availableReplicas = sum(({ status }) => status?.availableReplicas);
    const enough = availableReplicas >= wanted - unavailableOf(deployment);
    const status = {
      observedGeneration: deployment.metadata.generation,
      replicas: sum(({ status }) => status?.replicas),
      updatedReplicas: current.status?.replicas ?? 0,
      readyReplicas: sum(({ status }) => status?.readyReplicas),
      availableReplicas,
      unavailableReplicas: Math.max(0, wanted - availableReplicas),
    };
    const before = deployment.status ?? {};
    const same = (Object.keys(status) as (keyof typeof status)[]).every(
      (name) => (before[name] ?? 0) === status[name],
    );
    if (same) return;
    const conditions = [
      {
        type: "Available",
        status: enough ? "True" : "False",
        reason: enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
        lastTransitionTime: now(),
      },
      { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable", lastTransitionTime: now() },
    ];
    await deployments.resources.patch(deployment.metadata, { status: { ...status, conditions } }, "status");
  };

  const controller = new Controller({ name: "deployment", settle, signal: cluster.signal });
  deployments.onChange((deployment, gone) => {
    if (!gone) controller.enqueue(deployment.metadata);
  });
  sets.onChange((set) => {
    const owner = controllerOf(set);
    if (owner?.kind === "Deployment")
      controller.enqueue({ namespace: set.metadata.namespace, name: owner.name });
  });
  return controller;
}

const revisionOf = ({ metadata }: ReplicaSet): number =>
  Number(metadata.annotations?.[revisionAnnotation] ?? 0);
const nextRevision = (owned: readonly ReplicaSet[]): number => Math.max(0, ...owned.map(revisionOf)) + 1;

/** Identifies a template: equal templates have equal hashes, whichever controller created the set. */
function hashOf(template: PodTemplate): string {
  const { [hashLabel]: _, ...labels } = template.metadata?.labels ?? {};
  const canonical = JSON.stringify(
    { ...template, metadata: { ...template.metadata, labels } },
    (_key, value: unknown) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
  );
  return createHash("sha256").update(canonical).digest("hex").slice(0, 10);
}

const partOf = (
  value: number | string | undefined,
  whole: number,
  round: (value: number) => number,
): number =>
  typeof value === "string" && value.endsWith("%")
    ? round((whole * Number.parseFloat(value)) / 100)
    : Number(value ?? 0);

const surgeOf = ({ spec }: Deployment): number =>
  partOf(spec.strategy?.rollingUpdate?.maxSurge ?? "25%", spec.replicas ?? 1, Math.ceil);

/** Surge and unavailable cannot both be 0, or the rollout could not progress. */
const unavailableOf = (deployment: Deployment): number => {
  const { spec } = deployment;
  const most = partOf(spec.strategy?.rollingUpdate?.maxUnavailable ?? "25%", spec.replicas ?? 1, Math.floor);
  return most === 0 && surgeOf(deployment) === 0 ? 1 : most;
};

function ignoringGone(error: unknown): void {
  if (!isStoreError(error, "NOT_FOUND")) throw error;
}
