/** A service finds its pods, and an autoscaler changes their number. */
import { autoscalerKind, serviceKind } from "../objects.ts";
import { until } from "../printer.ts";
import { deploymentNames, namespace, type Run } from "./run.ts";

export async function service(run: Run): Promise<void> {
  const { cluster, printer, proxy, timeoutMs } = run;
  const [app = ""] = deploymentNames(run);
  printer.step("A service finds the pods behind it");
  const body = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: app },
    spec: { selector: { app }, ports: [{ port: 80 }] },
  };
  const created = await cluster.resources(serviceKind).create(body, namespace);
  const wanted = (): readonly string[] => addressesOf(run, app);
  const same = (): boolean =>
    [...proxy.backendsOf(namespace, app)].sort().join() === [...wanted()].sort().join();
  await until(same, timeoutMs);
  printer.say(`${created.spec.clusterIP}:80 leads to ${proxy.backendsOf(namespace, app).length} addresses`);
  printer.check(/^10\.96\./.test(created.spec.clusterIP ?? ""), "it has an address of the cluster");
  printer.check(same() && wanted().length > 0, "a node's proxy knows exactly the running pods");
}

const addressesOf = ({ observer }: Run, app: string): readonly string[] =>
  observer
    .running(namespace)
    .filter(({ metadata }) => metadata.labels?.["app"] === app)
    .map(({ status }) => status?.podIP ?? "");

export async function autoscale(run: Run): Promise<void> {
  const { cluster, observer, printer, timeoutMs } = run;
  if (run.isReal) return;
  const name = deploymentNames(run).at(-1) ?? "";
  const before = observer.deployments.get(`${namespace}/${name}`)?.spec.replicas ?? 0;
  printer.step("Its pods are busy: the autoscaler adds some, within its bounds");
  const scaler = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      minReplicas: 1,
      maxReplicas: before + 3,
    },
  };
  await cluster.resources(autoscalerKind).create(scaler, namespace);
  const replicas = (): number => observer.deployments.get(`${namespace}/${name}`)?.spec.replicas ?? 0;
  await until(() => replicas() === before + 3 && observer.isRolledOut(namespace), timeoutMs);
  printer.say(`${name} has ${replicas()} replicas, it had ${before}`);
  printer.check(
    replicas() === before + 3 && observer.isRolledOut(namespace),
    "it has its most replicas, and all of them run",
  );
  await cluster.resources(autoscalerKind).delete({ namespace, name });
}
