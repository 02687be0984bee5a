/** Steps that lose a node and delete objects. */
import { isStoreError } from "keelson";
import { deploymentKind, nodeKind, podKind } from "../objects.ts";
import { until } from "../printer.ts";
import { deploymentNames, namespace, type Run } from "./run.ts";

export async function nodeLost(run: Run): Promise<void> {
  const { cluster, observer, printer, kubelets, timeoutMs } = run;
  printer.step("A node falls silent");
  const pods = observer.running(namespace).length;
  const on = (node: string): number =>
    observer.podsOf(namespace).filter(({ spec }) => spec.nodeName === node).length;
  const [lost = ""] = [...kubelets.keys()].filter((node) => on(node) > 0);
  printer.say(`${lost} stops; it had ${on(lost)} pods`);
  kubelets.get(lost)?.stop.abort();
  await until(() => !observer.readyNodes.has(lost), timeoutMs);
  printer.say(`${lost} is not ready`);
  const replaced = (): boolean =>
    observer.running(namespace).filter(({ spec }) => spec.nodeName !== lost).length >= pods;
  await until(replaced, timeoutMs);
  printer.say(
    `${observer.running(namespace).filter(({ spec }) => spec.nodeName !== lost).length} pods run elsewhere`,
  );
  printer.check(replaced(), "every pod of it has a successor on another node");
  // No agent can report that its containers have stopped: the operator marks the node as out of service.
  await cluster.resources(nodeKind).delete({ name: lost });
  const left = observer.podsOf(namespace).filter(({ spec }) => spec.nodeName === lost);
  for (const { metadata } of left) {
    await cluster.resources(podKind).delete(metadata, { gracePeriodSeconds: 0 }).catch(ignoringGone);
  }
  await until(() => on(lost) === 0, timeoutMs);
  printer.check(on(lost) === 0, `${lost} is removed, and nothing of it is left`);
}

export async function deleteDeployment(run: Run): Promise<void> {
  const { cluster, observer, printer, timeoutMs } = run;
  const [name = ""] = deploymentNames(run);
  printer.step("A deployment is deleted: what it owned goes with it");
  const mine = (): number =>
    observer.podsOf(namespace).filter(({ metadata }) => metadata.labels?.["app"] === name).length;
  const sets = (): number =>
    [...observer.replicaSets].filter((id) => id.startsWith(`${namespace}/${name}-`)).length;
  printer.say(`${mine()} pods in ${sets()} replica sets`);
  await cluster.resources(deploymentKind).delete({ namespace, name }, { propagationPolicy: "Background" });
  await until(() => mine() === 0 && sets() === 0, timeoutMs);
  printer.say(`${mine()} pods in ${sets()} replica sets are left`);
  printer.check(mine() === 0 && sets() === 0, "its replica sets and pods are gone");
}

export async function deleteNamespace(run: Run): Promise<void> {
  const { cluster, observer, printer, timeoutMs } = run;
  printer.step("The namespace is deleted with all that is in it");
  const objects =
    observer.podsOf(namespace).length + observer.replicaSets.size + observer.deploymentsOf(namespace).length;
  const path = `/api/v1/namespaces/${namespace}`;
  await cluster.api.json(path, { method: "DELETE" });
  const isGone = async (): Promise<boolean> => {
    try {
      await cluster.api.json(path);
      return false;
    } catch (error) {
      if (isStoreError(error, "NOT_FOUND")) return true;
      throw error;
    }
  };
  await until(isGone, timeoutMs);
  printer.say(`${objects} pods, replica sets and deployments went`);
  printer.check(await isGone(), "the namespace is gone");
  await until(() => observer.podsOf(namespace).length === 0, timeoutMs);
  printer.check(observer.podsOf(namespace).length === 0, "nothing of it is left");
}

function ignoringGone(error: unknown): void {
  if (!isStoreError(error, "NOT_FOUND")) throw error;
}
