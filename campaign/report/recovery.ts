/**
 * How long a fault affects clients after its end: for every heal and client, the time until the first response to a
 * call begun after the heal. Results are by class of client, because classes recover in different ways.
 *
 * A client that the next fault caught before its answer came is left out and counted: its time says nothing of the first.
 */
import type { CallRecord } from "../checkers/history.ts";
import type { RunHistory } from "../checkers/run-history.ts";

export interface RecoveryRow {
  readonly clients: string;
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  /** Clients that the next fault hit before they had an answer. */
  readonly interrupted: number;
}

/** Etcd, or the cache, could not be reached in time: no answer. */
const unanswered: ReadonlySet<string> = new Set([
  "UNAVAILABLE",
  "DEADLINE",
  "NOT_READY",
  "OUTCOME_UNKNOWN",
  "FUTURE_VERSION",
  "LOST",
  "ABORTED",
  "FAULT",
]);

export function isAnswered({ code }: CallRecord): boolean {
  return !unanswered.has(code);
}

/** "kube-0.1/pinned-3" is of class "kube pinned". */
function classOf(client: string): string | undefined {
  const parts = /^(\w+)-\d+\.\d+\/(wide|pinned|reader)-/.exec(client);
  return parts === null ? undefined : `${parts[1]} ${parts[2]}`;
}

export function recoveryTable(run: RunHistory): readonly RecoveryRow[] {
  const heals = healsOf(run);
  const byClient = new Map<string, CallRecord[]>();
  for (const call of run.calls) {
    const calls = byClient.get(call.client);
    if (calls === undefined) byClient.set(call.client, [call]);
    else calls.push(call);
  }
  const rows = new Map<string, { times: number[]; interrupted: number }>();
  for (const [client, calls] of byClient) {
    const name = classOf(client);
    if (name === undefined) continue;
    let row = rows.get(name);
    if (row === undefined) rows.set(name, (row = { times: [], interrupted: 0 }));
    let at = 0;
    for (const { healNs, nextNs } of heals) {
      while ((calls[at]?.callNs ?? Number.POSITIVE_INFINITY) < healNs) at++;
      let answer = at;
      for (let call = calls[answer]; call !== undefined && !isAnswered(call); call = calls[++answer]);
      const answered = calls[answer];
      // It began before and continues after; otherwise its process was not running.
      if (at === 0 || calls[at] === undefined) continue;
      if (answered !== undefined && answered.returnNs <= nextNs)
        row.times.push((answered.returnNs - healNs) / 1e6);
      else row.interrupted++;
    }
  }
  return [...rows].map(([clients, { times, interrupted }]) => {
    times.sort((a, b) => a - b);
    const quantile = (share: number): number =>
      times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
    return {
      clients,
      count: times.length,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      worstMs: times.at(-1) ?? Number.NaN,
      interrupted,
    };
  });
}

/** Moments at which the last of overlapping faults ended, each with the start of the next one. */
function healsOf(run: RunHistory): readonly { readonly healNs: number; readonly nextNs: number }[] {
  const spans: { startNs: number; endNs: number }[] = [];
  for (const { startNs, endNs } of run.faults) {
    const last = spans.at(-1);
    if (last !== undefined && startNs <= last.endNs) last.endNs = Math.max(last.endNs, endNs);
    else spans.push({ startNs, endNs });
  }
  return spans.map(({ endNs }, i) => ({
    healNs: endNs,
    nextNs: spans[i + 1]?.startNs ?? Number.POSITIVE_INFINITY,
  }));
}

/** Nanoseconds of the run, and what begins and ends the span. */
export interface Span {
  readonly fromNs: number;
  readonly toNs: number;
  readonly from: string;
  readonly to: string;
}

const lengthMs = (span: Span | undefined): number =>
  span === undefined ? 0 : (span.toNs - span.fromNs) / 1e6;

/** Longest time without an acknowledged write, milliseconds, from the first write of clients to the last. */
export const writeGapMs = (run: RunHistory): number => lengthMs(writeGap(run));

/** Longest time that a sampled cache lacked an acknowledged change, milliseconds. */
export const cacheLagMs = (run: RunHistory): number => lengthMs(cacheLag(run));

const textOfWrite = ({ op, key, client }: CallRecord): string => `${op} of ${key} acknowledged to ${client}`;

export function writeGap(run: RunHistory): Span | undefined {
  const writes = run.calls
    .filter(
      ({ op, class: outcome, client }) =>
        outcome === "ok" && op !== "get" && op !== "list" && classOf(client),
    )
    .sort((a, b) => a.returnNs - b.returnNs);
  let gap: Span | undefined;
  let last: CallRecord | undefined;
  for (const write of writes) {
    if (last !== undefined && (write.returnNs - last.returnNs) / 1e6 > lengthMs(gap)) {
      gap = { fromNs: last.returnNs, toNs: write.returnNs, from: textOfWrite(last), to: textOfWrite(write) };
    }
    last = write;
  }
  return gap;
}

export function cacheLag(run: RunHistory): Span | undefined {
  const writes = run.calls
    .filter(
      ({ op, class: outcome, key }) =>
        outcome === "ok" && op !== "get" && op !== "list" && key.includes("/widgets/"),
    )
    .map((call) => ({ call, revision: call.revision ?? 0n, returnNs: call.returnNs }))
    .sort((a, b) => (a.revision < b.revision ? -1 : a.revision > b.revision ? 1 : 0));
  let lag: Span | undefined;
  for (const { revision, atNs, cache } of run.caches) {
    let low = 0;
    let high = writes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((writes[middle]?.revision ?? 0n) <= revision) low = middle + 1;
      else high = middle;
    }
    const missing = writes[low];
    if (missing === undefined || (atNs - missing.returnNs) / 1e6 <= lengthMs(lag)) continue;
    const to = `${cache} is at ${revision}, and did not receive ${missing.revision}`;
    lag = { fromNs: missing.returnNs, toNs: atNs, from: textOfWrite(missing.call), to };
  }
  return lag;
}
