/** etcd's messages inside the database file: `mvccpb.KeyValue` and `leasepb.Lease`. */
import { ProtoWriter } from "../../base/protobuf/proto-writer.ts";

/** Upper bound of the tags, lengths and numbers of a KeyValue, bytes. */
const overheadBytes = 64;

/** `mvccpb.KeyValue`, zero fields left out. */
export function encodeKeyValue(kv: {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  readonly version: bigint;
  readonly lease: bigint;
}): Uint8Array {
  const proto = new ProtoWriter(kv.key.length + kv.value.length + overheadBytes);
  proto.int64(6, kv.lease);
  proto.bytes(5, kv.value);
  proto.int64(4, kv.version);
  proto.int64(3, kv.modRevision);
  proto.int64(2, kv.createRevision);
  proto.bytes(1, kv.key);
  return proto.finish();
}

/** `leasepb.Lease`. */
export function encodeLease(id: bigint, ttlSeconds: bigint): Uint8Array {
  const proto = new ProtoWriter(32);
  proto.int64Always(2, ttlSeconds);
  proto.int64Always(1, id);
  return proto.finish();
}

/** User key and lease of an encoded `mvccpb.KeyValue`; undefined when it is not one. */
export function peekKeyValue(
  bytes: Uint8Array,
): { readonly keyStart: number; readonly keyEnd: number; readonly lease: bigint } | undefined {
  let at = 0;
  let keyStart = 0;
  let keyEnd = 0;
  let lease = 0n;
  const varint = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < bytes.length) {
    const tag = bytes[at++] ?? 0;
    const value = varint();
    if (value === undefined) return undefined;
    if ((tag & 7) === 2) {
      const end = at + Number(value);
      if (end > bytes.length) return undefined;
      if (tag === 0x0a) [keyStart, keyEnd] = [at, end];
      at = end;
    } else if ((tag & 7) !== 0) return undefined;
    else if (tag === 0x30) lease = value;
  }
  return { keyStart, keyEnd, lease };
}
