/** Text as etcdctl prints it: Go's quoted strings, hexadecimal bytes, ids, sizes. */

const named: Readonly<Record<number, string>> = {
  7: "\\a",
  8: "\\b",
  9: "\\t",
  10: "\\n",
  11: "\\v",
  12: "\\f",
  13: "\\r",
  34: '\\"',
  92: "\\\\",
};

/** Go's `%q`: invalid UTF-8 as `\xff`, unprintable characters as `\u200b`, the rest unchanged. */
export function quoteBytes(bytes: Uint8Array | string): string {
  const all = Buffer.from(bytes);
  let text = '"';
  for (let at = 0; at < all.length; ) {
    const [character, length] = characterAt(all, at);
    if (character === undefined) text += `\\x${hexByte(all[at] ?? 0)}`;
    else text += quoteCharacter(character);
    at += length;
  }
  return `${text}"`;
}

function quoteCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const name = named[code];
  if (name !== undefined) return name;
  if (code < 32 || code === 127) return `\\x${hexByte(code)}`;
  // Letters, marks, numbers, punctuation, symbols and the plain space can be printed.
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) return character;
  return code > 0xffff
    ? `\\U${code.toString(16).padStart(8, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** One UTF-8 character and its length, or undefined and 1 for an invalid first byte. */
export function characterAt(bytes: Buffer, at: number): readonly [string | undefined, number] {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  const part = bytes.subarray(at, at + length);
  const text = part.toString("utf8");
  return Buffer.from(text).equals(part) ? [text, length] : [undefined, 1];
}

const hexByte = (byte: number): string => byte.toString(16).padStart(2, "0");

/** `\x66\x6f\x6f`, what `--hex` prints. */
export const escapedHex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => `\\x${hexByte(byte)}`).join("");

/** An id as people see it, without padding. */
export const hexId = (id: bigint): string => BigInt.asUintN(64, id).toString(16);

/** A lease's id: 16 digits. */
export const leaseId = (id: bigint): string => hexId(id).padStart(16, "0");

/** `61 kB`, `1.0 MB`: SI units, one decimal below 10. */
export function formatBytes(bytes: bigint): string {
  if (bytes < 10n) return `${bytes} B`;
  const units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
  const step = Math.min(Math.floor(Math.log10(Number(bytes)) / 3), units.length - 1);
  const value = Math.floor((Number(bytes) / 1000 ** step) * 10 + 0.5) / 10;
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${units[step]}`;
}

/** Go's `%q` of a list of strings: `["a" "b"]`. */
export const quoteList = (texts: readonly string[]): string =>
  `[${texts.map((text) => quoteBytes(text)).join(" ")}]`;
