/** The range of all keys with a prefix. */

/** Exclusive end of the keys that begin with `prefix`: cut after its last byte below 255, that byte plus one; "\0" (no end) if all are 255. */
export function prefixEnd(prefix: Uint8Array | string): Uint8Array {
  const end = new Uint8Array(Buffer.from(prefix));
  for (let at = end.length - 1; at >= 0; at--) {
    const byte = end[at] ?? 0xff;
    if (byte === 0xff) continue;
    end[at] = byte + 1;
    return end.subarray(0, at + 1);
  }
  return new Uint8Array(1);
}
