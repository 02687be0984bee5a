/**
 * Recorded watches against the truth: every stream is the log, cut and filtered, or, where a cache had to list again,
 * the differences the log came to. A stream tells of one era: where it was open over a restore, of one of those it may
 * have begun in.
 */
import { streamFaults } from "../../../campaign/checkers/c3-watches.ts";
import type { StreamEvent, TruthRecord } from "../../../campaign/checkers/history.ts";
import type { StreamHistory } from "../../../campaign/checkers/run-history.ts";
import type { TruthLog } from "../../../campaign/checkers/truth-log.ts";
import { keyOf } from "../item.ts";
import type { Eras } from "./eras.ts";
import type { Stream } from "./recorder.ts";
import type { Change, Truth } from "./truth.ts";

/** The stream with its initial events apart. Undefined until they are whole. */
interface Parts {
  readonly start: bigint;
  readonly initial: Stream["events"] | undefined;
  readonly live: Stream["events"];
}

function partsOf(stream: Stream): Parts | undefined {
  const { start, began, events } = stream;
  const from = start ?? began;
  if (from !== undefined) return { start: from, initial: undefined, live: events };
  const end = events.findIndex((event) => event.type === "BOOKMARK" && event.initialEventsEnd === true);
  const bookmark = events[end];
  if (bookmark === undefined) return undefined;
  const initial = events.slice(0, end);
  return { start: BigInt(bookmark.resourceVersion), initial, live: events.slice(end + 1) };
}

/** Whether a gap of a cache lies behind the stream's beginning. */
function mayTellDifferences(stream: Stream, era: number, start: bigint): boolean {
  const { via, relists, relistsAtEnd, relistedAt } = stream;
  const hasGap = (): boolean => relistedAt.some((relist) => relist.era === era && relist.until > start);
  return via === "cache" && (relists !== relistsAtEnd || hasGap());
}

/** What each key has come to after `start`, as a watcher is told: its token, or undefined for gone. */
function outcomeOf(
  changes: readonly Change[],
  start: bigint,
  wants: Stream["wants"],
): ReadonlyMap<string, string | undefined> {
  const states = new Map<string, string | undefined>();
  const outcome = new Map<string, string | undefined>();
  for (const { revision, key, token } of changes) {
    const before = states.get(key);
    const was = before !== undefined && wants(key, before);
    const is = token !== undefined && wants(key, token.text);
    states.set(key, token?.text);
    if (revision <= start) continue;
    if (is) outcome.set(key, token.text);
    else if (was) outcome.set(key, undefined);
  }
  return outcome;
}

/** Whether an open stream has been told what everything has come to. */
export function reached({ changes, era }: Truth, stream: Stream): boolean {
  const parts = partsOf(stream);
  if (parts === undefined) return false;
  const told = new Map<string, string | undefined>();
  for (const event of parts.live) {
    if (event.type === "BOOKMARK") continue;
    told.set(keyOf(event.object), event.type === "DELETED" ? undefined : event.object.spec.token);
  }
  const relisted = mayTellDifferences(stream, era, parts.start);
  for (const [key, token] of outcomeOf(changes, parts.start, stream.wants)) {
    // A list done over does not tell of what came and went in the gap.
    if (!told.has(key) && token === undefined && relisted) continue;
    if (!told.has(key) || told.get(key) !== token) return false;
  }
  return true;
}

/** Every broken promise of a stream, in words: there must be one era it is true in. */
export function faultsOfRecorded(eras: Eras, logs: readonly TruthLog[], stream: Stream): readonly string[] {
  const last = eras.present.era;
  // One that is open still is of the era that is.
  const first = stream.ended === undefined ? last : Math.min(stream.noticed, stream.openEra);
  let least: readonly string[] | undefined;
  for (const truth of eras.between(first, stream.endEra ?? last)) {
    const log = logs[truth.era];
    if (log === undefined) continue;
    const faults = faultsIn(truth, log, stream).map((fault) => `${fault} (in era ${truth.era})`);
    if (least === undefined || faults.length <= least.length) least = faults;
    if (faults.length === 0) break;
  }
  return least ?? [];
}

function faultsIn(truth: Truth, log: TruthLog, stream: Stream): readonly string[] {
  const parts = partsOf(stream);
  if (parts === undefined || !mayTellDifferences(stream, truth.era, parts.start)) {
    const wants = (change: TruthRecord | undefined): boolean =>
      change?.type === "put" && change.value !== undefined && stream.wants(change.key, change.value);
    return streamFaults(log, historyOf(stream), { wants }).map(
      ({ rule, what }) => `${stream.name}: ${rule}: ${what}`,
    );
  }
  return faultsOfDifferences(truth, stream, parts.live, parts.start);
}

/** As the checkers read it. */
function historyOf(stream: Stream): StreamHistory {
  const start = stream.start ?? stream.began;
  const events = stream.events.map((event): StreamEvent => {
    const revision = BigInt(event.resourceVersion);
    if (event.type === "BOOKMARK") {
      return { type: event.type, revision, initialEventsEnd: event.initialEventsEnd };
    }
    const { type, object, more } = event;
    return { type, revision, key: keyOf(object), value: object.spec.token, more };
  });
  const open = {
    line: "stream-open",
    process: stream.process,
    watcher: stream.name,
    stream: stream.name,
    via: stream.via,
    start,
    initial: start === undefined,
    filter: {},
    atNs: 0,
  } as const;
  return { open, events, end: undefined };
}

/** After a relist: in order, and each object a state that was there when the event says so. */
function faultsOfDifferences(
  truth: Truth,
  { name, wants }: Stream,
  live: Stream["events"],
  start: bigint,
): readonly string[] {
  const faults: string[] = [];
  let last = start;
  for (const event of live) {
    const revision = BigInt(event.resourceVersion);
    if (revision < last) faults.push(`${name}: not ordered: ${revision} after ${last}`);
    last = revision;
    if (event.type === "BOOKMARK") continue;
    const key = keyOf(event.object);
    const { token } = event.object.spec;
    if (!wants(key, token)) faults.push(`${name}: not filtered: ${event.type} ${token}`);
    const put = truth.putsOf(token)[0];
    if (put === undefined || put.revision > revision) {
      faults.push(`${name}: ${event.type} ${token} at ${revision}, which was not there then`);
    } else if (event.type !== "DELETED" && truth.at(key, revision)?.token?.text !== token) {
      faults.push(
        `${name}: ${event.type} ${token} at ${revision}: the object was ${truth.at(key, revision)?.token?.text}`,
      );
    } else if (event.type === "DELETED") {
      const now = truth.at(key, revision)?.token?.text;
      if (now !== undefined && wants(key, now))
        faults.push(`${name}: DELETED ${key} at ${revision}, which is there`);
    }
  }
  return faults;
}
