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
  const cursor = new VarintCursor(bytes);
  let keyStart = 0;
  let keyEnd = 0;
  let lease = 0n;
  while (cursor.at < bytes.length) {
    const tag = bytes[cursor.at++] ?? 0;
    const value = cursor.next();
    if (value === undefined) return undefined;
    if ((tag & 7) === 2) {
      const end = cursor.at + Number(value);
      if (end > bytes.length) return undefined;
      if (tag === 0x0a) [keyStart, keyEnd] = [cursor.at, end];
      cursor.at = end;
    } else if ((tag & 7) !== 0) return undefined;
    else if (tag === 0x30) lease = value;
  }
  return { keyStart, keyEnd, lease };
}

const leaseField = { ttl: 2n, remaining: 3n } as const;

/**
 * Remaining seconds of an encoded `leasepb.Lease`: those left at its last checkpoint if etcd made one, else those
 * granted. Undefined for bytes that are not a lease.
 */
export function leaseSecondsOf(bytes: Uint8Array): number | undefined {
  const cursor = new VarintCursor(bytes);
  let [ttl, remaining] = [0n, 0n];
  while (cursor.at < bytes.length) {
    const tag = cursor.next();
    const value = cursor.next();
    if (tag === undefined || value === undefined || (tag & 7n) !== 0n) return undefined;
    if (tag >> 3n === leaseField.ttl) ttl = value;
    else if (tag >> 3n === leaseField.remaining) remaining = value;
  }
  const seconds = remaining > 0n ? remaining : ttl;
  return seconds > 0n ? Number(seconds) : undefined;
}

/** Reads varints one after another. */
class VarintCursor {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Undefined when the bytes end within it, or it is longer than ten bytes. */
  next(): bigint | undefined {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  }
}
