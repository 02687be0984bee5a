/**
 * C3: checks recorded watches against the log. Used by the campaign over whole runs and by the guarantee tests over a
 * single stream.
 *
 *   ordered       revisions never fall
 *   unique        no change twice, nothing at or below the start: across reconnects and restarts of a watcher too
 *   atomic        a revision comes in one piece, announced by `more`
 *   reliable      from start to end exactly what the log has for the filter, with types as selectors make them:
 *                 entering is ADDED, leaving DELETED with the last matching state and the new revision
 *   bookmarkable  no event at or below a bookmark follows it
 *   resumable     a watcher continues where its last stream stopped
 *                 a cache that had to list again tells the difference, all of it at the version of that list
 *   initial       the initial events are the state at the bookmark that ends them
 *   ended         every stream ends with a reason
 */
import { type CheckResult, Findings } from "./findings.ts";
import type { RelistRecord, StreamEvent, TruthRecord } from "./history.ts";
import type { RunHistory, StreamHistory } from "./run-history.ts";
import { differenceOf, isWanted, statesAt, type TruthLog } from "./truth-log.ts";

export interface StreamFault {
  readonly rule: string;
  readonly what: string;
}

export interface StreamExpectation {
  /** Whether the watcher wants the object that a change left; default: the stream's filter. */
  readonly wants?: ((change: TruthRecord | undefined) => boolean) | undefined;
  /** It must have received everything up to here; default: up to its last event or bookmark. */
  readonly until?: bigint | undefined;
  /** Where the watched cache has listed again: there the difference may replace the changes. */
  readonly relists?: readonly RelistRecord[] | undefined;
}

export function checkWatches(run: RunHistory): CheckResult {
  const findings = new Findings("C3");
  const dead = new Set(run.faults.map(({ target }) => target));
  const watchers = new Map<string, StreamHistory[]>();
  for (const stream of run.streams) {
    const { open, events, end } = stream;
    findings.checked("streams");
    findings.checked("events", events.length);
    for (const { rule, what } of streamFaults(run.truth, stream, {
      until: end?.final === true ? run.truth.end : undefined,
      relists: run.relists.filter(({ cache }) => cache === open.via),
    })) {
      findings.violation(rule, `${open.watcher} (${open.stream}): ${what}`, open, end);
    }
    if (end === undefined && !dead.has(open.process)) {
      findings.violation("not ended", `${open.watcher} (${open.stream}) ends without a reason`, open);
    }
    if (end?.reason === "FAULT") {
      findings.violation("not ended", `${open.watcher} (${open.stream}) ends with ${end.message}`, open, end);
    }
    const initial = events.find(({ initialEventsEnd }) => initialEventsEnd === true);
    const floor = run.floor(open.atNs);
    if (initial !== undefined && open.start === undefined && initial.revision < floor) {
      findings.violation(
        "initial",
        `${open.watcher} (${open.stream}): its initial state is of ${initial.revision}, ${floor} had been reported before`,
        open,
      );
    }
    const siblings = watchers.get(open.watcher);
    if (siblings === undefined) watchers.set(open.watcher, [stream]);
    else siblings.push(stream);
  }
  for (const streams of watchers.values()) checkResumption(streams, findings);
  return findings.result();
}

/** Every broken guarantee of one stream; of each rule the first. */
export function streamFaults(
  log: TruthLog,
  stream: StreamHistory,
  expectation: StreamExpectation = {},
): readonly StreamFault[] {
  const faults = new Map<string, string>();
  const fault = (rule: string, what: string): void => {
    if (!faults.has(rule)) faults.set(rule, what);
  };
  const wants = expectation.wants ?? ((change) => isWanted(stream.open.filter, change));
  const { events, start } = afterInitial(log, stream, wants, fault);
  const whole = scan(events, start, stream, fault);
  // A loop may be left inside a revision; then only complete revisions count.
  const end = expectation.until ?? whole.end;
  if (expectation.until !== undefined && whole.open !== undefined) {
    fault("atomic", `the stream ends inside ${whole.open}`);
  }
  const given = whole.events.filter(({ revision }) => revision <= end);
  compare(
    withRelists(expectedOf(log, start, end, wants), given, {
      log,
      start,
      end,
      wants,
      expectation,
      byObject: stream.open.byObject === true,
    }),
    given,
    fault,
  );
  return [...faults].map(([rule, what]) => ({ rule, what }));
}

/** Checks the initial events, if there are any. Returns the following events and where they begin. */
function afterInitial(
  log: TruthLog,
  { open, events }: StreamHistory,
  wants: (change: TruthRecord | undefined) => boolean,
  fault: (rule: string, what: string) => void,
): { readonly events: readonly StreamEvent[]; readonly start: bigint } {
  if (open.initial !== true) {
    const first = events[0]?.revision ?? 1n;
    return { events, start: open.start ?? first - 1n };
  }
  const at = events.findIndex(({ initialEventsEnd }) => initialEventsEnd === true);
  const end = events[at];
  // The initial events are incomplete: nothing was promised yet.
  if (end === undefined) return { events: [], start: log.end };
  if (open.start !== undefined && end.revision < open.start) {
    fault("initial", `the state is of ${end.revision}, asked for was ${open.start} or later`);
  }
  const shown = events.slice(0, at);
  const odd = shown.find(({ type }) => type !== "ADDED");
  if (odd !== undefined) fault("initial", `a ${odd.type} among the initial events`);
  const states = shown.map(({ key = "", revision, value = "" }) => ({ key, revision, value }));
  const truth = statesAt(log, wants, end.revision);
  const difference = differenceOf(states, truth);
  if (difference !== "") fault("initial", `at ${end.revision}: ${difference}`);
  else if (states.length !== truth.length) {
    fault("initial", `${states.length} initial events for ${truth.length} objects`);
  }
  return { events: events.slice(at + 1), start: end.revision };
}

interface Whole {
  readonly events: readonly StreamEvent[];
  /** Everything up to here is promised. */
  readonly end: bigint;
  /** The revision in which the stream stopped. */
  readonly open: bigint | undefined;
}

/** Checks of the stream alone, without the log. */
function scan(
  events: readonly StreamEvent[],
  start: bigint,
  { open: { filter } }: StreamHistory,
  fault: (rule: string, what: string) => void,
): Whole {
  const seen: StreamEvent[] = [];
  const reported = new Set<string>();
  let last = start;
  let bookmark = start;
  let open: bigint | undefined;
  for (const event of events) {
    const { type, revision, key = "", more } = event;
    if (revision < last) fault(revision <= start ? "unique" : "ordered", `${revision} after ${last}`);
    if (open !== undefined && revision !== open) {
      fault("atomic", `${open} announced more, ${type} ${key}@${revision} came`);
    }
    last = later(revision, last);
    if (type === "BOOKMARK") {
      if (open !== undefined) fault("atomic", `a bookmark inside ${open}`);
      bookmark = later(revision, bookmark);
      continue;
    }
    if (revision <= start) fault("unique", `${type} ${key}@${revision} at or below the start ${start}`);
    else if (revision <= bookmark)
      fault("bookmarkable", `${type} ${key}@${revision} after a bookmark at ${bookmark}`);
    if (filter.prefix !== undefined && !key.startsWith(filter.prefix)) {
      fault("filter", `${key}@${revision} is not below "${filter.prefix}"`);
    }
    const identity = `${revision} ${key}`;
    if (reported.has(identity)) fault("unique", `${type} ${key}@${revision} twice`);
    reported.add(identity);
    if (open === undefined && seen.at(-1)?.revision === revision) {
      fault("atomic", `${revision} came in two parts`);
    }
    open = more === true ? revision : undefined;
    seen.push(event);
  }
  if (open === undefined) return { events: seen, end: last, open };
  const whole = seen.filter(({ revision }) => revision < (open ?? 0n));
  return { events: whole, end: later(whole.at(-1)?.revision ?? start, bookmark), open };
}

/** The events that a watcher from `start`, exclusive, must receive up to `end`, by the rules of selectors. */
function expectedOf(
  log: TruthLog,
  start: bigint,
  end: bigint,
  wants: (change: TruthRecord | undefined) => boolean,
): readonly StreamEvent[] {
  const expected: StreamEvent[] = [];
  for (const change of log.between(start, end)) {
    const { revision, key, value, previous } = change;
    const was = previous?.type === "put" && wants(previous);
    const is = change.type === "put" && wants(change);
    if (is) expected.push({ type: was ? "MODIFIED" : "ADDED", revision, key, value });
    else if (was) expected.push({ type: "DELETED", revision, key, value: previous.value });
  }
  return expected;
}

/**
 * What is expected where the watched cache has stepped over some versions: the net difference, all of it at the version
 * it stepped to; or the changes themselves, where the watcher was served from etcd's history instead. Over HTTP the
 * difference has its objects' versions, and may be cut: the received events are then its beginning.
 */
function withRelists(
  expected: readonly StreamEvent[],
  given: readonly StreamEvent[],
  {
    log,
    start,
    end,
    wants,
    byObject,
    expectation: { relists = [] },
  }: {
    readonly log: TruthLog;
    readonly start: bigint;
    readonly end: bigint;
    readonly wants: (change: TruthRecord | undefined) => boolean;
    readonly byObject: boolean;
    readonly expectation: StreamExpectation;
  },
): readonly StreamEvent[] {
  let result = expected;
  for (const { from, to } of relists) {
    if (start > from || (byObject ? end <= from : end < to)) continue;
    const inside = (event: StreamEvent): boolean => event.revision > from && event.revision <= to;
    const reported = given.filter(inside);
    const difference = differenceBetween(log, from, to, wants, byObject).filter(
      ({ revision }) => revision <= end,
    );
    const steppedOver = byObject
      ? inOrder(reported).map(textOf).join() === inOrder(difference).map(textOf).join()
      : reported.every(({ revision }) => revision === to);
    if (!steppedOver) continue;
    result = [...result.filter((event) => !inside(event)), ...difference];
  }
  return result;
}

/** The events at `to` for a watcher that had everything up to `from`, when nothing in between is known. */
function differenceBetween(
  log: TruthLog,
  from: bigint,
  to: bigint,
  wants: (change: TruthRecord | undefined) => boolean,
  byObject: boolean,
): readonly StreamEvent[] {
  const events: StreamEvent[] = [];
  for (const key of new Set([...log.between(from, to)].map((change) => change.key))) {
    const [before, after] = [log.lastAt(key, from), log.lastAt(key, to)];
    const was = before?.type === "put" && wants(before);
    const is = after?.type === "put" && wants(after);
    // Removed objects were reported at the first version of the gap.
    const shown = after?.type === "put" ? after.revision : from + 1n;
    const revision = byObject ? shown : to;
    if (is) events.push({ type: was ? "MODIFIED" : "ADDED", revision, key, value: after.value });
    else if (was) events.push({ type: "DELETED", revision, key, value: before.value });
  }
  return events;
}

/** Event by event; those of one revision in the order of their keys on both sides. */
function compare(
  expected: readonly StreamEvent[],
  given: readonly StreamEvent[],
  fault: (rule: string, what: string) => void,
): void {
  const [wanted, got] = [inOrder(expected), inOrder(given)];
  for (let i = 0; i < Math.max(wanted.length, got.length); i++) {
    const [a, b] = [wanted[i], got[i]];
    if (a?.revision === b?.revision && a?.type === b?.type && a?.key === b?.key && a?.value === b?.value)
      continue;
    fault("reliable", `event ${i} of ${got.length} is ${textOf(b)}, expected ${textOf(a)}`);
    return;
  }
}

function inOrder(events: readonly StreamEvent[]): readonly StreamEvent[] {
  return [...events].sort((a, b) =>
    a.revision < b.revision ? -1 : a.revision > b.revision ? 1 : (a.key ?? "") < (b.key ?? "") ? -1 : 1,
  );
}

/** A stream that begins at a version begins where the same watcher's previous stream ended. */
function checkResumption(streams: readonly StreamHistory[], findings: Findings): void {
  let came: { readonly at: bigint; readonly of: StreamHistory } | undefined;
  for (const stream of streams) {
    const { open, events } = stream;
    if (came !== undefined && open.start !== undefined && open.initial !== true && open.start !== came.at) {
      findings.violation(
        "resumable",
        `${open.watcher} (${open.stream}) begins after ${open.start}, the stream before had come to ${came.at}`,
        open,
        came.of.open,
      );
    }
    const at = resumePoint(events, open.start);
    if (at !== undefined) came = { at, of: stream };
  }
}

/** The last version to resume from: of a bookmark, or of an event without `more`. */
function resumePoint(events: readonly StreamEvent[], start: bigint | undefined): bigint | undefined {
  for (let i = events.length - 1; i >= 0; i--) {
    const event = events[i];
    if (event !== undefined && event.more !== true) return event.revision;
  }
  return start;
}

function later(a: bigint, b: bigint): bigint {
  return b > a ? b : a;
}

function textOf(event: StreamEvent | undefined): string {
  return event === undefined ? "nothing" : `${event.type} ${event.key}=${event.value}@${event.revision}`;
}
