/**
 * Every codec against protobufjs with etcd's own .proto files, on random messages, both ways:
 * what we encode it reads the same, what it encodes we read the same. Random messages come from the
 * protobufjs types, so a field we forgot fails here.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import * as auth from "../../../../src/etcd/wire/auth.ts";
import * as cluster from "../../../../src/etcd/wire/cluster.ts";
import * as kv from "../../../../src/etcd/wire/kv.ts";
import * as server from "../../../../src/etcd/wire/kv-server.ts";
import * as lease from "../../../../src/etcd/wire/lease.ts";
import * as maintenance from "../../../../src/etcd/wire/maintenance.ts";
import * as watch from "../../../../src/etcd/wire/watch.ts";
import { seededRandom } from "../../../support/seeded-random.ts";

const protoDir = join(dirname(createRequire(import.meta.url).resolve("etcd3/package.json")), "proto");
const root = new protobuf.Root();
root.resolvePath = (_origin, target) => join(protoDir, target.replace(/^.*\//, ""));
root.loadSync("rpc.proto", { keepCase: true });

type Json = Record<string, unknown>;
const random = seededRandom(20_241_121);

/** A random value for a field of protobufjs' reflection. */
function randomMessage(type: protobuf.Type, depth = 0): Json {
  const message: Json = {};
  const oneofs = new Map<string, string>();
  for (const oneof of type.oneofsArray) {
    oneofs.set(oneof.name, oneof.oneof[random.below(oneof.oneof.length)] ?? "");
  }
  for (const field of type.fieldsArray) {
    field.resolve();
    const chosen = field.partOf === null ? undefined : oneofs.get(field.partOf.name);
    if (chosen !== undefined && chosen !== field.name) continue;
    const inner = field.resolvedType instanceof protobuf.Type ? field.resolvedType : undefined;
    if (inner !== undefined && depth > 3) {
      if (chosen !== undefined) message[field.name] = {};
      continue;
    }
    if (chosen === undefined && random.float() < 0.25) continue;
    if (field.repeated) {
      message[field.name] = Array.from({ length: random.below(4) }, () => randomValue(field, inner, depth));
    } else {
      message[field.name] = randomValue(field, inner, depth);
    }
  }
  return message;
}

function randomValue(field: protobuf.Field, inner: protobuf.Type | undefined, depth: number): unknown {
  if (inner !== undefined) return randomMessage(inner, depth + 1);
  if (field.resolvedType instanceof protobuf.Enum) {
    const values = Object.values(field.resolvedType.values);
    return values[random.below(values.length)];
  }
  switch (field.type) {
    case "bool":
      return random.float() < 0.5;
    case "string":
      return ["", "etcd-1", "größe ✓", "x".repeat(random.below(300))][random.below(4)];
    case "bytes":
      return Buffer.from(random.bytes([0, 1, 20, 200, 5000][random.below(5)] ?? 0));
    case "uint32":
      return random.below(2 ** 32);
    case "int64":
    case "uint64": {
      const negative = field.type === "int64" && random.float() < 0.2;
      const bits = random.below(64);
      const value = BigInt.asUintN(
        bits,
        random.bytes(8).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
      );
      return String(negative ? -value : value);
    }
    default:
      throw new Error(`no random value for ${field.type}`);
  }
}

/** protobufjs' own reading of `bytes`, all defaults in place, 64-bit as text, bytes as base64. */
function plain(type: protobuf.Type, bytes: Uint8Array): Json {
  return type.toObject(type.decode(bytes), {
    longs: String,
    bytes: String,
    enums: Number,
    defaults: false,
    arrays: false,
  });
}

/** proto3 leaves defaults out; protobufjs writes what it is given. Encode, drop defaults by reading and writing. */
const withoutDefaults = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => !(v === "0" || v === 0 || v === false || v === ""))
      .map(([k, v]) => [k, withoutDefaults(v)])
      .filter(([, v]) => !(Array.isArray(v) && v.length === 0)),
  );
};

interface Pair {
  readonly type: string;
  readonly encode: (value: never) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
}
const pair = <T>(
  type: string,
  codec: { encode(value: T): Uint8Array; decode(bytes: Uint8Array): T },
): Pair => ({
  type,
  encode: codec.encode,
  decode: codec.decode,
});
const pairs: readonly Pair[] = [
  { type: "RangeRequest", encode: kv.encodeRangeRequest, decode: server.rangeRequest.decode },
  { type: "PutRequest", encode: kv.encodePutRequest, decode: server.putRequest.decode },
  {
    type: "DeleteRangeRequest",
    encode: kv.encodeDeleteRangeRequest,
    decode: server.deleteRangeRequest.decode,
  },
  { type: "TxnRequest", encode: kv.encodeTxnRequest, decode: server.decodeTxnRequest },
  { type: "CompactionRequest", encode: kv.encodeCompactionRequest, decode: server.compactionRequest.decode },
  { type: "RangeResponse", encode: server.rangeResponse.encode, decode: kv.decodeRangeResponse },
  { type: "PutResponse", encode: server.putResponse.encode, decode: kv.decodePutResponse },
  {
    type: "DeleteRangeResponse",
    encode: server.deleteRangeResponse.encode,
    decode: kv.decodeDeleteRangeResponse,
  },
  { type: "TxnResponse", encode: server.txnResponse.encode, decode: kv.decodeTxnResponse },
  pair("RangeRequest", server.rangeRequest),
  pair("RangeResponse", server.rangeResponse),
  pair("TxnResponse", server.txnResponse),
  { type: "WatchRequest", encode: watch.encodeWatchMessage, decode: watch.decodeWatchMessage },
  { type: "WatchResponse", encode: watch.encodeWatchReply, decode: watch.decodeWatchReply },
  pair("LeaseGrantRequest", lease.leaseGrantRequest),
  pair("LeaseGrantResponse", lease.leaseGrantResponse),
  pair("LeaseRevokeRequest", lease.leaseIdRequest),
  pair("LeaseKeepAliveRequest", lease.leaseIdRequest),
  pair("LeaseKeepAliveResponse", lease.leaseKeepAliveResponse),
  pair("LeaseTimeToLiveRequest", lease.leaseTimeToLiveRequest),
  pair("LeaseTimeToLiveResponse", lease.leaseTimeToLiveResponse),
  pair("LeaseLeasesResponse", lease.leaseLeasesResponse),
  pair("CompactionResponse", maintenance.headerResponse),
  pair("AlarmRequest", maintenance.alarmRequest),
  pair("AlarmResponse", maintenance.alarmResponse),
  pair("StatusResponse", maintenance.statusResponse),
  pair("HashKVRequest", maintenance.hashKvRequest),
  pair("HashKVResponse", maintenance.hashKvResponse),
  pair("SnapshotResponse", maintenance.snapshotResponse),
  pair("MoveLeaderRequest", maintenance.moveLeaderRequest),
  pair("MemberAddRequest", cluster.memberAddRequest),
  pair("MemberAddResponse", cluster.memberAddResponse),
  pair("MemberRemoveRequest", cluster.memberIdRequest),
  pair("MemberUpdateRequest", cluster.memberUpdateRequest),
  pair("MemberListRequest", cluster.memberListRequest),
  pair("MemberListResponse", cluster.membersResponse),
  pair("AuthStatusResponse", auth.authStatusResponse),
  pair("AuthenticateRequest", auth.authenticateRequest),
  pair("AuthenticateResponse", auth.authenticateResponse),
  pair("AuthUserAddRequest", auth.userAddRequest),
  pair("AuthUserGetResponse", auth.namesResponse),
  pair("AuthUserGrantRoleRequest", auth.userRoleRequest),
  pair("AuthRoleGetRequest", auth.nameRequest),
  pair("AuthRoleGetResponse", auth.roleGetResponse),
  pair("AuthRoleGrantPermissionRequest", auth.roleGrantPermissionRequest),
  pair("AuthRoleRevokePermissionRequest", auth.roleRevokePermissionRequest),
];

/** int64 fields that keelson keeps as numbers: small by their meaning. */
const smallNumbers = new Set(["TTL", "grantedTTL", "limit"]);
/** Messages whose oneof must name a branch, and events, which always have a key-value. */
const needed: Readonly<Record<string, (message: Json) => void>> = {
  Event: (event) => {
    event["kv"] ??= { key: Buffer.from("k") };
  },
};

function repair(type: protobuf.Type, message: Json): Json {
  needed[type.name]?.(message);
  // A compare's operand is the one its target names.
  if (type.name === "Compare") {
    const targets = ["version", "create_revision", "mod_revision", "value", "lease"];
    const target = targets[Number(message["target"] ?? 0)] ?? "version";
    for (const other of targets) delete message[other];
    message[target] = target === "value" ? Buffer.from("v") : "17";
  }
  for (const field of type.fieldsArray) {
    const value = message[field.name];
    if (value === undefined) continue;
    if (smallNumbers.has(field.name)) message[field.name] = String(Math.abs(Number(value)) % 2 ** 40);
    if (field.resolvedType instanceof protobuf.Type) {
      const inner = field.resolvedType;
      if (Array.isArray(value)) for (const item of value) repair(inner, item as Json);
      else repair(inner, value as Json);
    }
    // Filters are a set for us: once each, in order.
    if (field.name === "filters") message["filters"] = [...new Set(value as number[])].sort();
  }
  return message;
}

describe("wire codecs agree with protobufjs", () => {
  it.each(pairs.map((p, i) => [`${p.type} #${i}`, p] as const))(
    "%s, both ways, on random messages",
    (_name, p) => {
      const type = root.lookupType(`etcdserverpb.${p.type}`);
      for (let round = 0; round < 50; round++) {
        const wanted = repair(type, randomMessage(type));
        const theirs = type.encode(type.fromObject(wanted)).finish();
        const ours = p.decode(theirs);
        const ourBytes = p.encode(ours as never);
        expect(withoutDefaults(plain(type, ourBytes))).toEqual(withoutDefaults(plain(type, theirs)));
        expect(p.decode(ourBytes)).toEqual(ours);
      }
    },
  );
});
