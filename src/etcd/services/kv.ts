/** The `Kv` port: encodes requests, sends them through the client core by their effect, decodes responses. */
import { checkArguments } from "../../base/text/known-options.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { Client, Rpc } from "../client/client.ts";
import type { EtcdCall } from "../ports/call.ts";
import type { Kv } from "../ports/kv.ts";
import type {
  Bytes,
  DeleteRangeRequest,
  DeleteRangeResponse,
  Header,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnOp,
  TxnRequest,
  TxnResponse,
} from "../ports/messages.ts";
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
} from "../wire/kv.ts";
import { WireError } from "../wire/reader.ts";
import { checkDelete, checkPut, checkRange, checkTxn } from "./request-check.ts";

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

/**
 * A response that cannot belong to this request is the sender's fault, and is not examined further. The reader of the
 * range checks the keys between the first and the last.
 * @throws WireError
 */
function checkedAnswer(request: RangeRequest, answer: RangeResponse): RangeResponse {
  const { kvs } = answer;
  const [first] = kvs;
  if (first === undefined) return answer;
  const { limit = 0, key, rangeEnd } = request;
  if (limit > 0 && kvs.length > limit) throw new WireError(`${kvs.length} keys for a limit of ${limit}`, 0);
  if (BigInt(kvs.length) > answer.count) throw new WireError(`${kvs.length} keys of ${answer.count}`, 0);
  const start = toBytes(key);
  const end = rangeEnd === undefined ? noBytes : toBytes(rangeEnd);
  const inside = (found: Uint8Array): boolean => {
    if (end.length === 0) return Buffer.compare(found, start) === 0;
    if (Buffer.compare(found, start) < 0) return false;
    return (end.length === 1 && end[0] === 0) || Buffer.compare(found, end) < 0;
  };
  const last = kvs[kvs.length - 1] ?? first;
  if (!inside(first.key) || !inside(last.key)) throw new WireError("a key outside the range asked for", 0);
  if (end.length === 0 && kvs.length > 1) throw new WireError(`${kvs.length} answers for one key`, 0);
  return answer;
}

const noBytes = new Uint8Array(0);

function toBytes(bytes: Bytes): Uint8Array {
  return typeof bytes === "string" ? Buffer.from(bytes) : bytes;
}

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
    checkRange(request, range.action);
    const [linearizable, serializable] = request.views === true ? viewedRanges : copiedRanges;
    const rpc = request.serializable === true ? serializable : linearizable;
    const decode = (reply: Uint8Array): RangeResponse => checkedAnswer(request, rpc.decode(reply));
    try {
      return await this.#client.unary({ ...rpc, decode }, encodeRangeRequest(request), call);
    } catch (error) {
      throw withRevision(error, request.revision);
    }
  }

  async put(request: PutRequest, call?: EtcdCall): Promise<PutResponse> {
    checkPut(request, put.action);
    return this.#client.unary(put, encodePutRequest(request), call, { key: request.key });
  }

  async deleteRange(request: DeleteRangeRequest, call?: EtcdCall): Promise<DeleteRangeResponse> {
    checkDelete(request, deleteRange.action);
    return this.#client.unary(deleteRange, encodeDeleteRangeRequest(request), call, { key: request.key });
  }

  /** Adds no async frame: this is the most frequent request. */
  txn(request: TxnRequest, call?: EtcdCall): Promise<TxnResponse> {
    try {
      checkTxn(request, txn.action);
      const bytes = encodeTxnRequest(request);
      if (!isReadOnly(request)) {
        return this.#client.unary(txn, bytes, call, { key: firstWritten(request.success) });
      }
      return this.#client.unary(isSerializable(request) ? serializableTxn : readTxn, bytes, call);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async compact(
    revision: bigint,
    call?: EtcdCall & { readonly physical?: boolean; readonly ifCompacted?: "done" | "fail" },
  ): Promise<void> {
    checkArguments(compact.action, { revision }, { revision: "bigint" });
    try {
      const request = encodeCompactionRequest({ revision, physical: call?.physical ?? false });
      await this.#client.unary(compact, request, call);
    } catch (error) {
      // Compacted already, by an earlier try of this call or by another compactor.
      if (!isStoreError(error, "EXPIRED") || call?.ifCompacted === "fail") throw error;
    }
  }
}

/** etcd answers a read-only txn from the member alone if all its ranges are serializable, or if it has none. */
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

/** FUTURE_VERSION names the requested revision, which only the request knows. */
function withRevision(error: unknown, revision: bigint | undefined): unknown {
  if (!isStoreError(error, "FUTURE_VERSION")) return error;
  return new StoreError(
    "FUTURE_VERSION",
    error.message,
    { ...error.details, requested: String(revision ?? 0n) },
    { cause: error.cause },
  );
}
