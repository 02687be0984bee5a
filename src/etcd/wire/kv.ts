/**
 * KV messages as the client needs them: requests encoded, replies decoded. This is the hot path of every store
 * call, so it is written out field by field; the other directions are in `kv-server.ts`.
 *
 * Tags below are `field << 3 | wire type`. Field numbers are etcd's `rpc.proto` and `kv.proto`.
 */

import { ProtoWriter } from "../../base/protobuf/proto-writer.ts";
import type {
  Bytes,
  Compare,
  DeleteRangeRequest,
  DeleteRangeResponse,
  Header,
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
import { noHeader, readHeader } from "./header.ts";
import { WireError, WireReader } from "./reader.ts";

/** Room for tags, lengths and numbers around a request's key and value. */
const overheadBytes = 96;
/** The same around one part of a transaction. Too little costs a copy; too much room soon fills a pool. */
const partBytes = 32;

export const sortOrders = ["none", "ascend", "descend"] as const;
export const sortTargets = ["key", "version", "create", "mod", "value"] as const;
export const compareResults = ["=", ">", "<", "!="] as const;
export const compareTargets = ["version", "create", "mod", "value", "lease"] as const;

// ---- requests ---------------------------------------------------------------------------------------

function writeRange(writer: ProtoWriter, request: RangeRequest): void {
  writer.int64(13, request.maxCreateRevision);
  writer.int64(12, request.minCreateRevision);
  writer.int64(11, request.maxModRevision);
  writer.int64(10, request.minModRevision);
  writer.bool(9, request.countOnly);
  writer.bool(8, request.keysOnly);
  writer.bool(7, request.serializable);
  if (request.sortTarget !== undefined) writer.number(6, sortTargets.indexOf(request.sortTarget));
  if (request.sortOrder !== undefined) writer.number(5, sortOrders.indexOf(request.sortOrder));
  writer.int64(4, request.revision);
  writer.number(3, request.limit);
  writer.bytes(2, request.rangeEnd);
  writer.bytes(1, request.key);
}

function writePut(writer: ProtoWriter, request: PutRequest): void {
  writer.bool(6, request.ignoreLease);
  writer.bool(5, request.ignoreValue);
  writer.bool(4, request.prevKv);
  writer.int64(3, request.lease);
  writer.bytes(2, request.value);
  writer.bytes(1, request.key);
}

function writeDeleteRange(writer: ProtoWriter, request: DeleteRangeRequest): void {
  writer.bool(3, request.prevKv);
  writer.bytes(2, request.rangeEnd);
  writer.bytes(1, request.key);
}

function writeCompare(writer: ProtoWriter, compare: Compare): void {
  writer.bytes(64, compare.rangeEnd);
  switch (compare.target) {
    case "lease":
      writer.int64Always(8, compare.operand);
      break;
    case "value":
      writer.bytesAlways(7, compare.operand);
      break;
    case "mod":
      writer.int64Always(6, compare.operand);
      break;
    case "create":
      writer.int64Always(5, compare.operand);
      break;
    case "version":
      writer.int64Always(4, compare.operand);
      break;
  }
  writer.bytes(3, compare.key);
  writer.number(2, compareTargets.indexOf(compare.target));
  writer.number(1, compareResults.indexOf(compare.result));
}

function writeTxnOp(writer: ProtoWriter, field: number, op: TxnOp): void {
  const outer = writer.open();
  const mark = writer.open();
  switch (op.type) {
    case "range":
      writeRange(writer, op.range);
      writer.close(1, mark);
      break;
    case "put":
      writePut(writer, op.put);
      writer.close(2, mark);
      break;
    case "delete":
      writeDeleteRange(writer, op.delete);
      writer.close(3, mark);
      break;
    case "txn":
      writeTxn(writer, op.txn);
      writer.close(4, mark);
      break;
  }
  writer.close(field, outer);
}

function writeTxn(writer: ProtoWriter, request: TxnRequest): void {
  for (let i = request.failure.length - 1; i >= 0; i--) {
    const op = request.failure[i];
    if (op !== undefined) writeTxnOp(writer, 3, op);
  }
  for (let i = request.success.length - 1; i >= 0; i--) {
    const op = request.success[i];
    if (op !== undefined) writeTxnOp(writer, 2, op);
  }
  for (let i = request.compare.length - 1; i >= 0; i--) {
    const compare = request.compare[i];
    if (compare === undefined) continue;
    const mark = writer.open();
    writeCompare(writer, compare);
    writer.close(1, mark);
  }
}

/** Upper guess of a text's or bytes' encoded size; UTF-8 of most keys is their length. */
const sizeOf = (bytes: Bytes): number => bytes.length;

export function encodeRangeRequest(request: RangeRequest): Uint8Array {
  const writer = new ProtoWriter(
    overheadBytes + sizeOf(request.key) + (request.rangeEnd === undefined ? 0 : sizeOf(request.rangeEnd)),
  );
  writeRange(writer, request);
  return writer.finish();
}

export function encodePutRequest(request: PutRequest): Uint8Array {
  const writer = new ProtoWriter(overheadBytes + sizeOf(request.key) + sizeOf(request.value));
  writePut(writer, request);
  return writer.finish();
}

export function encodeDeleteRangeRequest(request: DeleteRangeRequest): Uint8Array {
  const writer = new ProtoWriter(
    overheadBytes + sizeOf(request.key) + (request.rangeEnd === undefined ? 0 : sizeOf(request.rangeEnd)),
  );
  writeDeleteRange(writer, request);
  return writer.finish();
}

export function encodeTxnRequest(request: TxnRequest): Uint8Array {
  const writer = new ProtoWriter(txnSize(request));
  writeTxn(writer, request);
  return writer.finish();
}

function txnSize(request: TxnRequest): number {
  let size = partBytes;
  for (const compare of request.compare) {
    size += partBytes + sizeOf(compare.key);
    if (compare.target === "value") size += sizeOf(compare.operand);
  }
  for (const op of request.success) size += opSize(op);
  for (const op of request.failure) size += opSize(op);
  return size;
}

function opSize(op: TxnOp): number {
  switch (op.type) {
    case "put":
      return partBytes + sizeOf(op.put.key) + sizeOf(op.put.value);
    case "range":
      return partBytes + sizeOf(op.range.key) + sizeOf(op.range.rangeEnd ?? "");
    case "delete":
      return partBytes + sizeOf(op.delete.key) + sizeOf(op.delete.rangeEnd ?? "");
    case "txn":
      return txnSize(op.txn);
  }
}

/** True when no branch, nested ones included, puts or deletes. */
export function isReadOnly(request: TxnRequest): boolean {
  const reads = (op: TxnOp): boolean => op.type === "range" || (op.type === "txn" && isReadOnly(op.txn));
  return request.success.every(reads) && request.failure.every(reads);
}

export function encodeCompactionRequest(request: { revision: bigint; physical: boolean }): Uint8Array {
  const writer = new ProtoWriter(24);
  writer.bool(2, request.physical);
  writer.int64(1, request.revision);
  return writer.finish();
}

// ---- replies ----------------------------------------------------------------------------------------

/** One key-value inside another message; key and value are copies. */
export function readKeyValue(reader: WireReader): KeyValue {
  const outer = reader.enter();
  const kv = readKeyValueFields(reader);
  reader.leave(outer);
  return kv;
}

export function readKeyValueFields(reader: WireReader): KeyValue {
  let key: Uint8Array = empty;
  let value: Uint8Array = empty;
  let createRevision = 0n;
  let modRevision = 0n;
  let version = 0n;
  let lease = 0n;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) key = reader.bytes();
    else if (tag === 16) createRevision = reader.int64();
    else if (tag === 24) modRevision = reader.int64();
    else if (tag === 32) version = reader.int64();
    else if (tag === 42) value = reader.bytes();
    else if (tag === 48) lease = reader.int64();
    else reader.skip(tag);
  }
  return { key, value, createRevision, modRevision, version, lease };
}

export function writeKeyValueFields(writer: ProtoWriter, kv: KeyValue): void {
  writer.int64(6, kv.lease);
  writer.bytes(5, kv.value);
  writer.int64(4, kv.version);
  writer.int64(3, kv.modRevision);
  writer.int64(2, kv.createRevision);
  writer.bytes(1, kv.key);
}

const empty = new Uint8Array(0);

function readRangeBody(reader: WireReader): RangeResponse {
  let header = noHeader;
  const kvs: KeyValue[] = [];
  let more = false;
  let count = 0n;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 18) kvs.push(readKeyValue(reader));
    else if (tag === 10) header = readHeader(reader);
    else if (tag === 24) more = reader.bool();
    else if (tag === 32) count = reader.int64();
    else reader.skip(tag);
  }
  return { header, kvs, more, count };
}

function readPutBody(reader: WireReader): PutResponse {
  let header = noHeader;
  let prevKv: KeyValue | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) header = readHeader(reader);
    else if (tag === 18) prevKv = readKeyValue(reader);
    else reader.skip(tag);
  }
  return prevKv === undefined ? { header } : { header, prevKv };
}

function readDeleteRangeBody(reader: WireReader): DeleteRangeResponse {
  let header = noHeader;
  let deleted = 0n;
  const prevKvs: KeyValue[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) header = readHeader(reader);
    else if (tag === 16) deleted = reader.int64();
    else if (tag === 26) prevKvs.push(readKeyValue(reader));
    else reader.skip(tag);
  }
  return { header, deleted, prevKvs };
}

function readTxnBody(reader: WireReader): TxnResponse {
  let header = noHeader;
  let succeeded = false;
  const responses: TxnOpResponse[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) header = readHeader(reader);
    else if (tag === 16) succeeded = reader.bool();
    else if (tag === 26) responses.push(readTxnOp(reader));
    else reader.skip(tag);
  }
  return { header, succeeded, responses };
}

function readTxnOp(reader: WireReader): TxnOpResponse {
  const outer = reader.enter();
  let op: TxnOpResponse | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== 10 && tag !== 18 && tag !== 26 && tag !== 34) {
      reader.skip(tag);
      continue;
    }
    const inner = reader.enter();
    if (tag === 10) op = { type: "range", range: readRangeBody(reader) };
    else if (tag === 18) op = { type: "put", put: readPutBody(reader) };
    else if (tag === 26) op = { type: "delete", delete: readDeleteRangeBody(reader) };
    else op = { type: "txn", txn: readTxnBody(reader) };
    reader.leave(inner);
  }
  reader.leave(outer);
  if (op === undefined) throw new WireError("a txn response names no operation", 0);
  return op;
}

export const decodeRangeResponse = (reply: Uint8Array): RangeResponse => readRangeBody(new WireReader(reply));
/** Keys and values are views of `reply`. */
export const decodeRangeViews = (reply: Uint8Array): RangeResponse =>
  readRangeBody(new WireReader(reply, { views: true }));
export const decodePutResponse = (reply: Uint8Array): PutResponse => readPutBody(new WireReader(reply));
export const decodeDeleteRangeResponse = (reply: Uint8Array): DeleteRangeResponse =>
  readDeleteRangeBody(new WireReader(reply));
export const decodeTxnResponse = (reply: Uint8Array): TxnResponse => readTxnBody(new WireReader(reply));

/** Decodes a reply that holds only a header, or of which only the header is needed. */
export function decodeHeaderOnly(reply: Uint8Array): { readonly header: Header } {
  const reader = new WireReader(reply);
  let header = noHeader;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) header = readHeader(reader);
    else reader.skip(tag);
  }
  return { header };
}
