/** The few pieces of protobuf that stand around ready messages: lengths, and fields of a frame. */
const encoder = new TextEncoder();

/** Bytes that a whole number of at least 0 takes as a varint. */
export function lengthOfVarint(value: number): number {
  let length = 1;
  for (let left = value; left >= 0x80; left = Math.floor(left / 0x80)) length++;
  return length;
}

/** Writes `value` at `at`; gives where it ends. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let end = at;
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes[end++] = (left % 0x80) | 0x80;
  bytes[end++] = left;
  return end;
}

/** The varint at `at`, below 2^53. */
export function readVarint(bytes: Uint8Array, at: number): number {
  let value = 0;
  let scale = 1;
  for (let index = at; index < bytes.byteLength; index++) {
    const byte = bytes[index] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
    scale *= 0x80;
  }
  return value;
}

/** A field of text: tag, length, UTF-8. */
export function textField(number: number, text: string): Uint8Array {
  const value = encoder.encode(text);
  const bytes = new Uint8Array(1 + lengthOfVarint(value.byteLength) + value.byteLength);
  bytes[0] = (number << 3) | 2;
  bytes.set(value, writeVarint(bytes, 1, value.byteLength));
  return bytes;
}

/** A field of a whole number of at least 0. */
export function varintField(number: number, value: number): Uint8Array {
  const bytes = new Uint8Array(1 + lengthOfVarint(value));
  bytes[0] = number << 3;
  writeVarint(bytes, 1, value);
  return bytes;
}
