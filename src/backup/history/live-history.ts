/**
 * Every version of one key that a running etcd still has, deletions included: its state at the last compaction, and
 * the events after it, replayed by a watch from there to now.
 *
 *   compacted ──state there──┬── events, replayed ──────────────┬─ revision now
 *                            put …  delete …  put …
 *
 * If the replay does not end with an event of the key, etcd is asked for its progress. If its answer cannot be trusted
 * (progress-trust.ts), every key is watched instead: each revision has an event of some key.
 */
import { isStoreError } from "../../errors.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import type { KeyValue } from "../../etcd/ports/messages.ts";
import type { EtcdWatchRequest, KvEvent } from "../../etcd/ports/watches.ts";
import { progressIsReliable } from "../../storage/watch/progress-trust.ts";

/** Time between progress requests, milliseconds: etcd drops them while the watch is catching up. */
const askEveryMs = 50;

/** The history of a key in a running etcd. */
export interface LiveHistory {
  /** Oldest first. Versions overwritten or deleted up to `compacted` are missing. */
  readonly events: readonly KvEvent[];
  /** Nothing before this revision is left; 0n: etcd has never been compacted. */
  readonly compacted: bigint;
  /** The revision up to which the history is complete. */
  readonly revision: bigint;
}

/** @throws UNAVAILABLE, DEADLINE, … as any read */
export async function liveHistory(
  etcd: Etcd,
  key: string,
  signal: AbortSignal | undefined,
): Promise<LiveHistory> {
  const { header, kvs } = await etcd.kv.range({ key }, { signal });
  const replay = { key, until: header.revision, last: kvs[0]?.modRevision, signal };
  for (let compacted = 0n; ; ) {
    try {
      const first = compacted === 0n ? undefined : await stateAt(etcd, key, compacted, signal);
      const events = await replayed(etcd, { ...replay, after: compacted });
      const began: readonly KvEvent[] = first === undefined ? [] : [{ type: "put", kv: first }];
      return { events: [...began, ...events], compacted, revision: header.revision };
    } catch (error) {
      // Compacted before or during the read.
      const upTo = isStoreError(error, "EXPIRED") ? error.details.compacted : undefined;
      if (upTo === undefined || BigInt(upTo) <= compacted) throw error;
      compacted = BigInt(upTo);
    }
  }
}

async function stateAt(
  etcd: Etcd,
  key: string,
  revision: bigint,
  signal: AbortSignal | undefined,
): Promise<KeyValue | undefined> {
  return (await etcd.kv.range({ key, revision }, { signal })).kvs[0];
}

interface Replay {
  readonly key: string;
  /** Exclusive. */
  readonly after: bigint;
  /** Inclusive. */
  readonly until: bigint;
  /** Mod revision of the current key, its last event; undefined: the key does not exist. */
  readonly last: bigint | undefined;
  readonly signal: AbortSignal | undefined;
}

async function replayed(etcd: Etcd, replay: Replay): Promise<readonly KvEvent[]> {
  const { key, after, until, last } = replay;
  const events: KvEvent[] = [];
  if (after >= until || (last !== undefined && last <= after)) return events;
  const trusted = await progressIsReliable(etcd, { signal: replay.signal });
  const range: EtcdWatchRequest = trusted ? { key } : { key: "\0", rangeEnd: "\0" };
  const wanted = Buffer.from(key);
  await using watch = etcd.watches.open(
    { ...range, startRevision: after + 1n, prevKv: true },
    { signal: replay.signal },
  );
  const done = new AbortController();
  const asking = trusted ? ask(etcd, watch, done.signal) : undefined;
  try {
    for await (const batch of watch) {
      if (batch.type === "events") {
        for (const event of batch.events) {
          if (event.kv.modRevision > until) return events;
          if (wanted.equals(event.kv.key)) events.push(event);
          if (event.kv.modRevision === last) return events;
        }
      }
      if (batch.type !== "created" && batch.revision >= until) return events;
    }
    // An aborted watch ends without an error; here that is an error.
    replay.signal?.throwIfAborted();
    return events;
  } finally {
    done.abort();
    await asking;
  }
}

async function ask(
  { clock }: Etcd,
  watch: { requestProgress(): void; ready(): Promise<unknown> },
  signal: AbortSignal,
): Promise<void> {
  try {
    await watch.ready();
    while (!signal.aborted) {
      watch.requestProgress();
      await clock.sleep(askEveryMs, signal);
    }
  } catch {
    // The loop over the watch gets the same failure.
  }
}
