/** docs/reliability.md: the latest full run, with the machine, the commit and the command. */
import { readFile, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import type { EpisodesReport } from "../episodes/episodes.ts";
import type { Summary } from "./summary.ts";
import { isClean, oneLine } from "./summary.ts";

const page = join(process.cwd(), "docs", "reliability.md");
/** The text above it is written by hand and kept. */
const marker = "<!-- the rest of this page is written by `npm run robustness -- --report` -->";

export async function writeReport(
  summary: Summary,
  origin: { readonly commit: string; readonly command: string },
): Promise<void> {
  const text = await readFile(page, "utf8");
  const at = text.indexOf(marker);
  if (at < 0) throw new Error(`docs/reliability.md has no line ${marker}`);
  await writeFile(page, `${text.slice(0, at)}${marker}\n\n${formatReport(summary, origin)}`);
}

export function formatReport(
  summary: Summary,
  { commit, command }: { readonly commit: string; readonly command: string },
): string {
  const [cpu] = cpus();
  const machine = `${cpus().length} x ${cpu?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 1024 ** 3)} GiB, Node ${process.versions.node}, etcd ${summary.etcd}`;
  const milliseconds = (value: number): string => (Number.isFinite(value) ? `${Math.round(value)} ms` : "–");
  const rows = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `| ${name} | ${count.toLocaleString("en")} |`)
      .join("\n");
  return `## Latest run

\`${command}\` at commit ${commit}, on ${machine}.

**${oneLine(summary)}**

${isClean(summary) ? "" : `${summary.void.map((reason) => `- void: ${reason}`).join("\n")}\n`}
| | |
| --- | --- |
| time with faults | ${summary.minutes} min |
| operations | ${summary.operations.toLocaleString("en")} |
| answered calls a second before the first fault | ${Math.round(summary.floor)} |
| faults | ${summary.faults} of ${Object.keys(summary.faultKinds).length} kinds |
| writes reported as OUTCOME_UNKNOWN | ${summary.unknown} (${summary.unknownApplied} of them were applied) |
| writes in progress in killed processes | ${summary.lost} |
| longest time without an acknowledged write | ${milliseconds(summary.writeGapMs)} |
| longest lag of a cache behind an acknowledged write | ${milliseconds(summary.cacheLagMs)} |
| negative controls | ${summary.controls === undefined ? "not run" : `${summary.controls.caught.length} caught (${summary.controls.caught.join(", ")}), ${summary.controls.missed.length} missed, ${summary.controls.skipped.length} skipped`} |

### Recovery after a heal

Time from the end of a fault (the last of several) until each client's first response to a call begun after it.

| clients | heals | p50 | p99 | worst | interrupted by the next fault |
| --- | --- | --- | --- | --- | --- |
${summary.recovery
  .map(
    (row) =>
      `| ${row.clients} | ${row.count} | ${milliseconds(row.p50Ms)} | ${milliseconds(row.p99Ms)} | ${milliseconds(row.worstMs)} | ${row.interrupted} |`,
  )
  .join("\n")}

### Faults

| fault | times |
| --- | --- |
${rows(summary.faultKinds)}

### Episodes

${summary.episodes === undefined ? "Not run." : episodesText(summary.episodes)}

### Operations

| what | times |
| --- | --- |
${rows(summary.byClass)}

| result | times |
| --- | --- |
${rows(summary.byCode)}

### What the checkers checked

| checker | checked | violations |
| --- | --- | --- |
${Object.entries(summary.checked)
  .map(([checker, checked]) => {
    const looked = Object.entries(checked)
      .map(([what, count]) => `${count.toLocaleString("en")} ${what}`)
      .join(", ");
    const found = Object.entries(summary.rules).filter(([rule]) => rule.startsWith(`${checker} `));
    return `| ${checker} | ${looked} | ${found.reduce((sum, [, count]) => sum + count, 0)} |`;
  })
  .join("\n")}
`;
}

function episodesText({ episodes, plays }: EpisodesReport): string {
  const cell = (text: string): string => text.split("\n", 1).join().replaceAll("|", "/").slice(0, 200);
  return `Each runs on its own cluster, with the same checkers.

| episode | runs | took effect | evidence |
| --- | --- | --- | --- |
${episodes.map(({ kind, name, outcome, times, bitten, what }) => `| ${kind} ${name} | ${outcome === "skipped" ? "skipped" : times} | ${bitten} | ${cell(what)} |`).join("\n")}

| cluster | operations | unknown writes | seconds | violations |
| --- | --- | --- | --- | --- |
${plays.map(({ play, operations, unknown, seconds, violations }) => `| ${play} | ${operations.toLocaleString("en")} | ${unknown} | ${Math.round(seconds)} | ${violations.length} |`).join("\n")}`;
}
