/**
 * Requests and responses of etcd's key-value store: ranges, puts, deletes, and txns of them.
 *
 * 64-bit ids and revisions are bigint, keys and values are bytes; `kv.ts` has the methods that use them.
 */

/** Bytes of a key or value; text stands for its UTF-8. */
export type Bytes = Uint8Array | string;

/** Header of most responses. A linearizable call never returns a revision below the highest seen. */
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
  /** The value; empty if only keys were requested. */
  readonly value: Uint8Array;
  /** Revision in which the key was created, since its last deletion. */
  readonly createRevision: bigint;
  /** Revision of its last change. */
  readonly modRevision: bigint;
  /** Changes since the key was created, from 1; 0n in the event of a delete. */
  readonly version: bigint;
  /** 0n for none. */
  readonly lease: bigint;
}

/** The sort key of a range: key, number of changes, create revision, mod revision or value. */
export type SortTarget = "key" | "version" | "create" | "mod" | "value";

/** The request of `range`. */
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
  /** Let the member answer alone; the result may be stale. */
  readonly serializable?: boolean | undefined;
  /** Leave the values out; default false. */
  readonly keysOnly?: boolean | undefined;
  /** Return the count without keys; default false. */
  readonly countOnly?: boolean | undefined;
  /**
   * Keys and values of the response may be views of the whole response instead of copies: much cheaper for a page of small
   * values, for a caller that does not keep them.
   */
  readonly views?: boolean | undefined;
  /** Only keys changed in this revision or later. etcd still reads the whole range. */
  readonly minModRevision?: bigint | undefined;
  /** Only keys changed in this revision or before. */
  readonly maxModRevision?: bigint | undefined;
  /** Only keys created in this revision or later. */
  readonly minCreateRevision?: bigint | undefined;
  /** Only keys created in this revision or before. */
  readonly maxCreateRevision?: bigint | undefined;
}

/** The response of a range. */
export interface RangeResponse {
  /** The header of the response. */
  readonly header: Header;
  /** At most `limit` keys, sorted as asked. */
  readonly kvs: readonly KeyValue[];
  /** Whether the range has more keys than `limit`. */
  readonly more: boolean;
  /** Keys in the range, regardless of `limit`. */
  readonly count: bigint;
}

/** The request of `put`. */
export interface PutRequest {
  /** The key. */
  readonly key: Bytes;
  /** The value; must be empty with `ignoreValue`. */
  readonly value: Bytes;
  /** The lease to attach the key to; 0n or absent: none. */
  readonly lease?: bigint | undefined;
  /** Return the previous key-value; default false. */
  readonly prevKv?: boolean | undefined;
  /** Keep the current value; the key must exist. Default false. */
  readonly ignoreValue?: boolean | undefined;
  /** Keep the current lease; the key must exist. Default false. */
  readonly ignoreLease?: boolean | undefined;
}
/** The response of a put. */
export interface PutResponse {
  /** The header of the response; its revision is the put's. */
  readonly header: Header;
  /** The previous key-value, with `prevKv`; absent for a creation. */
  readonly prevKv?: KeyValue | undefined;
}

/** The request of `deleteRange`. */
export interface DeleteRangeRequest {
  /** The key, or the first key of the range, inclusive. */
  readonly key: Bytes;
  /** Exclusive end; `prefixEnd(key)` for a prefix. Absent: the one key. */
  readonly rangeEnd?: Bytes | undefined;
  /** Return the deleted key-values; default false. */
  readonly prevKv?: boolean | undefined;
}
/** The response of a delete. */
export interface DeleteRangeResponse {
  /** The header of the response; its revision is the delete's, if it deleted anything. */
  readonly header: Header;
  /** Keys deleted. */
  readonly deleted: bigint;
  /** The deleted key-values, with `prevKv`; else empty. */
  readonly prevKvs: readonly KeyValue[];
}

/** One condition of a txn. With `rangeEnd` it must hold for every key in the range. */
export type Compare = {
  /** The key, or the first key of the range, inclusive. */
  readonly key: Bytes;
  /** Exclusive end; absent: the one key. */
  readonly rangeEnd?: Bytes | undefined;
  /** How the stored field must compare with `operand`. */
  readonly result: "=" | "!=" | ">" | "<";
} & (
  | {
      /**
       * The field compared. A missing key has create, mod, version and lease 0n; a comparison of its value
       * fails.
       */
      readonly target: "mod" | "create" | "version" | "lease";
      /** The value to compare with. */
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
  /** The conditions; all must hold. An empty list holds. */
  readonly compare: readonly Compare[];
  /** Run in order, at one revision, if they hold. */
  readonly success: readonly TxnOp[];
  /** Run if they do not. */
  readonly failure: readonly TxnOp[];
}

/** The response of one operation of a txn. */
export type TxnOpResponse =
  | {
      /** Which operation it was. */
      readonly type: "range";
      /** Response of a read. */
      readonly range: RangeResponse;
    }
  | {
      readonly type: "put";
      /** Response of a write. */
      readonly put: PutResponse;
    }
  | {
      readonly type: "delete";
      /** Response of a delete. */
      readonly delete: DeleteRangeResponse;
    }
  | {
      readonly type: "txn";
      /** Response of a txn inside the txn. */
      readonly txn: TxnResponse;
    };

/** The response of a txn. */
export interface TxnResponse {
  /** The header of the response; its revision is the txn's, if it wrote anything. */
  readonly header: Header;
  /** Whether the conditions held. */
  readonly succeeded: boolean;
  /** One response for each operation that was run, in order. */
  readonly responses: readonly TxnOpResponse[];
}
