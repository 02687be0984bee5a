/** The `Kv` port: requests encoded, sent through the client core by their class, replies decoded. */
import { isStoreError, StoreError } from "../errors.ts";
import type { Client, Rpc } from "./client.ts";
import type {
  Bytes,
  DeleteRangeRequest,
  DeleteRangeResponse,
  EtcdCall,
  Header,
  Kv,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnOp,
  TxnRequest,
  TxnResponse,
} from "./ports.ts";
import {
  decodeDeleteRangeResponse,
  decodeHeaderOnly,
  decodePutResponse,
  decodeRangeResponse,
  decodeRangeViews,
  decodeTxnResponse,
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodePutRequest,
  encodeRangeRequest,
  encodeTxnRequest,
  isReadOnly,
} from "./wire/kv.ts";

const range: Rpc<RangeResponse> = {
  path: "/etcdserverpb.KV/Range",
  effect: "read",
  judged: true,
  lane: "unary",
  action: "read from etcd",
  decode: decodeRangeResponse,
};
const serializableRange: Rpc<RangeResponse> = { ...range, judged: false };
const viewedRange: Rpc<RangeResponse> = { ...range, decode: decodeRangeViews };
const serializableViewedRange: Rpc<RangeResponse> = { ...serializableRange, decode: decodeRangeViews };
const copiedRanges = [range, serializableRange] as const;
const viewedRanges = [viewedRange, serializableViewedRange] as const;
const put: Rpc<PutResponse> = {
  path: "/etcdserverpb.KV/Put",
  effect: "write",
  judged: true,
  lane: "unary",
  action: "put a key into etcd",
  decode: decodePutResponse,
};
const deleteRange: Rpc<DeleteRangeResponse> = {
  path: "/etcdserverpb.KV/DeleteRange",
  effect: "write",
  judged: true,
  lane: "unary",
  action: "delete keys from etcd",
  decode: decodeDeleteRangeResponse,
};
const txn: Rpc<TxnResponse> = {
  path: "/etcdserverpb.KV/Txn",
  effect: "write",
  judged: true,
  lane: "unary",
  action: "run a transaction in etcd",
  decode: decodeTxnResponse,
};
const readTxn: Rpc<TxnResponse> = { ...txn, effect: "read", action: "read in a transaction from etcd" };
const serializableTxn: Rpc<TxnResponse> = { ...readTxn, judged: false };
const compact: Rpc<{ readonly header: Header }> = {
  path: "/etcdserverpb.KV/Compact",
  effect: "idempotent",
  judged: false,
  lane: "unary",
  action: "compact etcd's history",
  decode: decodeHeaderOnly,
};

export function createKv(client: Client): Kv {
  return new KvPort(client);
}

class KvPort implements Kv {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  get highestRevision(): bigint {
    return this.#client.highestRevision;
  }

  async range(request: RangeRequest, call?: EtcdCall): Promise<RangeResponse> {
    const [linearizable, serializable] = request.views === true ? viewedRanges : copiedRanges;
    const rpc = request.serializable === true ? serializable : linearizable;
    try {
      return await this.#client.unary(rpc, encodeRangeRequest(request), call);
    } catch (error) {
      throw withRevision(error, request.revision);
    }
  }

  put(request: PutRequest, call?: EtcdCall): Promise<PutResponse> {
    return this.#client.unary(put, encodePutRequest(request), call, { key: request.key });
  }

  deleteRange(request: DeleteRangeRequest, call?: EtcdCall): Promise<DeleteRangeResponse> {
    return this.#client.unary(deleteRange, encodeDeleteRangeRequest(request), call, { key: request.key });
  }

  txn(request: TxnRequest, call?: EtcdCall): Promise<TxnResponse> {
    const bytes = encodeTxnRequest(request);
    if (!isReadOnly(request)) {
      return this.#client.unary(txn, bytes, call, { key: firstWritten(request.success) });
    }
    return this.#client.unary(isSerializable(request) ? serializableTxn : readTxn, bytes, call);
  }

  async compact(
    revision: bigint,
    call?: EtcdCall & { readonly physical?: boolean; readonly ifCompacted?: "done" | "fail" },
  ): Promise<void> {
    try {
      const request = encodeCompactionRequest({ revision, physical: call?.physical ?? false });
      await this.#client.unary(compact, request, call);
    } catch (error) {
      // Compacted already, by an earlier try of ours or by another compactor.
      if (!isStoreError(error, "EXPIRED") || call?.ifCompacted === "fail") throw error;
    }
  }
}

/** etcd answers a read-only txn whose ranges are all serializable from the member alone; an empty one too. */
function isSerializable(request: TxnRequest): boolean {
  const local = (op: TxnOp): boolean =>
    op.type === "range" ? op.range.serializable === true : op.type === "txn" && isSerializable(op.txn);
  return request.success.every(local) && request.failure.every(local);
}

function firstWritten(ops: readonly TxnOp[]): Bytes | undefined {
  for (const op of ops) {
    if (op.type === "put") return op.put.key;
    if (op.type === "delete") return op.delete.key;
    if (op.type === "txn") {
      const key = firstWritten(op.txn.success);
      if (key !== undefined) return key;
    }
  }
  return undefined;
}

/** FUTURE_VERSION names the revision that was asked for; only the request knows it. */
function withRevision(error: unknown, revision: bigint | undefined): unknown {
  if (!isStoreError(error, "FUTURE_VERSION")) return error;
  return new StoreError(
    "FUTURE_VERSION",
    error.message,
    { ...error.details, requested: String(revision ?? 0n) },
    { cause: error.cause },
  );
}
