/** Protocol-buffer fields as etcd writes them: enough for KeyValue, Lease, WAL records and raft messages. */

/** Appends fields in order; zero values are the caller's business (gogo writes some, and leaves out others). */
export class ProtoWriter {
  readonly #parts: Uint8Array[] = [];

  varint(field: number, value: bigint | number): this {
    this.#parts.push(Uint8Array.from([...varintOf(BigInt(field) << 3n), ...varintOf(BigInt(value))]));
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#parts.push(
      Uint8Array.from([...varintOf((BigInt(field) << 3n) | 2n), ...varintOf(BigInt(value.length))]),
      value,
    );
    return this;
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

function varintOf(value: bigint): readonly number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return bytes;
}

/** `mvccpb.KeyValue`, zero fields left out. */
export function encodeKeyValue(kv: {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  readonly version: bigint;
  readonly lease: bigint;
}): Uint8Array {
  const proto = new ProtoWriter();
  if (kv.key.length > 0) proto.bytes(1, kv.key);
  if (kv.createRevision !== 0n) proto.varint(2, kv.createRevision);
  if (kv.modRevision !== 0n) proto.varint(3, kv.modRevision);
  if (kv.version !== 0n) proto.varint(4, kv.version);
  if (kv.value.length > 0) proto.bytes(5, kv.value);
  if (kv.lease !== 0n) proto.varint(6, kv.lease);
  return proto.finish();
}

/** `leasepb.Lease`. */
export function encodeLease(id: bigint, ttlSeconds: bigint): Uint8Array {
  return new ProtoWriter().varint(1, id).varint(2, ttlSeconds).finish();
}

/** User key and lease of an encoded `mvccpb.KeyValue`; undefined when it is none. */
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
