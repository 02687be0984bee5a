/** Protocol buffers, as far as printing etcd's messages needs them: fields in order, those with their zero value left out. */

const wireTypes = { varint: 0, bytes: 2 } as const;

/** Integers, enums and booleans; negative ones as two's complement of 64 bits. */
export function varintField(field: number, value: bigint | number | boolean): Buffer {
  const number = BigInt(value);
  return number === 0n ? Buffer.alloc(0) : Buffer.concat([tag(field, "varint"), varint(number)]);
}

export function bytesField(field: number, value: Uint8Array | string): Buffer {
  return value.length === 0 ? Buffer.alloc(0) : messageField(field, Buffer.from(value));
}

/** A message within a message: also when it is empty, because it is there. */
export function messageField(field: number, message: Uint8Array): Buffer {
  return Buffer.concat([tag(field, "bytes"), varint(BigInt(message.length)), message]);
}

const tag = (field: number, type: keyof typeof wireTypes): Buffer =>
  varint(BigInt((field << 3) | wireTypes[type]));

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    if (rest < 0x80n) return Buffer.from([...bytes, low]);
    bytes.push(low | 0x80);
  }
}
