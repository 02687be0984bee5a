/**
 * The guard seam: additional conditions and changes in a write's own transaction.
 *
 * Storage knows nothing of quotas. It describes each change to every guard. The guard returns compares and operations
 * that join the transaction, and later gets its outcome: exactly one of `applied`, `refused`, `abandoned` per
 * prepared part. Without a part the guard does not take part in that write.
 */
import type { Call } from "../../base/call.ts";
import type { MaybePromise } from "../../codec/form/value.ts";
import type { StoreError } from "../../errors.ts";
import type { Compare, RangeRequest, RangeResponse, TxnOp } from "../../etcd/ports/messages.ts";
import type { Head, RecordedHead } from "../../resource/model/head.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";

/** One object before and after the write. Neither size includes the key. */
export interface Change {
  /** A removal, or a step of a deletion that is under way: no quota may refuse it. */
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
  /** As stored in etcd, or about to be. Amounts missing from the value are measured: `charged` has the charged ones. */
  readonly recorded: RecordedHead;
  /** With the amounts that were or will be charged: those in the value or recorded beside it. */
  charged(call: Call): MaybePromise<RecordedHead>;
  /** Size of the value in etcd, bytes. */
  readonly storedBytes: number;
  /** The lease the object lives on: etcd removes it by itself. 0n for none. */
  readonly lease: bigint;
}

export interface GuardPart {
  /** The object's amounts count for this guard: they are recorded beside a value that does not contain them. */
  readonly countsAmounts?: boolean | undefined;
  readonly compares: readonly Compare[];
  readonly ops: readonly TxnOp[];
  /**
   * Read when a write is refused whose key is unchanged, at one revision: to find the failed compare, and to prepare
   * the next try.
   */
  readonly reads: readonly RangeRequest[];
  applied(revision: bigint): void;
  /**
   * The transaction did not succeed. "mine": one of this part's compares failed, prepare again; "not mine": they
   * held; an error: the write is refused permanently.
   */
  refused(reads: readonly RangeResponse[], revision: bigint): "mine" | "not mine" | StoreError;
  /** Certainly not applied, and not retried unchanged; or "unknown" when its outcome could not be settled. */
  abandoned(outcome: "not applied" | "unknown"): void;
}

export interface WriteGuard {
  /**
   * Called before each attempt.
   * @throws an error that refuses the write (QUOTA_EXCEEDED …); `Postponed`
   */
  prepare(
    change: Change,
    options: PrepareOptions,
    call: Call,
  ): GuardPart | undefined | Promise<GuardPart | undefined>;
}

export interface PrepareOptions {
  /**
   * etcd accepts no put (NOSPACE): only compares and deletes may be returned; omitted puts are corrected later from the
   * watch.
   */
  readonly withoutPuts: boolean;
  /** Prepared together with unsent writes: waiting for one of them would never end. */
  readonly grouped: boolean;
  /** Nothing will be written, and nothing may be for it: the part reserves nothing and has only compares and reads. */
  readonly dryRun: boolean;
}

/** A grouped write must wait for others of its group: prepare it again, alone, when they have ended. */
export class Postponed extends Error {
  override readonly name = "Postponed";
}
