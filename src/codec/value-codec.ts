/**
 * The value codec of one kind: objects to stored bytes and back, through envelope, body format and sealing.
 *
 *   seal    head and body, checked to be plain data on the way -> deflate -> envelope -> [seal]
 *   open    envelope -> [unseal] -> checksum       nothing is decoded
 *   head    the metadata segment alone             object   head and body
 *
 * It writes what its `Codec` says and reads every known format. Whatever is wrong with the bytes comes out as
 * CORRUPT_OBJECT with key and reason.
 */
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { Packr } from "msgpackr";
import { type Random, systemRandom } from "../base/random.ts";
import { StoreError } from "../errors.ts";
import type { Head } from "../resource/head.ts";
import type { KindDefinition } from "../resource/kind.ts";
import { copyPlainData, findPlainDataFault, notPlainData } from "../resource/plain-data.ts";
import type { AnyResource } from "../resource/resource.ts";
import type { Codec } from "./codec.ts";
import type { Dictionary } from "./dictionary.ts";
import {
  at,
  beginPlain,
  bodyFormats,
  dictionaryIdBytes,
  finishPlain,
  flagBits,
  hasMagic,
  plainFault,
  plainLayout,
  prologueFault,
  writeIdBytes,
} from "./envelope.ts";
import { headPreamble, readHead, writeHead } from "./head-segment.ts";
import { parseJson } from "./json-body.ts";
import { type DictionaryStore, KindDictionaries } from "./kind-dictionaries.ts";
import { DecodeFault, readMsgpack } from "./msgpack-reader.ts";
import { MsgpackWriter, NotPlainData } from "./msgpack-writer.ts";
import { openHead, openValue, type SealedLayout, sealedLayout, sealValue } from "./sealing.ts";
import { TextShapes } from "./text-shapes.ts";
import { KeyFault, type Transform } from "./transform.ts";
import type { MaybePromise, OpenOptions, PlainValue, SealParts, ValueCodec } from "./value.ts";

/** Most bytes a body may have before it is deflated and inflate to: far above any etcd's request limit. */
export const bodyBytesMax: number = 16 * 1024 * 1024;

export interface ValueCodecOptions {
  readonly kind: KindDefinition;
  /** How bodies are written. */
  readonly codec: Codec;
  /** Encryption at rest; absent: none. With it nothing is learned for dictionaries: they lie in the clear. */
  readonly transform?: Transform | undefined;
  /** Absent: values are written with plain maps, and those that need a dictionary cannot be read. */
  readonly dictionaries?: DictionaryStore | undefined;
  readonly random?: Random | undefined;
}

/** The codec of one kind's values, with what its owner needs to close and to watch it. */
export interface KindValueCodec extends ValueCodec {
  /** After a restore: dictionaries count as unpublished until they are read back anew. */
  forgetDictionaries(): void;
  /** Resolves once nothing goes on behind the writes any more. Never rejects. */
  settled(): Promise<void>;
  /** Since it was made: plaintext values accepted where sealed ones are expected ("migrate"), and the dictionary's state. */
  stats(): {
    readonly plaintextRead: number;
    readonly dictionary: string;
    readonly dictionaryName: string | undefined;
    readonly dictionaryFaults: number;
  };
}

export function createValueCodec(options: ValueCodecOptions): KindValueCodec {
  return new EnvelopeCodec(options);
}

const braceByte = 0x7b;
const noBytes = new Uint8Array(0);

/** A value with its key, which errors found later name. */
class OpenedValue implements PlainValue {
  readonly bytes: Uint8Array;
  readonly stale: boolean;
  readonly storedBytes: number;
  readonly key: string;

  constructor(key: string, bytes: Uint8Array, stale: boolean, storedBytes: number) {
    this.key = key;
    this.bytes = bytes;
    this.stale = stale;
    this.storedBytes = storedBytes;
  }
}

/** A sealed value of which only the head has been opened; asking for its bytes opens the rest. */
class HeadOnlyValue implements PlainValue {
  /** A plain value with the metadata segment and an empty body. */
  readonly headBytes: Uint8Array;
  readonly stale: boolean;
  readonly storedBytes: number;
  readonly key: string;
  readonly #openWhole: () => Uint8Array;
  #bytes: Uint8Array | undefined;

  constructor(
    key: string,
    headBytes: Uint8Array,
    stale: boolean,
    storedBytes: number,
    openWhole: () => Uint8Array,
  ) {
    this.key = key;
    this.headBytes = headBytes;
    this.stale = stale;
    this.storedBytes = storedBytes;
    this.#openWhole = openWhole;
  }

  /** @throws CORRUPT_OBJECT */
  get bytes(): Uint8Array {
    this.#bytes ??= this.#openWhole();
    return this.#bytes;
  }
}

class EnvelopeCodec implements KindValueCodec {
  readonly #kind: KindDefinition;
  readonly #codec: Codec;
  readonly #transform: Transform | undefined;
  readonly #dictionaries: KindDictionaries;
  readonly #random: Random;
  readonly #preamble: Uint8Array;
  readonly #headWriter = new MsgpackWriter();
  readonly #bodyWriter = new MsgpackWriter();
  readonly #packr = new Packr({ useRecords: false, variableMapSize: true, ...{ skipValues: [undefined] } });
  readonly #textShapes = new TextShapes();
  #plaintextRead = 0;

  constructor({ kind, codec, transform, dictionaries, random }: ValueCodecOptions) {
    this.#kind = kind;
    // Sealed bytes are nothing other tools could read: inside the seal raw JSON has no point.
    this.#codec =
      codec.format === "raw-json" && transform !== undefined && transform.mode !== "unseal"
        ? { format: "json", compressAboveBytes: Number.POSITIVE_INFINITY }
        : codec;
    this.#transform = transform;
    const learn = codec.format === "msgpack" && transform === undefined ? codec.dictionaries : "off";
    this.#dictionaries = new KindDictionaries(kind.resource, dictionaries, learn);
    this.#random = random ?? systemRandom;
    this.#preamble = headPreamble(kind.headerVersion, kind.apiVersion, kind.kind);
  }

  seal(parts: SealParts): MaybePromise<Uint8Array> {
    const plain =
      this.#codec.format === "raw-json" ? this.#rawJson(parts) : this.#plainValue(parts, this.#codec);
    const transform = this.#transform;
    if (transform === undefined || transform.mode === "unseal") return plain;
    const sealing = transform.sealingKey();
    return sealing instanceof Promise
      ? sealing.then((made) => sealValue(plain, parts.key, made, this.#random))
      : sealValue(plain, parts.key, sealing, this.#random);
  }

  open(key: string, stored: Uint8Array, options?: OpenOptions): MaybePromise<PlainValue> {
    if (stored[0] === braceByte) {
      this.#admitPlaintext(key, options);
      const stale = this.#codec.format !== "raw-json" || this.#seals;
      return new OpenedValue(key, stored, stale, stored.byteLength);
    }
    if (!hasMagic(stored)) throw this.#corrupt(key, foreignReason(stored));
    const fault = prologueFault(stored);
    if (fault !== undefined) throw this.#corrupt(key, fault);
    if (((stored[at.flags] ?? 0) & flagBits.sealed) !== 0) return this.#openSealed(key, stored, options);
    this.#admitPlaintext(key, options);
    const damage = plainFault(stored);
    if (damage !== undefined) throw this.#corrupt(key, damage);
    const value = new OpenedValue(key, stored, this.#seals || this.#isStale(stored), stored.byteLength);
    return this.#withDictionary(key, stored, value);
  }

  writeId(value: PlainValue): string | undefined {
    const bytes = headBytesOf(value);
    if (!hasMagic(bytes)) return undefined;
    return Buffer.from(bytes.buffer, bytes.byteOffset + at.writeId, writeIdBytes).toString("hex");
  }

  head(value: PlainValue): Head {
    const bytes = headBytesOf(value);
    if (hasMagic(bytes)) {
      const { head, headEnd } = plainLayout(bytes);
      const stored = this.#guard(value, () =>
        readHead(bytes, head, headEnd, this.#textShapes, headAscii(bytes)),
      );
      const { headerVersion, apiVersion } = this.#kind;
      if (stored.headerVersion === headerVersion && stored.apiVersion === apiVersion) return stored;
    }
    // What another header version says of fields and amounts is not trusted, raw JSON says nothing: made from the object.
    return this.#kind.headOf(this.object(value));
  }

  object(value: PlainValue): AnyResource {
    const object = this.#guard(value, () => this.#decode(value.bytes));
    return object.apiVersion === this.#kind.apiVersion ? object : (this.#kind.upgrade(object) as AnyResource);
  }

  forgetDictionaries(): void {
    this.#dictionaries.forgetPublished();
  }

  settled(): Promise<void> {
    return this.#dictionaries.settled();
  }

  stats(): ReturnType<KindValueCodec["stats"]> {
    return {
      plaintextRead: this.#plaintextRead,
      dictionary: this.#dictionaries.state,
      dictionaryName: this.#dictionaries.current?.name,
      dictionaryFaults: this.#dictionaries.faults,
    };
  }

  #plainValue(parts: SealParts, codec: Exclude<Codec, { format: "raw-json" }>): Uint8Array {
    const { apiVersion: _, kind: __, metadata: ___, ...body } = parts.object;
    let dictionary: Dictionary | undefined;
    let bodyBytes: Uint8Array;
    try {
      writeHead(this.#headWriter, parts.head);
      if (codec.format === "json") {
        bodyBytes = this.#encodeJson(body);
      } else {
        dictionary = this.#dictionaries.current;
        bodyBytes = dictionary === undefined ? this.#encodeMaps(body) : this.#encodeShared(body, dictionary);
      }
    } catch (error) {
      if (!(error instanceof NotPlainData)) throw error;
      return this.#sealCopy(parts, codec);
    }
    let flags: number = this.#headWriter.isAscii ? flagBits.headAscii : 0;
    if (dictionary !== undefined && this.#bodyWriter.isAscii) flags |= flagBits.bodyAscii;
    if (bodyBytes.byteLength > codec.compressAboveBytes) {
      const deflated = this.#deflate(parts.key, bodyBytes);
      if (deflated !== undefined) {
        bodyBytes = deflated;
        flags |= flagBits.deflated;
      }
    }
    const headBytes = this.#headWriter.written();
    const value = beginPlain(
      bodyFormats[codec.format],
      flags,
      parts.writeId,
      dictionary?.id,
      headBytes.byteLength,
      bodyBytes.byteLength,
    );
    const { head, headEnd } = plainLayout(value);
    value.set(headBytes, head);
    value.set(bodyBytes, headEnd);
    // A seal proves every byte by its tags; the checksum would be thrown away with the plain value.
    if (!this.#seals) finishPlain(value);
    if (dictionary === undefined && codec.format === "msgpack") this.#dictionaries.wrote(body);
    return value;
  }

  /** The writers stopped: either it is no plain data, or records of another realm, which a copy makes ours. */
  #sealCopy(parts: SealParts, codec: Exclude<Codec, { format: "raw-json" }>): Uint8Array {
    this.#checkPlain(parts);
    const { resourceVersion: _, ...metadata } = copyPlainData(parts.head.metadata) as Record<string, unknown>;
    const head = { ...copyPlainData(parts.head), metadata } as unknown as Head;
    const fault = findPlainDataFault(head, "head");
    if (fault !== undefined) throw notPlainData(fault, `store "${parts.key}"`, { key: parts.key });
    return this.#plainValue({ ...parts, head, object: copyPlainData(parts.object) }, codec);
  }

  #rawJson(parts: SealParts): Uint8Array {
    this.#checkPlain(parts);
    const { apiVersion, kind, metadata } = parts.head;
    const { apiVersion: _, kind: __, metadata: ___, ...body } = parts.object;
    const { resourceVersion: ____, ...kept } = metadata as Record<string, unknown>;
    return exactBytes(JSON.stringify({ apiVersion, kind, metadata: kept, ...body }));
  }

  #encodeJson(body: Record<string, unknown>): Uint8Array {
    if (findPlainDataFault(body) !== undefined) throw new NotPlainData();
    return Buffer.from(JSON.stringify(body));
  }

  #encodeMaps(body: Record<string, unknown>): Uint8Array {
    if (findPlainDataFault(body) !== undefined) throw new NotPlainData();
    // A view on the packer's slab: copied into the value before anything else is packed.
    return this.#packr.pack(body);
  }

  #encodeShared(body: Record<string, unknown>, dictionary: Dictionary): Uint8Array {
    this.#bodyWriter.begin(dictionary.forms);
    this.#bodyWriter.write(body);
    return this.#bodyWriter.written();
  }

  #checkPlain(parts: SealParts): void {
    const fault = findPlainDataFault(parts.object);
    if (fault !== undefined) throw notPlainData(fault, `store "${parts.key}"`, { key: parts.key });
  }

  #deflate(key: string, body: Uint8Array): Uint8Array | undefined {
    if (body.byteLength > bodyBytesMax) {
      throw new StoreError(
        "TOO_LARGE",
        `Cannot store "${key}": its body is ${body.byteLength} bytes, at most ${bodyBytesMax} are allowed`,
        { key, sizeBytes: body.byteLength, limitBytes: bodyBytesMax },
      );
    }
    const deflated = deflateRawSync(body, { level: constants.Z_BEST_SPEED });
    return deflated.byteLength <= body.byteLength * 0.9 ? deflated : undefined;
  }

  #openSealed(key: string, stored: Uint8Array, options: OpenOptions | undefined): MaybePromise<PlainValue> {
    const transform = this.#transform;
    const layout = sealedLayout(stored);
    if (typeof layout === "string") throw this.#corrupt(key, layout);
    if (transform === undefined) {
      throw this.#corrupt(
        key,
        `it is encrypted under key ${JSON.stringify(layout.keyId)}, and no transform is configured`,
      );
    }
    const opened = this.#guardKey(key, () => {
      const opening = transform.openingKey(layout.keyId, layout.wrapping);
      const finish = (made: Awaited<typeof opening>): MaybePromise<PlainValue> =>
        this.#guardKey(key, () => {
          const openWhole = (): Uint8Array => this.#guardKey(key, () => openValue(stored, layout, key, made));
          const plain = options?.part === "head" ? openHead(stored, layout, key, made) : openWhole();
          return this.#finishSealed(key, stored, layout, plain, options, openWhole, transform);
        });
      return opening instanceof Promise
        ? opening.then(finish, (error: unknown) => {
            throw error instanceof KeyFault ? this.#corrupt(key, error.message, error) : error;
          })
        : finish(opening);
    });
    return opened;
  }

  #finishSealed(
    key: string,
    stored: Uint8Array,
    layout: SealedLayout,
    plain: Uint8Array,
    options: OpenOptions | undefined,
    openWhole: () => Uint8Array,
    transform: Transform,
  ): MaybePromise<PlainValue> {
    const stale = !this.#seals || !transform.isCurrent(layout.keyId) || this.#isStale(plain);
    const value =
      options?.part === "head"
        ? new HeadOnlyValue(key, plain, stale, stored.byteLength, openWhole)
        : new OpenedValue(key, plain, stale, stored.byteLength);
    return this.#withDictionary(key, plain, value);
  }

  /** Decoding is synchronous: the dictionary a value names is at hand before the value is given out. */
  #withDictionary(key: string, plain: Uint8Array, value: PlainValue): MaybePromise<PlainValue> {
    if (((plain[at.flags] ?? 0) & flagBits.dictionary) === 0) return value;
    const name = dictionaryName(plain);
    if (this.#dictionaries.known(name) !== undefined) return value;
    return this.#dictionaries.fetch(name).then(
      () => value,
      (error: unknown) => {
        throw error instanceof DecodeFault ? this.#corrupt(key, error.message, error) : error;
      },
    );
  }

  #decode(bytes: Uint8Array): AnyResource {
    if (!hasMagic(bytes)) return asResource(parseJson(bytes));
    const { head, headEnd, bodyEnd, flags } = plainLayout(bytes);
    const { apiVersion, kind, metadata } = readHead(bytes, head, headEnd, this.#textShapes, headAscii(bytes));
    const inflated =
      (flags & flagBits.deflated) !== 0 ? inflate(bytes.subarray(headEnd, bodyEnd)) : undefined;
    const body =
      inflated === undefined
        ? this.#decodeBody(bytes, bytes, headEnd, bodyEnd)
        : this.#decodeBody(bytes, inflated, 0, inflated.byteLength);
    if (typeof body !== "object" || body === null || Array.isArray(body))
      throw new DecodeFault("its body is no record");
    const object = { apiVersion, kind, metadata, ...body };
    if (object.apiVersion !== apiVersion || object.kind !== kind || object.metadata !== metadata) {
      throw new DecodeFault("its body has a field that belongs into the metadata segment");
    }
    return object as AnyResource;
  }

  #decodeBody(value: Uint8Array, bytes: Uint8Array, start: number, end: number): unknown {
    if (value[at.body] === bodyFormats.json) return parseJson(bytes.subarray(start, end));
    if (((value[at.flags] ?? 0) & flagBits.dictionary) === 0) return readMsgpack(bytes, start, end);
    const name = dictionaryName(value);
    const dictionary = this.#dictionaries.known(name);
    if (dictionary === undefined) throw new DecodeFault(`its dictionary "${name}" has not been fetched`);
    return readMsgpack(
      bytes,
      start,
      end,
      dictionary.forms,
      ((value[at.flags] ?? 0) & flagBits.bodyAscii) === 0 ? undefined : "ascii",
    );
  }

  get #seals(): boolean {
    return this.#transform !== undefined && this.#transform.mode !== "unseal";
  }

  /** Plaintext where ciphertext is expected may have been put there by someone: only a migration takes it. */
  #admitPlaintext(key: string, options: OpenOptions | undefined): void {
    if (this.#transform === undefined || this.#transform.mode === "unseal") return;
    if (this.#transform.mode !== "migrate" && options?.plaintext !== "accept") {
      throw this.#corrupt(
        key,
        'it is not encrypted although its kind is; migrate it by rewrite, or with the transform\'s mode "migrate"',
      );
    }
    this.#plaintextRead++;
  }

  #isStale(plain: Uint8Array): boolean {
    if (this.#codec.format === "raw-json" || plain[at.body] !== bodyFormats[this.#codec.format]) return true;
    const from = plainLayout(plain).head;
    const preamble = this.#preamble;
    for (let i = 0; i < preamble.byteLength; i++) if (plain[from + i] !== preamble[i]) return true;
    return false;
  }

  #guard<T>(value: PlainValue, decode: () => T): T {
    try {
      return decode();
    } catch (error) {
      if (error instanceof DecodeFault) throw this.#corrupt(keyOf(value), error.message, error);
      throw error;
    }
  }

  #guardKey<T>(key: string, act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (error instanceof KeyFault) throw this.#corrupt(key, error.message, error);
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

/**
 * The id of the key a stored value is sealed under; undefined for values that are not sealed. Reads the clear part alone and
 * proves nothing: for counting which keys are still in use before one is dropped.
 */
export function sealedUnder(stored: Uint8Array): string | undefined {
  if (!hasMagic(stored) || prologueFault(stored) !== undefined) return undefined;
  if (((stored[at.flags] ?? 0) & flagBits.sealed) === 0) return undefined;
  const layout = sealedLayout(stored);
  return typeof layout === "string" ? undefined : layout.keyId;
}

function headBytesOf(value: PlainValue): Uint8Array {
  return value instanceof HeadOnlyValue ? value.headBytes : value.bytes;
}

function keyOf(value: PlainValue): string | undefined {
  return value instanceof OpenedValue || value instanceof HeadOnlyValue ? value.key : undefined;
}

function headAscii(bytes: Uint8Array): "ascii" | undefined {
  return ((bytes[at.flags] ?? 0) & flagBits.headAscii) === 0 ? undefined : "ascii";
}

function dictionaryName(plain: Uint8Array): string {
  return Buffer.from(plain.buffer, plain.byteOffset + at.dictionary, dictionaryIdBytes).toString("hex");
}

/** UTF-8 in a buffer of its own, exactly sized. */
function exactBytes(text: string): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function inflate(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength === 0) return noBytes;
  try {
    return inflateRawSync(bytes, { maxOutputLength: bodyBytesMax });
  } catch (error) {
    throw new DecodeFault(`its body does not inflate to at most ${bodyBytesMax} bytes`, { cause: error });
  }
}

function asResource(value: unknown): AnyResource {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DecodeFault("it is no object");
  const { apiVersion, kind, metadata } = value as Record<string, unknown>;
  if (typeof apiVersion !== "string" || typeof kind !== "string")
    throw new DecodeFault("it has no apiVersion or no kind");
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) {
    throw new DecodeFault("it has no metadata");
  }
  if (!("name" in metadata) || typeof metadata.name !== "string")
    throw new DecodeFault("its metadata has no name");
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
