/**
 * `npm run robustness -- --minutes N --seed S`: a fault campaign on a cluster of this machine, with all checkers.
 *
 *   --minutes N     time with faults, default 15          --seed S        default: one made up, and printed
 *   --report        writes docs/reliability.md            --json FILE     the summary as JSON
 *   --no-controls   without the negative controls         --fault TEXT    only faults whose number or name has it
 *   --no-episodes   without the faults that want a cluster of their own (`episodes/`)
 *   --episode TEXT  only those whose number or name has it, and nothing else of the run
 *   --floor N       calls a second before the first fault below which the run is void, default 200
 *   --calm N        seconds of traffic after the last heal, default 17
 *   --recovery N    seconds that recovery may take, default 15; --arrival N: that readers may take at the end, default 15
 *   --http-watchers with watchers over HTTP too: ten servers over two caches, whose connections are cut all the time
 *   --keep          keeps the data also of a clean run
 *   --time-line DIR nothing is run: whose seconds the longest gaps of a kept run were, from its folder
 *
 * Ends with 0 for a clean run, 1 for violations, 2 for a run that proves nothing. The data of a run that is not clean
 * stays, and what replays it is printed.
 */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runCampaign } from "./campaign.ts";
import { readHistory } from "./checkers/history.ts";
import { RunHistory } from "./checkers/run-history.ts";
import { formatViolation, verdictOf } from "./checkers/verdict.ts";
import { runControls } from "./controls/controls.ts";
import { type EpisodesReport, runEpisodes } from "./episodes/episodes.ts";
import { writeReport } from "./report/markdown.ts";
import {
  type ControlsSummary,
  complaintsOf,
  isClean,
  oneLine,
  summarise,
  violationsOf,
} from "./report/summary.ts";
import { textOfTimeLine, timeLines } from "./report/time-line.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "15" },
    seed: { type: "string" },
    report: { type: "boolean", default: false },
    json: { type: "string" },
    "no-controls": { type: "boolean", default: false },
    "no-episodes": { type: "boolean", default: false },
    episode: { type: "string" },
    fault: { type: "string" },
    floor: { type: "string", default: "200" },
    calm: { type: "string", default: "17" },
    recovery: { type: "string", default: "15" },
    arrival: { type: "string", default: "15" },
    "http-watchers": { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    "time-line": { type: "string" },
  },
});
const minutes = Number(values.minutes);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const floor = Number(values.floor);
const calmMs = Number(values.calm) * 1_000;
const recoveryMaxMs = Number(values.recovery) * 1_000;
const arrivalMs = Number(values.arrival) * 1_000;
if (
  !(minutes > 0) ||
  !(calmMs > 0) ||
  !(recoveryMaxMs > 0) ||
  !(arrivalMs > 0) ||
  !Number.isInteger(seed) ||
  !(floor >= 0)
) {
  process.stderr.write(
    "Usage: npm run robustness -- --minutes N --seed S [--report] [--json FILE] [--no-controls] [--no-episodes]\n",
  );
  process.exit(64);
}
const startedMs = performance.now();
const say = (text: string): void => {
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0).padStart(4);
  process.stdout.write(`${seconds} s  ${text}\n`);
};

/** A member that is replaced or upgraded is absent longer than one that is hit by a fault. */
const episodeRecoveryMaxMs = 30_000;
/** Highest allowed value for each process (C10). */
const caps = { rssBytes: 1.5 * 1024 ** 3, openStreams: 64, sockets: 64 } as const;

if (values["time-line"] !== undefined) await onlyTimeLine(values["time-line"]);
const folder = await mkdtemp(join(tmpdir(), "keelson-robustness-"));
await mkdir(folder, { recursive: true });
const mode = values["http-watchers"] ? " --http-watchers" : "";
const replay = `npm run robustness -- --minutes ${minutes} --seed ${seed}${mode}`;
if (values.episode !== undefined) await onlyEpisodes(values.episode);
say(`seed ${seed}, ${minutes} minutes of faults; again: ${replay}`);
const campaign = await runCampaign({
  seed,
  minutes,
  folder,
  floorPerSecond: floor,
  calmMs,
  arrivalMs,
  only: values.fault,
  httpWatchers: values["http-watchers"],
  say,
});
say("reading the history");
const history = await RunHistory.read(readHistory(campaign.historyFiles));
say(
  `checking ${history.calls.length} calls, ${history.streams.length} streams, ${history.truth.changes.length} changes`,
);
const verdict = verdictOf(history, {
  linearizability: { every: 7 },
  restores: campaign.restores,
  caps,
  recoveryMaxMs,
});
const controls = values["no-controls"] ? undefined : await controlsSummary();
const episodes = values["no-episodes"] ? undefined : await playEpisodes();
const summary = summarise({ seed, minutes, campaign, history, verdict, controls, episodes });
for (const violation of verdict.violations.slice(0, 40))
  process.stdout.write(`${formatViolation(violation)}\n`);
for (const reason of summary.void) say(`void: ${reason}`);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(summary, undefined, 2)}\n`);
if (values.report) await writeReport(summary, { commit: commitOf(), command: replay });
for (const line of timeLines(history)) process.stdout.write(`${textOfTimeLine(line)}\n\n`);
for (const row of summary.recovery) say(`recovery ${JSON.stringify(row)}`);
say(JSON.stringify(summary.byCode));
say(JSON.stringify(summary.byClass));
if (isClean(summary) && !values.keep) await rm(folder, { recursive: true, force: true });
else say(`kept ${folder}; again: ${replay}`);
process.stdout.write(`${oneLine(summary)}\n`);
// The process exits here, not at the end of the event loop: after hundreds of sockets and processes, Node 20 once never
// finished its own clean-up (Environment::CleanupHandles).
process.exit(isClean(summary) ? 0 : summary.violations > 0 ? 1 : 2);

async function playEpisodes(only?: string): Promise<EpisodesReport> {
  say("episodes");
  const report = await runEpisodes({
    seed,
    folder: join(folder, "episodes"),
    only,
    recoveryMaxMs: Math.max(recoveryMaxMs, episodeRecoveryMaxMs),
    arrivalMs: Math.max(arrivalMs, episodeRecoveryMaxMs),
    keep: values.keep,
    say,
  });
  for (const { play, seconds, operations, violations, complaints } of report.plays) {
    say(`${play}: ${operations} operations in ${seconds.toFixed(0)} s, ${violations.length} violations`);
    for (const text of violations.slice(0, 10)) process.stdout.write(`${text}\n`);
    for (const complaint of complaints) say(`void: ${complaint}`);
  }
  return report;
}

/** Shows it for the files of a kept run, and ends the process. */
async function onlyTimeLine(kept: string): Promise<never> {
  const files = (await readdir(kept))
    .filter((name) => name.endsWith(".ndjson"))
    .map((name) => join(kept, name));
  const run = await RunHistory.read(readHistory(files));
  for (const line of timeLines(run)) process.stdout.write(`${textOfTimeLine(line)}\n\n`);
  process.exit(0);
}

/** Runs them, prints the results, and ends the process. */
async function onlyEpisodes(only: string): Promise<never> {
  const report = await playEpisodes(only);
  const failures = [...violationsOf(report), ...complaintsOf(report)];
  if (failures.length === 0 && !values.keep) await rm(folder, { recursive: true, force: true });
  else say(`kept ${folder}`);
  const bit = report.episodes.filter(({ outcome }) => outcome === "bit");
  process.stdout.write(
    `${failures.length === 0 ? "clean" : "FAILED"}: ${bit.length} of ${report.episodes.length} episodes took effect\n`,
  );
  process.exit(
    violationsOf(report).length > 0 ? 1 : failures.length > 0 || report.episodes.length === 0 ? 2 : 0,
  );
}

async function controlsSummary(): Promise<ControlsSummary> {
  say("negative controls");
  const reports = await runControls({
    onReport: ({ name, outcome, ms, what }) => say(`${name} ${outcome} in ${ms} ms: ${what.slice(0, 160)}`),
  });
  const named = (...outcomes: readonly string[]): readonly string[] =>
    reports.filter(({ outcome }) => outcomes.includes(outcome)).map(({ name }) => name);
  return {
    caught: named("caught"),
    missed: named("missed", "unclean", "failed"),
    skipped: named("skipped"),
  };
}

function commitOf(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}
