/** A definition's status: its names are accepted and it is established as soon as it exists. */
import type { Json } from "../defaults/rules.ts";
import { at, listAt, objectAt } from "../defaults/rules.ts";

export function definitionStatus(definition: Json): Json {
  const lastTransitionTime = `${new Date().toISOString().slice(0, 19)}Z`;
  const condition = (type: string, reason: string, message: string): Json => ({
    type,
    status: "True",
    lastTransitionTime,
    reason,
    message,
  });
  return withStoredVersions(definition, {
    conditions: [
      condition("NamesAccepted", "NoConflicts", "no conflicts found"),
      condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    ],
  });
}

/**
 * A status with the version that is stored now among those in which there may be objects. None is removed: whoever has
 * rewritten the objects does that.
 */
export function withStoredVersions(definition: Json, status: Json): Json {
  const stored = listAt(definition, "spec.versions").filter((version) => version["storage"] === true);
  const known = at(status, "storedVersions");
  const versions = [...(Array.isArray(known) ? known : []), ...stored.map(({ name }) => name)];
  const acceptedNames = objectAt(definition, "spec.names");
  return { ...status, acceptedNames, storedVersions: [...new Set(versions)] };
}
