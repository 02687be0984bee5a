/**
 * Recorded watch events as lines of a history: the watch of everything is the log, every other one a stream to check
 * against it (`c3-watches.ts`). For tests that keep events in memory.
 */
import type { WatchEvent } from "keelson";
import type { StreamEvent, TruthRecord } from "./history.ts";
import type { StreamHistory } from "./run-history.ts";

/** The identity of an object: its key, and the compared part of it. */
export interface Reading<T> {
  readonly key: (object: T) => string;
  readonly value: (object: T) => string;
}

/** The log, from one watch of everything that began on an empty store. */
export function logOf<T>(events: readonly WatchEvent<T>[], reading: Reading<T>): readonly TruthRecord[] {
  return events.flatMap((event): readonly TruthRecord[] => {
    if (event.type === "BOOKMARK") return [];
    const key = reading.key(event.object);
    const base = { line: "truth", revision: BigInt(event.resourceVersion), key, createRevision: 0n } as const;
    return event.type === "DELETED"
      ? [{ ...base, type: "delete" }]
      : [{ ...base, type: "put", value: reading.value(event.object) }];
  });
}

/** Faults of the log itself: revisions must rise, and every deletion must remove an existing object. */
export function logFaults(log: readonly TruthRecord[]): readonly string[] {
  const faults: string[] = [];
  const there = new Set<string>();
  let last = 0n;
  for (const { revision, type, key } of log) {
    if (revision < last) faults.push(`the log falls from ${last} to ${revision}`);
    last = revision;
    if (type === "put") there.add(key);
    else if (!there.delete(key)) faults.push(`the log deletes ${key}, which is not there`);
  }
  return faults;
}

/** One watcher's events after `start`, exclusive. */
export function streamOf<T>(
  facts: { readonly name: string; readonly start: bigint; readonly events: readonly WatchEvent<T>[] },
  reading: Reading<T>,
): StreamHistory {
  const { name, start } = facts;
  const events = facts.events.map((event): StreamEvent => {
    const revision = BigInt(event.resourceVersion);
    if (event.type === "BOOKMARK") return { type: event.type, revision };
    const { type, object, more } = event;
    return { type, revision, key: reading.key(object), value: reading.value(object), more };
  });
  const open = {
    line: "stream-open",
    process: "test",
    watcher: name,
    stream: name,
    via: "cache",
    start,
    filter: {},
    atNs: 0,
  } as const;
  return { open, events, end: undefined };
}
