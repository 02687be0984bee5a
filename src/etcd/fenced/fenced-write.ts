/**
 * The write path as storage sees it: guarded writes of one key with a known outcome.
 *
 *   applied   exactly once, at a revision
 *   refused   certainly not applied: a compare failed; the current state is returned
 *   thrown    UNAVAILABLE, DEADLINE, NO_SPACE, …: certainly not applied
 *             OUTCOME_UNKNOWN: the outcome was not found in time; the write may still be applied, once
 *
 * `fenced-writes.ts` implements it over the ports. A write costs one round trip. Settling costs more, only after a lost
 * response; a refusal that the key does not explain costs one more.
 */
import type { Call } from "../../base/call.ts";
import { quote } from "../../base/text/quote.ts";
import type { StoreError } from "../../errors.ts";
import type { Compare, KeyValue, RangeRequest, RangeResponse, TxnOp } from "../ports/messages.ts";

/** One guarded change of one key, with other conditions and operations in the same transaction. */
export interface FencedWrite {
  /** Full etcd key. */
  readonly key: string;
  /** How messages name it; default: its key, quoted. Called only when a message is needed. */
  readonly what?: (() => string) | undefined;
  /** The write applies only while the key's mod revision equals this; 0n: only while the key does not exist. */
  readonly guard: bigint;
  /**
   * The change of the key. Either `value` differs between any two writes (it carries the write id) or the write is `unmarked`,
   * so that it can be recognised after a lost response.
   */
  readonly change:
    | { readonly type: "put"; readonly value: Uint8Array; readonly lease?: bigint | undefined }
    | { readonly type: "delete" };
  /** The value holds no write id; the transaction stores the id in a record beside it (write-records.ts). */
  readonly unmarked?: boolean | undefined;
  /** 16 random bytes, new for each prepared write; named by OUTCOME_UNKNOWN. */
  readonly writeId: Uint8Array;
  /** Further conditions. */
  readonly compares?: readonly Compare[] | undefined;
  /** Further puts and deletes of other keys, applied together with the change. */
  readonly ops?: readonly TxnOp[] | undefined;
  /** Read when the write is refused although its key matches the guard: one more round trip. */
  readonly reads?: readonly RangeRequest[] | undefined;
  /**
   * For deletes while etcd is out of space: the transaction holds no put, neither a tombstone nor (the caller's part) an
   * op, so etcd accepts it. It does not block a delayed create that is still in flight.
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
      /** The key at that revision; undefined when it does not exist. */
      readonly current: KeyValue | undefined;
      /** The responses to `reads`, in order; undefined when the key does not match the guard, which explains the refusal. */
      readonly reads: readonly RangeResponse[] | undefined;
    };

/** A call of fenced writes. */
export interface FencedCall extends Call {
  /**
   * The client's generation in which guards and compares were read; default: the one at the call. In a later generation,
   * after a restore, the write is not sent: the same revisions may belong to other content.
   */
  readonly generation?: number | undefined;
}

export interface FencedWrites extends AsyncDisposable {
  /**
   * One write, one round trip. Without `timeoutMs` the call ends after three times the client's requestTimeoutMs.
   * @throws UNAVAILABLE, DEADLINE, NO_SPACE, TOO_LARGE, PERMISSION_DENIED, …: not applied; OUTCOME_UNKNOWN { writeId, key,
   *   guard, lastRevision }; the signal's reason when aborted (a write already sent may still be applied)
   */
  write(write: FencedWrite, call?: FencedCall): Promise<WriteOutcome>;
  /**
   * Many independent writes in as few transactions as etcd's limits allow, about 60 in each; each has its own outcome,
   * in the order given, and shares its revision with others. Keys may repeat: the later write is then in a later
   * transaction.
   */
  writeMany(
    writes: readonly FencedWrite[],
    call?: FencedCall,
  ): Promise<readonly (WriteOutcome | StoreError)[]>;
  stats(): FencedWriteStats;
  /** Refuses new writes, waits for those in flight and deletes the session's keys. Idempotent. */
  close(): Promise<void>;
}

export interface FencedWriteStats {
  /** Writes requested. */
  readonly writes: number;
  /** Lost responses, and the outcomes that settling found. */
  readonly unknown: number;
  readonly settledApplied: number;
  readonly settledNotApplied: number;
  readonly unsettled: number;
  /** Answered with NO_SPACE but applied. */
  readonly noSpaceApplied: number;
  /** Sent again because the session key had changed: certainly not applied before. */
  readonly sessionRetries: number;
  /** Creates sent again because a key in the same bucket had been deleted in between. */
  readonly graveRetries: number;
  readonly sessions: number;
  readonly fences: number;
  /** Transactions that carried more than one write. */
  readonly groups: number;
}
