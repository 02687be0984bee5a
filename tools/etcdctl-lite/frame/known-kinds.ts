/** Kinds by the names people use for them: Kubernetes' usual ones, or any with `--kind`. */
import type { Kind } from "keelson";
import { badArguments } from "./failure.ts";
import type { FlagSpec, Flags } from "./flags.ts";

export const kindFlag: FlagSpec = {
  name: "kind",
  type: "text",
  summary: "what an unusual resource is: apiVersion:Kind, or apiVersion:Kind:Cluster",
};

/** `resource: [apiVersion, kind, cluster-scoped]`. */
const known: Readonly<Record<string, readonly [string, string, "Namespaced" | "Cluster"]>> = {
  configmaps: ["v1", "ConfigMap", "Namespaced"],
  events: ["v1", "Event", "Namespaced"],
  nodes: ["v1", "Node", "Cluster"],
  pods: ["v1", "Pod", "Namespaced"],
  secrets: ["v1", "Secret", "Namespaced"],
  serviceaccounts: ["v1", "ServiceAccount", "Namespaced"],
  services: ["v1", "Service", "Namespaced"],
  "daemonsets.apps": ["apps/v1", "DaemonSet", "Namespaced"],
  "deployments.apps": ["apps/v1", "Deployment", "Namespaced"],
  "replicasets.apps": ["apps/v1", "ReplicaSet", "Namespaced"],
  "statefulsets.apps": ["apps/v1", "StatefulSet", "Namespaced"],
  "jobs.batch": ["batch/v1", "Job", "Namespaced"],
};

/** @param resource `pods`, `deployments.apps` @throws CliFailure for a resource that is not known here */
export async function kindOf(resource: string, flags: Flags): Promise<Kind> {
  const [plural = "", ...groups] = resource.split(".");
  const [givenVersion, givenKind, givenScope] = flags.text("kind").split(":");
  const given =
    givenKind === undefined
      ? undefined
      : ([givenVersion ?? "", givenKind, givenScope ?? "Namespaced"] as const);
  const facts = given ?? known[resource];
  if (facts === undefined)
    throw badArguments(`resource ${JSON.stringify(resource)} is not known, give --kind`);
  const [apiVersion, kind, scope] = facts;
  const { defineKind } = await import("keelson");
  return defineKind({
    group: groups.join("."),
    version: apiVersion.split("/").at(-1) ?? "",
    kind,
    plural,
    scope: scope === "Cluster" ? "Cluster" : "Namespaced",
  });
}
