/**
 * `-w protobuf`: etcd's messages in their own encoding, byte for byte as etcdctl writes them. For leases it prints only
 * the header, as etcdctl does in this format.
 */

import type { Header, KeyValue, KvEvent, Member, TxnOpResponse, TxnResponse } from "keelson/etcd";
import { ProtoWriter } from "../../../src/base/protobuf/proto-writer.ts";
import type { Result } from "../results.ts";
import { type Printer, type PrinterOptions, refuseFormat } from "./printer.ts";

export function protobufPrinter({ io }: PrinterOptions): Printer {
  return { print: (result) => void io.stdout.write(Buffer.concat(messageOf(result))) };
}

/** Fields in order, each encoded; those with their zero value are empty. */
type Fields = readonly Uint8Array[];

function messageOf(result: Result): Fields {
  switch (result.type) {
    case "get":
      return rangeOf(result.response);
    case "put":
      return putOf(result.response);
    case "del":
      return deleteOf(result.response);
    case "txn":
      return txnOf(result.response);
    case "watch":
      return [headerField(result.header), ...result.events.map((event) => nested(11, eventOf(event)))];
    case "lease-grant":
    case "lease-keep-alive":
    case "lease-time-to-live":
    case "lease-list":
      return headerOf(result.header);
    case "alarms":
      return [
        ...(result.header === undefined ? [] : [headerField(result.header)]),
        ...result.alarms.map(({ memberId, type }) =>
          nested(2, [varintField(1, memberId), varintField(2, ["NONE", "NOSPACE", "CORRUPT"].indexOf(type))]),
        ),
      ];
    case "member-list":
      return [headerField(result.header), ...result.members.map((member) => nested(2, memberOf(member)))];
    case "member-change": {
      const { header, member, members } = result;
      if (member === undefined)
        return [headerField(header), ...members.map((one) => nested(2, memberOf(one)))];
      return [
        headerField(header),
        nested(2, memberOf(member)),
        ...members.map((one) => nested(3, memberOf(one))),
      ];
    }
    case "downgrade":
      return [headerField(result.header), bytesField(2, result.clusterVersion)];
    case "done":
      return [headerField(result.header)];
    case "auth-status":
      return [
        headerField(result.header),
        varintField(2, result.enabled),
        varintField(3, result.authRevision),
      ];
    case "user":
      return [headerField(result.header), ...result.roles.map((role) => bytesField(2, role))];
    case "role":
      return [
        headerField(result.header),
        ...result.permissions.map(({ type, key, rangeEnd }) =>
          nested(2, [
            varintField(1, ["read", "write", "readwrite"].indexOf(type)),
            bytesField(2, key),
            bytesField(3, rangeEnd ?? ""),
          ]),
        ),
      ];
    case "names":
      return [headerField(result.header), ...result.names.map((name) => bytesField(2, name))];
    default:
      return refuseFormat("protobuf");
  }
}

/** Integers, enums and booleans; negative ones as two's complement of 64 bits. */
const varintField = (field: number, value: bigint | number | boolean): Uint8Array =>
  encoded((writer) => writer.int64(field, BigInt(value)));
const bytesField = (field: number, value: Uint8Array | string): Uint8Array =>
  encoded((writer) => writer.bytes(field, value));
/** A nested message: written even if empty, because it is present. */
const nested = (field: number, fields: Fields): Uint8Array =>
  encoded((writer) => writer.bytesAlways(field, Buffer.concat(fields)));

function encoded(write: (writer: ProtoWriter) => void): Uint8Array {
  const writer = new ProtoWriter(64);
  write(writer);
  return writer.finish();
}

const headerField = (header: Header): Uint8Array => nested(1, headerOf(header));

function headerOf({ clusterId, memberId, revision, raftTerm }: Header): Fields {
  return [
    varintField(1, clusterId),
    varintField(2, memberId),
    varintField(3, revision),
    varintField(4, raftTerm),
  ];
}

function pairOf({ key, createRevision, modRevision, version, value, lease }: KeyValue): Fields {
  return [
    bytesField(1, key),
    varintField(2, createRevision),
    varintField(3, modRevision),
    varintField(4, version),
    bytesField(5, value),
    varintField(6, lease),
  ];
}

function eventOf({ type, kv, prevKv }: KvEvent): Fields {
  return [
    varintField(1, type === "delete"),
    nested(2, pairOf(kv)),
    ...(prevKv === undefined ? [] : [nested(3, pairOf(prevKv))]),
  ];
}

function memberOf({ id, name, peerUrls, clientUrls, isLearner }: Member): Fields {
  return [
    varintField(1, id),
    bytesField(2, name),
    ...peerUrls.map((url) => bytesField(3, url)),
    ...clientUrls.map((url) => bytesField(4, url)),
    varintField(5, isLearner),
  ];
}

function rangeOf({ header, kvs, more, count }: Extract<TxnOpResponse, { type: "range" }>["range"]): Fields {
  return [
    headerField(header),
    ...kvs.map((kv) => nested(2, pairOf(kv))),
    varintField(3, more),
    varintField(4, count),
  ];
}

function putOf({ header, prevKv }: Extract<TxnOpResponse, { type: "put" }>["put"]): Fields {
  return [headerField(header), ...(prevKv === undefined ? [] : [nested(2, pairOf(prevKv))])];
}

function deleteOf({
  header,
  deleted,
  prevKvs,
}: Extract<TxnOpResponse, { type: "delete" }>["delete"]): Fields {
  return [headerField(header), varintField(2, deleted), ...prevKvs.map((kv) => nested(3, pairOf(kv)))];
}

function txnOf({ header, succeeded, responses }: TxnResponse): Fields {
  return [
    headerField(header),
    varintField(2, succeeded),
    ...responses.map((part) => nested(3, [partOf(part)])),
  ];
}

function partOf(part: TxnOpResponse): Uint8Array {
  switch (part.type) {
    case "range":
      return nested(1, rangeOf(part.range));
    case "put":
      return nested(2, putOf(part.put));
    case "delete":
      return nested(3, deleteOf(part.delete));
    case "txn":
      return nested(4, txnOf(part.txn));
  }
}
