/**
 * The histories in a repository. A cluster that is restored, or replaced, continues from an earlier state and reuses
 * revisions: older backups of later states then belong to another history, which is abandoned but kept.
 *
 *   A  full ── delta ── full ── delta                     abandoned, reachable by its name
 *                └─ restored ─► B  full ── delta          the history of the newest backup: the current one
 *
 * A history is named by the id of its cluster, and a number if one cluster id had several. The path of a history is its
 * own backups and those of its parent history, up to the last revision at which the two were proved to be equal.
 */
import { earlierOf } from "../files/revision-order.ts";
import type { Manifest } from "./manifest.ts";

/** A recorded backup with its history. */
export type Backup = Manifest & {
  /** Its history's name. */
  readonly history: string;
  /** Whether the newest backup belongs to another history. */
  readonly abandoned: boolean;
};

/** Where a history left its parent. */
export interface Fork {
  /** Name of the parent history. */
  readonly history: string;
  /** Last revision at which both are equal, inclusive. */
  readonly revision: string;
}

/** A whole history, from its beginning as far as it is known. */
export interface HistoryPath {
  /** Oldest history first; of each but the last only the backups that belong to the next one's past. */
  readonly parts: readonly (readonly Backup[])[];
}

/** Assigns each backup its history. @param manifests oldest first */
export function withHistories(manifests: readonly Manifest[]): readonly Backup[] {
  const names = new Map<string, string>();
  /** Of each cluster, if manifests do not name their history. */
  const latest = new Map<string, { readonly name: string; readonly revision: bigint }>();
  const taken = new Set<string>();
  for (const manifest of manifests) {
    const { id, clusterId } = manifest;
    const known = latest.get(clusterId);
    const revision = BigInt(manifest.lastRevision);
    const fell = known !== undefined && manifest.kind === "full" && revision < known.revision;
    const given = manifest.history ?? (manifest.kind === "delta" ? names.get(manifest.base) : undefined);
    const name = given ?? (known === undefined || fell ? newHistoryName(clusterId, taken) : known.name);
    taken.add(name);
    names.set(id, name);
    latest.set(clusterId, { name, revision });
  }
  const newest = manifests.at(-1);
  const current = newest === undefined ? undefined : names.get(newest.id);
  return manifests.map((manifest) => {
    const history = names.get(manifest.id) ?? manifest.clusterId;
    return { ...manifest, history, abandoned: history !== current };
  });
}

/** An unused name for a history of a cluster. */
export function newHistoryName(clusterId: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? clusterId : `${clusterId}.${number}`;
    if (!taken.has(name)) return name;
  }
}

/** @param backups oldest first */
export function pathOf(backups: readonly Backup[], history: string): HistoryPath {
  const parts: (readonly Backup[])[] = [];
  let name: string | undefined = history;
  let until: bigint | undefined;
  const seen = new Set<string>();
  while (name !== undefined && !seen.has(name)) {
    seen.add(name);
    const current: string = name;
    const limit: bigint | undefined = until;
    const own = backups.filter((backup) => backup.history === current);
    parts.unshift(limit === undefined ? own : own.flatMap((backup) => before(backup, limit)));
    const fork: Fork | undefined = own.map(forkedFrom).find((one) => one !== undefined);
    name = fork?.history;
    if (fork !== undefined) {
      const revision = BigInt(fork.revision);
      until = limit === undefined ? revision : earlierOf(limit, revision);
    }
  }
  return { parts };
}

function forkedFrom(backup: Backup): Fork | undefined {
  return backup.kind === "full" ? backup.forkedFrom : undefined;
}

/** The backup if it lies before `limit` as a whole, otherwise nothing. */
function before(backup: Backup, limit: bigint): readonly Backup[] {
  return BigInt(backup.lastRevision) <= limit ? [backup] : [];
}
