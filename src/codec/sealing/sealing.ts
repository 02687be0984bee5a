/**
 * Sealing: converts a plain value into a sealed one and back, AES-256-GCM, metadata segment and body separately.
 *
 *   prologue(6) keyIdLength(2) keyId wrappingLength(2) wrapping nonce(12) headLength(4) | head' tag(16) | body' tag(16)
 *   `------------------------- clear --------------------------------------------------'
 *
 * head' holds the write id, the dictionary's id and the metadata segment. Both parts are bound to the clear part and
 * to the full etcd key: a value moved to another key, or assembled from two values, does not open. The last bit of
 * the nonce distinguishes head from body.
 */
import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import type { Random } from "../../base/random.ts";
import {
  at,
  type BodyFormat,
  beginPlain,
  dictionaryIdBytes,
  flagBits,
  plainLayout,
  readUint32,
  writeIdBytes,
  writeUint32,
} from "../form/envelope.ts";
import { KeyFault, keyIdBytesMax, type SealingKey, wrappingBytesMax } from "./transform.ts";

const cipherName = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;
const prologueBytes = 6;
type Part = 0 | 1;
const headPart: Part = 0;
const bodyPart: Part = 1;

/** The clear part of a sealed value. */
export interface SealedLayout {
  readonly keyId: string;
  readonly wrapping: Uint8Array;
  readonly nonce: number;
  readonly head: number;
  readonly headEnd: number;
}

/** Reads the clear part; returns text when it is invalid. None of it is authenticated before a part is opened. */
export function sealedLayout(bytes: Uint8Array): SealedLayout | string {
  let position = prologueBytes;
  const take = (length: number): number => {
    position += length;
    return position - length;
  };
  const keyIdLength = uint16(bytes, take(2));
  const keyIdAt = take(keyIdLength);
  if (keyIdLength > keyIdBytesMax || position + 2 > bytes.byteLength) return "its key id is cut";
  const wrappingLength = uint16(bytes, take(2));
  const wrappingAt = take(wrappingLength);
  const nonce = take(nonceBytes);
  const headLength = take(4);
  if (position > bytes.byteLength) return "it is cut before its parts";
  const headEnd = position + readUint32(bytes, headLength);
  const headMin =
    writeIdBytes + tagBytes + ((flagsOf(bytes) & flagBits.dictionary) === 0 ? 0 : dictionaryIdBytes);
  if (headEnd - position < headMin || headEnd + tagBytes > bytes.byteLength) return "its parts are cut";
  return {
    keyId: view(bytes, keyIdAt, keyIdAt + keyIdLength).toString("utf8"),
    wrapping: bytes.subarray(wrappingAt, wrappingAt + wrappingLength),
    nonce,
    head: position,
    headEnd,
  };
}

/** Seals a plain value (its checksum is ignored) for the etcd key `key`. */
export function sealValue(plain: Uint8Array, key: string, sealing: SealingKey, random: Random): Uint8Array {
  const { head, headEnd, bodyEnd } = plainLayout(plain);
  const keyId = Buffer.from(sealing.keyId, "utf8");
  if (keyId.byteLength > keyIdBytesMax || sealing.wrapping.byteLength > wrappingBytesMax) {
    throw new KeyFault("its key id or wrapped key is too long");
  }
  const hasDictionary = head > at.head;
  const innerBytes = writeIdBytes + (hasDictionary ? dictionaryIdBytes : 0) + headEnd - head;
  const clearBytes = prologueBytes + 2 + keyId.byteLength + 2 + sealing.wrapping.byteLength + nonceBytes + 4;
  const sealed = Buffer.allocUnsafeSlow(clearBytes + innerBytes + tagBytes + (bodyEnd - headEnd) + tagBytes);
  sealed.set(plain.subarray(0, prologueBytes));
  sealed[at.flags] = flagsOf(plain) | flagBits.sealed;
  let position = sealed.writeUInt16LE(keyId.byteLength, prologueBytes);
  sealed.set(keyId, position);
  position = sealed.writeUInt16LE(sealing.wrapping.byteLength, position + keyId.byteLength);
  sealed.set(sealing.wrapping, position);
  position += sealing.wrapping.byteLength;
  const nonce = random.bytes(nonceBytes);
  sealed.set(nonce, position);
  writeUint32(sealed, position + nonceBytes, innerBytes + tagBytes);
  const clear = sealed.subarray(0, clearBytes);
  const headCipher = cipher(sealing.key, nonce, headPart, clear, key);
  position = clearBytes;
  position += append(
    sealed,
    position,
    headCipher.update(plain.subarray(at.writeId, at.writeId + writeIdBytes)),
  );
  // The length between write id and dictionary id is internal to the layout and is not sealed twice.
  position += append(sealed, position, headCipher.update(plain.subarray(at.dictionary, headEnd)));
  headCipher.final();
  position += append(sealed, position, headCipher.getAuthTag());
  const bodyCipher = cipher(sealing.key, nonce, bodyPart, clear, key);
  position += append(sealed, position, bodyCipher.update(plain.subarray(headEnd, bodyEnd)));
  bodyCipher.final();
  append(sealed, position, bodyCipher.getAuthTag());
  return new Uint8Array(sealed.buffer, sealed.byteOffset, sealed.byteLength);
}

/** Opens the head: a plain value with an empty body. @throws KeyFault when it is not authentic */
export function openHead(
  sealed: Uint8Array,
  layout: SealedLayout,
  key: string,
  opening: KeyObject,
): Uint8Array {
  const inner = open(sealed, layout, headPart, layout.head, layout.headEnd, key, opening);
  return plainFrom(sealed, inner, new Uint8Array(0));
}

/** Opens both parts into a plain value. @throws KeyFault when either is not authentic */
export function openValue(
  sealed: Uint8Array,
  layout: SealedLayout,
  key: string,
  opening: KeyObject,
): Uint8Array {
  const inner = open(sealed, layout, headPart, layout.head, layout.headEnd, key, opening);
  const body = open(sealed, layout, bodyPart, layout.headEnd, sealed.byteLength, key, opening);
  return plainFrom(sealed, inner, body);
}

function plainFrom(sealed: Uint8Array, inner: Uint8Array, body: Uint8Array): Uint8Array {
  const flags = flagsOf(sealed) & ~flagBits.sealed;
  const hasDictionary = (flags & flagBits.dictionary) !== 0;
  const headAt = writeIdBytes + (hasDictionary ? dictionaryIdBytes : 0);
  const plain = beginPlain(
    sealed[at.body] as BodyFormat,
    flags,
    inner.subarray(0, writeIdBytes),
    hasDictionary ? inner.subarray(writeIdBytes, headAt) : undefined,
    inner.byteLength - headAt,
    body.byteLength,
  );
  const layout = plainLayout(plain);
  plain.set(inner.subarray(headAt), layout.head);
  plain.set(body, layout.headEnd);
  return plain;
}

function open(
  sealed: Uint8Array,
  layout: SealedLayout,
  part: Part,
  start: number,
  end: number,
  key: string,
  opening: KeyObject,
): Uint8Array {
  const nonce = Uint8Array.from(sealed.subarray(layout.nonce, layout.nonce + nonceBytes));
  setPart(nonce, part);
  const { keyId } = layout;
  const decipher = createDecipheriv(cipherName, opening, nonce, { authTagLength: tagBytes });
  decipher.setAAD(sealed.subarray(0, layout.head));
  decipher.setAAD(Buffer.from(key, "utf8"));
  decipher.setAuthTag(sealed.subarray(end - tagBytes, end));
  const opened = decipher.update(sealed.subarray(start, end - tagBytes));
  try {
    decipher.final();
  } catch {
    // The runtime's own error adds nothing, and no opened data may be used.
    throw new KeyFault(
      `its ${part === headPart ? "metadata" : "body"} does not prove genuine under key ${JSON.stringify(keyId)}: that id is of other bytes here, or the value was changed or copied from another key of etcd`,
    );
  }
  return opened;
}

function cipher(key: KeyObject, nonce: Uint8Array, part: Part, clear: Uint8Array, etcdKey: string) {
  const own = Uint8Array.from(nonce);
  setPart(own, part);
  const made = createCipheriv(cipherName, key, own, { authTagLength: tagBytes });
  made.setAAD(clear);
  made.setAAD(Buffer.from(etcdKey, "utf8"));
  return made;
}

function setPart(nonce: Uint8Array, part: Part): void {
  nonce[nonceBytes - 1] = ((nonce[nonceBytes - 1] ?? 0) & 0xfe) | part;
}

function append(target: Uint8Array, position: number, bytes: Uint8Array): number {
  target.set(bytes, position);
  return bytes.byteLength;
}

function flagsOf(bytes: Uint8Array): number {
  return bytes[at.flags] ?? 0;
}

function uint16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
}

function view(bytes: Uint8Array, start: number, end: number): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
}
