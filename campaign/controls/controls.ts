/**
 * Runs all negative controls: each scenario once with its sabotage, which its checkers must find, and once without,
 * which they must find clean.
 */
import { type EtcdBinary, findEtcd, findEveryEtcd } from "../../src/etcd/local/find-etcd.ts";
import type { Violation } from "../checkers/findings.ts";
import { type Verdict, verdictOf } from "../checkers/verdict.ts";
import { keptOldCache, olderObject } from "./caches.ts";
import type { Control, ControlReport } from "./control.ts";
import { appliedFragments } from "./fragments.ts";
import { prefixWithoutSlash } from "./key-ranges.ts";
import { ledgerApart } from "./loose-quota.ts";
import { believedLook, retriedWrites } from "./lost-responses.ts";
import { compactedDeletion, earlyProgress } from "./old-servers.ts";
import { keptEpoch } from "./restores.ts";
import { resumesAtHeader, resumesElsewhere } from "./resumption.ts";
import { roundedIds } from "./rounded-ids.ts";
import { droppedAad } from "./sealing.ts";
import { serializableReads } from "./stale-reads.ts";

/** In the order of their names. */
export const controls: readonly Control[] = [
  serializableReads,
  retriedWrites,
  earlyProgress,
  compactedDeletion,
  resumesElsewhere,
  appliedFragments,
  keptOldCache,
  ledgerApart,
  olderObject,
  prefixWithoutSlash,
  keptEpoch,
  droppedAad,
  roundedIds,
  believedLook,
  resumesAtHeader,
];

export interface RunControlsOptions {
  /** Names, e.g. ["N1"]; default all. */
  readonly only?: readonly string[] | undefined;
  /** Only those of duration "short". */
  readonly short?: boolean | undefined;
  readonly onReport?: ((report: ControlReport) => void) | undefined;
}

/**
 * A sabotage needs its moment: a watch that is caught up at once, a machine that stands still, and it is not there to be
 * seen. What the checkers were not shown is played again; a scenario that is not clean never is.
 */
const playsMax = 3;

/** One after the other; never rejects for a control that fails. */
export async function runControls(options: RunControlsOptions = {}): Promise<readonly ControlReport[]> {
  const { only, short = false, onReport } = options;
  const reports: ControlReport[] = [];
  for (const control of controls) {
    if (only !== undefined && !only.includes(control.name)) continue;
    if (short && control.duration !== "short") continue;
    const report = await runControl(control);
    reports.push(report);
    onReport?.(report);
  }
  return reports;
}

export async function runControl(control: Control): Promise<ControlReport> {
  for (let plays = 1; ; plays++) {
    const report = await runOnce(control);
    if (plays === playsMax || !["missed", "failed"].includes(report.outcome)) return report;
  }
}

async function runOnce(control: Control): Promise<ControlReport> {
  const { name, sabotage, caughtBy } = control;
  const startMs = performance.now();
  const report = (
    outcome: ControlReport["outcome"],
    what: string,
    violations: readonly Violation[] = [],
  ): ControlReport => ({
    name,
    sabotage,
    caughtBy,
    outcome,
    what,
    violations,
    ms: Math.round(performance.now() - startMs),
  });
  try {
    const binary = await binaryFor(control);
    if (binary === undefined)
      return report("skipped", `there is no ${control.needs?.text ?? "etcd"} on this machine`);
    const honest = await judge(control, false, binary.path);
    if (!honest.clean || honest.void.length > 0) {
      const [first] = honest.violations;
      const what = first === undefined ? `${honest.void.join()} had nothing to look at` : textOf(first);
      return report("unclean", what, honest.violations);
    }
    const sabotaged = await judge(control, true, binary.path);
    const seen = new Set<string>(sabotaged.violations.flatMap(({ checker, rule }) => [checker, rule]));
    const missing = [...caughtBy, ...control.rules].filter((expected) => !seen.has(expected));
    const [first] = sabotaged.violations;
    if (missing.length > 0 || first === undefined) {
      return report("missed", `no word of ${missing.join()}`, sabotaged.violations);
    }
    return report("caught", textOf(first), sabotaged.violations);
  } catch (error) {
    return report("failed", error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

async function judge(control: Control, sabotaged: boolean, binary: string): Promise<Verdict> {
  const { history, ...options } = await control.play({ sabotaged, binary });
  return verdictOf(history, { ...options, only: control.caughtBy });
}

/** The machine's etcd; for a control that needs an old one, any etcd with the fault. */
async function binaryFor({ needs }: Control): Promise<EtcdBinary | undefined> {
  if (needs === undefined) return findEtcd();
  const present = [...(await findEveryEtcd())];
  for (const path of (process.env["KEELSON_ETCD_BINARIES"] ?? "").split(":")) {
    if (path !== "") present.push(await findEtcd({ binary: path }));
  }
  return present.find(({ version }) => needs.version(version));
}

const textOf = ({ checker, rule, what }: Violation): string => `${checker} ${rule}: ${what}`;
