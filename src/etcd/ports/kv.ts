/** Port `Kv`: keys and values, and compaction of their history. */
import type { EtcdCall } from "./call.ts";
import type {
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from "./messages.ts";

/** Keys and values: etcd's KV service. */
export interface Kv {
  /**
   * Reads one key or a range, at one revision.
   * @throws EXPIRED for a compacted `revision`; FUTURE_VERSION; UNAVAILABLE, DEADLINE, PERMISSION_DENIED,
   * UNAUTHENTICATED
   */
  range(request: RangeRequest, call?: EtcdCall): Promise<RangeResponse>;
  /**
   * Writes one key.
   * @throws OUTCOME_UNKNOWN; NO_SPACE; TOO_LARGE; NOT_FOUND for a lease that does not exist; otherwise as `range`, and
   * then it was not applied
   */
  put(request: PutRequest, call?: EtcdCall): Promise<PutResponse>;
  /**
   * Deletes one key or a range, in one revision.
   * @throws OUTCOME_UNKNOWN; otherwise as `range`, and then it was not applied
   */
  deleteRange(request: DeleteRangeRequest, call?: EtcdCall): Promise<DeleteRangeResponse>;
  /** A txn without put or delete is a read, and retried like one. */
  txn(request: TxnRequest, call?: EtcdCall): Promise<TxnResponse>;
  /**
   * Compacts up to `revision`; a revision already compacted counts as done, or with `ifCompacted: "fail"` rejects EXPIRED.
   * `physical`: waits until the space is free in the file.
   */
  compact(
    revision: bigint,
    call?: EtcdCall & {
      /** Waits until the space is free in the file; default false. */
      readonly physical?: boolean;
      /** What to do when `revision` is already compacted; default "done". */
      readonly ifCompacted?: "done" | "fail";
    },
  ): Promise<void>;
  /** Highest revision of any linearizable response of this client; 0n before the first. Sends no request. */
  readonly highestRevision: bigint;
}

/**
 * The restores, and replacements of the cluster behind the endpoints, that this client has detected. Revisions, leases and
 * states read in one generation mean nothing in another: the same numbers return with other content.
 */
export interface History {
  /** Restores detected so far. */
  readonly generation: number;
  /** `listener` runs at once when a restore is detected, before any call of the new generation is answered. */
  onReplaced(listener: () => void): Disposable;
}
