/**
 * Opens stored values of one kind, whatever form they are in; nothing is decoded.
 *
 *   stored -> [unwrap | unseal] -> envelope, checksum -> its dictionary is fetched -> PlainValue
 *
 * Plaintext is refused where sealed values are expected. Every fault in the bytes is CORRUPT_OBJECT.
 */
import type { KindDefinition } from "../resource/model/kind.ts";
import { corruptValue } from "./corrupt-value.ts";
import { DecodeFault } from "./form/decode-fault.ts";
import {
  at,
  bodyFormats,
  flagBits,
  hasMagic,
  isJsonRecord,
  plainFault,
  plainLayout,
  prologueFault,
} from "./form/envelope.ts";
import { HeadOnlyValue, OpenedValue } from "./form/opened-value.ts";
import type { MaybePromise, OpenOptions, PlainValue } from "./form/value.ts";
import { isWrapped, wrappedUnder } from "./form/wrapped-value.ts";
import { headPreamble } from "./msgpack/head-segment.ts";
import type { KindDictionaries } from "./msgpack/kind-dictionaries.ts";
import { dictionaryName } from "./plain-reader.ts";
import { openHead, openValue, type SealedLayout, sealedLayout } from "./sealing/sealing.ts";
import { KeyFault, type SealingTransform, type UnwrappedValue } from "./sealing/transform.ts";
import type { WrittenForm } from "./written-form.ts";

export class ValueOpener {
  readonly #kind: KindDefinition;
  readonly #form: WrittenForm;
  readonly #dictionaries: KindDictionaries;
  readonly #preamble: Uint8Array;
  /** Plaintext values accepted where sealed ones are expected. */
  plaintextRead = 0;
  /** Values read in another program's form, where this codec writes a form that no other program reads. */
  foreignRead = 0;

  constructor(kind: KindDefinition, form: WrittenForm, dictionaries: KindDictionaries) {
    this.#kind = kind;
    this.#form = form;
    this.#dictionaries = dictionaries;
    this.#preamble = headPreamble(kind.headerVersion, kind.apiVersion, kind.kind);
  }

  open(key: string, stored: Uint8Array, options?: OpenOptions): MaybePromise<PlainValue> {
    if (isWrapped(stored)) return this.#openWrapped(key, stored);
    if (hasMagic(stored)) {
      const fault = prologueFault(stored);
      if (fault !== undefined) throw corruptValue(this.#kind, key, fault);
      if (((stored[at.flags] ?? 0) & flagBits.sealed) !== 0) return this.#openSealed(key, stored, options);
    }
    if (!this.#isKnownForm(stored)) throw corruptValue(this.#kind, key, foreignReason(stored));
    this.#admitPlaintext(key, options);
    return this.#openPlain(key, stored, this.#form.seals, stored.byteLength);
  }

  /** @param isStale already known to be stale, whatever its form */
  #openPlain(
    key: string,
    plain: Uint8Array,
    isStale: boolean,
    storedBytes: number,
  ): MaybePromise<PlainValue> {
    if (!this.#isKnownForm(plain)) throw corruptValue(this.#kind, key, foreignReason(plain));
    if (!hasMagic(plain)) {
      if (this.#form.isEnveloped) this.foreignRead++;
      return new OpenedValue(key, plain, isStale || this.#isForeignStale(plain), storedBytes);
    }
    const damage = prologueFault(plain) ?? plainFault(plain);
    if (damage !== undefined) throw corruptValue(this.#kind, key, damage);
    const value = new OpenedValue(key, plain, isStale || this.#isStale(plain), storedBytes);
    return this.#withDictionary(key, plain, value);
  }

  #openWrapped(key: string, stored: Uint8Array): MaybePromise<PlainValue> {
    const transform = this.#form.wrapping;
    if (transform === undefined) {
      const under = JSON.stringify(wrappedUnder(stored) ?? "k8s:enc:");
      throw corruptValue(
        this.#kind,
        key,
        `it is encrypted by Kubernetes under ${under}, and no encryption configuration is given`,
      );
    }
    const finish = ({ plain, stale }: UnwrappedValue): MaybePromise<PlainValue> =>
      this.#openPlain(key, plain, stale || !this.#form.seals, stored.byteLength);
    const opened = this.#guardKey(key, () => transform.unwrap(key, stored));
    return opened instanceof Promise
      ? opened.then(finish, (error: unknown) => this.#refuseKey(key, error))
      : finish(opened);
  }

  #openSealed(key: string, stored: Uint8Array, options: OpenOptions | undefined): MaybePromise<PlainValue> {
    const transform = this.#form.sealing;
    const layout = sealedLayout(stored);
    if (typeof layout === "string") throw corruptValue(this.#kind, key, layout);
    if (transform === undefined) {
      throw corruptValue(
        this.#kind,
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
    const stale = !this.#form.seals || !transform.isCurrent(layout.keyId) || this.#isStale(plain);
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
        throw error instanceof DecodeFault ? corruptValue(this.#kind, key, error.message, error) : error;
      },
    );
  }

  /** An intruder may have put plaintext where ciphertext is expected: only a migration accepts it. */
  #admitPlaintext(key: string, options: OpenOptions | undefined): void {
    if (!this.#form.seals) return;
    if (this.#form.transform?.mode !== "migrate" && options?.plaintext !== "accept") {
      throw corruptValue(
        this.#kind,
        key,
        'it is not encrypted although its kind is; migrate it by rewrite, or with the transform\'s mode "migrate"',
      );
    }
    this.plaintextRead++;
  }

  #isStale(plain: Uint8Array): boolean {
    const { format } = this.#form.codec;
    if (format === "raw-json" || format === "foreign" || plain[at.body] !== bodyFormats[format]) return true;
    const from = plainLayout(plain).head;
    const preamble = this.#preamble;
    for (let i = 0; i < preamble.length; i++) if (plain[from + i] !== preamble[i]) return true;
    return false;
  }

  /** A form that is stored in etcd in the clear. */
  #isKnownForm(plain: Uint8Array): boolean {
    return isJsonRecord(plain) || hasMagic(plain) || this.#form.foreign?.recognizes(plain) === true;
  }

  /** For a value without an envelope: whether a write today would use another form. */
  #isForeignStale(plain: Uint8Array): boolean {
    if (this.#form.codec.format === "foreign") return this.#form.codec.values.isStale(plain, this.#kind);
    return this.#form.codec.format !== "raw-json" || !isJsonRecord(plain);
  }

  #guardKey<T>(key: string, act: () => T): T {
    try {
      return act();
    } catch (error) {
      return this.#refuseKey(key, error);
    }
  }

  #refuseKey(key: string, error: unknown): never {
    throw error instanceof KeyFault ? corruptValue(this.#kind, key, error.message, error) : error;
  }
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
