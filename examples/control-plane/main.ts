/**
 * A control plane from end to end: etcd, the example's API server, nodes that register and report, and the controllers
 * that create pods for deployments and schedule them. Exits with 0 if every check passes.
 *
 *   npm run control-plane -- [--nodes 5] [--pods 50] [--server URL]
 *
 * With KUBE_BIN, Kubernetes' own kube-scheduler and kube-controller-manager take the places of the example's controllers.
 */
import { ClusterClient } from "./client/cluster-client.ts";
import { runAutoscalers } from "./controllers/autoscaler.ts";
import { runDeployments } from "./controllers/deployment.ts";
import { runEndpoints } from "./controllers/endpoints.ts";
import { runNodeLifecycle } from "./controllers/node-lifecycle.ts";
import { runReplicaSets } from "./controllers/replica-set.ts";
import { runScheduler } from "./controllers/scheduler.ts";
import { startFleet } from "./nodes/fleet.ts";
import { ServiceProxy } from "./nodes/proxy.ts";
import { Observer } from "./observer.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { Printer, until } from "./printer.ts";
import { type Cluster, startCluster, usageOf } from "./processes.ts";
import type { Run } from "./steps/run.ts";
import { story } from "./steps/story.ts";

let options: Options;
try {
  options = parseOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${(error as Error).message}\n\n${usage}`);
  process.exit(2);
}

const printer = new Printer();
await using cluster = await startCluster(options.server, process.env["KUBE_BIN"]);
await using client = new ClusterClient(cluster.url);
await play(client, cluster, options, printer);
console.log(printer.failures === 0 ? "\nEvery claim held." : `\n${printer.failures} claims did not hold.`);
process.exitCode = printer.failures === 0 ? 0 : 1;

async function play(
  client: ClusterClient,
  { url, real, pids }: Cluster,
  { nodes, pods }: Options,
  printer: Printer,
): Promise<void> {
  // A few nodes send heartbeats often, so that a lost one is noticed soon; many nodes use Kubernetes' interval.
  const heartbeatMs = nodes <= 50 ? 1_000 : 10_000;
  const isReal = real.includes("kube-controller-manager");
  console.log(`API server ${url}; ${real.length === 0 ? "the example's controllers" : real.join(" and ")}`);
  const observer = new Observer(client);
  const proxy = new ServiceProxy(client);
  if (!isReal) {
    runDeployments(client);
    runReplicaSets(client);
    runEndpoints(client);
    runNodeLifecycle(client, { graceMs: 4 * heartbeatMs, evictionMs: 1_000 });
    runAutoscalers(client, () => 160, 500);
  }
  if (!real.includes("kube-scheduler")) runScheduler(client);
  await client.startInformers();

  printer.step(`${nodes} nodes register`);
  const kubelets = await startFleet(client, nodes, heartbeatMs);
  const timeoutMs = 60_000 + pods * 100;
  await until(() => observer.readyNodes.size >= nodes, timeoutMs);
  printer.say(`${observer.readyNodes.size} nodes are ready`);
  printer.check(observer.readyNodes.size === nodes, "every node is ready");

  const run: Run = { cluster: client, observer, printer, proxy, pods, kubelets, isReal, timeoutMs };
  for (const step of story) await step(run);

  printer.step("What it took");
  for (const [name, pid] of [...pids, ["nodes and controllers", process.pid] as const]) {
    const used = await usageOf(pid);
    if (used !== undefined)
      printer.say(`${name}: ${used.cpuSeconds.toFixed(1)} s of CPU, ${used.mebibytes} MiB at most`);
  }
  printer.say(`${client.api.requests} requests were sent from here`);
  for (const { stop } of kubelets.values()) stop.abort();
}
