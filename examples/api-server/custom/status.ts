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
  const stored = listAt(definition, "spec.versions").filter((version) => version["storage"] === true);
  const known = at(definition, "status.storedVersions");
  const versions = [...(Array.isArray(known) ? known : []), ...stored.map(({ name }) => name)];
  return {
    conditions: [
      condition("NamesAccepted", "NoConflicts", "no conflicts found"),
      condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    ],
    acceptedNames: objectAt(definition, "spec.names"),
    storedVersions: [...new Set(versions)],
  };
}
