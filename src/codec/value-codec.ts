/**
 * The value codec of one kind: objects to stored bytes and back, through envelope, body format and sealing.
 *
 *   seal    plain-data check -> head and body -> deflate -> [seal] -> envelope
 *   open    envelope -> [unseal] -> checksum       nothing is decoded
 *   head    the metadata segment alone             object   head and body
 *
 * It writes what its `Codec` says and reads every known format. Whatever is wrong with the bytes comes out as
 * CORRUPT_OBJECT with key and reason.
 */
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { Packr } from "msgpackr";
import { StoreError } from "../errors.ts";
import type { Head } from "../resource/head.ts";
import type { KindDefinition } from "../resource/kind.ts";
import { assertPlainData, copyPlainData, findPlainDataFault } from "../resource/plain-data.ts";
import type { AnyResource } from "../resource/resource.ts";
import type { Codec } from "./codec.ts";
import {
  at,
  beginPlain,
  bodyFormats,
  finishPlain,
  flagBits,
  hasMagic,
  plainFault,
  plainLayout,
  prologueFault,
  writeIdBytes,
} from "./envelope.ts";
import { decodeHead, encodeHead, headPreamble } from "./head-segment.ts";
import { DecodeFault, readMsgpack } from "./msgpack-reader.ts";
import type { MaybePromise, PlainValue, SealParts, ValueCodec } from "./value.ts";

/** Most bytes a body may inflate to, and most it may have before it is deflated: far above any etcd's request limit. */
export const bodyBytesMax: number = 16 * 1024 * 1024;

export interface ValueCodecOptions {
  readonly kind: KindDefinition;
  readonly codec: Codec;
}

/** The codec of one kind's values. */
export function createValueCodec(options: ValueCodecOptions): ValueCodec {
  return new KindValueCodec(options);
}

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const braceByte = 0x7b;

class KindValueCodec implements ValueCodec {
  readonly #kind: KindDefinition;
  readonly #codec: Codec;
  readonly #preamble: Uint8Array;
  readonly #packr = new Packr({ useRecords: false, variableMapSize: true });

  constructor({ kind, codec }: ValueCodecOptions) {
    this.#kind = kind;
    this.#codec = codec;
    this.#preamble = headPreamble(kind.headerVersion, kind.apiVersion, kind.kind);
  }

  seal(parts: SealParts): MaybePromise<Uint8Array> {
    const { object, head } = parts;
    assertPlainData(object, `store ${this.#kind.resource} at "${parts.key}"`, { key: parts.key });
    if (this.#codec.format === "raw-json") {
      const metadata = head.metadata as Record<string, unknown>;
      return textEncoder.encode(
        JSON.stringify({
          ...bodyOf(object),
          apiVersion: head.apiVersion,
          kind: head.kind,
          metadata: without(metadata),
        }),
      );
    }
    const body = bodyOf(object);
    const format = bodyFormats[this.#codec.format];
    let bodyBytes =
      format === bodyFormats.json
        ? textEncoder.encode(JSON.stringify(body))
        : Uint8Array.from(this.#packr.pack(body));
    let flags = 0;
    if (bodyBytes.byteLength > this.#codec.compressAboveBytes) {
      if (bodyBytes.byteLength > bodyBytesMax) {
        throw new StoreError(
          "TOO_LARGE",
          `Cannot store "${parts.key}": its body is ${bodyBytes.byteLength} bytes, at most ${bodyBytesMax} are allowed`,
          { key: parts.key, sizeBytes: bodyBytes.byteLength, limitBytes: bodyBytesMax },
        );
      }
      const deflated = deflateRawSync(bodyBytes, { level: constants.Z_BEST_SPEED });
      if (deflated.byteLength < bodyBytes.byteLength * 0.9) {
        bodyBytes = deflated;
        flags |= flagBits.deflated;
      }
    }
    const headBytes = encodeHead({
      ...head,
      metadata: without(head.metadata as Record<string, unknown>) as Head["metadata"],
    });
    const value = beginPlain(
      format,
      flags,
      parts.writeId,
      undefined,
      headBytes.byteLength,
      bodyBytes.byteLength,
    );
    const { head: headAt, headEnd } = plainLayout(value);
    value.set(headBytes, headAt);
    value.set(bodyBytes, headEnd);
    finishPlain(value);
    return value;
  }

  open(key: string, stored: Uint8Array): MaybePromise<PlainValue> {
    const storedBytes = stored.byteLength;
    if (stored[0] === braceByte) {
      return { bytes: stored, stale: this.#codec.format !== "raw-json", storedBytes };
    }
    if (!hasMagic(stored)) throw this.#corrupt(key, foreignReason(stored));
    const fault = prologueFault(stored) ?? plainFault(stored);
    if (fault !== undefined) throw this.#corrupt(key, fault);
    return { bytes: stored, stale: this.#isStale(stored), storedBytes };
  }

  writeId(value: PlainValue): string | undefined {
    const { bytes } = value;
    if (!hasMagic(bytes)) return undefined;
    return Buffer.from(bytes.buffer, bytes.byteOffset + at.writeId, writeIdBytes).toString("hex");
  }

  head(value: PlainValue): Head {
    if (!hasMagic(value.bytes)) return this.#kind.headOf(this.object(value));
    return this.#guard(() => {
      const { head, headEnd } = plainLayout(value.bytes);
      const decoded = decodeHead(value.bytes, head, headEnd);
      if (
        decoded.headerVersion === this.#kind.headerVersion &&
        decoded.apiVersion === this.#kind.apiVersion
      ) {
        return decoded;
      }
      // What an older header says about fields and amounts is not trusted: made anew from the whole object.
      return this.#kind.headOf(this.object(value));
    });
  }

  object(value: PlainValue): AnyResource {
    const object = this.#guard(() => this.#decode(value.bytes));
    return object.apiVersion === this.#kind.apiVersion ? object : (this.#kind.upgrade(object) as AnyResource);
  }

  #decode(bytes: Uint8Array): AnyResource {
    if (!hasMagic(bytes)) return asResource(parseJson(bytes));
    const { head, headEnd, bodyEnd, flags, bodyFormat } = plainLayout(bytes);
    const { apiVersion, kind, metadata } = decodeHead(bytes, head, headEnd);
    let body: unknown;
    if ((flags & flagBits.deflated) === 0) {
      body = decodeBody(bodyFormat, bytes, headEnd, bodyEnd);
    } else {
      const inflated = inflate(bytes.subarray(headEnd, bodyEnd));
      body = decodeBody(bodyFormat, inflated, 0, inflated.byteLength);
    }
    if (typeof body !== "object" || body === null || Array.isArray(body)) {
      throw new DecodeFault("its body is no record");
    }
    const object = { apiVersion, kind, metadata, ...body };
    if (object.apiVersion !== apiVersion || object.kind !== kind || object.metadata !== metadata) {
      throw new DecodeFault("its body has a field that belongs into the metadata segment");
    }
    return object as AnyResource;
  }

  #isStale(bytes: Uint8Array): boolean {
    if (this.#codec.format === "raw-json" || bytes[at.body] !== bodyFormats[this.#codec.format]) return true;
    const from = plainLayout(bytes).head + 1;
    const preamble = this.#preamble;
    for (let i = 0; i < preamble.byteLength; i++) if (bytes[from + i] !== preamble[i]) return true;
    return false;
  }

  /** Whatever decoding finds wrong is CORRUPT_OBJECT; the key is not known here, storage adds it. */
  #guard<T>(decode: () => T): T {
    try {
      return decode();
    } catch (error) {
      if (error instanceof DecodeFault) throw this.#corrupt(undefined, error.message, error);
      throw error;
    }
  }

  #corrupt(key: string | undefined, reason: string, cause?: unknown): StoreError<"CORRUPT_OBJECT"> {
    const what = key === undefined ? `a value of ${this.#kind.resource}` : `"${key}"`;
    return new StoreError(
      "CORRUPT_OBJECT",
      `Cannot read ${what}: ${reason}`,
      { key, kind: this.#kind.kind, group: this.#kind.group, reason },
      cause === undefined ? undefined : { cause },
    );
  }
}

function bodyOf(object: AnyResource): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const name of Object.keys(object)) {
    if (name === "apiVersion" || name === "kind" || name === "metadata") continue;
    const value = object[name];
    if (value !== undefined) body[name] = copyPlainData(value);
  }
  return body;
}

function without(metadata: Record<string, unknown>): Record<string, unknown> {
  const { resourceVersion: _, ...kept } = metadata;
  return copyPlainData(kept);
}

function decodeBody(format: number, bytes: Uint8Array, start: number, end: number): unknown {
  return format === bodyFormats.json ? parseJson(bytes.subarray(start, end)) : readMsgpack(bytes, start, end);
}

function inflate(bytes: Uint8Array): Uint8Array {
  try {
    return inflateRawSync(bytes, { maxOutputLength: bodyBytesMax });
  } catch (error) {
    throw new DecodeFault(`its body does not inflate to at most ${bodyBytesMax} bytes`, { cause: error });
  }
}

/** @throws DecodeFault when it is no JSON, or JSON that is not plain data */
function parseJson(bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(textDecoder.decode(bytes));
  } catch (error) {
    throw new DecodeFault("it is no JSON in UTF-8", { cause: error });
  }
  const fault = findPlainDataFault(value);
  if (fault !== undefined) throw new DecodeFault(`field "${fault.field}" ${fault.message}`);
  return value;
}

function asResource(value: unknown): AnyResource {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DecodeFault("it is no object");
  const { apiVersion, kind, metadata } = value as Record<string, unknown>;
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    throw new DecodeFault("it has no apiVersion or no kind");
  }
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) {
    throw new DecodeFault("it has no metadata");
  }
  return value as AnyResource;
}

function foreignReason(stored: Uint8Array): string {
  if (stored.byteLength === 0) return "it is empty";
  const start = Buffer.from(stored.buffer, stored.byteOffset, Math.min(stored.byteLength, 16)).toString(
    "latin1",
  );
  if (start.startsWith("k8s\0")) return "it is Kubernetes' own protobuf, which keelson does not read";
  if (start.startsWith("k8s:enc:")) return "it was encrypted by Kubernetes, which keelson does not read";
  return "it is in no format keelson knows";
}
