/**
 * The guard seam: conditions and changes of others that ride in a write's own transaction.
 *
 * Storage has no line about quota. It tells each guard what is about to change; the guard answers with compares and
 * operations that join the transaction, and later hears what became of it: exactly one of `applied`, `refused`,
 * `abandoned` per prepared part. Without a part the guard has nothing to say about that write.
 */
import type { Call } from "../../base/call.ts";
import type { MaybePromise } from "../../codec/form/value.ts";
import type { StoreError } from "../../errors.ts";
import type { Compare, RangeRequest, RangeResponse, TxnOp } from "../../etcd/ports/messages.ts";
import type { Head, RecordedHead } from "../../resource/model/head.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";

/** One object before and after the write. Neither size includes the key. */
export interface Change {
  /** A removal, or a step of a deletion that is under way: nothing that is counted may refuse it. */
  readonly isDeletion: boolean;
  readonly kind: KindDefinition;
  readonly key: string;
  readonly namespace: string | undefined;
  readonly name: string;
  /** Absent for a creation. */
  readonly before: ChangeSide | undefined;
  /** Absent for a removal. */
  readonly after: ChangeSide | undefined;
}

/** One side of a change. */
export interface ChangeSide {
  readonly head: Head;
  /** As it lies in etcd, or will. Amounts that the value does not keep are measured: `charged` has those that count. */
  readonly recorded: RecordedHead;
  /** With the amounts that were charged for it, or will be: those in the value or on record beside it. */
  charged(call: Call): MaybePromise<RecordedHead>;
  /** Size of the value in etcd, bytes. */
  readonly storedBytes: number;
  /** The lease the object lives on: etcd removes it by itself. 0n for none. */
  readonly lease: bigint;
}

export interface GuardPart {
  /** Amounts of the object count for it: they are put on record beside a value that does not keep them. */
  readonly countsAmounts?: boolean | undefined;
  readonly compares: readonly Compare[];
  readonly ops: readonly TxnOp[];
  /** Read when a write is refused whose key is unchanged, at one revision: to say which compare failed, and to prepare the next try. */
  readonly reads: readonly RangeRequest[];
  applied(revision: bigint): void;
  /**
   * The transaction did not succeed. "mine": one of this part's compares failed, prepare again; "not mine": they
   * held; an error: the write is refused for good.
   */
  refused(reads: readonly RangeResponse[], revision: bigint): "mine" | "not mine" | StoreError;
  /** Certainly not applied, and not tried again as it is; or "unknown" when its fate could not be settled. */
  abandoned(fate: "not applied" | "unknown"): void;
}

export interface WriteGuard {
  /**
   * Called before each attempt.
   * @throws what refuses the write (QUOTA_EXCEEDED …); `Postponed`
   */
  prepare(
    change: Change,
    options: PrepareOptions,
    call: Call,
  ): GuardPart | undefined | Promise<GuardPart | undefined>;
}

export interface PrepareOptions {
  /**
   * etcd takes no put (NOSPACE): only compares and deletes may be given; what is left out is settled later from the
   * watch.
   */
  readonly withoutPuts: boolean;
  /** Prepared together with writes that are not sent yet: to wait for one of them would never end. */
  readonly grouped: boolean;
}

/** A grouped write must wait for others of its group: prepare it again, by itself, when they are done. */
export class Postponed extends Error {
  override readonly name = "Postponed";
}
