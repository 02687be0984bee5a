/**
 * Operations on a pod besides writes: binding it to a node, which happens once, and eviction, which its disruption
 * budgets may forbid. Each is one compare-and-swap on live state.
 */
import { objectMatcher, type Resource } from "keelson";
import { type Exchange, isDry } from "../api/exchange.ts";
import { badRequest, conflict, notFoundHere, Refusal } from "../api/refusal.ts";
import type { Target } from "../api/route.ts";
import type { Served } from "../api/served.ts";
import type { ServerParts } from "../api/server-parts.ts";
import { type Answer, changeObject, deleteObject, keyOf, storeOf, success } from "../api/write.ts";
import { at, isJson, type Json, listAt, objectAt } from "../defaults/rules.ts";
import { selectorQuery } from "./selector-query.ts";

/** Sets the pod's node and the condition PodScheduled. */
export async function bindPod(
  parts: ServerParts,
  exchange: Exchange,
  target: Target,
  binding: Json,
): Promise<Answer> {
  const nodeName = at(binding, "target.name");
  if (typeof nodeName !== "string" || nodeName === "") throw badRequest("binding must have a target node");
  const wanted = objectAt(binding, "metadata");
  await changeObject(parts, exchange, { ...target, subresource: "binding" }, (pod) => {
    const name = String(at(pod, "metadata.name"));
    if (wanted["uid"] && wanted["uid"] !== at(pod, "metadata.uid")) {
      const actual = String(at(pod, "metadata.uid"));
      throw conflict(
        "pods",
        name,
        `Precondition failed: UID in precondition: ${String(wanted["uid"])}, UID in object meta: ${actual}`,
      );
    }
    if (at(pod, "metadata.deletionTimestamp") !== undefined) {
      throw conflict("pods/binding", name, `pod ${name} is being deleted, cannot be assigned to a host`);
    }
    const bound = at(pod, "spec.nodeName");
    if (bound)
      throw conflict("pods/binding", name, `pod ${name} is already assigned to node "${String(bound)}"`);
    const annotations = { ...objectAt(pod, "metadata.annotations"), ...objectAt(wanted, "annotations") };
    const metadata = objectAt(pod, "metadata");
    const conditions = listAt(pod, "status.conditions").filter(({ type }) => type !== "PodScheduled");
    const scheduled = {
      type: "PodScheduled",
      status: "True",
      lastProbeTime: null,
      lastTransitionTime: now(),
    };
    return {
      ...pod,
      metadata: Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations },
      spec: { ...objectAt(pod, "spec"), nodeName },
      status: { ...objectAt(pod, "status"), conditions: [...conditions, scheduled] },
    };
  });
  return { httpStatus: 201, object: success({}) };
}

const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

/** Deletes the pod if every disruption budget that selects it allows one more disruption. */
export async function evictPod(
  parts: ServerParts,
  exchange: Exchange,
  target: Target,
  eviction: Json,
): Promise<Answer> {
  const pod = await storeOf(parts, target.served).get(keyOf(target));
  const phase = at(pod, "status.phase");
  const options = eviction["deleteOptions"];
  // The body of a deletion overrides its query, and so do these options.
  const dryRun = isJson(options) ? [at(options, "dryRun")].flat().includes("All") : isDry(exchange);
  const counts = phase !== "Pending" && phase !== "Succeeded" && phase !== "Failed";
  if (counts) {
    for (const budget of await budgetsOf(parts, target.served, pod))
      await spend(parts, exchange, budget, dryRun);
  }
  await deleteObject(parts, exchange, { ...target, subresource: undefined }, options);
  return { httpStatus: 201, object: success({}) };
}

const budgetKind = ({ store }: ServerParts) => store.kinds.find(({ kind }) => kind === "PodDisruptionBudget");

/** The budgets that select the pod. One without a selector selects none, one with an empty selector every pod. */
async function budgetsOf(
  parts: ServerParts,
  { stored }: Served,
  pod: Resource,
): Promise<readonly Resource[]> {
  const kind = budgetKind(parts);
  if (kind === undefined || stored === undefined) return [];
  const { items } = await parts.store.resources(kind).list({ namespace: pod.metadata.namespace });
  return items.filter((budget) => {
    const selector = at(budget, "spec.selector");
    return isJson(selector) && objectMatcher(stored, { labelSelector: selectorQuery(selector) })(pod);
  });
}

/** Decrements the allowed disruptions: a successful write is the permission to evict. */
async function spend(
  parts: ServerParts,
  { signal }: Exchange,
  budget: Resource,
  dryRun: boolean,
): Promise<void> {
  const kind = budgetKind(parts);
  if (kind === undefined) throw notFoundHere();
  const { namespace, name } = budget.metadata;
  const mutate = (current: Resource): Resource => {
    const allowed = Number(at(current, "status.disruptionsAllowed") ?? 0);
    if (allowed < 1) {
      throw new Refusal(
        429,
        "TooManyRequests",
        "Cannot evict pod as it would violate the pod's disruption budget.",
        {
          causes: [
            {
              reason: "DisruptionBudget",
              message: `The disruption budget ${name} needs ${Number(at(current, "status.desiredHealthy") ?? 0)} healthy pods and has ${Number(at(current, "status.currentHealthy") ?? 0)} currently`,
              field: "",
            },
          ],
        },
      );
    }
    const status = { ...objectAt(current, "status"), disruptionsAllowed: allowed - 1 };
    return { ...current, status } as Resource;
  };
  await parts.store
    .resources(kind)
    .guaranteedUpdate({ namespace, name }, mutate, { subresource: "status", dryRun, signal });
}
