/**
 * A drill: restores the newest state of a repository to a scratch directory, boots a real etcd from it and compares, before
 * a real restore is needed.
 *
 *   restore    every chunk read, every record decoded, HashKV as recorded
 *   boot       a real etcd starts on it and returns the same HashKV at that revision
 *   compare    that etcd lists as many keys of every kind as the restored file contains
 */
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { systemClock } from "../../base/time/clock.ts";
import { isStoreError } from "../../errors.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import type { Progress } from "../../resource/contract/write-options.ts";
import { SnapshotFile } from "../database/snapshot-file.ts";
import { problemOf, type SnapshotProblem } from "../files/damage.ts";
import type { KeyGroup } from "../files/snapshot-info.ts";
import { examine, hashKvOf } from "../records/examine.ts";
import { KeyGroups } from "../records/key-groups.ts";
import type { BackupRepository } from "../repository/repository-options.ts";
import { restoreToScratch } from "../repository/scratch-restore.ts";
import { bootCopy } from "../snapshot/booted-copy.ts";

/** Options of `drill`. */
export interface DrillOptions extends Call {
  /** The state of this revision or time instead of the newest. */
  readonly toRevision?: string | undefined;
  /** The state at this time instead of the newest. */
  readonly toTime?: Date | undefined;
  /** The `etcd` program. Default: the one `startLocalEtcd` finds. */
  readonly binary?: string | undefined;
  /** Called about ten times a second during the restore. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

const drillNames: NamesOf<DrillOptions> = {
  ...callNames,
  toRevision: "text",
  toTime: "date",
  binary: "text",
  onProgress: "function",
};

/** The result of a drill. */
export interface DrillReport {
  /** Whether no problem was found. */
  readonly ok: boolean;
  /** Damage, and differences from what was expected. */
  readonly problems: readonly SnapshotProblem[];
  /** The restored revision; undefined when the restore failed. */
  readonly revision: string | undefined;
  /** HashKV of the restored state; undefined when the restore failed. */
  readonly hashKv: number | undefined;
  /** Version of the etcd that booted it. */
  readonly etcdVersion: string | undefined;
  /** Live keys by kind, as the booted etcd listed them. */
  readonly kinds: readonly KeyGroup[];
  /** Milliseconds until the restore was complete. */
  readonly restoreMs: number;
  /** Milliseconds until the booted etcd had answered everything. */
  readonly totalMs: number;
}

const pageKeys = 5_000;

/**
 * Damage is a result, not an error: `ok` is false and `problems` lists it.
 * @throws INVALID_ARGUMENT when the repository has no full backup at or before the requested point · UNAVAILABLE when there is
 *   no etcd program, or the repository is unreachable · the signal's reason
 */
export async function drill(repository: BackupRepository, options: DrillOptions = {}): Promise<DrillReport> {
  checkOptions(options, "drill a repository", drillNames);
  using scope = new CallScope(options, systemClock, "drill a repository");
  const { signal } = scope;
  const startedMs = systemClock.monotonicMs();
  const sinceMs = (): number => Math.round(systemClock.monotonicMs() - startedMs);
  let restoreMs = 0;
  let revision: string | undefined;
  const failed = (problem: SnapshotProblem): DrillReport => ({
    ok: false,
    problems: [problem],
    revision,
    hashKv: undefined,
    etcdVersion: undefined,
    kinds: [],
    restoreMs,
    totalMs: sinceMs(),
  });
  try {
    const { toRevision, toTime, onProgress } = options;
    await using scratch = await restoreToScratch(repository, { toRevision, toTime, onProgress, signal });
    revision = scratch.revision;
    await using file = await SnapshotFile.open(scratch.snapshot, { skipHashCheck: true });
    const examined = await examine(file, { signal });
    const hashKv = await hashKvOf(examined, examined.lastRevision, { signal });
    restoreMs = sinceMs();
    await using booted = await bootCopy(file, { binary: options.binary, signal });
    const { etcd, endpoint } = booted;
    const answer = await etcd.maintenance.hashKv(examined.lastRevision, { endpoint, signal });
    const kinds = await countKinds(etcd, signal);
    const problems = [
      ...(answer.hash === hashKv
        ? []
        : [{ what: `HashKV of the booted etcd is ${answer.hash}, expected ${hashKv}` }]),
      ...differences(examined.info.kinds, kinds),
    ];
    return {
      ok: problems.length === 0,
      problems,
      revision,
      hashKv,
      etcdVersion: booted.version,
      kinds,
      restoreMs,
      totalMs: sinceMs(),
    };
  } catch (error) {
    if (isStoreError(error, "CORRUPT_SNAPSHOT")) return failed(problemOf(error));
    throw error;
  }
}

/** Counts every key as a real etcd lists them. */
async function countKinds(etcd: Etcd, signal: AbortSignal | undefined): Promise<readonly KeyGroup[]> {
  const groups = new KeyGroups();
  let from: Uint8Array = new Uint8Array(1);
  for (;;) {
    const { kvs, more } = await etcd.kv.range(
      { key: from, rangeEnd: "\0", limit: pageKeys },
      { signal, lane: "bulk" },
    );
    for (const { key, value } of kvs)
      groups.change(groups.idOf(key, 0, key.length), 1, key.length + value.length);
    const last = kvs.at(-1);
    if (!more || last === undefined) return groups.kinds();
    from = Buffer.concat([last.key, Uint8Array.of(0)]);
  }
}

function differences(expected: readonly KeyGroup[], found: readonly KeyGroup[]): SnapshotProblem[] {
  const counts = new Map(found.map(({ name, liveKeys }) => [name, liveKeys]));
  const names = new Set([...expected, ...found].map(({ name }) => name));
  return [...names].flatMap((name) => {
    const wanted = expected.find((group) => group.name === name)?.liveKeys ?? 0;
    const listed = counts.get(name) ?? 0;
    return wanted === listed
      ? []
      : [{ what: `the booted etcd lists ${listed} keys of "${name}", expected ${wanted}` }];
  });
}
