/**
 * metadata.managedFields as a map: the fields of each manager, by name, operation, version and subresource.
 *
 * Apply entries are one per name and subresource; Update entries one per version, too. The number of Update entries is
 * bounded as in Kubernetes: the oldest are merged under the name "ancient-changes".
 */
import { type Fields, isFields } from "../patch/patch-error.ts";
import { FieldSet, fieldSetOf } from "./field-set.ts";

export interface Manager {
  readonly name: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  /** "status", "scale"; "" for the object itself. */
  readonly subresource: string;
  /** When the set last changed, RFC 3339. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** Managers by identity. */
export type Managers = ReadonlyMap<string, Manager>;

/** Kubernetes' limit of Update entries. */
const updateManagersMax = 10;
const ancient = "ancient-changes";

export function identityOf({
  name,
  operation,
  apiVersion,
  subresource,
}: Omit<Manager, "time" | "fields">): string {
  // An applier that changes its version keeps its identity.
  return JSON.stringify([operation, name, subresource, operation === "Apply" ? "" : apiVersion]);
}

/** Decoded entries; undefined when there are none, or when one is malformed. */
export function managersOf(managedFields: unknown): Managers | undefined {
  if (!Array.isArray(managedFields) || managedFields.length === 0) return undefined;
  const managers = new Map<string, Manager>();
  for (const entry of managedFields as readonly unknown[]) {
    const manager = managerOf(entry);
    if (manager === undefined) return undefined;
    managers.set(identityOf(manager), manager);
  }
  return managers;
}

function managerOf(entry: unknown): Manager | undefined {
  if (!isFields(entry)) return undefined;
  const { manager, operation, apiVersion, subresource, time, fieldsType, fieldsV1 } = entry;
  if (operation !== "Apply" && operation !== "Update") return undefined;
  if (typeof apiVersion !== "string" || fieldsType !== "FieldsV1") return undefined;
  const fields = fieldSetOf(fieldsV1);
  if (fields === undefined) return undefined;
  return {
    name: typeof manager === "string" ? manager : "",
    operation,
    apiVersion,
    subresource: typeof subresource === "string" ? subresource : "",
    time: typeof time === "string" ? time : undefined,
    fields,
  };
}

/**
 * As stored, in Kubernetes' order: Apply before Update, then by time and name. Entries that own nothing are left out.
 */
export function managedFieldsOf(managers: Managers): Fields[] {
  const kept = [...managers.values()].filter(({ fields }) => !fields.isEmpty).sort(byAge);
  return withinBound(kept).map(({ name, operation, apiVersion, subresource, time, fields }) => ({
    manager: name,
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: "FieldsV1",
    fieldsV1: fields.toFieldsV1(),
    ...(subresource === "" ? {} : { subresource }),
  }));
}

function byAge(a: Manager, b: Manager): number {
  return (
    order(a.operation, b.operation) ||
    order(a.time ?? "", b.time ?? "") ||
    order(a.name, b.name) ||
    order(a.subresource, b.subresource)
  );
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function withinBound(sorted: readonly Manager[]): readonly Manager[] {
  const applies = sorted.filter(({ operation }) => operation === "Apply");
  const updates = sorted.filter(({ operation }) => operation === "Update");
  const surplus = updates.length - updateManagersMax;
  if (surplus <= 0) return sorted;
  // One more than the surplus, because the merged entry counts, too. There is one merged entry per version, since its
  // fields belong to a version.
  const merged = new Map<string, Manager>();
  for (const old of updates.slice(0, surplus + 1)) {
    const into = merged.get(old.apiVersion);
    const fields = (into?.fields ?? new FieldSet()).union(old.fields);
    merged.set(old.apiVersion, { ...old, name: ancient, subresource: "", fields });
  }
  return [...applies, ...merged.values(), ...updates.slice(surplus + 1)];
}

/** `managers` without the fields of `changed`, except the manager named `except`. */
export function withoutFields(managers: Managers, changed: FieldSet, except: string): Managers {
  return new Map(
    [...managers].map(([identity, manager]) => [
      identity,
      identity === except ? manager : { ...manager, fields: manager.fields.difference(changed) },
    ]),
  );
}

/** As Kubernetes names a manager in a conflict: `"kubectl" with subresource "status" using apps/v1`. */
export function managerText({ name, operation, apiVersion, subresource }: Manager): string {
  const of = subresource === "" ? "" : ` with subresource ${JSON.stringify(subresource)}`;
  return `${JSON.stringify(name)}${of}${operation === "Update" ? ` using ${apiVersion}` : ""}`;
}
