/**
 * The priority of a pod (Kubernetes' admission plugin Priority): the value of its class, or of the class that is the
 * default. Schedulers read the number, never the class.
 */
import { isStoreError, type Resource } from "keelson";
import { Refusal } from "../api/refusal.ts";
import { at, type Json, objectAt } from "../defaults/rules.ts";
import type { AdmissionContext } from "./strategy.ts";

/** @throws Refusal 403 for a class that does not exist */
export async function givePriority(pod: Json, { store }: AdmissionContext): Promise<void> {
  const kind = store.kinds.find((one) => one.kind === "PriorityClass");
  if (kind === undefined) return;
  const classes = store.resources(kind);
  const spec = objectAt(pod, "spec");
  const named = spec["priorityClassName"];
  let found: Resource | undefined;
  if (typeof named === "string" && named !== "") {
    try {
      found = await classes.get({ name: named });
    } catch (error) {
      if (!isStoreError(error, "NOT_FOUND", "INVALID_ARGUMENT")) throw error;
      const name = String(at(pod, "metadata.name") ?? at(pod, "metadata.generateName"));
      const message = `pods "${name}" is forbidden: no PriorityClass with name ${named} was found`;
      throw new Refusal(403, "Forbidden", message);
    }
  } else {
    const { items } = await classes.list();
    found = items
      .filter((one) => at(one, "globalDefault") === true)
      .sort((a, b) => numberOf(a) - numberOf(b))[0];
  }
  if (found === undefined) return;
  spec["priorityClassName"] = found.metadata.name;
  spec["priority"] = numberOf(found);
  spec["preemptionPolicy"] = at(found, "preemptionPolicy") ?? spec["preemptionPolicy"];
}

const numberOf = (priorityClass: Resource): number => Number(at(priorityClass, "value") ?? 0);
