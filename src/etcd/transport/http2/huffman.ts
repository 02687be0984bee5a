/**
 * HPACK's Huffman code (RFC 7541 appendix B), decoding only: we send literals, servers may send Huffman.
 *
 * The code is canonical: among codes of one length, symbols ascend. So the table below holds only lengths, and
 * decoding goes through lengths: `first[n]` is the smallest code of n bits, `offset[n]` where its symbols begin.
 */

/** Bits of the code of each byte, 0 to 255, and of EOS (256). */
// biome-ignore format: a table in rows of 16
const codeBits: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];

const longestBits = 30;
const endOfString = 256;

interface Tables {
  readonly symbols: Uint16Array;
  readonly first: Uint32Array;
  readonly offset: Uint16Array;
  readonly count: Uint16Array;
}

function buildTables(): Tables {
  const count = new Uint16Array(longestBits + 1);
  for (const bits of codeBits) count[bits] = (count[bits] ?? 0) + 1;
  const first = new Uint32Array(longestBits + 1);
  const offset = new Uint16Array(longestBits + 1);
  let code = 0;
  let at = 0;
  for (let bits = 1; bits <= longestBits; bits++) {
    code = code * 2;
    first[bits] = code;
    offset[bits] = at;
    code += count[bits] ?? 0;
    at += count[bits] ?? 0;
  }
  const symbols = new Uint16Array(codeBits.length);
  const next = Uint16Array.from(offset);
  codeBits.forEach((bits, symbol) => {
    symbols[next[bits] ?? 0] = symbol;
    next[bits] = (next[bits] ?? 0) + 1;
  });
  return { symbols, first, offset, count };
}

const tables = buildTables();

/** The decoded text, one byte per character (latin1), or undefined for bytes that are not a valid code. */
export function decodeHuffman(bytes: Uint8Array): string | undefined {
  let text = "";
  let code = 0;
  let bits = 0;
  for (const byte of bytes) {
    for (let mask = 0x80; mask !== 0; mask >>= 1) {
      code = code * 2 + ((byte & mask) === 0 ? 0 : 1);
      bits++;
      if (bits > longestBits) return undefined;
      const index = code - (tables.first[bits] ?? 0);
      if (index < 0 || index >= (tables.count[bits] ?? 0)) continue;
      const symbol = tables.symbols[(tables.offset[bits] ?? 0) + index] ?? endOfString;
      if (symbol === endOfString) return undefined;
      text += String.fromCharCode(symbol);
      code = 0;
      bits = 0;
    }
  }
  // The remaining bits must be padding: fewer than 8 bits, all ones (RFC 7541 5.2).
  return bits < 8 && code === 2 ** bits - 1 ? text : undefined;
}
