/** The nodes of a run: many kubelets in one process, started several at a time. */
import type { ClusterClient } from "../client/cluster-client.ts";
import { Kubelet } from "./kubelet.ts";

interface FleetNode {
  readonly kubelet: Kubelet;
  readonly stop: AbortController;
}

/** By node name. */
export type Fleet = ReadonlyMap<string, FleetNode>;

/** The resources of each node, which the scheduler uses. */
const capacity = { cpu: "16", memory: "64Gi", pods: "250" };
const inFlight = 50;

/** Starts `nodes` kubelets, which register and send heartbeats; each stops by its own signal. */
export async function startFleet(client: ClusterClient, nodes: number, heartbeatMs: number): Promise<Fleet> {
  const kubelets = new Map<string, FleetNode>();
  for (let index = 0; index < nodes; index++) {
    const name = `node-${String(index).padStart(4, "0")}`;
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, client.signal]);
    kubelets.set(name, {
      kubelet: new Kubelet(client, { name, index, heartbeatMs, capacity, signal }),
      stop,
    });
  }
  const waiting = [...kubelets.values()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next.kubelet.start();
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return kubelets;
}
