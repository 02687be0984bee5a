/** The life of deployments: created, updated, rolled back. */
import { deploymentKind, type Pod } from "../objects.ts";
import { until } from "../printer.ts";
import { deploymentNames, deploymentOf, namespace, type Run } from "./run.ts";

export async function createDeployments(run: Run): Promise<void> {
  const { cluster, observer, printer, pods, timeoutMs } = run;
  printer.step(`Deployments of ${pods} pods: replica sets, pods, nodes, running`);
  await cluster.api.json("/api/v1/namespaces", {
    method: "POST",
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
  });
  const names = deploymentNames(run);
  for (const [i, name] of names.entries()) {
    const replicas = Math.floor(pods / names.length) + (i < pods % names.length ? 1 : 0);
    await cluster.resources(deploymentKind).create(deploymentOf(name, replicas, "nginx:1.26"), namespace);
  }
  printer.say(`${names.length} deployments created`);
  const bound = (): number =>
    observer.podsOf(namespace).filter(({ spec }) => spec.nodeName !== undefined).length;
  await until(() => bound() >= pods, timeoutMs);
  printer.say(
    `${bound()} pods bound to ${new Set(observer.podsOf(namespace).map(({ spec }) => spec.nodeName)).size} nodes`,
  );
  await until(() => observer.running(namespace).length >= pods && observer.isRolledOut(namespace), timeoutMs);
  printer.say(
    `${observer.running(namespace).length} pods running (${Math.round(pods / printer.seconds)} a second)`,
  );
  printer.check(observer.podsOf(namespace).length === pods, `there are exactly ${pods} pods`);
  printer.check(observer.running(namespace).length === pods, "all of them are bound and running");
  const addresses = new Set(
    observer.running(namespace).map(({ spec, status }) => `${spec.nodeName} ${status?.podIP}`),
  );
  printer.check(addresses.size === pods, "each has an address of its own");
}

export async function rollingUpdate(run: Run): Promise<void> {
  const { cluster, observer, printer, pods, timeoutMs } = run;
  printer.step("A rolling update of all of them");
  let least = observer.running(namespace).length;
  const image = "nginx:1.27";
  for (const name of deploymentNames(run)) {
    await cluster.api.json(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`, {
      method: "PATCH",
      contentType: "application/strategic-merge-patch+json",
      body: { spec: { template: { spec: { containers: [{ name: "web", image }] } } } },
    });
  }
  await until(() => {
    least = Math.min(least, observer.running(namespace).length);
    return imagesOf(run).join() === image && isSettled(run);
  }, timeoutMs);
  printer.say(`${observer.running(namespace).length} pods running, never fewer than ${least}`);
  printer.check(imagesOf(run).join() === image, `every pod runs ${image}`);
  printer.check(
    least >= Math.floor(pods * 0.75) - deploymentNames(run).length,
    "never more than a quarter was missing",
  );
}

export async function rollBack(run: Run): Promise<void> {
  const { cluster, observer, printer, timeoutMs } = run;
  printer.step("One deployment is rolled back");
  const [name = ""] = deploymentNames(run);
  const sets = [...observer.replicaSets].filter((id) => id.startsWith(`${namespace}/${name}-`)).length;
  const image = "nginx:1.26";
  const body = { spec: { template: { spec: { containers: [{ name: "web", image }] } } } };
  await cluster.api.json(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`, {
    method: "PATCH",
    contentType: "application/strategic-merge-patch+json",
    body,
  });
  const mineOf = (): readonly Pod[] =>
    observer.running(namespace).filter(({ metadata }) => metadata.labels?.["app"] === name);
  await until(
    () => mineOf().every(({ spec }) => spec.containers[0]?.image === image) && isSettled(run),
    timeoutMs,
  );
  const mine = mineOf();
  printer.say(`${mine.length} pods of ${name} run the image before`);
  printer.check(
    mine.every(({ spec }) => spec.containers[0]?.image === "nginx:1.26"),
    "every pod of it runs nginx:1.26",
  );
  const after = [...observer.replicaSets].filter((id) => id.startsWith(`${namespace}/${name}-`)).length;
  printer.check(after === sets, "the replica set of that template was taken up again");
  const isThird = (): boolean =>
    observer.deployments.get(`${namespace}/${name}`)?.metadata.annotations?.[
      "deployment.kubernetes.io/revision"
    ] === "3";
  await until(isThird, timeoutMs);
  printer.check(isThird(), "its revision is 3");
}

/** Checks that every deployment matches its spec, and that every counted pod belongs to one. */
const isSettled = ({ observer, pods }: Run): boolean =>
  observer.isRolledOut(namespace) && observer.podsOf(namespace).length === pods;

const imagesOf = ({ observer }: Run): readonly (string | undefined)[] => [
  ...new Set(observer.podsOf(namespace).map(({ spec }) => spec.containers[0]?.image)),
];
