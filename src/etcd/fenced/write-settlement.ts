/**
 * What became of a write whose answer was lost, read from etcd once the session fence holds.
 *
 * From then on nothing can change the answer, so one quorum read and, when the key has moved on since, its history
 * decide for good:
 *
 *   put      its value is there, or was: unique by its write id, or known by the
 *            record beside it (write-records.ts)                                      applied
 *   delete   the first event after the guard is a deletion whose transaction wrote
 *            this write's id into the tombstone (tombstones.ts)                               applied
 *   else                                                                              not applied
 *
 * Compaction may have taken the history: then the outcome stays unknown, and is said to be.
 *
 * Etcds without sound progress (version-facts.ts, "progressAhead") cannot say that a history is at its end: there it is taken
 * to be after a quiet time.
 */
import { isStoreError } from "../../errors.ts";
import type { Etcd } from "../ports/etcd.ts";
import type { KvEvent } from "../ports/watches.ts";
import { suffers } from "../versions/version-facts.ts";
import type { FencedWrite } from "./fenced-write.ts";
import { tombstoneHolds, tombstoneKey } from "./tombstones.ts";
import { isOwnPut } from "./write-records.ts";

export type Settlement =
  | { readonly fate: "applied"; readonly revision: bigint }
  | { readonly fate: "not applied" }
  | { readonly fate: "unknown" };

/** Without sound progress: etcd catches a watch up every 100 ms, so this many rounds without an event are its end. */
const quietMs = 1500;
/** Between two requests for progress: etcd drops one while the watch catches up, and catches up every 100 ms. */
const progressMs = 100;

export interface SettlementOptions {
  readonly etcd: Etcd;
  readonly root: string;
  /** A revision seen before the write was sent: it cannot have been applied at or before it. */
  readonly since: bigint;
  readonly signal: AbortSignal | undefined;
}

/** @throws what the signal ends with, and what reading fails with (UNAVAILABLE, DEADLINE, …) */
export async function settleWrite(write: FencedWrite, options: SettlementOptions): Promise<Settlement> {
  const { kv } = options.etcd;
  const { signal } = options;
  const answer = await kv.range({ key: write.key }, { signal });
  const current = answer.kvs[0];
  const now = answer.header.revision;
  if ((current?.modRevision ?? 0n) === write.guard && write.guard !== 0n) return { fate: "not applied" };
  const { change } = write;
  try {
    if (current !== undefined && (await isOwnPut(write, current, options, signal))) {
      return { fate: "applied", revision: current.modRevision };
    }
  } catch (error) {
    if (isStoreError(error, "EXPIRED")) return { fate: "unknown" };
    throw error;
  }
  const after = write.guard === 0n ? options.since : write.guard;
  if (now <= after) return { fate: "not applied" };
  const sound = !suffers(await options.etcd.serverVersion({ signal }), "progressAhead");
  try {
    for await (const event of history(write.key, {
      after,
      until: now,
      last: current?.modRevision,
      sound,
      options,
    })) {
      const revision = event.kv.modRevision;
      if (change.type === "put") {
        if (event.type === "put" && (await isOwnPut(write, event.kv, options, signal)))
          return { fate: "applied", revision };
      } else if (event.type === "delete") {
        const mine = write.withoutPuts === true || (await isTombstoneOf(write, revision, options));
        return mine ? { fate: "applied", revision } : { fate: "not applied" };
      }
      // A guard is used up by the first event after it; a create may follow any number of other people's.
      if (write.guard !== 0n) return { fate: "not applied" };
    }
    return { fate: "not applied" };
  } catch (error) {
    if (isStoreError(error, "EXPIRED")) return { fate: "unknown" };
    throw error;
  }
}

async function isTombstoneOf(
  write: FencedWrite,
  revision: bigint,
  options: SettlementOptions,
): Promise<boolean> {
  const key = tombstoneKey(options.root, write.key);
  const { kvs } = await options.etcd.kv.range({ key, revision }, { signal: options.signal });
  const tombstone = kvs[0];
  return (
    tombstone !== undefined &&
    tombstone.modRevision === revision &&
    tombstoneHolds(tombstone.value, write.writeId)
  );
}

interface HistoryRange {
  /** Exclusive. */
  readonly after: bigint;
  /** Inclusive. */
  readonly until: bigint;
  /** Mod revision of the key at `until`: the last event there is. Undefined when the key is gone. */
  readonly last: bigint | undefined;
  /** Whether progress can be trusted to come after the events it speaks of. */
  readonly sound: boolean;
  readonly options: SettlementOptions;
}

/** The key's events in a range of revisions, in order. @throws EXPIRED when some are compacted */
async function* history(key: string, range: HistoryRange): AsyncGenerator<KvEvent> {
  const { after, until, last, sound, options } = range;
  const { watches, clock } = options.etcd;
  const end = new AbortController();
  const signal = options.signal === undefined ? end.signal : AbortSignal.any([options.signal, end.signal]);
  const watch = watches.open({ key, startRevision: after + 1n }, { signal });
  // Without an event at the end nothing says that the watch has got there, so it is asked until it does.
  const asking = (async () => {
    if (!sound) {
      await watch.ready();
      await clock.sleep(quietMs, signal);
      end.abort();
    }
    while (!signal.aborted) {
      watch.requestProgress();
      await clock.sleep(progressMs, signal);
    }
  })().catch(() => {});
  try {
    for await (const batch of watch) {
      if (batch.type === "events") {
        for (const event of batch.events) {
          if (event.kv.modRevision > until) return;
          yield event;
          if (event.kv.modRevision === last) return;
        }
      }
      if (batch.type !== "created" && batch.revision >= until) return;
    }
    // An aborted watch ends without an error; to us it is one.
    options.signal?.throwIfAborted();
  } finally {
    end.abort();
    await asking;
  }
}
