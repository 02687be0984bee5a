/** What a restore does with one object, as data and as readable lines. */
import type { FieldChange } from "./object-changes.ts";

/** One object that a restore writes, or does not write. */
export interface ObjectDiff {
  /**
   * "create": it does not exist; "overwrite", "skip", "conflict": it exists and differs, and the `conflict` option decides.
   */
  readonly action: "create" | "overwrite" | "skip" | "conflict";
  /** "pods", "deployments.apps". */
  readonly resource: string;
  /** Namespace it is restored to; absent for a cluster-scoped kind. */
  readonly namespace?: string | undefined;
  /** Its name. */
  readonly name: string;
  /** Differences of live and backup, field by field; empty for a creation. */
  readonly changes: readonly FieldChange[];
  /** It had a lease: the remaining TTL in the backup, or the full TTL if that is not recorded. The restored object gets it again. */
  readonly ttlSeconds?: number | undefined;
  /** It had a lease whose TTL the source does not have: the restored object does not expire. */
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
