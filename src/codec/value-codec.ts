/**
 * The value codec of one kind: converts objects to stored bytes and back, through envelope, body format and sealing.
 *
 *   seal    head and body, checked to be plain data on the way -> deflate -> envelope -> [seal]
 *   open    envelope -> [unseal] -> checksum       nothing is decoded
 *   head    the metadata segment alone             object   head and body
 *
 * It writes what its `Codec` says and reads every known format. Every fault in the bytes is CORRUPT_OBJECT with key
 * and reason.
 */
import { type Random, systemRandom } from "../base/random.ts";
import { isStoreError, StoreError } from "../errors.ts";
import {
  type Head,
  isHeadTrusted,
  type RecordedHead,
  unfamiliarHeaderVersion,
} from "../resource/model/head.ts";
import type { KindDefinition } from "../resource/model/kind.ts";
import type { AnyResource } from "../resource/model/resource.ts";
import type { Codec } from "./form/codec.ts";
import { DecodeFault } from "./form/decode-fault.ts";
import {
  at,
  bodyFormats,
  flagBits,
  hasMagic,
  plainFault,
  plainLayout,
  prologueFault,
  writeIdBytes,
} from "./form/envelope.ts";
import type { ForeignFormat } from "./form/foreign-format.ts";
import { HeadOnlyValue, headBytesOf, keyOf, OpenedValue } from "./form/opened-value.ts";
import type { HeadPart, MaybePromise, OpenOptions, PlainValue, SealParts, ValueCodec } from "./form/value.ts";
import { isWrapped, wrappedUnder } from "./form/wrapped-value.ts";
import { headPreamble } from "./msgpack/head-segment.ts";
import { type DictionaryStore, KindDictionaries } from "./msgpack/kind-dictionaries.ts";
import { dictionaryName, PlainReader } from "./plain-reader.ts";
import { PlainWriter } from "./plain-writer.ts";
import { openHead, openValue, type SealedLayout, sealedLayout, sealValue } from "./sealing/sealing.ts";
import {
  isWrapping,
  KeyFault,
  type SealingTransform,
  type Transform,
  type UnwrappedValue,
  type WrappingTransform,
} from "./sealing/transform.ts";

/** First byte of raw JSON: "{". */
const braceByte = 0x7b;

/** What `createValueCodec` takes. */
export interface ValueCodecOptions {
  /** The kind, from `defineKind`. */
  readonly kind: KindDefinition;
  /** How bodies are written. */
  readonly codec: Codec;
  /**
   * Encryption at rest; absent: none. With it no dictionary is learned, because dictionaries are stored in the clear.
   */
  readonly transform?: Transform | undefined;
  /** Absent: values are written with plain maps, and those that need a dictionary cannot be read. */
  readonly dictionaries?: DictionaryStore | undefined;
  /** For tests. */
  readonly random?: Random | undefined;
}

/** The codec of one kind's values, with what its owner needs to close and to monitor it. */
export interface KindValueCodec extends ValueCodec {
  /** After a restore: dictionaries count as unpublished until they are read back. */
  forgetDictionaries(): void;
  /** Resolves once the background work of writes has ended. Never rejects. */
  settled(): Promise<void>;
  /**
   * Since its creation: plaintext values accepted where sealed ones are expected ("migrate"), and the dictionary's
   * state.
   */
  stats(): {
    /** Plaintext values accepted where sealed ones are expected. */
    readonly plaintextRead: number;
    /** Values read in another program's form, where this codec writes a form that no other program reads. */
    readonly foreignRead: number;
    /** State of the dictionary: "asking", "sampling", "publishing", "writing" or "off". */
    readonly dictionary: string;
    /** Name of the dictionary that writes use; undefined while there is none. */
    readonly dictionaryName: string | undefined;
    /** Failures to read or publish a dictionary; until one succeeds, values are written with plain maps. */
    readonly dictionaryFaults: number;
  };
}

/** The codec of one kind's values, as a store uses it: for tools that read or write values themselves. */
export function createValueCodec(options: ValueCodecOptions): KindValueCodec {
  return new EnvelopeCodec(options);
}

class EnvelopeCodec implements KindValueCodec {
  readonly #kind: KindDefinition;
  readonly #codec: Codec;
  /** Always readable, whatever is written; undefined: the codec is one of keelson's own. */
  readonly #foreign: ForeignFormat | undefined;
  readonly #transform: Transform | undefined;
  readonly #sealing: SealingTransform | undefined;
  readonly #wrapping: WrappingTransform | undefined;
  readonly #dictionaries: KindDictionaries;
  readonly #random: Random;
  readonly #preamble: Uint8Array;
  readonly #writer: PlainWriter;
  readonly #reader: PlainReader;
  /** Writes plain JSON over a value that is plain JSON. */
  readonly #jsonWriter: PlainWriter;
  #plaintextRead = 0;
  #foreignRead = 0;

  constructor({ kind, codec, transform, dictionaries, random }: ValueCodecOptions) {
    this.#kind = kind;
    this.#transform = transform;
    this.#sealing = transform === undefined || isWrapping(transform) ? undefined : transform;
    this.#wrapping = transform !== undefined && isWrapping(transform) ? transform : undefined;
    this.#foreign = codec.format === "foreign" ? codec.values : undefined;
    // Other tools cannot read sealed bytes: inside the seal another program's form has no use.
    this.#codec =
      (codec.format === "raw-json" || codec.format === "foreign") &&
      this.#sealing !== undefined &&
      this.#seals
        ? { format: "json", compressAboveBytes: Number.POSITIVE_INFINITY }
        : codec;
    const learn = codec.format === "msgpack" && transform === undefined ? codec.dictionaries : "off";
    this.#dictionaries = new KindDictionaries(kind.resource, dictionaries, learn);
    this.#random = random ?? systemRandom;
    this.#writer = new PlainWriter(
      this.#codec,
      this.#dictionaries,
      this.#isProvedBySeal ? "none" : "checksum",
    );
    this.#jsonWriter = new PlainWriter({ format: "raw-json" }, this.#dictionaries, "checksum");
    this.#reader = new PlainReader(this.#dictionaries);
    this.#preamble = headPreamble(kind.headerVersion, kind.apiVersion, kind.kind);
  }

  seal(parts: SealParts): MaybePromise<Uint8Array> {
    const plain = this.#write(parts);
    if (!this.#seals) return plain;
    if (this.#wrapping !== undefined) return this.#wrapping.wrap(parts.key, plain);
    const sealing = this.#sealing?.sealingKey();
    if (sealing === undefined) return plain;
    return sealing instanceof Promise
      ? sealing.then((made) => sealValue(plain, parts.key, made, this.#random))
      : sealValue(plain, parts.key, sealing, this.#random);
  }

  #write(parts: SealParts): Uint8Array {
    if (this.#staysForeign(parts)) return this.#jsonWriter.write(parts);
    const { object, key, replaces } = parts;
    return this.#codec.format === "foreign"
      ? this.#codec.values.write(this.#kind, key, object, replaces?.bytes)
      : this.#writer.write(parts);
  }

  open(key: string, stored: Uint8Array, options?: OpenOptions): MaybePromise<PlainValue> {
    if (isWrapped(stored)) return this.#openWrapped(key, stored);
    if (hasMagic(stored)) {
      const fault = prologueFault(stored);
      if (fault !== undefined) throw this.#corrupt(key, fault);
      if (((stored[at.flags] ?? 0) & flagBits.sealed) !== 0) return this.#openSealed(key, stored, options);
    }
    if (!this.#isKnownForm(stored)) throw this.#corrupt(key, foreignReason(stored));
    this.#admitPlaintext(key, options);
    return this.#openPlain(key, stored, this.#seals, stored.byteLength);
  }

  /** @param isStale already known to be stale, whatever its form */
  #openPlain(
    key: string,
    plain: Uint8Array,
    isStale: boolean,
    storedBytes: number,
  ): MaybePromise<PlainValue> {
    if (!this.#isKnownForm(plain)) throw this.#corrupt(key, foreignReason(plain));
    if (!hasMagic(plain)) {
      if (this.#isEnveloped) this.#foreignRead++;
      return new OpenedValue(key, plain, isStale || this.#isForeignStale(plain), storedBytes);
    }
    const damage = prologueFault(plain) ?? plainFault(plain);
    if (damage !== undefined) throw this.#corrupt(key, damage);
    const value = new OpenedValue(key, plain, isStale || this.#isStale(plain), storedBytes);
    return this.#withDictionary(key, plain, value);
  }

  writeId(value: PlainValue): string | undefined {
    const bytes = headBytesOf(value);
    if (!hasMagic(bytes)) return undefined;
    return Buffer.from(bytes.buffer, bytes.byteOffset + at.writeId, writeIdBytes).toString("hex");
  }

  head(value: PlainValue, part?: HeadPart): Head {
    const bytes = headBytesOf(value);
    if (hasMagic(bytes)) {
      const stored = this.#guard(value, () =>
        part === "selected" ? this.#reader.selected(bytes) : this.#reader.head(bytes),
      );
      if (isHeadTrusted(stored, this.#kind)) return stored;
    } else if (this.#foreign?.recognizes(bytes)) {
      const foreign = this.#foreign;
      const stored = this.#guard(value, () => foreign.head(bytes, this.#kind, part));
      if (stored !== undefined) return stored;
    }
    // Fields and amounts of another header version are not trusted, and raw JSON has none: they are computed from the
    // object.
    const object = this.object(value);
    try {
      return this.#kind.headOf(object);
    } catch (error) {
      // The object was valid when it was stored: this kind's functions fail on it.
      if (isStoreError(error, "INVALID_OBJECT")) throw this.#corrupt(keyOf(value), headReason(error), error);
      throw error;
    }
  }

  storedHead(value: PlainValue): Head {
    const bytes = headBytesOf(value);
    if (hasMagic(bytes)) return this.#guard(value, () => this.#reader.head(bytes));
    const { apiVersion, kind, metadata } = this.#guard(value, () => this.#decode(bytes));
    return { apiVersion, kind, metadata, fields: {}, amounts: {}, headerVersion: unfamiliarHeaderVersion };
  }

  recorded(value: PlainValue): RecordedHead {
    const head = this.storedHead(value);
    if (hasMagic(headBytesOf(value))) return head;
    return { metadata: head.metadata, amounts: this.#measured(value) };
  }

  keepsAmounts(value: PlainValue): boolean {
    return hasMagic(headBytesOf(value));
  }

  sealsAmounts(parts: Pick<SealParts, "replaces" | "convert">): boolean {
    return this.#isEnveloped && !this.#staysForeign(parts);
  }

  object(value: PlainValue): AnyResource {
    const object = this.#guard(value, () => this.#decode(value.bytes));
    return object.apiVersion === this.#kind.apiVersion ? object : (this.#kind.upgrade(object) as AnyResource);
  }

  keepsForm(value: PlainValue): boolean {
    // A value that keelson's own sealing will seal is no longer in another program's form.
    return this.#isEnveloped && !this.#isProvedBySeal && headBytesOf(value)[0] === braceByte;
  }

  unread(value: PlainValue): readonly string[] {
    const foreign = this.#foreign;
    if (foreign === undefined || !foreign.recognizes(headBytesOf(value))) return [];
    return this.#guard(value, () => foreign.unread(value.bytes));
  }

  #decode(plain: Uint8Array): AnyResource {
    return this.#foreign?.recognizes(plain) ? this.#foreign.object(plain) : this.#reader.object(plain);
  }

  /** For a value without recorded amounts. Negative ones, which other tools may have written, count as none. */
  #measured(value: PlainValue): RecordedHead["amounts"] {
    if (this.#kind.headerVersion === unfamiliarHeaderVersion) return undefined;
    try {
      const amounts = Object.entries(this.#kind.headOf(this.object(value)).amounts);
      return Object.fromEntries(amounts.filter(([, amount]) => !amount.startsWith("-")));
    } catch (error) {
      if (isStoreError(error)) return undefined;
      throw error;
    }
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
      foreignRead: this.#foreignRead,
      dictionary: this.#dictionaries.state,
      dictionaryName: this.#dictionaries.current?.name,
      dictionaryFaults: this.#dictionaries.faults,
    };
  }

  #openWrapped(key: string, stored: Uint8Array): MaybePromise<PlainValue> {
    const transform = this.#wrapping;
    if (transform === undefined) {
      const under = JSON.stringify(wrappedUnder(stored) ?? "k8s:enc:");
      throw this.#corrupt(
        key,
        `it is encrypted by Kubernetes under ${under}, and no encryption configuration is given`,
      );
    }
    const finish = ({ plain, stale }: UnwrappedValue): MaybePromise<PlainValue> =>
      this.#openPlain(key, plain, stale || !this.#seals, stored.byteLength);
    const opened = this.#guardKey(key, () => transform.unwrap(key, stored));
    return opened instanceof Promise
      ? opened.then(finish, (error: unknown) => this.#refuseKey(key, error))
      : finish(opened);
  }

  #openSealed(key: string, stored: Uint8Array, options: OpenOptions | undefined): MaybePromise<PlainValue> {
    const transform = this.#sealing;
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
        ? opening.then(finish, (error: unknown) => this.#refuseKey(key, error))
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
    transform: SealingTransform,
  ): MaybePromise<PlainValue> {
    const stale = !this.#seals || !transform.isCurrent(layout.keyId) || this.#isStale(plain);
    const value =
      options?.part === "head"
        ? new HeadOnlyValue(key, plain, stale, stored.byteLength, openWhole)
        : new OpenedValue(key, plain, stale, stored.byteLength);
    return this.#withDictionary(key, plain, value);
  }

  /** Decoding is synchronous: the dictionary that a value names is loaded before the value is returned. */
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

  /** The new value is in the form of the one it replaces. */
  #staysForeign({ replaces, convert }: Pick<SealParts, "replaces" | "convert">): boolean {
    return replaces !== undefined && convert !== true && this.keepsForm(replaces);
  }

  /** New values are in keelson's own envelope. */
  get #isEnveloped(): boolean {
    return this.#codec.format === "msgpack" || this.#codec.format === "json";
  }

  get #isProvedBySeal(): boolean {
    return this.#sealing !== undefined && this.#seals;
  }

  get #seals(): boolean {
    return this.#transform !== undefined && this.#transform.mode !== "unseal";
  }

  /** An intruder may have put plaintext where ciphertext is expected: only a migration accepts it. */
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
    const { format } = this.#codec;
    if (format === "raw-json" || format === "foreign" || plain[at.body] !== bodyFormats[format]) return true;
    const from = plainLayout(plain).head;
    const preamble = this.#preamble;
    for (let i = 0; i < preamble.length; i++) if (plain[from + i] !== preamble[i]) return true;
    return false;
  }

  /** A form that is stored in etcd in the clear. */
  #isKnownForm(plain: Uint8Array): boolean {
    return plain[0] === braceByte || hasMagic(plain) || this.#foreign?.recognizes(plain) === true;
  }

  /** For a value without an envelope: whether a write today would use another form. */
  #isForeignStale(plain: Uint8Array): boolean {
    if (this.#codec.format === "foreign") return this.#codec.values.isStale(plain, this.#kind);
    return this.#codec.format !== "raw-json" || plain[0] !== braceByte;
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
      return this.#refuseKey(key, error);
    }
  }

  #refuseKey(key: string, error: unknown): never {
    throw error instanceof KeyFault ? this.#corrupt(key, error.message, error) : error;
  }

  #corrupt(key: string | undefined, reason: string, cause?: unknown): StoreError<"CORRUPT_OBJECT"> {
    const what = key === undefined ? `a value of ${this.#kind.resource}` : `"${key}"`;
    return new StoreError(
      "CORRUPT_OBJECT",
      `Cannot read ${what}: ${reason}`,
      {
        key,
        kind: this.#kind.kind,
        group: this.#kind.group,
        reason,
        ...(cause instanceof DecodeFault && cause.offset !== undefined ? { offset: cause.offset } : {}),
      },
      cause === undefined ? undefined : { cause },
    );
  }
}

/**
 * The id of the key that a stored value is sealed under; undefined for values that are not sealed. Reads only the
 * clear part and authenticates nothing: for counting which keys are still in use before one is dropped.
 */
export function sealedUnder(stored: Uint8Array): string | undefined {
  if (isWrapped(stored)) return wrappedUnder(stored);
  if (!hasMagic(stored) || prologueFault(stored) !== undefined) return undefined;
  if (((stored[at.flags] ?? 0) & flagBits.sealed) === 0) return undefined;
  const layout = sealedLayout(stored);
  return typeof layout === "string" ? undefined : layout.keyId;
}

/** The name of the dictionary that an unsealed value is written with; undefined for one that needs none. */
export function usedDictionary(stored: Uint8Array): string | undefined {
  if (!hasMagic(stored)) return undefined;
  const flags = stored[at.flags] ?? 0;
  // Sealed values never have one, because it would be stored in the clear.
  if ((flags & flagBits.sealed) !== 0 || (flags & flagBits.dictionary) === 0) return undefined;
  return dictionaryName(stored);
}

/** Names the function of the kind that fails, and its error. */
function headReason({ details }: StoreError<"INVALID_OBJECT">): string {
  const [first] = details.errors;
  return first === undefined ? "its kind's fields cannot be read" : `${first.field}: ${first.message}`;
}

function foreignReason(stored: Uint8Array): string {
  if (stored.byteLength === 0) return "it is empty";
  const start = Buffer.from(stored.buffer, stored.byteOffset, Math.min(stored.byteLength, 16)).toString(
    "latin1",
  );
  if (start.startsWith("k8s\0")) {
    return "it is Kubernetes' own protobuf, which a store with the codec kubernetesCodec() of keelson/kubernetes reads";
  }
  return "it is in no format keelson knows";
}
