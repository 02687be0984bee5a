/**
 * `verifySnapshot`: compares a snapshot with everything available.
 *
 *   self   SHA-256, page graph, every record, ascending revisions, HashKV computed
 *   live   and HashKV equals a running member's
 *   boot   and a real etcd, started from a scratch restore, returns the same HashKV
 */
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { systemClock } from "../../base/time/clock.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import type { Progress } from "../../resource/contract/write-options.ts";
import { type OpenSnapshotOptions, openSnapshotNames, SnapshotFile } from "../database/snapshot-file.ts";
import { problemOf, type SnapshotProblem } from "../files/damage.ts";
import { inParallel } from "../files/in-parallel.ts";
import { PassProgress } from "../files/pass-progress.ts";
import type { SnapshotInfo } from "../files/snapshot-info.ts";
import { compareWithLive } from "../records/compare-live.ts";
import { type Examined, examine, hashKvOf } from "../records/examine.ts";
import { bootCopy } from "./booted-copy.ts";

/** Options of `verifySnapshot`. */
export interface VerifyOptions extends OpenSnapshotOptions, Call {
  /** Start a real etcd on the loopback from a scratch restore and compare with it. Needs an etcd program. */
  readonly boot?: boolean | undefined;
  /** The `etcd` program for `boot`. Default: the one `startLocalEtcd` finds. */
  readonly binary?: string | undefined;
  /** A running cluster that still has the snapshot's revision. */
  readonly live?: Etcd | undefined;
  /** Called about ten times a second: bytes read of the file, over its passes; a boot is not counted. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

const verifyNames: NamesOf<VerifyOptions> = {
  ...callNames,
  ...openSnapshotNames,
  boot: "boolean",
  binary: "text",
  live: "object",
  onProgress: "function",
};

/** The result of a check of a snapshot. */
export interface VerifyReport {
  /** Whether no problem was found. */
  readonly ok: boolean;
  /** The damage found, each with its place if known. */
  readonly problems: readonly SnapshotProblem[];
  /** The basis of `ok`: an etcd started from it, a running member, or only the file (always so when it is damaged). */
  readonly proved: "boot" | "live" | "self";
  /** What could not be compared, and why. */
  readonly notes: readonly string[];
  /** HashKV at the last revision; undefined when the file is damaged. */
  readonly hashKv: number | undefined;
  /** The content of the snapshot in figures; undefined when it cannot be read. */
  readonly info: SnapshotInfo | undefined;
}

/** One pass for pages and records, one for HashKV. */
const verifyPasses = 2;

/**
 * Never throws for damage: `problems` lists it.
 * @throws INVALID_ARGUMENT when there is no such file; UNAVAILABLE when `boot` finds no etcd program
 *
 *
 * @example
 * ```ts
 * import { verifySnapshot } from "keelson/backup";
 *
 * const { ok, problems, proved } = await verifySnapshot("/var/backups/etcd.db", { boot: true });
 * for (const { offset, what } of problems) console.error(offset, what);
 * console.log(ok, proved);
 * ```
 */
export async function verifySnapshot(path: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  checkOptions(options, "verify a snapshot", verifyNames);
  using scope = new CallScope(options, systemClock, `verify snapshot "${path}"`);
  const { signal } = scope;
  const problems: SnapshotProblem[] = [];
  const notes: string[] = [];
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      problems.push(problemOf(error));
      return undefined;
    }
  };
  const progress = new PassProgress(systemClock, options.onProgress);
  const opened = await attempt(() => SnapshotFile.open(path, options, progress.add));
  if (opened === undefined) {
    return { ok: false, problems, proved: "self", notes, hashKv: undefined, info: undefined };
  }
  await using file = opened;
  progress.expect(verifyPasses * file.databaseBytes);
  progress.begin(file.databaseBytes);
  if (file.metaFault !== undefined) problems.push(file.metaFault);
  const [, examined] = await inParallel([
    attempt(() => file.checkHash(signal)),
    attempt(() => examine(file, { signal })),
  ]);
  progress.begin(file.databaseBytes);
  const hashKv =
    examined === undefined
      ? undefined
      : await attempt(() => hashKvOf(examined, examined.lastRevision, { signal }));
  progress.end();
  let proved: VerifyReport["proved"] = "self";
  if (examined !== undefined && hashKv !== undefined && problems.length === 0) {
    if (options.live !== undefined && (await live(examined, options.live, { problems, notes, signal }))) {
      proved = "live";
    }
    if (options.boot === true && problems.length === 0) {
      const answer = await bootedHashKv(file, examined, options, signal);
      if (answer === hashKv) proved = "boot";
      else {
        problems.push({ what: `HashKV of an etcd started from it is ${answer}, expected ${hashKv}` });
      }
    }
  }
  const ok = problems.length === 0;
  return { ok, problems, proved: ok ? proved : "self", notes, hashKv, info: examined?.info };
}

async function live(
  examined: Examined,
  etcd: Etcd,
  found: {
    readonly problems: SnapshotProblem[];
    readonly notes: string[];
    readonly signal: AbortSignal | undefined;
  },
): Promise<boolean> {
  let equal = false;
  for (const endpoint of etcd.endpoints) {
    const comparison = await compareWithLive(examined, etcd, endpoint, found.signal);
    if (comparison.outcome === "equal") equal = true;
    else if (comparison.outcome === "different") found.problems.push({ what: comparison.what });
    else found.notes.push(`not compared with ${endpoint}: ${comparison.why}`);
  }
  return equal;
}

/** HashKV of a real etcd that runs on the restored snapshot. */
async function bootedHashKv(
  file: SnapshotFile,
  examined: Examined,
  options: VerifyOptions,
  signal: AbortSignal | undefined,
): Promise<number> {
  await using booted = await bootCopy(file, { binary: options.binary, signal });
  const { etcd, endpoint } = booted;
  return (await etcd.maintenance.hashKv(examined.lastRevision, { endpoint, signal })).hash;
}
