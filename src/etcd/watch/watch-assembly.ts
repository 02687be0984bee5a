/**
 * Assembles the replies of one watch stream into whole revisions. Pure; `watch-loop.ts` feeds it.
 *
 *   reply     [ 7 7 8 | 9 9 ... fragment ]  [ 9 9 10 ... fragment ]  [ 10 ]
 *   delivered 7 7 8                         9 9 9 9                  10 10
 *
 * A transaction's events come in one reply unless it is fragmented, so only the last revision of a fragment may be
 * incomplete: that one is held back, the earlier ones are delivered, and a cut inside a long replay loses no progress. The
 * resume point advances with deliveries (and with progress), never with a header: a replay carries the newest
 * revision in the header of every reply.
 */
import type { KvEvent } from "../ports/watches.ts";
import type { WatchReply } from "../wire/watch.ts";

/** Half-open range of key bytes; no end: the one key; an end of one zero byte: every key from `key` on. */
/**
 * Limit of the held-back pieces of one revision, bytes: a transaction is at most 1.5 MiB, but an expiring lease deletes any
 * number of keys, and each deletion carries its previous value.
 */
const heldBytesMax = 256 * 1024 * 1024;

export interface ByteRange {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array | undefined;
}

export type Assembled =
  | { readonly type: "events"; readonly events: readonly KvEvent[]; readonly revision: bigint }
  /** Nothing is complete yet. */
  | { readonly type: "none" }
  /** The reply cannot be trusted: the stream must be abandoned. */
  | { readonly type: "fault"; readonly reason: string };

export class WatchAssembly {
  /** First revision to deliver: everything below it has been delivered. */
  #next: bigint;
  /** The revision at which the current stream began. */
  #start: bigint;
  #held: KvEvent[] = [];
  #heldBytes = 0;
  #duplicates = 0;
  readonly #range: ByteRange;

  constructor(range: ByteRange, start: bigint) {
    this.#range = range;
    this.#next = start;
    this.#start = start;
  }

  get next(): bigint {
    return this.#next;
  }

  /** Events dropped because they were seen before: old servers repeat some after a snapshot transfer. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** A new stream begins at `next`; it delivers an incomplete revision again. */
  reopened(): void {
    this.#held = [];
    this.#heldBytes = 0;
    this.#start = this.#next;
  }

  /** Progress: everything up to `revision` has been sent. @returns false if that is not new */
  progressed(revision: bigint): boolean {
    if (this.#held.length > 0 || revision < this.#next) return false;
    this.#next = revision + 1n;
    return true;
  }

  add(reply: Pick<WatchReply, "events" | "fragment">): Assembled {
    const held = this.#held;
    for (const event of reply.events) {
      const revision = event.kv.modRevision;
      if (!contains(this.#range, event.kv.key)) {
        return { type: "fault", reason: "an event for a key outside the range asked for" };
      }
      if (revision < this.#start) {
        return {
          type: "fault",
          reason: `an event of revision ${revision} on a stream from ${this.#start} on`,
        };
      }
      if (revision < this.#next) {
        this.#duplicates++;
        continue;
      }
      const last = held.at(-1)?.kv.modRevision;
      if (last !== undefined && revision < last) {
        return { type: "fault", reason: `an event of revision ${revision} after one of ${last}` };
      }
      held.push(event);
      this.#heldBytes += bytesOf(event);
    }
    if (reply.fragment && this.#heldBytes > heldBytesMax) {
      return { type: "fault", reason: `a revision of more than ${heldBytesMax} bytes that does not end` };
    }
    return this.#takeWhole(reply.fragment);
  }

  #takeWhole(unfinished: boolean): Assembled {
    const held = this.#held;
    const last = held.at(-1)?.kv.modRevision;
    if (last === undefined) return { type: "none" };
    if (!unfinished) {
      this.#held = [];
      this.#heldBytes = 0;
      this.#next = last + 1n;
      return { type: "events", events: held, revision: last };
    }
    const cut = held.findIndex((event) => event.kv.modRevision === last);
    if (cut <= 0) return { type: "none" };
    const events = held.slice(0, cut);
    const revision = events.at(-1)?.kv.modRevision ?? 0n;
    this.#held = held.slice(cut);
    this.#heldBytes = this.#held.reduce((sum, event) => sum + bytesOf(event), 0);
    this.#next = revision + 1n;
    return { type: "events", events, revision };
  }
}

function bytesOf({ kv, prevKv }: KvEvent): number {
  return kv.key.length + kv.value.length + (prevKv?.value.length ?? 0);
}

function contains({ key, rangeEnd }: ByteRange, found: Uint8Array): boolean {
  if (rangeEnd === undefined || rangeEnd.length === 0) return Buffer.compare(found, key) === 0;
  if (Buffer.compare(found, key) < 0) return false;
  const open = rangeEnd.length === 1 && rangeEnd[0] === 0;
  return open || Buffer.compare(found, rangeEnd) < 0;
}
