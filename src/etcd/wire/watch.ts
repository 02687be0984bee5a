/**
 * Watch messages: requests encoded and replies decoded as the client needs them (a hot path: one reply per
 * change), and the reverse for the in-memory etcd.
 *
 * A reply is one of: `created`, `canceled` (check it first: it may carry `created` too), progress (no events,
 * watch id -1 when it answers a request), or events, perhaps a `fragment` of them.
 */

import { ProtoWriter } from "../../base/protobuf/proto-writer.ts";
import type { Header } from "../ports/messages.ts";
import type { EtcdWatchRequest, KvEvent } from "../ports/watches.ts";
import { noHeader, readHeader, writeHeader } from "./header.ts";
import { readKeyValue, writeKeyValueFields } from "./kv.ts";
import { WireError, WireReader, wireLength } from "./reader.ts";

/** A client's message on a watch stream. */
export type WatchMessage =
  | { readonly type: "create"; readonly create: WatchCreate }
  | { readonly type: "cancel"; readonly watchId: bigint }
  | { readonly type: "progress" };

export interface WatchCreate extends EtcdWatchRequest {
  /** The client's own id, above 0. */
  readonly watchId: bigint;
  /** Let etcd split large replies. */
  readonly fragment: boolean;
}

export interface WatchReply {
  readonly header: Header;
  /** -1n: not about one watch. */
  readonly watchId: bigint;
  readonly created: boolean;
  readonly canceled: boolean;
  /** Above 0n: the start is compacted; the first revision still there. */
  readonly compactRevision: bigint;
  readonly cancelReason: string;
  /** More of the same reply follows. */
  readonly fragment: boolean;
  readonly events: readonly KvEvent[];
}

const noEvents: readonly KvEvent[] = Object.freeze([]);

export function encodeWatchMessage(message: WatchMessage): Uint8Array {
  const writer = new ProtoWriter(256);
  const mark = writer.open();
  switch (message.type) {
    case "create": {
      const { create } = message;
      writer.bool(8, create.fragment);
      writer.int64(7, create.watchId);
      writer.bool(6, create.prevKv);
      // Repeated enums are packed: one length, then the numbers.
      const filters = writer.open();
      if (create.noDelete === true) writer.rawVarint(1);
      if (create.noPut === true) writer.rawVarint(0);
      if (create.noDelete === true || create.noPut === true) writer.close(5, filters);
      writer.bool(4, create.progressNotify);
      writer.int64(3, create.startRevision);
      writer.bytes(2, create.rangeEnd);
      writer.bytes(1, create.key);
      writer.close(1, mark);
      break;
    }
    case "cancel":
      writer.int64(1, message.watchId);
      writer.close(2, mark);
      break;
    case "progress":
      writer.close(3, mark);
      break;
  }
  return writer.finish();
}

/** @param options.views keys and values are views of `reply` */
export function decodeWatchReply(reply: Uint8Array, options: { readonly views?: boolean } = {}): WatchReply {
  const reader = new WireReader(reply, options);
  let header = noHeader;
  let watchId = 0n;
  let created = false;
  let canceled = false;
  let compactRevision = 0n;
  let cancelReason = "";
  let fragment = false;
  let events: KvEvent[] | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 90) (events ??= []).push(readEvent(reader));
    else if (tag === 10) header = readHeader(reader);
    else if (tag === 16) watchId = reader.int64();
    else if (tag === 24) created = reader.bool();
    else if (tag === 32) canceled = reader.bool();
    else if (tag === 40) compactRevision = reader.int64();
    else if (tag === 50) cancelReason = reader.text();
    else if (tag === 56) fragment = reader.bool();
    else reader.skip(tag);
  }
  return {
    header,
    watchId,
    created,
    canceled,
    compactRevision,
    cancelReason,
    fragment,
    events: events ?? noEvents,
  };
}

function readEvent(reader: WireReader): KvEvent {
  const outer = reader.enter();
  let deleted = false;
  let kv: KvEvent["kv"] | undefined;
  let prevKv: KvEvent["kv"] | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 18) kv = readKeyValue(reader);
    else if (tag === 8) deleted = reader.uint32() === 1;
    else if (tag === 26) prevKv = readKeyValue(reader);
    else reader.skip(tag);
  }
  reader.leave(outer);
  if (kv === undefined) throw new WireError("an event has no key", 0);
  const type = deleted ? "delete" : "put";
  return prevKv === undefined ? { type, kv } : { type, kv, prevKv };
}

// ---- the server's directions ------------------------------------------------------------------------

/** @throws WireError, also for a message that is neither create, cancel nor progress */
export function decodeWatchMessage(bytes: Uint8Array): WatchMessage {
  const reader = new WireReader(bytes);
  let message: WatchMessage | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== 10 && tag !== 18 && tag !== 26) {
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    if (tag === 10) message = { type: "create", create: readCreate(reader) };
    else if (tag === 18) message = { type: "cancel", watchId: readCancel(reader) };
    else {
      for (let unknown = reader.tag(); unknown !== 0; unknown = reader.tag()) reader.skip(unknown);
      message = { type: "progress" };
    }
    reader.leave(outer);
  }
  if (message === undefined) throw new WireError("a watch message asks for nothing", 0);
  return message;
}

function readCreate(reader: WireReader): WatchCreate {
  let key: Uint8Array = new Uint8Array(0);
  let rangeEnd: Uint8Array | undefined;
  let startRevision = 0n;
  let progressNotify = false;
  let noPut = false;
  let noDelete = false;
  let prevKv = false;
  let watchId = 0n;
  let fragment = false;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) key = reader.bytes();
    else if (tag === 18) rangeEnd = reader.bytes();
    else if (tag === 24) startRevision = reader.int64();
    else if (tag === 32) progressNotify = reader.bool();
    else if (tag === 48) prevKv = reader.bool();
    else if (tag === 56) watchId = reader.int64();
    else if (tag === 64) fragment = reader.bool();
    else if (tag >> 3 === 5) {
      // Packed or one by one: a parser accepts both.
      const filters = (tag & 7) === wireLength ? reader.packed() : [reader.uint32()];
      noPut ||= filters.includes(0);
      noDelete ||= filters.includes(1);
    } else reader.skip(tag);
  }
  if (rangeEnd?.byteLength === 0) rangeEnd = undefined;
  return { key, rangeEnd, startRevision, progressNotify, noPut, noDelete, prevKv, watchId, fragment };
}

function readCancel(reader: WireReader): bigint {
  let watchId = 0n;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 8) watchId = reader.int64();
    else reader.skip(tag);
  }
  return watchId;
}

export function encodeWatchReply(reply: WatchReply): Uint8Array {
  const writer = new ProtoWriter();
  for (let i = reply.events.length - 1; i >= 0; i--) {
    const event = reply.events[i];
    if (event === undefined) continue;
    const mark = writer.open();
    if (event.prevKv !== undefined) keyValueInto(writer, 3, event.prevKv);
    keyValueInto(writer, 2, event.kv);
    writer.number(1, event.type === "delete" ? 1 : 0);
    writer.close(11, mark);
  }
  writer.bool(7, reply.fragment);
  writer.bytes(6, reply.cancelReason);
  writer.int64(5, reply.compactRevision);
  writer.bool(4, reply.canceled);
  writer.bool(3, reply.created);
  writer.int64(2, reply.watchId);
  writeHeader(writer, 1, reply.header);
  return writer.finish();
}

function keyValueInto(writer: ProtoWriter, field: number, kv: KvEvent["kv"]): void {
  const mark = writer.open();
  writeKeyValueFields(writer, kv);
  writer.close(field, mark);
}
