/** Counts of what there is, kept from the watches as they come: the run waits on these and not on lists. */
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
  /** Names by namespace: of replica sets. */
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

  /** Pods of a namespace that run and are not going. */
  running(namespace: string): readonly Pod[] {
    return this.podsOf(namespace).filter(
      (pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined,
    );
  }

  deploymentsOf(namespace: string): readonly Deployment[] {
    return [...this.deployments.values()].filter(({ metadata }) => metadata.namespace === namespace);
  }

  /** Every deployment of a namespace is where its spec wants it, and nothing of older templates is left. */
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
