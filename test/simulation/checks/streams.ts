/**
 * Checks recorded watches against the truth. Every stream is a filtered section of the log, or, after a relist of its
 * cache, the net differences. A stream reports one era: if it was open during a restore, one of those in which it may
 * have begun.
 */
import { streamFaults } from "../../../campaign/checkers/c3-watches.ts";
import type { StreamEvent, TruthRecord } from "../../../campaign/checkers/history.ts";
import type { StreamHistory } from "../../../campaign/checkers/run-history.ts";
import type { TruthLog } from "../../../campaign/checkers/truth-log.ts";
import { keyOf } from "../item.ts";
import type { Eras } from "./eras.ts";
import type { Stream } from "./recorder.ts";
import type { Change, Truth } from "./truth.ts";

/** The stream, with its initial events separate. Undefined until they are complete. */
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

/** Whether the cache of a stream has relisted after the stream's beginning. */
function mayTellDifferences(stream: Stream, era: number, start: bigint): boolean {
  const { via, relists, relistsAtEnd, relistedAt } = stream;
  const hasGap = (): boolean => relistedAt.some((relist) => relist.era === era && relist.until > start);
  return via === "cache" && (relists !== relistsAtEnd || hasGap());
}

/** The final state of each key changed after `start`, as a watcher sees it: its token, or undefined if deleted. */
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

/** Whether an open stream has received the final state of every key. */
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
    // A relist does not report objects created and deleted in the gap.
    if (!told.has(key) && token === undefined && relisted) continue;
    if (!told.has(key) || told.get(key) !== token) return false;
  }
  return true;
}

/** Every violation of a stream, as text: there must be one era in which it is correct. */
export function faultsOfRecorded(eras: Eras, logs: readonly TruthLog[], stream: Stream): readonly string[] {
  const last = eras.present.era;
  // A stream that is still open belongs to the current era.
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

/** In the form that the checkers read. */
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

/** After a relist: events are in order, and each object has a state that existed at the event's version. */
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
