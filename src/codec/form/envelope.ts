/**
 * The envelope: the outermost bytes of every value. This file holds its only writer and its only reader.
 *
 *   plain   magic(3) version(1) body(1) flags(1) writeId(16) headLength(4) [dictionary(8)] head body checksum(4)
 *   sealed  magic(3) version(1) body(1) flags(1) keyId wrapping nonce(12) headLength(4) head' body'
 *
 * docs/value-format.md is the authority and names these constants. Numbers are little-endian; the checksum is CRC-32
 * over everything before it. A sealed value is opened into the plain form (its checksum field unused, because the
 * tags authenticate every byte), so everything past `open` handles one layout.
 */
// Not a named import: Node before 20.15 has none, and can only be rejected with a message if this file links there.
import zlib from "node:zlib";

/** EB 6B 6C: "kl" after a byte that begins no JSON, no UTF-8 text and no Kubernetes protobuf. */
export const magic: readonly [number, number, number] = [0xeb, 0x6b, 0x6c];
/** Format version that this code writes; it reads every version up to it. */
export const formatVersion = 1;

/** How a body is encoded. Numbers never change. */
/** "{" */
const braceByte = 0x7b;
export const bodyFormats = { msgpack: 1, json: 2 } as const;
export type BodyFormat = (typeof bodyFormats)[keyof typeof bodyFormats];

/** Bits of the flags byte; a reader rejects a value with an unknown bit. */
export const flagBits = {
  sealed: 1,
  deflated: 2,
  dictionary: 4,
  /** Every text of the metadata segment, or of a MessagePack body, is ASCII, so that a reader need not check. */
  headAscii: 8,
  bodyAscii: 16,
} as const;
const knownFlags = 31;

/** Offsets of the plain form. */
export const at = {
  version: 3,
  body: 4,
  flags: 5,
  writeId: 6,
  headLength: 22,
  dictionary: 26,
  head: 26,
} as const;
export const writeIdBytes = 16;
export const dictionaryIdBytes = 8;
export const checksumBytes = 4;
/** Largest size of a body before deflating and after inflating: far above any etcd's request limit. */
export const bodyBytesMax: number = 16 * 1024 * 1024;
/** Smallest plain value: no dictionary, empty head and body. */
export const plainBytesMin: number = at.head + checksumBytes;

/** Where the parts of a plain value lie; `headEnd` is where the body begins. */
export interface PlainLayout {
  readonly flags: number;
  readonly head: number;
  readonly headEnd: number;
  readonly bodyEnd: number;
}

/** Lays out a plain value of the given part sizes; the caller writes head and body, then calls `finishPlain`. */
export function beginPlain(
  bodyFormat: BodyFormat,
  flags: number,
  writeId: Uint8Array,
  dictionary: Uint8Array | undefined,
  headBytes: number,
  bodyBytes: number,
): Uint8Array {
  const head = at.head + (dictionary === undefined ? 0 : dictionaryIdBytes);
  const value = new Uint8Array(head + headBytes + bodyBytes + checksumBytes);
  value[0] = magic[0];
  value[1] = magic[1];
  value[2] = magic[2];
  value[at.version] = formatVersion;
  value[at.body] = bodyFormat;
  value[at.flags] = dictionary === undefined ? flags : flags | flagBits.dictionary;
  value.set(writeId, at.writeId);
  writeUint32(value, at.headLength, headBytes);
  if (dictionary !== undefined) value.set(dictionary, at.dictionary);
  return value;
}

/** Writes the checksum over the rest of `value`. */
export function finishPlain(value: Uint8Array): void {
  const end = value.length - checksumBytes;
  writeUint32(value, end, zlib.crc32(value.subarray(0, end)));
}

/** Whether stored bytes contain the write id of their write, which identifies a write whose response was lost. */
export function carriesWriteId(stored: Uint8Array): boolean {
  return hasMagic(stored);
}

/** Whether the value is a record of JSON without an envelope. */
export function isJsonRecord(stored: Uint8Array): boolean {
  return stored[0] === braceByte;
}

/** Whether the bytes begin like an envelope of any version. */
export function hasMagic(bytes: Uint8Array): boolean {
  return bytes[0] === magic[0] && bytes[1] === magic[1] && bytes[2] === magic[2];
}

/** What is wrong with the fixed part of every envelope; undefined when nothing is. Checked first. */
export function prologueFault(bytes: Uint8Array): string | undefined {
  if (bytes.length <= at.flags) return `it is cut: ${bytes.length} bytes`;
  if (bytes[at.version] !== formatVersion) {
    return `its format version is ${bytes[at.version]}, this code reads ${formatVersion}`;
  }
  const flags = bytes[at.flags] ?? 0;
  if ((flags & ~knownFlags) !== 0) return `its flags are 0x${flags.toString(16)}, some of them unknown`;
  const body = bytes[at.body];
  if (body !== bodyFormats.msgpack && body !== bodyFormats.json) return `its body format ${body} is unknown`;
  return undefined;
}

/** What is wrong with a plain value as a whole, checksum included; undefined when nothing is. */
export function plainFault(bytes: Uint8Array): string | undefined {
  if (bytes.length < plainBytesMin) return `it is cut: ${bytes.length} bytes`;
  const end = bytes.length - checksumBytes;
  const actual = zlib.crc32(bytes.subarray(0, end));
  const expected = readUint32(bytes, end);
  if (actual !== expected) return `checksum is ${hex32(actual)}, expected ${hex32(expected)}`;
  const { head, headEnd, bodyEnd } = plainLayout(bytes);
  if (head > bodyEnd || headEnd > bodyEnd) return "its metadata segment is longer than the value";
  return undefined;
}

/** The layout of a value that `plainFault` has passed. */
export function plainLayout(bytes: Uint8Array): PlainLayout {
  const flags = bytes[at.flags] ?? 0;
  const head = at.head + ((flags & flagBits.dictionary) === 0 ? 0 : dictionaryIdBytes);
  return {
    flags,
    head,
    headEnd: head + readUint32(bytes, at.headLength),
    bodyEnd: bytes.length - checksumBytes,
  };
}

export function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] ?? 0) |
      ((bytes[offset + 1] ?? 0) << 8) |
      ((bytes[offset + 2] ?? 0) << 16) |
      ((bytes[offset + 3] ?? 0) << 24)) >>>
    0
  );
}

export function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value & 0xff;
  bytes[offset + 1] = (value >>> 8) & 0xff;
  bytes[offset + 2] = (value >>> 16) & 0xff;
  bytes[offset + 3] = value >>> 24;
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, "0");
}
