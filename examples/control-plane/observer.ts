/** Counts of objects, updated from watch events: the run waits on these instead of listing. */
import type { ClusterClient } from "./client/cluster-client.ts";
import {
  type Deployment,
  deploymentKind,
  isReady,
  nodeKind,
  type Pod,
  podKind,
  replicaSetKind,
} from "./objects.ts";

export class Observer {
  readonly pods: Map<string, Pod> = new Map<string, Pod>();
  readonly deployments: Map<string, Deployment> = new Map<string, Deployment>();
  readonly readyNodes: Set<string> = new Set<string>();
  /** Names of replica sets by namespace. */
  readonly replicaSets: Set<string> = new Set<string>();

  constructor(cluster: ClusterClient) {
    cluster.informer(podKind).onChange((pod, gone) => {
      if (gone) this.pods.delete(pod.metadata.uid);
      else this.pods.set(pod.metadata.uid, pod);
    });
    cluster.informer(nodeKind).onChange((node, gone) => {
      if (gone || !isReady(node)) this.readyNodes.delete(node.metadata.name);
      else this.readyNodes.add(node.metadata.name);
    });
    cluster.informer(deploymentKind).onChange((deployment, gone) => {
      const { namespace, name, uid } = deployment.metadata;
      if (!gone) this.deployments.set(`${namespace}/${name}`, deployment);
      else if (this.deployments.get(`${namespace}/${name}`)?.metadata.uid === uid)
        this.deployments.delete(`${namespace}/${name}`);
    });
    cluster.informer(replicaSetKind).onChange(({ metadata: { namespace, name } }, gone) => {
      if (gone) this.replicaSets.delete(`${namespace}/${name}`);
      else this.replicaSets.add(`${namespace}/${name}`);
    });
  }

  podsOf(namespace: string): readonly Pod[] {
    return [...this.pods.values()].filter(({ metadata }) => metadata.namespace === namespace);
  }

  /** Running pods of a namespace that are not being deleted. */
  running(namespace: string): readonly Pod[] {
    return this.podsOf(namespace).filter(
      (pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined,
    );
  }

  deploymentsOf(namespace: string): readonly Deployment[] {
    return [...this.deployments.values()].filter(({ metadata }) => metadata.namespace === namespace);
  }

  /** Whether every deployment of a namespace matches its spec and no pods of older templates are left. */
  isRolledOut(namespace: string): boolean {
    return this.deploymentsOf(namespace).every(({ metadata, spec, status = {} }) => {
      const wanted = spec.replicas ?? 1;
      return (
        (status.observedGeneration ?? 0) >= metadata.generation &&
        status.updatedReplicas === wanted &&
        status.availableReplicas === wanted &&
        status.replicas === wanted
      );
    });
  }
}
