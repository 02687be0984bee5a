/**
 * The envelope of Kubernetes' protobuf: the four bytes "k8s\0", then a `runtime.Unknown` message.
 *
 *   6b 38 73 00 | 1: typeMeta { 1: apiVersion, 2: kind } | 2: raw | 3: contentEncoding | 4: contentType
 *
 * etcd stores every built-in object in it, and HTTP sends it as application/vnd.kubernetes.protobuf.
 * (k8s.io/apimachinery pkg/runtime/types.go, Unknown.)
 */
import { DecodeFault } from "../../codec/form/decode-fault.ts";
import type { MessageWriter, MessageWriterOptions } from "./message-writer.ts";

/** "k8s\0". */
export const protobufMagic: readonly [number, number, number, number] = [0x6b, 0x38, 0x73, 0x00];

/** Whether the bytes begin like Kubernetes' protobuf. */
export function isKubernetesProtobuf(bytes: Uint8Array): boolean {
  return (
    bytes[0] === protobufMagic[0] &&
    bytes[1] === protobufMagic[1] &&
    bytes[2] === protobufMagic[2] &&
    bytes[3] === protobufMagic[3]
  );
}

/** The content of an envelope; `start` and `end` delimit the object's message. */
export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

/** Reads an envelope without its object. @throws DecodeFault */
export function readEnvelope(bytes: Uint8Array): Envelope {
  if (!isKubernetesProtobuf(bytes))
    throw new DecodeFault('at byte 0: it does not begin with "k8s\\0"', { offset: 0 });
  const fields = new EnvelopeFields(bytes, protobufMagic.length, bytes.length);
  let type = noType;
  let start = bytes.length;
  let end = bytes.length;
  while (fields.next()) {
    if (fields.number === 1) {
      type = readType(bytes, fields.start, fields.end);
    } else if (fields.number === 2) {
      start = fields.start;
      end = fields.end;
    } else if (fields.number === 3 && fields.start !== fields.end) {
      throw fields.fault(`its content is encoded as ${JSON.stringify(fields.text())}`);
    }
  }
  return { apiVersion: type.apiVersion, kind: type.kind, start, end };
}

interface TypeMeta {
  readonly apiVersion: string;
  readonly kind: string;
}
const noType: TypeMeta = { apiVersion: "", kind: "" };
/** Decoded type metadata by its bytes: a cluster has a few hundred kinds, and every value begins with one. */
const types = new Map<string, TypeMeta>();
const typesMax = 4096;
const typeBytesMax = 512;

/** @throws DecodeFault */
function readType(bytes: Uint8Array, start: number, end: number): TypeMeta {
  const text = end - start > typeBytesMax ? undefined : latin1Slice.call(bytes, start, end);
  const known = text === undefined ? undefined : types.get(text);
  if (known !== undefined) return known;
  const fields = new EnvelopeFields(bytes, start, end);
  let { apiVersion, kind } = noType;
  while (fields.next()) {
    if (fields.number === 1) apiVersion = fields.text();
    else if (fields.number === 2) kind = fields.text();
  }
  const type = { apiVersion, kind };
  if (text !== undefined && types.size < typesMax) types.set(text, type);
  return type;
}

/** Writes the envelope before the object's message, which `writer` has written. */
export function writeEnvelope(
  writer: MessageWriter,
  apiVersion: string,
  kind: string,
  writeMessage: () => void,
  options: MessageWriterOptions = {},
): void {
  writer.begin(options);
  // From the end to the beginning, like the writer.
  const { out } = writer;
  out.bytesAlways(4, "");
  out.bytesAlways(3, "");
  const raw = out.open();
  writeMessage();
  out.close(2, raw);
  const typeMeta = out.open();
  out.bytesAlways(2, kind);
  out.bytesAlways(1, apiVersion);
  out.close(1, typeMeta);
  out.rawBytes(Uint8Array.from(protobufMagic));
}

/** Iterates over the fields of an envelope, which are all length-delimited. */
export class EnvelopeFields {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  number = 0;
  /** Of the field's content. */
  start = 0;
  end = 0;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Whether there is another field, described by `number`, `start` and `end`. @throws DecodeFault */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.#varint();
    if ((tag & 7) !== 2 || tag < 8) throw this.fault(`a field of its envelope has tag ${tag}`);
    this.number = tag >>> 3;
    const length = this.#varint();
    if (length > this.#end - this.#at) throw this.fault(`a length is ${length}, more than is left`);
    this.start = this.#at;
    this.end = this.#at + length;
    this.#at = this.end;
    return true;
  }

  text(): string {
    try {
      return utf8.decode(this.#bytes.subarray(this.start, this.end));
    } catch {
      throw this.fault("a text of its envelope is no UTF-8");
    }
  }

  fault(reason: string): DecodeFault {
    return new DecodeFault(`at byte ${this.#at}: ${reason}`, { offset: this.#at });
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.#at >= this.#end) throw this.fault("it is cut in its envelope");
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw this.fault("a number of its envelope has more than five bytes");
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Buffer's conversion from bytes to a Latin-1 string, without creating a view. */
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
};
