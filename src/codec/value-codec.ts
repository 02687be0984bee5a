/**
 * The value codec of one kind: converts objects to stored bytes and back, through envelope, body format and sealing.
 *
 *   seal    head and body, checked to be plain data on the way -> deflate -> envelope -> [seal]
 *   open    value-opener
 *   head    the metadata segment alone             object   head and body
 *
 * It writes what its `Codec` says and reads every known format. Every fault in the bytes is CORRUPT_OBJECT with key
 * and reason.
 */
import { type Random, systemRandom } from "../base/random.ts";
import { checkOptions, type NamesOf } from "../base/text/known-options.ts";
import { isStoreError, type StoreError } from "../errors.ts";
import {
  type Head,
  isHeadTrusted,
  type RecordedHead,
  unfamiliarHeaderVersion,
} from "../resource/model/head.ts";
import type { KindDefinition } from "../resource/model/kind.ts";
import type { AnyResource } from "../resource/model/resource.ts";
import { corruptValue } from "./corrupt-value.ts";
import type { Codec } from "./form/codec.ts";
import { DecodeFault } from "./form/decode-fault.ts";
import { at, hasMagic, isJsonRecord, writeIdBytes } from "./form/envelope.ts";
import { headBytesOf, keyOf } from "./form/opened-value.ts";
import type { HeadPart, MaybePromise, OpenOptions, PlainValue, SealParts, ValueCodec } from "./form/value.ts";
import { type DictionaryStore, KindDictionaries } from "./msgpack/kind-dictionaries.ts";
import { PlainReader } from "./plain-reader.ts";
import { PlainWriter } from "./plain-writer.ts";
import { sealValue } from "./sealing/sealing.ts";
import type { Transform } from "./sealing/transform.ts";
import { ValueOpener } from "./value-opener.ts";
import { WrittenForm } from "./written-form.ts";

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

const codecNames: NamesOf<ValueCodecOptions> = {
  kind: "object",
  codec: "object",
  transform: "object",
  dictionaries: "object",
  random: "random",
};

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
  checkOptions(options ?? null, "make value codec", codecNames);
  return new EnvelopeCodec(options);
}

class EnvelopeCodec implements KindValueCodec {
  readonly #kind: KindDefinition;
  readonly #form: WrittenForm;
  readonly #dictionaries: KindDictionaries;
  readonly #random: Random;
  readonly #writer: PlainWriter;
  readonly #reader: PlainReader;
  readonly #opener: ValueOpener;
  /** Writes plain JSON over a value that is plain JSON. */
  readonly #jsonWriter: PlainWriter;

  constructor({ kind, codec, transform, dictionaries, random }: ValueCodecOptions) {
    this.#kind = kind;
    this.#form = new WrittenForm(codec, transform);
    const learn = codec.format === "msgpack" && transform === undefined ? codec.dictionaries : "off";
    this.#dictionaries = new KindDictionaries(kind.resource, dictionaries, learn);
    this.#random = random ?? systemRandom;
    this.#writer = new PlainWriter(
      this.#form.codec,
      this.#dictionaries,
      this.#form.isProvedBySeal ? "none" : "checksum",
    );
    this.#jsonWriter = new PlainWriter({ format: "raw-json" }, this.#dictionaries, "checksum");
    this.#reader = new PlainReader(this.#dictionaries);
    this.#opener = new ValueOpener(kind, this.#form, this.#dictionaries);
  }

  seal(parts: SealParts): MaybePromise<Uint8Array> {
    const plain = this.#write(parts);
    if (!this.#form.seals) return plain;
    if (this.#form.wrapping !== undefined) return this.#form.wrapping.wrap(parts.key, plain);
    const sealing = this.#form.sealing?.sealingKey();
    if (sealing === undefined) return plain;
    return sealing instanceof Promise
      ? sealing.then((made) => sealValue(plain, parts.key, made, this.#random))
      : sealValue(plain, parts.key, sealing, this.#random);
  }

  #write(parts: SealParts): Uint8Array {
    if (this.#staysForeign(parts)) return this.#jsonWriter.write(parts);
    const { object, key, replaces } = parts;
    return this.#form.codec.format === "foreign"
      ? this.#form.codec.values.write(this.#kind, key, object, replaces?.bytes)
      : this.#writer.write(parts);
  }

  open(key: string, stored: Uint8Array, options?: OpenOptions): MaybePromise<PlainValue> {
    return this.#opener.open(key, stored, options);
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
    } else if (this.#form.foreign?.recognizes(bytes)) {
      const foreign = this.#form.foreign;
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
      if (isStoreError(error, "INVALID_OBJECT"))
        throw corruptValue(this.#kind, keyOf(value), headReason(error), error);
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
    return this.#form.isEnveloped && !this.#staysForeign(parts);
  }

  object(value: PlainValue): AnyResource {
    const object = this.#guard(value, () => this.#decode(value.bytes));
    return object.apiVersion === this.#kind.apiVersion ? object : (this.#kind.upgrade(object) as AnyResource);
  }

  keepsForm(value: PlainValue): boolean {
    // A value that keelson's own sealing will seal is no longer in another program's form.
    return this.#form.isEnveloped && !this.#form.isProvedBySeal && isJsonRecord(headBytesOf(value));
  }

  unread(value: PlainValue): readonly string[] {
    const foreign = this.#form.foreign;
    if (foreign === undefined || !foreign.recognizes(headBytesOf(value))) return [];
    return this.#guard(value, () => foreign.unread(value.bytes));
  }

  #decode(plain: Uint8Array): AnyResource {
    return this.#form.foreign?.recognizes(plain)
      ? this.#form.foreign.object(plain)
      : this.#reader.object(plain);
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
      plaintextRead: this.#opener.plaintextRead,
      foreignRead: this.#opener.foreignRead,
      dictionary: this.#dictionaries.state,
      dictionaryName: this.#dictionaries.current?.name,
      dictionaryFaults: this.#dictionaries.faults,
    };
  }

  /** The new value is in the form of the one it replaces. */
  #staysForeign({ replaces, convert }: Pick<SealParts, "replaces" | "convert">): boolean {
    return replaces !== undefined && convert !== true && this.keepsForm(replaces);
  }

  #guard<T>(value: PlainValue, decode: () => T): T {
    try {
      return decode();
    } catch (error) {
      if (error instanceof DecodeFault) throw corruptValue(this.#kind, keyOf(value), error.message, error);
      throw error;
    }
  }
}

/** Names the function of the kind that fails, and its error. */
function headReason({ details }: StoreError<"INVALID_OBJECT">): string {
  const [first] = details.errors;
  return first === undefined ? "its kind's fields cannot be read" : `${first.field}: ${first.message}`;
}
