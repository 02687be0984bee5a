/**
 * Finds the outcome of a write with a lost response by reading etcd after the session fence holds.
 *
 * The outcome can no longer change then, so one quorum read decides, plus the key's history if the key has changed
 * since:
 *
 *   put      its value is there now or was: identified by its write id, or by the
 *            record beside it (write-records.ts)                                      applied
 *   delete   the first event after the guard is a deletion whose transaction wrote
 *            this write's id into the tombstone (tombstones.ts)                               applied
 *   else                                                                              not applied
 *
 * If compaction has removed the history, the outcome stays unknown and is reported so.
 *
 * An etcd without sound progress (version-facts.ts, "progressAhead") cannot report that a history is complete: there the
 * history counts as complete after a quiet time.
 */
import { isStoreError } from "../../errors.ts";
import type { Etcd } from "../ports/etcd.ts";
import type { KvEvent } from "../ports/watches.ts";
import { suffers } from "../versions/version-facts.ts";
import type { FencedWrite } from "./fenced-write.ts";
import { tombstoneHolds, tombstoneKey } from "./tombstones.ts";
import { isOwnPut } from "./write-records.ts";

export type Settlement =
  | { readonly outcome: "applied"; readonly revision: bigint }
  | { readonly outcome: "not applied" }
  | { readonly outcome: "unknown" };

/** Without sound progress: etcd catches a watch up every 100 ms, so this long without an event counts as the end. */
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

/** @throws the signal's reason, and errors of the reads (UNAVAILABLE, DEADLINE, …) */
export async function settleWrite(write: FencedWrite, options: SettlementOptions): Promise<Settlement> {
  const { kv } = options.etcd;
  const { signal } = options;
  const answer = await kv.range({ key: write.key }, { signal });
  const current = answer.kvs[0];
  const now = answer.header.revision;
  if ((current?.modRevision ?? 0n) === write.guard && write.guard !== 0n) return { outcome: "not applied" };
  const { change } = write;
  try {
    if (current !== undefined && (await isOwnPut(write, current, options, signal))) {
      return { outcome: "applied", revision: current.modRevision };
    }
  } catch (error) {
    if (isStoreError(error, "EXPIRED")) return { outcome: "unknown" };
    throw error;
  }
  const after = write.guard === 0n ? options.since : write.guard;
  if (now <= after) return { outcome: "not applied" };
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
          return { outcome: "applied", revision };
      } else if (event.type === "delete") {
        const mine = write.withoutPuts === true || (await isTombstoneOf(write, revision, options));
        return mine ? { outcome: "applied", revision } : { outcome: "not applied" };
      }
      // Only the first event after a guard can match it; a create may follow any number of other writers' events.
      if (write.guard !== 0n) return { outcome: "not applied" };
    }
    return { outcome: "not applied" };
  } catch (error) {
    if (isStoreError(error, "EXPIRED")) return { outcome: "unknown" };
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
  /** Mod revision of the key at `until`, that of its last event. Undefined when the key is gone. */
  readonly last: bigint | undefined;
  /** Whether progress certainly comes after the events it covers. */
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
  // Without an event at the end nothing shows that the watch has reached it, so progress is requested until it does.
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
    // An aborted watch ends without an error; here that is an error.
    options.signal?.throwIfAborted();
  } finally {
    end.abort();
    await asking;
  }
}
