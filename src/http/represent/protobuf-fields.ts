/** The parts of protobuf around encoded messages: varints and their size. */
/** Size of a whole number of at least 0 as a varint, bytes. */
export function lengthOfVarint(value: number): number {
  let length = 1;
  for (let left = value; left >= 0x80; left = Math.floor(left / 0x80)) length++;
  return length;
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
