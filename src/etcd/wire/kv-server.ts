/**
 * KV messages in the server's directions, for the in-memory etcd: requests decoded, replies encoded.
 * Simple rather than fast. The server interprets an empty `range_end`, limit or revision; absent and empty are the same
 * on the wire, and read as the empty value.
 */

import type { ProtoWriter } from "../../base/protobuf/proto-writer.ts";
import type {
  Compare,
  DeleteRangeRequest,
  DeleteRangeResponse,
  KeyValue,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnOp,
  TxnOpResponse,
  TxnRequest,
  TxnResponse,
} from "../ports/messages.ts";
import {
  compareResults,
  compareTargets,
  readKeyValueFields,
  sortOrders,
  sortTargets,
  writeKeyValueFields,
} from "./kv.ts";
import {
  bool,
  bytes,
  bytesOrText,
  choice,
  header,
  inner,
  int64,
  type MessageCodec,
  many,
  message,
  optional,
  seconds,
} from "./message.ts";
import { WireError, WireReader } from "./reader.ts";

export const rangeRequest: MessageCodec<RangeRequest> = message({
  key: bytesOrText(1),
  rangeEnd: optional(bytesOrText(2)),
  limit: optional(seconds(3)),
  revision: optional(int64(4)),
  sortOrder: optional(choice(5, sortOrders)),
  sortTarget: optional(choice(6, sortTargets)),
  serializable: optional(bool(7)),
  keysOnly: optional(bool(8)),
  countOnly: optional(bool(9)),
  minModRevision: optional(int64(10)),
  maxModRevision: optional(int64(11)),
  minCreateRevision: optional(int64(12)),
  maxCreateRevision: optional(int64(13)),
});

export const putRequest: MessageCodec<PutRequest> = message({
  key: bytesOrText(1),
  value: bytesOrText(2),
  lease: optional(int64(3)),
  prevKv: optional(bool(4)),
  ignoreValue: optional(bool(5)),
  ignoreLease: optional(bool(6)),
});

export const deleteRangeRequest: MessageCodec<DeleteRangeRequest> = message({
  key: bytesOrText(1),
  rangeEnd: optional(bytesOrText(2)),
  prevKv: optional(bool(3)),
});

const keyValue: Pick<MessageCodec<KeyValue>, "read" | "write"> = {
  read: readKeyValueFields,
  write: writeKeyValueFields,
};

export const rangeResponse: MessageCodec<RangeResponse> = message({
  header: header(1),
  kvs: many(2, keyValue),
  more: bool(3),
  count: int64(4),
});

export const putResponse: MessageCodec<PutResponse> = message({
  header: header(1),
  prevKv: inner(2, keyValue),
});

export const deleteRangeResponse: MessageCodec<DeleteRangeResponse> = message({
  header: header(1),
  deleted: int64(2),
  prevKvs: many(3, keyValue),
});

export interface CompactionRequest {
  readonly revision: bigint;
  readonly physical: boolean;
}
export const compactionRequest: MessageCodec<CompactionRequest> = message({
  revision: int64(1),
  physical: bool(2),
});

// ---- oneofs, which a table of fields cannot express -------------------------------------------------

type CompareFields = {
  readonly result: Compare["result"];
  readonly target: Compare["target"];
  readonly key: Compare["key"];
  readonly version: bigint;
  readonly create: bigint;
  readonly mod: bigint;
  readonly value: Uint8Array;
  readonly lease: bigint;
  readonly rangeEnd: Compare["rangeEnd"];
};
const compareFields: MessageCodec<CompareFields> = message({
  result: choice(1, compareResults),
  target: choice(2, compareTargets),
  key: bytesOrText(3),
  version: int64(4),
  create: int64(5),
  mod: int64(6),
  value: bytes(7),
  lease: int64(8),
  rangeEnd: optional(bytesOrText(64)),
});

function readCompare(reader: WireReader): Compare {
  const { result, target, key, rangeEnd, value, ...operands } = compareFields.read(reader);
  return target === "value"
    ? { key, rangeEnd, result, target, operand: value }
    : { key, rangeEnd, result, target, operand: operands[target] };
}

/** The one inner message among `branches`; a message without any is refused. */
function readOneOf<T>(reader: WireReader, branches: Readonly<Record<number, (reader: WireReader) => T>>): T {
  let value: T | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    const read = (tag & 7) === 2 ? branches[tag >> 3] : undefined;
    if (read === undefined) {
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    value = read(reader);
    reader.leave(outer);
  }
  if (value === undefined) throw new WireError("a txn operation is empty", 0);
  return value;
}

const readTxnOp = (reader: WireReader): TxnOp =>
  readOneOf<TxnOp>(reader, {
    1: (body) => ({ type: "range", range: rangeRequest.read(body) }),
    2: (body) => ({ type: "put", put: putRequest.read(body) }),
    3: (body) => ({ type: "delete", delete: deleteRangeRequest.read(body) }),
    4: (body) => ({ type: "txn", txn: readTxnRequest(body) }),
  });

function readTxnRequest(reader: WireReader): TxnRequest {
  const compare: Compare[] = [];
  const success: TxnOp[] = [];
  const failure: TxnOp[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== 10 && tag !== 18 && tag !== 26) {
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    if (tag === 10) compare.push(readCompare(reader));
    else if (tag === 18) success.push(readTxnOp(reader));
    else failure.push(readTxnOp(reader));
    reader.leave(outer);
  }
  return { compare, success, failure };
}

export const decodeTxnRequest = (bytes: Uint8Array): TxnRequest => readTxnRequest(new WireReader(bytes));

function writeTxnOpResponse(writer: ProtoWriter, response: TxnOpResponse): void {
  const mark = writer.open();
  switch (response.type) {
    case "range":
      rangeResponse.write(writer, response.range);
      writer.close(1, mark);
      break;
    case "put":
      putResponse.write(writer, response.put);
      writer.close(2, mark);
      break;
    case "delete":
      deleteRangeResponse.write(writer, response.delete);
      writer.close(3, mark);
      break;
    case "txn":
      txnResponse.write(writer, response.txn);
      writer.close(4, mark);
      break;
  }
}

const readTxnOpResponse = (reader: WireReader): TxnOpResponse =>
  readOneOf<TxnOpResponse>(reader, {
    1: (body) => ({ type: "range", range: rangeResponse.read(body) }),
    2: (body) => ({ type: "put", put: putResponse.read(body) }),
    3: (body) => ({ type: "delete", delete: deleteRangeResponse.read(body) }),
    4: (body) => ({ type: "txn", txn: txnResponse.read(body) }),
  });

export const txnResponse: MessageCodec<TxnResponse> = message({
  header: header(1),
  succeeded: bool(2),
  responses: many(3, { read: readTxnOpResponse, write: writeTxnOpResponse }),
});
