/** The context of every step. */
import type { ClusterClient } from "../client/cluster-client.ts";
import type { Kubelet } from "../nodes/kubelet.ts";
import type { ServiceProxy } from "../nodes/proxy.ts";
import type { Observer } from "../observer.ts";
import type { Printer } from "../printer.ts";

export interface Run {
  readonly cluster: ClusterClient;
  readonly observer: Observer;
  readonly printer: Printer;
  readonly proxy: ServiceProxy;
  readonly pods: number;
  readonly kubelets: ReadonlyMap<string, { readonly kubelet: Kubelet; readonly stop: AbortController }>;
  /** Kubernetes' own controller manager runs instead of the example's controllers. */
  readonly isReal: boolean;
  /** Milliseconds that a step may take. */
  readonly timeoutMs: number;
}

export const namespace = "shop";
/** Pods are divided evenly among the deployments. */
export const perDeployment = 500;

export const deploymentNames = ({ pods }: Pick<Run, "pods">): readonly string[] =>
  Array.from({ length: Math.ceil(pods / perDeployment) }, (_, i) => `web-${i}`);

export function deploymentOf(name: string, replicas: number, image: string): object {
  const labels = { app: name };
  const requests = { cpu: "10m", memory: "16Mi" };
  const containers = [{ name: "web", image, ports: [{ containerPort: 80 }], resources: { requests } }];
  // Pods of a lost node are evicted after a second instead of five minutes.
  const tolerations = ["not-ready", "unreachable"].map((state) => ({
    key: `node.kubernetes.io/${state}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: 1,
  }));
  const spec = { containers, tolerations, terminationGracePeriodSeconds: 1 };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec },
    },
  };
}
