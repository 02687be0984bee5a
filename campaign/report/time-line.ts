/**
 * Attributes the time of a gap: members, leader, clients' endpoints and connections, faults and answers on one axis,
 * for the longest time without an acknowledged write and for the longest lag of a cache.
 *
 *   0.00 s is the last acknowledged write, or the write that the cache lacked. "A quorum serves" is the first moment from
 *   which a member has answered a linearizable read asked of it alone until the gap ended; what is left after it is the clients'.
 */
import type { RunHistory } from "../checkers/run-history.ts";
import { cacheLag, type Span, writeGap } from "./recovery.ts";

export interface TimeLine {
  readonly name: string;
  readonly span: Span;
  /** From the first moment a quorum served until the end; undefined: it is not known. */
  readonly clientMs: number | undefined;
  readonly lines: readonly string[];
}

/** Shown before and after a span. */
const aroundNs = 2e9;
const linesMax = 160;

export function timeLines(run: RunHistory): readonly TimeLine[] {
  const found: TimeLine[] = [];
  for (const [name, span] of [
    ["longest write gap", writeGap(run)],
    ["longest cache lag", cacheLag(run)],
  ] as const) {
    if (span !== undefined) found.push(lineOf(name, span, run));
  }
  return found;
}

/** When a member that still served at the end of the span began to serve; the span's start if it did throughout. */
export function quorumSince(run: Pick<RunHistory, "pulses">, { fromNs, toNs }: Span): number | undefined {
  const serving = new Map<string, number | undefined>();
  for (const { subject, state, atNs } of run.pulses) {
    if (!/^m\d+$/.test(subject) || atNs > toNs) continue;
    const since = serving.get(subject);
    serving.set(subject, state.startsWith("serves") ? (since ?? atNs) : undefined);
  }
  const times = [...serving.values()].filter((at) => at !== undefined);
  return times.length === 0 ? undefined : Math.max(fromNs, Math.min(...times));
}

function lineOf(name: string, span: Span, run: RunHistory): TimeLine {
  const [first, last] = [span.fromNs - aroundNs, span.toNs + aroundNs];
  const within = (atNs: number): boolean => atNs >= first && atNs <= last;
  const entries: { readonly atNs: number; readonly text: string }[] = [];
  const before = new Map<string, string>();
  for (const { subject, state, atNs } of run.pulses) {
    if (within(atNs)) entries.push({ atNs, text: `${subject}: ${state}` });
    else if (atNs < first) before.set(subject, state);
  }
  for (const { kind, name: fault, target, startNs, endNs } of run.faults) {
    if (within(startNs)) entries.push({ atNs: startNs, text: `${kind} ${fault} begins on ${target}` });
    if (within(endNs)) entries.push({ atNs: endNs, text: `${kind} ${fault} is over on ${target}` });
    if (startNs < first && endNs > last) before.set(`${kind} ${fault}`, `is on, on ${target}`);
  }
  for (const { cache, from, to, atNs } of run.relists) {
    if (within(atNs)) entries.push({ atNs, text: `${cache} lists again, ${from} to ${to}` });
  }
  const answers = new Map<number, Map<string, number>>();
  for (const { op, code, returnNs } of run.calls) {
    if (!within(returnNs)) continue;
    const second = Math.floor((returnNs - span.fromNs) / 1e9);
    const what = `${op === "get" || op === "list" ? "reads" : "writes"} ${code}`;
    const counts = answers.get(second) ?? new Map<string, number>();
    answers.set(second, counts.set(what, (counts.get(what) ?? 0) + 1));
  }
  for (const [second, counts] of answers) {
    const text = [...counts].sort().map(([what, count]) => `${count} ${what}`);
    entries.push({
      atNs: span.fromNs + (second + 1) * 1e9 - 1,
      text: `reported in this second: ${text.join(", ")}`,
    });
  }
  const since = quorumSince(run, span);
  if (since !== undefined) entries.push({ atNs: since, text: "A QUORUM SERVES from here on" });
  entries.push(
    { atNs: span.fromNs, text: `BEGIN: ${span.from}` },
    { atNs: span.toNs, text: `END: ${span.to}` },
  );
  entries.sort((a, b) => a.atNs - b.atNs);
  const at = (ns: number): string => `${((ns - span.fromNs) / 1e9).toFixed(2).padStart(8)} s`;
  return {
    name,
    span,
    clientMs: since === undefined ? undefined : (span.toNs - since) / 1e6,
    lines: [
      ...[...before].map(([subject, state]) => `  before    ${subject}: ${state}`),
      ...entries.slice(0, linesMax).map(({ atNs, text }) => `${at(atNs)}  ${text}`),
      ...(entries.length > linesMax ? [`  ${entries.length - linesMax} more`] : []),
    ],
  };
}

/** As text, with each side's share of the time. */
export function textOfTimeLine({ name, span, clientMs, lines }: TimeLine): string {
  const totalMs = Math.round((span.toNs - span.fromNs) / 1e6);
  const share =
    clientMs === undefined
      ? "when a quorum served is not on record"
      : `${totalMs - Math.round(clientMs)} ms without a quorum, then ${Math.round(clientMs)} ms`;
  return [
    `${name}: ${totalMs} ms at ${(span.fromNs / 1e9).toFixed(1)} s of the run; ${share}`,
    ...lines,
  ].join("\n");
}
