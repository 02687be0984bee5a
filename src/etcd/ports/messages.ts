/**
 * What is asked of etcd's key-value store, and what it answers: ranges, puts, deletes, and txns of them.
 *
 * 64-bit ids and revisions are bigint, keys and values are bytes; `ports.ts` has who takes and gives them.
 */

/** Bytes of a key or value; text stands for its UTF-8. */
export type Bytes = Uint8Array | string;

/** First line of most replies. Revisions below the highest seen never get here for linearizable calls. */
export interface Header {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly revision: bigint;
  readonly raftTerm: bigint;
}

export interface KeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  readonly version: bigint;
  /** 0n for none. */
  readonly lease: bigint;
}

export type SortTarget = "key" | "version" | "create" | "mod" | "value";

export interface RangeRequest {
  readonly key: Bytes;
  /** Exclusive end; `prefixEnd(key)` for a prefix. Absent: the one key. */
  readonly rangeEnd?: Bytes | undefined;
  /** 0 or absent: no limit. */
  readonly limit?: number | undefined;
  /** Read as of this revision; 0n or absent: latest. */
  readonly revision?: bigint | undefined;
  readonly sortOrder?: "none" | "ascend" | "descend" | undefined;
  readonly sortTarget?: SortTarget | undefined;
  /** Answered by the member alone, perhaps stale. */
  readonly serializable?: boolean | undefined;
  readonly keysOnly?: boolean | undefined;
  readonly countOnly?: boolean | undefined;
  /**
   * Keys and values of the answer may be views of the whole reply instead of copies: cheaper by far for a page of small
   * values, for a caller that keeps none of them.
   */
  readonly views?: boolean | undefined;
  readonly minModRevision?: bigint | undefined;
  readonly maxModRevision?: bigint | undefined;
  readonly minCreateRevision?: bigint | undefined;
  readonly maxCreateRevision?: bigint | undefined;
}

export interface RangeResponse {
  readonly header: Header;
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  /** Keys in the range, `limit` notwithstanding. */
  readonly count: bigint;
}

export interface PutRequest {
  readonly key: Bytes;
  readonly value: Bytes;
  readonly lease?: bigint | undefined;
  readonly prevKv?: boolean | undefined;
  readonly ignoreValue?: boolean | undefined;
  readonly ignoreLease?: boolean | undefined;
}
export interface PutResponse {
  readonly header: Header;
  readonly prevKv?: KeyValue | undefined;
}

export interface DeleteRangeRequest {
  readonly key: Bytes;
  readonly rangeEnd?: Bytes | undefined;
  readonly prevKv?: boolean | undefined;
}
export interface DeleteRangeResponse {
  readonly header: Header;
  readonly deleted: bigint;
  readonly prevKvs: readonly KeyValue[];
}

/** One condition of a txn. With `rangeEnd` it must hold for every key in the range. */
export type Compare = {
  readonly key: Bytes;
  readonly rangeEnd?: Bytes | undefined;
  readonly result: "=" | "!=" | ">" | "<";
} & (
  | { readonly target: "mod" | "create" | "version" | "lease"; readonly operand: bigint }
  | { readonly target: "value"; readonly operand: Bytes }
);

export type TxnOp =
  | { readonly type: "range"; readonly range: RangeRequest }
  | { readonly type: "put"; readonly put: PutRequest }
  | { readonly type: "delete"; readonly delete: DeleteRangeRequest }
  | { readonly type: "txn"; readonly txn: TxnRequest };

/** At most 128 operations, members of nested txns included (etcd --max-txn-ops); no key twice among puts. */
export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly TxnOp[];
  readonly failure: readonly TxnOp[];
}

export type TxnOpResponse =
  | { readonly type: "range"; readonly range: RangeResponse }
  | { readonly type: "put"; readonly put: PutResponse }
  | { readonly type: "delete"; readonly delete: DeleteRangeResponse }
  | { readonly type: "txn"; readonly txn: TxnResponse };

export interface TxnResponse {
  readonly header: Header;
  readonly succeeded: boolean;
  readonly responses: readonly TxnOpResponse[];
}
