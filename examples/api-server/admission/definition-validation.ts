/** Validation of a CustomResourceDefinition: what it defines can be opened as a kind, or it is not stored. */
import { type AnyResource, isStoreError } from "keelson";
import { customResourceOf } from "keelson/kubernetes";
import type { FieldFault } from "../api/refusal.ts";
import { at, type Json, listAt, objectAt } from "../defaults/rules.ts";
import { canonical } from "./canonical.ts";

export function definitionFaults(definition: Json, current: Json | undefined): readonly FieldFault[] {
  const { group, scope, names } = objectAt(definition, "spec");
  const { plural, kind } = objectAt({ names }, "names");
  const faults: FieldFault[] = [];
  const fault = (field: string, message: string): void => void faults.push({ field, message });
  const named = {
    "spec.group": group,
    "spec.scope": scope,
    "spec.names.plural": plural,
    "spec.names.kind": kind,
  };
  for (const [field, value] of Object.entries(named)) if (!value) fault(field, "Required value");
  const name = at(definition, "metadata.name");
  if (group && plural && name !== `${String(plural)}.${String(group)}`) {
    const message = `Invalid value: ${canonical(name) ?? '""'}: must be spec.names.plural+"."+spec.group`;
    fault("metadata.name", message);
  }
  if (scope && scope !== "Namespaced" && scope !== "Cluster")
    fault("spec.scope", `Unsupported value: ${canonical(scope)}: supported values: "Cluster", "Namespaced"`);
  const versions = listAt(definition, "spec.versions");
  if (versions.filter(({ storage }) => storage === true).length !== 1) {
    const message = `Invalid value: ${canonical(versions)}: must have exactly one version marked as storage version`;
    fault("spec.versions", message);
  }
  versions.forEach((version, i) => {
    if (
      at(version, "schema.openAPIV3Schema") === undefined &&
      at(definition, "spec.preserveUnknownFields") !== true
    )
      fault(`spec.versions[${i}].schema.openAPIV3Schema`, "Required value: schemas are required");
  });
  if (current !== undefined) {
    const names = new Set(versions.map((version) => version["name"]));
    const stored = at(definition, "status.storedVersions");
    for (const [i, version] of Array.isArray(stored) ? stored.entries() : []) {
      if (names.has(version)) continue;
      const message = `Invalid value: ${canonical(version)}: must appear in spec.versions`;
      fault(`status.storedVersions[${i}]`, message);
    }
    for (const field of ["spec.group", "spec.scope", "spec.names.plural", "spec.names.kind"]) {
      if (canonical(at(definition, field)) === canonical(at(current, field))) continue;
      fault(field, `Invalid value: ${canonical(at(definition, field)) ?? '""'}: field is immutable`);
    }
  }
  return faults.length > 0 ? faults : unopenable(definition);
}

/** What only opening it tells. */
function unopenable(definition: Json): readonly FieldFault[] {
  try {
    customResourceOf(definition as unknown as AnyResource);
    return [];
  } catch (error) {
    if (!isStoreError(error)) throw error;
    return [{ field: "spec", message: `Invalid value: ${error.message}` }];
  }
}
