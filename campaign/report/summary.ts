/** The summary of a run: figures, the verdict of the checkers, and whether the run is valid. */

import type { CampaignRun } from "../campaign.ts";
import type { CallRecord } from "../checkers/history.ts";
import type { RunHistory } from "../checkers/run-history.ts";
import type { Verdict } from "../checkers/verdict.ts";
import type { EpisodesReport } from "../episodes/episodes.ts";
import { cacheLagMs, type RecoveryRow, recoveryTable, writeGapMs } from "./recovery.ts";

export interface ControlsSummary {
  readonly caught: readonly string[];
  readonly missed: readonly string[];
  readonly skipped: readonly string[];
}

export interface Summary {
  readonly seed: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly etcd: string;
  readonly operations: number;
  /** By target and type of call, e.g. "store write", "cache read any". */
  readonly byClass: Readonly<Record<string, number>>;
  readonly byCode: Readonly<Record<string, number>>;
  readonly floor: number;
  readonly faults: number;
  readonly faultKinds: Readonly<Record<string, number>>;
  /** Writes with OUTCOME_UNKNOWN, and those whose process was killed. */
  readonly unknown: number;
  readonly lost: number;
  readonly unknownApplied: number;
  readonly recovery: readonly RecoveryRow[];
  readonly recoveryP99Ms: number;
  readonly writeGapMs: number;
  readonly cacheLagMs: number;
  readonly violations: number;
  readonly rules: Readonly<Record<string, number>>;
  readonly checked: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly controls: ControlsSummary | undefined;
  readonly episodes: EpisodesReport | undefined;
  /** Why the run is void. */
  readonly void: readonly string[];
}

export function summarise(options: {
  readonly seed: number;
  readonly minutes: number;
  readonly campaign: CampaignRun;
  readonly history: RunHistory;
  readonly verdict: Verdict;
  readonly controls: ControlsSummary | undefined;
  readonly episodes: EpisodesReport | undefined;
}): Summary {
  const { campaign, history, verdict, controls, episodes } = options;
  const calls = history.calls.filter(({ process }) => process !== "campaign");
  const recovery = recoveryTable(history);
  const writes = calls.filter(isWrite);
  const unknown = writes.filter(({ class: outcome, code }) => outcome === "unknown" && code !== "LOST");
  const applied = unknown.filter(
    ({ value }) => value !== undefined && history.truth.putsOf(value).length > 0,
  );
  return {
    seed: options.seed,
    minutes: options.minutes,
    seconds: campaign.seconds,
    etcd: [...new Set(campaign.versions)].join(", "),
    operations: calls.length,
    byClass: tally(calls, classOf),
    byCode: tally(calls, ({ code }) => code),
    floor: campaign.floor,
    faults: campaign.faults.length,
    faultKinds: tally(campaign.faults, ({ kind, name }) => `${kind} ${name}`),
    unknown: unknown.length,
    lost: writes.filter(({ code }) => code === "LOST").length,
    unknownApplied: applied.length,
    recovery,
    recoveryP99Ms: Math.max(0, ...recovery.map(({ p99Ms }) => p99Ms)),
    writeGapMs: writeGapMs(history),
    cacheLagMs: cacheLagMs(history),
    violations: verdict.count + (episodes === undefined ? 0 : violationsOf(episodes).length),
    rules: Object.fromEntries(
      verdict.results.flatMap(({ checker, counts }) =>
        Object.entries(counts).map(([rule, count]) => [`${checker} ${rule}`, count] as const),
      ),
    ),
    checked: Object.fromEntries(verdict.results.map(({ checker, checked }) => [checker, checked])),
    controls,
    episodes,
    void: [
      ...campaign.complaints,
      ...verdict.void.map((checker) => `${checker} had nothing to look at`),
      ...(controls?.missed ?? []).map((control) => `control ${control} was not caught`),
      ...(episodes === undefined ? [] : complaintsOf(episodes)),
    ],
  };
}

/** Violations in the plays, from the checkers or an episode. */
export function violationsOf({ plays }: EpisodesReport): readonly string[] {
  return plays.flatMap(({ play, violations }) => violations.map((text) => `${play}: ${text}`));
}

/** Why the episodes prove less: a fault that never happened, an episode that failed to run, a void play. */
export function complaintsOf({ episodes, plays }: EpisodesReport): readonly string[] {
  return [
    ...episodes
      .filter(({ outcome }) => outcome === "did not bite" || outcome === "failed")
      .map(({ kind, name, outcome, what }) => `episode ${kind} ${name} ${outcome}: ${what}`),
    ...plays.flatMap(({ play, complaints }) => complaints.map((text) => `${play}: ${text}`)),
  ];
}

/** Whether the run is valid and has no violation. */
export function isClean(summary: Summary): boolean {
  return summary.violations === 0 && summary.void.length === 0;
}

export function isWrite({ op }: CallRecord): boolean {
  return op !== "get" && op !== "list";
}

function classOf({ op, via, read, code }: CallRecord): string {
  const answer = code === "OK" ? "" : ", refused or failed";
  if (op !== "get" && op !== "list") return `store ${op}${answer}`;
  return `${via === "store" ? "store" : "cache"} ${op} ${read?.freshness ?? "linearizable"}`;
}

function tally<T>(items: readonly T[], name: (item: T) => string): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(name(item), (counts.get(name(item)) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The run in one line. */
export function oneLine(summary: Summary): string {
  const { operations, faults, faultKinds, unknown, lost, violations, controls, episodes } = summary;
  const kinds = Object.keys(faultKinds).length;
  const caught =
    controls === undefined
      ? ""
      : `, controls ${controls.caught.length} caught, ${controls.missed.length} missed`;
  const bit = episodes?.episodes.filter(({ outcome }) => outcome === "bit").length;
  const played = episodes === undefined ? "" : `, ${bit} of ${episodes.episodes.length} episodes took effect`;
  return (
    `${isClean(summary) ? "clean" : summary.void.length > 0 ? "VOID" : "FAILED"}: ` +
    `${operations} operations, ${faults} faults of ${kinds} kinds, ${unknown} unknown writes (and ${lost} of killed processes), ` +
    `${violations} violations${caught}${played}, recovery p99 ${Math.round(summary.recoveryP99Ms)} ms, ` +
    `write gap ${Math.round(summary.writeGapMs)} ms, cache lag ${Math.round(summary.cacheLagMs)} ms; seed ${summary.seed}`
  );
}
