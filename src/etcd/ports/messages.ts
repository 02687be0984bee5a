/**
 * What is asked of etcd's key-value store, and what it answers: ranges, puts, deletes, and txns of them.
 *
 * 64-bit ids and revisions are bigint, keys and values are bytes; `ports.ts` has who takes and gives them.
 */

/** Bytes of a key or value; text stands for its UTF-8. */
export type Bytes = Uint8Array | string;

/** First line of most replies. Revisions below the highest seen never get here for linearizable calls. */
export interface Header {
  /** Which cluster answered. */
  readonly clusterId: bigint;
  /** Which member answered. */
  readonly memberId: bigint;
  /** The store's revision when it answered. */
  readonly revision: bigint;
  /** Current term of raft. */
  readonly raftTerm: bigint;
}

/** A key with its value and its counters. */
export interface KeyValue {
  /** The key. */
  readonly key: Uint8Array;
  /** The value; empty where only keys were asked for. */
  readonly value: Uint8Array;
  /** Revision in which this life of the key began. */
  readonly createRevision: bigint;
  /** Revision of its last change. */
  readonly modRevision: bigint;
  /** Changes in this life of the key, from 1; 0n in the event of a delete. */
  readonly version: bigint;
  /** 0n for none. */
  readonly lease: bigint;
}

/** What a range is sorted by: key, number of changes, create revision, mod revision or value. */
export type SortTarget = "key" | "version" | "create" | "mod" | "value";

/** What `range` reads. */
export interface RangeRequest {
  /** The key, or the first key of the range, inclusive. */
  readonly key: Bytes;
  /** Exclusive end; `prefixEnd(key)` for a prefix. Absent: the one key. */
  readonly rangeEnd?: Bytes | undefined;
  /** 0 or absent: no limit. */
  readonly limit?: number | undefined;
  /** Read as of this revision; 0n or absent: latest. */
  readonly revision?: bigint | undefined;
  /** Default "none": by key, ascending. */
  readonly sortOrder?: "none" | "ascend" | "descend" | undefined;
  /** Default "key". Sorted by anything else, etcd reads the whole range, whatever the limit. */
  readonly sortTarget?: SortTarget | undefined;
  /** Answered by the member alone, perhaps stale. */
  readonly serializable?: boolean | undefined;
  /** Leave the values out; default false. */
  readonly keysOnly?: boolean | undefined;
  /** Count, and give no keys; default false. */
  readonly countOnly?: boolean | undefined;
  /**
   * Keys and values of the answer may be views of the whole reply instead of copies: cheaper by far for a page of small
   * values, for a caller that keeps none of them.
   */
  readonly views?: boolean | undefined;
  /** Only keys changed in this revision or later. etcd reads the whole range for it. */
  readonly minModRevision?: bigint | undefined;
  /** Only keys changed in this revision or before. */
  readonly maxModRevision?: bigint | undefined;
  /** Only keys created in this revision or later. */
  readonly minCreateRevision?: bigint | undefined;
  /** Only keys created in this revision or before. */
  readonly maxCreateRevision?: bigint | undefined;
}

/** What a range answers. */
export interface RangeResponse {
  /** The reply's first line. */
  readonly header: Header;
  /** At most `limit` keys, sorted as asked. */
  readonly kvs: readonly KeyValue[];
  /** There are more in the range than `limit`. */
  readonly more: boolean;
  /** Keys in the range, `limit` notwithstanding. */
  readonly count: bigint;
}

/** What `put` writes. */
export interface PutRequest {
  /** The key. */
  readonly key: Bytes;
  /** The value; must be empty with `ignoreValue`. */
  readonly value: Bytes;
  /** The lease the key lives by; 0n or absent: none. */
  readonly lease?: bigint | undefined;
  /** The answer carries what was there before; default false. */
  readonly prevKv?: boolean | undefined;
  /** Keep the value that is there; the key must exist. Default false. */
  readonly ignoreValue?: boolean | undefined;
  /** Keep the lease that is there; the key must exist. Default false. */
  readonly ignoreLease?: boolean | undefined;
}
/** What a put answers. */
export interface PutResponse {
  /** The reply's first line; its revision is the put's. */
  readonly header: Header;
  /** What was there before; with `prevKv`, and absent for a creation. */
  readonly prevKv?: KeyValue | undefined;
}

/** What `deleteRange` deletes. */
export interface DeleteRangeRequest {
  /** The key, or the first key of the range, inclusive. */
  readonly key: Bytes;
  /** Exclusive end; `prefixEnd(key)` for a prefix. Absent: the one key. */
  readonly rangeEnd?: Bytes | undefined;
  /** The answer carries what was deleted; default false. */
  readonly prevKv?: boolean | undefined;
}
/** What a delete answers. */
export interface DeleteRangeResponse {
  /** The reply's first line; its revision is the delete's, if it deleted anything. */
  readonly header: Header;
  /** Keys deleted. */
  readonly deleted: bigint;
  /** What was deleted, with `prevKv`; else empty. */
  readonly prevKvs: readonly KeyValue[];
}

/** One condition of a txn. With `rangeEnd` it must hold for every key in the range. */
export type Compare = {
  /** The key, or the first key of the range, inclusive. */
  readonly key: Bytes;
  /** Exclusive end; absent: the one key. */
  readonly rangeEnd?: Bytes | undefined;
  /** How what is there must compare with `operand`. */
  readonly result: "=" | "!=" | ">" | "<";
} & (
  | {
      /**
       * What is compared. A key that is not there has create, mod, version and lease 0n; a comparison of its value
       * fails.
       */
      readonly target: "mod" | "create" | "version" | "lease";
      /** What it is compared with. */
      readonly operand: bigint;
    }
  | { readonly target: "value"; readonly operand: Bytes }
);

/** One operation of a txn. */
export type TxnOp =
  | {
      /** Which one. */
      readonly type: "range";
      /** The read. */
      readonly range: RangeRequest;
    }
  | {
      readonly type: "put";
      /** The write. */
      readonly put: PutRequest;
    }
  | {
      readonly type: "delete";
      /** The delete. */
      readonly delete: DeleteRangeRequest;
    }
  | {
      readonly type: "txn";
      /** A txn inside the txn. */
      readonly txn: TxnRequest;
    };

/** At most 128 operations, members of nested txns included (etcd --max-txn-ops); no key twice among puts. */
export interface TxnRequest {
  /** The conditions; all must hold. None: they hold. */
  readonly compare: readonly Compare[];
  /** Run in order, at one revision, when they hold. */
  readonly success: readonly TxnOp[];
  /** Run when they do not. */
  readonly failure: readonly TxnOp[];
}

/** What one operation of a txn answers. */
export type TxnOpResponse =
  | {
      /** Which operation it was. */
      readonly type: "range";
      /** Answer of a read. */
      readonly range: RangeResponse;
    }
  | {
      readonly type: "put";
      /** Answer of a write. */
      readonly put: PutResponse;
    }
  | {
      readonly type: "delete";
      /** Answer of a delete. */
      readonly delete: DeleteRangeResponse;
    }
  | {
      readonly type: "txn";
      /** Answer of a txn inside the txn. */
      readonly txn: TxnResponse;
    };

/** What a txn answers. */
export interface TxnResponse {
  /** The reply's first line; its revision is that of what the txn wrote, if it wrote anything. */
  readonly header: Header;
  /** The conditions held. */
  readonly succeeded: boolean;
  /** One answer for each operation that was run, in order. */
  readonly responses: readonly TxnOpResponse[];
}
