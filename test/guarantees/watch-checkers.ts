/**
 * What a recorded watch must have been, given the store's log: ordered, unique, atomic, reliable, resumable,
 * bookmarkable. Pure functions over recordings, so that integration tests and the fault campaign check alike.
 *
 *   log      every change of the kind, in order, from one watch of everything that was checked by `faultsOfLog`
 *   stream   what one watcher was given, where it began, and what it wanted
 */
import type { WatchEvent } from "keelson";

/** One change as the log tells it. `body` identifies the state (for a deletion the last one). */
export interface LoggedChange {
  readonly revision: bigint;
  readonly type: "put" | "delete";
  readonly key: string;
  readonly body: string;
}

export interface RecordedStream<T> {
  readonly name: string;
  /** Events after it, exclusive. */
  readonly start: bigint;
  readonly events: readonly WatchEvent<T>[];
  /** Of a state, whether the watcher wanted it. */
  readonly wants: (key: string, body: string) => boolean;
}

/** How objects are told apart: their key, and what of them is compared. */
export interface Reading<T> {
  readonly key: (object: T) => string;
  readonly body: (object: T) => string;
}

interface Seen {
  readonly type: string;
  readonly revision: bigint;
  readonly key: string;
  readonly body: string;
}

/** The log of a watch of everything. */
export function logOf<T>(events: readonly WatchEvent<T>[], reading: Reading<T>): readonly LoggedChange[] {
  return events.flatMap((event) =>
    event.type === "BOOKMARK"
      ? []
      : [
          {
            revision: BigInt(event.resourceVersion),
            type: event.type === "DELETED" ? ("delete" as const) : ("put" as const),
            key: reading.key(event.object),
            body: reading.body(event.object),
          },
        ],
  );
}

/** What a watcher from `start` must be told up to `end`, both by the rules of selectors. */
export function expectedOf(
  log: readonly LoggedChange[],
  start: bigint,
  end: bigint,
  wants: (key: string, body: string) => boolean,
): readonly Seen[] {
  const states = new Map<string, string>();
  const expected: Seen[] = [];
  for (const { revision, type, key, body } of log) {
    if (revision > end) break;
    const before = states.get(key);
    const was = before !== undefined && wants(key, before);
    const is = type === "put" && wants(key, body);
    if (type === "put") states.set(key, body);
    else states.delete(key);
    if (revision <= start) continue;
    if (is) expected.push({ type: was ? "MODIFIED" : "ADDED", revision, key, body });
    else if (was) expected.push({ type: "DELETED", revision, key, body: before });
  }
  return expected;
}

/** Every broken guarantee of a stream up to `end`, in words; empty when all hold. */
export function faultsOfStream<T>(
  log: readonly LoggedChange[],
  stream: RecordedStream<T>,
  end: bigint,
  reading: Reading<T>,
): readonly string[] {
  const faults: string[] = [];
  const fault = (guarantee: string, what: string): void => {
    if (faults.length < 10) faults.push(`${stream.name}: not ${guarantee}: ${what}`);
  };
  const seen: Seen[] = [];
  let last = stream.start;
  let bookmark = stream.start;
  let open: bigint | undefined;
  const told = new Set<string>();
  for (const event of stream.events) {
    const revision = BigInt(event.resourceVersion);
    if (revision < last) fault("ordered", `${revision} after ${last}`);
    if (open !== undefined && revision !== open) fault("atomic", `${open} announced more, ${revision} came`);
    last = revision;
    if (event.type === "BOOKMARK") {
      if (open !== undefined) fault("atomic", `a bookmark inside ${open}`);
      bookmark = revision;
      continue;
    }
    if (revision <= bookmark)
      fault("bookmarkable", `an event at ${revision} after a bookmark at ${bookmark}`);
    const key = reading.key(event.object);
    const identity = `${revision} ${key}`;
    if (told.has(identity)) fault("unique", `${identity} twice`);
    told.add(identity);
    if (open === undefined && seen.at(-1)?.revision === revision)
      fault("atomic", `${revision} came in two parts`);
    open = event.more === true ? revision : undefined;
    seen.push({ type: event.type, revision, key, body: reading.body(event.object) });
  }
  if (open !== undefined) fault("atomic", `the stream ends inside ${open}`);
  const expected = expectedOf(log, stream.start, end, stream.wants);
  const upToEnd = seen.filter(({ revision }) => revision <= end);
  for (let i = 0; i < Math.max(expected.length, upToEnd.length); i++) {
    const [wanted, got] = [expected[i], upToEnd[i]];
    if (
      wanted?.revision === got?.revision &&
      wanted?.type === got?.type &&
      wanted?.key === got?.key &&
      wanted?.body === got?.body
    ) {
      continue;
    }
    fault("reliable", `event ${i} is ${textOf(got)}, expected ${textOf(wanted)}`);
    break;
  }
  return faults;
}

/** The log itself: revisions rise, every deletion removes what was there. */
export function faultsOfLog(log: readonly LoggedChange[]): readonly string[] {
  const faults: string[] = [];
  const there = new Set<string>();
  let last = 0n;
  for (const { revision, type, key } of log) {
    if (revision < last) faults.push(`the log falls from ${last} to ${revision}`);
    last = revision;
    if (type === "delete" && !there.delete(key)) faults.push(`the log deletes ${key}, which is not there`);
    if (type === "put") there.add(key);
  }
  return faults;
}

function textOf(seen: Seen | undefined): string {
  return seen === undefined ? "nothing" : `${seen.type} ${seen.key}=${seen.body}@${seen.revision}`;
}
