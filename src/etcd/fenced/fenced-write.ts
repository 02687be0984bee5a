/**
 * The write path that never lies, as storage sees it: guarded writes of one key whose outcome is known.
 *
 *   applied   exactly once, at a revision
 *   refused   certainly not applied: a compare failed; here is what is there instead
 *   thrown    UNAVAILABLE, DEADLINE, NO_SPACE, …: certainly not applied
 *             OUTCOME_UNKNOWN: it could not be found out in time; the write may still be applied, once
 *
 * `fenced-writes.ts` implements it over the ports. A write costs one round trip; settling costs more, only when the
 * answer to that one was lost, and a refusal that the key does not explain one more.
 */
import type { Call } from "../../base/call.ts";
import { quote } from "../../base/text/quote.ts";
import type { StoreError } from "../../errors.ts";
import type { Compare, KeyValue, RangeRequest, RangeResponse, TxnOp } from "../ports/messages.ts";

/** One guarded change of one key, with what rides in the same transaction. */
export interface FencedWrite {
  /** Full etcd key. */
  readonly key: string;
  /** How messages name it; default: its key, quoted. Asked for only when there is something to say. */
  readonly what?: (() => string) | undefined;
  /** The write applies only while the key's mod revision is this one; 0n: only while there is no such key. */
  readonly guard: bigint;
  /**
   * What is done to the key. `value` differs between any two writes (it carries the write id) or the write is `unmarked`: so
   * it is recognised when the answer was lost.
   */
  readonly change:
    | { readonly type: "put"; readonly value: Uint8Array; readonly lease?: bigint | undefined }
    | { readonly type: "delete" };
  /** The value holds no write id; the transaction puts it beside (write-records.ts). */
  readonly unmarked?: boolean | undefined;
  /** 16 random bytes, fresh for each write that is prepared; named by OUTCOME_UNKNOWN. */
  readonly writeId: Uint8Array;
  /** Further conditions. */
  readonly compares?: readonly Compare[] | undefined;
  /** Further puts and deletes of other keys, applied with the change or not at all. */
  readonly ops?: readonly TxnOp[] | undefined;
  /** Read when the write is refused and its key is as the guard says: one round trip more. */
  readonly reads?: readonly RangeRequest[] | undefined;
  /**
   * For deletes while etcd is out of space: the transaction holds no put, neither a tombstone nor (the caller's part) an
   * op, so etcd takes it. A create still under way at that moment is then not held back by it.
   */
  readonly withoutPuts?: boolean | undefined;
}

/** How messages name a write. */
export function textOfWrite({ what, key }: Pick<FencedWrite, "what" | "key">): string {
  return what === undefined ? quote(key) : what();
}

export type WriteOutcome =
  | {
      readonly outcome: "applied";
      /** The key's new mod revision, or the revision of its deletion. */
      readonly revision: bigint;
    }
  | {
      readonly outcome: "refused";
      /** The revision at which `current` and `reads` were read. */
      readonly revision: bigint;
      /** The key as it was then; undefined when there is none. */
      readonly current: KeyValue | undefined;
      /** The answers to `reads`, in their order; undefined where the key itself is not as the guard says: that explains it. */
      readonly reads: readonly RangeResponse[] | undefined;
    };

/** A call of fenced writes. */
export interface FencedCall extends Call {
  /**
   * The client's generation in which guards and compares were read; default: the one at the call. In a later one, after
   * a restore, the write is not sent: the same revisions may stand for other content.
   */
  readonly generation?: number | undefined;
}

export interface FencedWrites extends AsyncDisposable {
  /**
   * One write, one round trip. Without `timeoutMs` the call ends after three times the client's requestTimeoutMs.
   * @throws UNAVAILABLE, DEADLINE, NO_SPACE, TOO_LARGE, PERMISSION_DENIED, …: not applied; OUTCOME_UNKNOWN { writeId, key,
   *   guard, lastRevision }; the signal's reason when aborted (a write already sent may still happen)
   */
  write(write: FencedWrite, call?: FencedCall): Promise<WriteOutcome>;
  /**
   * Many independent writes in as few transactions as etcd's limits allow, about 60 to one; each has its own outcome,
   * in the order given, and shares its revision with others. Keys may repeat: the later one then goes in a later
   * transaction.
   */
  writeMany(
    writes: readonly FencedWrite[],
    call?: FencedCall,
  ): Promise<readonly (WriteOutcome | StoreError)[]>;
  stats(): FencedWriteStats;
  /** No new writes; those under way finish; the session's keys go. Idempotent. */
  close(): Promise<void>;
}

export interface FencedWriteStats {
  /** Writes asked for. */
  readonly writes: number;
  /** Answers lost, and what became of them. */
  readonly unknown: number;
  readonly settledApplied: number;
  readonly settledNotApplied: number;
  readonly unsettled: number;
  /** Answered NO_SPACE and applied all the same. */
  readonly noSpaceApplied: number;
  /** Sent again because the session had changed under them: never applied before. */
  readonly sessionRetries: number;
  /** Creates sent again because something in the same bucket had been deleted in between. */
  readonly graveRetries: number;
  readonly sessions: number;
  readonly fences: number;
  /** Transactions that carried more than one write. */
  readonly groups: number;
}
