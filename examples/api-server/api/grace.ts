/**
 * The grace period of a pod that is being deleted (Kubernetes' CheckGracefulDelete): the client's value, else the value
 * in the spec; 0 for a pod that no node runs. A node agent finishes the deletion. A node without a lease has no agent,
 * so its pods are deleted at once.
 */
import { isStoreError, type Resource } from "keelson";
import { at, type Json } from "../defaults/rules.ts";
import type { Target } from "./route.ts";
import { resourceNameOf } from "./served.ts";
import type { ServerParts } from "./server-parts.ts";

/** The namespace of the leases that node agents renew. */
export const nodeLeases = "kube-node-lease";

type Grace = number | ((current: Resource) => number);

export async function graceOf(
  parts: ServerParts,
  { served, namespace, name }: Target,
  asked: Grace | undefined,
): Promise<Grace> {
  if (resourceNameOf(served) !== "pods") return 0;
  const agents = await nodesWithAgents(parts, name === undefined ? undefined : { namespace, name });
  return (pod) => {
    const nodeName = at(pod, "spec.nodeName");
    const phase = at(pod, "status.phase");
    const runs =
      typeof nodeName === "string" && agents.has(nodeName) && phase !== "Succeeded" && phase !== "Failed";
    if (!runs) return 0;
    const wanted = typeof asked === "function" ? asked(pod) : asked;
    return wanted ?? Number(at(pod, "spec.terminationGracePeriodSeconds") ?? 30);
  };
}

/** The nodes that have an agent: all such nodes, or only the node of one pod. */
async function nodesWithAgents(
  { store }: ServerParts,
  pod: { namespace: string | undefined; name: string } | undefined,
): Promise<ReadonlySet<string>> {
  const kindOf = (name: string) => store.kinds.find(({ kind }) => kind === name);
  const [leases, pods] = [kindOf("Lease"), kindOf("Pod")];
  if (leases === undefined || pods === undefined) return new Set();
  const read = { consistency: "any" } as const;
  if (pod === undefined) {
    const { items } = await store.resources(leases).list({ namespace: nodeLeases, read });
    return new Set(items.map(({ metadata }) => metadata.name));
  }
  try {
    const found = (await store.resources(pods).get(pod)) as unknown as Json;
    const name = at(found, "spec.nodeName");
    if (typeof name !== "string") return new Set();
    await store.resources(leases).get({ namespace: nodeLeases, name }, { read });
    return new Set([name]);
  } catch (error) {
    if (isStoreError(error, "NOT_FOUND", "NAMESPACE_NOT_FOUND")) return new Set();
    throw error;
  }
}
