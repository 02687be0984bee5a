/** What a restore does with one object, as data and as lines to read. */
import type { FieldChange } from "./object-changes.ts";

/** One object that a restore writes, or does not write. */
export interface ObjectDiff {
  /**
   * "create": it is not there; "overwrite", "skip", "conflict": it is there and differs, as `conflict` of the options
   * says.
   */
  readonly action: "create" | "overwrite" | "skip" | "conflict";
  /** "pods", "deployments.apps". */
  readonly resource: string;
  /** Where it is restored to; absent for a cluster-scoped kind. */
  readonly namespace?: string | undefined;
  /** Its name. */
  readonly name: string;
  /** Live against backup, field by field; empty for a creation. */
  readonly changes: readonly FieldChange[];
  /** It lived on a lease: what was left of it in the backup, or the whole where that is not on record. It is given that again. */
  readonly ttlSeconds?: number | undefined;
  /** It lived on a lease of which the source says nothing: restored, it does not expire. */
  readonly lostTtl?: true | undefined;
}

/** A line for the object, and one for each field that differs. */
export function textOf(entry: ObjectDiff): string {
  const fields = entry.changes.map(
    ({ path, from, to }) =>
      `    ${path}: ${JSON.stringify(from) ?? "absent"} -> ${JSON.stringify(to) ?? "absent"}`,
  );
  return [`${entry.action} ${lineOf(entry)}${lifeText(entry)}`, ...fields].join("\n");
}

function lifeText({ ttlSeconds, lostTtl }: ObjectDiff): string {
  if (lostTtl === true) return " (had a time to live, which is not on record: it does not expire)";
  return ttlSeconds === undefined ? "" : ` (expires in ${ttlSeconds} s)`;
}

/** "pods shop/web". */
export function lineOf({ resource, namespace, name }: ObjectDiff): string {
  return `${resource} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}
