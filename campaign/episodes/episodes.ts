/**
 * Runs all plays in sequence; the checkers check the history of each. A play in which a fault did not occur is repeated
 * once.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { connectEtcd } from "keelson/etcd";
import { type HistoryLine, readHistory } from "../checkers/history.ts";
import { RunHistory } from "../checkers/run-history.ts";
import { formatViolation, verdictOf } from "../checkers/verdict.ts";
import { Stage } from "../stage.ts";
import { type EpisodeName, type Play, type PreparedPlay, Scene } from "./episode.ts";
import { fullDiskPlay } from "./full-disk.ts";
import { members } from "./members.ts";
import { quotaSetters } from "./quota-setters.ts";
import { restores } from "./restores.ts";
import { slowReaders } from "./slow-watcher.ts";
import { space } from "./space.ts";
import { tokens } from "./tokens.ts";
import { versions } from "./versions.ts";

export const plays: readonly Play[] = [
  space,
  fullDiskPlay,
  slowReaders,
  tokens,
  members,
  versions,
  restores,
  quotaSetters,
];

export interface EpisodeReport extends EpisodeName {
  readonly play: string;
  readonly outcome: "bit" | "did not bite" | "skipped" | "failed";
  /** How often it ran, and how often the fault happened. */
  readonly times: number;
  readonly bitten: number;
  /** The evidence, or why there is none. */
  readonly what: string;
}

export interface PlayReport {
  readonly play: string;
  readonly seconds: number;
  readonly operations: number;
  readonly unknown: number;
  /** From the checkers and the episode itself. */
  readonly violations: readonly string[];
  /** Why it is void, if it is. */
  readonly complaints: readonly string[];
}

export interface EpisodesReport {
  readonly episodes: readonly EpisodeReport[];
  readonly plays: readonly PlayReport[];
}

export interface EpisodesOptions {
  readonly seed: number;
  readonly folder: string;
  /** Only plays with an episode whose number or name contains this. */
  readonly only?: string | undefined;
  readonly recoveryMaxMs: number;
  readonly arrivalMs: number;
  /** Also keeps the data of clean plays. */
  readonly keep: boolean;
  readonly say: (text: string) => void;
}

/** Highest allowed value for each process (C10). */
const caps = { rssBytes: 1.5 * 1024 ** 3, openStreams: 64, sockets: 64 } as const;
/** Timeout of an episode's own requests: a busy machine answers late, a missing member never. */
const requestTimeoutMs = 5_000;
const playsMax = 2;
const calmMs = 3_000;

/** Never rejects for a play that fails. */
export async function runEpisodes(options: EpisodesOptions): Promise<EpisodesReport> {
  const { only = "", say } = options;
  const episodes: EpisodeReport[] = [];
  const reports: PlayReport[] = [];
  for (const play of plays) {
    if (!play.episodes.some(({ kind, name }) => `${kind} ${name}`.includes(only))) continue;
    const past = new Map<string, EpisodeReport>();
    for (let times = 1; times <= playsMax; times++) {
      const { report, came } = await playOnce(play, times, options);
      if (report !== undefined) reports.push(report);
      for (const next of came) {
        const before = past.get(next.kind);
        const sum = { times: next.times + (before?.times ?? 0), bitten: next.bitten + (before?.bitten ?? 0) };
        const shown = before?.outcome === "bit" && next.outcome === "did not bite" ? before : next;
        past.set(next.kind, { ...shown, ...sum });
      }
      if ([...past.values()].every(({ outcome }) => outcome !== "did not bite")) break;
    }
    for (const report of past.values()) {
      say(`${report.kind} ${report.name}: ${report.outcome}: ${report.what.slice(0, 200)}`);
      episodes.push(report);
    }
  }
  return { episodes, plays: reports };
}

async function playOnce(
  play: Play,
  times: number,
  options: EpisodesOptions,
): Promise<{ readonly report?: PlayReport; readonly came: readonly EpisodeReport[] }> {
  const { say, keep } = options;
  const folder = join(options.folder, `${play.name.replaceAll(" ", "-")}-${times}`);
  await mkdir(folder, { recursive: true });
  const all = (outcome: "skipped" | "failed", what: string): readonly EpisodeReport[] =>
    play.episodes.map((episode) => ({
      ...episode,
      play: play.name,
      outcome,
      times: outcome === "skipped" ? 0 : 1,
      bitten: 0,
      what,
    }));
  const prepared = await play.prepare(folder);
  if ("lacks" in prepared) return { came: all("skipped", prepared.lacks) };
  say(`play: ${play.name}`);
  const startMs = performance.now();
  try {
    const { report, came } = await perform(play, prepared.cluster, folder, options).finally(prepared.cleanUp);
    const allBit = came.every(({ outcome }) => outcome === "bit");
    if (!keep && allBit && report.violations.length + report.complaints.length === 0) {
      await rm(folder, { recursive: true, force: true });
    }
    return { report: { ...report, seconds: (performance.now() - startMs) / 1_000 }, came };
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { came: all("failed", what) };
  }
}

async function perform(
  play: Play,
  cluster: PreparedPlay["cluster"],
  folder: string,
  options: EpisodesOptions,
): Promise<{ readonly report: Omit<PlayReport, "seconds">; readonly came: readonly EpisodeReport[] }> {
  const { seed, recoveryMaxMs, arrivalMs } = options;
  let historyFiles: readonly string[];
  let complaints: readonly string[];
  let done: Scene["done"];
  let high: Scene["quotasHigh"];
  {
    await using stage = await Stage.open({ seed, folder, cluster, crowd: "few" });
    await stage.warmUp();
    const { directEndpoints: endpoints, auth } = stage.cluster;
    await using etcd = await connectEtcd({ endpoints, auth, requestTimeoutMs });
    const scene = new Scene(stage, etcd, seed);
    await play.act(scene);
    complaints = await stage.settle({ calmMs, arrivalMs, say: () => {} });
    ({ historyFiles } = stage);
    ({ done, quotasHigh: high } = scene);
  }
  const lines: HistoryLine[] = [];
  for await (const line of readHistory(historyFiles)) if (!isForgiven(line, high)) lines.push(line);
  const history = new RunHistory(lines);
  const verdict = verdictOf(history, {
    only: ["C1", "C2", "C3", "C4", "C5", "C7", "C8", "C9", "C10"],
    caps,
    forgiven: play.forgiven,
    recoveryMaxMs,
  });
  const calls = history.calls.filter(({ process }) => process !== "campaign");
  return {
    report: {
      play: play.name,
      operations: calls.length,
      unknown: calls.filter(
        ({ op, class: outcome }) => op !== "get" && op !== "list" && outcome === "unknown",
      ).length,
      violations: [
        ...verdict.violations.map(formatViolation),
        ...done.flatMap(({ kind, broken = [] }) => broken.map((what) => `${kind}: ${what}`)),
      ],
      complaints: [...complaints, ...verdict.void.map((checker) => `${checker} had nothing to look at`)],
    },
    came: play.episodes.map((episode): EpisodeReport => {
      const found = done.find(({ kind }) => kind === episode.kind);
      const bite = found?.bite;
      return {
        ...episode,
        play: play.name,
        outcome: bite === undefined ? "did not bite" : "bit",
        times: 1,
        bitten: bite === undefined ? 0 : 1,
        what: bite ?? "what it should provoke did not come",
      };
    }),
  };
}

/** A quota that may read high there. Reading low, or above the limit, is still a violation. */
function isForgiven(line: HistoryLine, high: Scene["quotasHigh"]): boolean {
  if (line.line !== "quota" || high === undefined) return false;
  const { revision, live, used, hard } = line;
  return revision >= high.from && revision <= high.to && used > live && used <= hard;
}
