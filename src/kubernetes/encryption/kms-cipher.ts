/**
 * The provider kms, version 2: values sealed with keys that a plugin wraps.
 *
 *   seed (random) --plugin.encrypt--> wrapped, stands in every value; info (random, per value) --HKDF-Expand(seed)--> key
 *
 * While values are written, the plugin is asked for its current key once a minute; when the key changes, the next value
 * uses a new seed. After three minutes without an answer writes fail, as in kube-apiserver. Unwrapped keys are cached,
 * so a list asks once per seed.
 */
import { createHash, createHmac } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type Random, randomUuid } from "../../base/random.ts";
import type { Clock } from "../../base/time/clock.ts";
import type { MaybePromise } from "../../codec/form/value.ts";
import { KeyFault } from "../../codec/sealing/transform.ts";
import {
  type DataKeySource,
  dataKeyFault,
  decodeEncryptedObject,
  type EncryptedObject,
  encodeEncryptedObject,
} from "./encrypted-object.ts";
import type { KmsPlugin, WrappedKey } from "./kms-plugin.ts";
import { openGcm, sealGcm } from "./local-ciphers.ts";
import { type Cipher, checkLength, concatenated } from "./provider.ts";

const seedBytes = 32;
const infoBytes = 32;
const nonceBytes = 12;
/**
 * Interval between requests for the plugin's current key; how long a seed may be used without an answer (both as in
 * kube-apiserver).
 */
const statusEveryMs = 60_000;
const seedLifeMs = 180_000;
/** Cached seeds; usually there is one per server start and key of the plugin. */
const keysMax = 1024;

interface Seed extends WrappedKey {
  readonly seed: Uint8Array;
}

export class KmsCipher implements Cipher {
  readonly prefix: string;
  readonly #plugin: KmsPlugin;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #keys = new LRUCache<string, Uint8Array>({ max: keysMax });
  readonly #unwrapping = new Map<string, Promise<Uint8Array>>();
  #current: Seed | undefined;
  /** When the plugin last reported the key of `#current`. */
  #confirmedMs = 0;
  #askedMs = Number.NEGATIVE_INFINITY;
  #making: Promise<Seed> | undefined;

  constructor(plugin: KmsPlugin, clock: Clock, random: Random) {
    this.prefix = `k8s:enc:kms:v2:${plugin.name}:`;
    this.#plugin = plugin;
    this.#clock = clock;
    this.#random = random;
  }

  encrypt(key: string, plain: Uint8Array): MaybePromise<Uint8Array> {
    const seal = (seed: Seed): Uint8Array => {
      const info = this.#random.bytes(infoBytes);
      const sealed = sealGcm(expand(seed.seed, info), this.#random.bytes(nonceBytes), plain, key);
      return encodeEncryptedObject({ ...seed, data: concatenated(info, sealed), source: "seed" });
    };
    const nowMs = this.#clock.monotonicMs();
    if (this.#current === undefined || nowMs - this.#confirmedMs > seedLifeMs)
      return this.#confirmed().then(seal);
    if (nowMs - this.#askedMs > statusEveryMs) this.#confirmed().catch(noteNothing);
    return seal(this.#current);
  }

  decrypt(key: string, ciphertext: Uint8Array): MaybePromise<Uint8Array> {
    const object = decodeEncryptedObject(ciphertext);
    const opening = this.#keyOf(object);
    return opening instanceof Promise
      ? opening.then((made) => open(object.source, made, object.data, key))
      : open(object.source, opening, object.data, key);
  }

  /** Before the plugin's first answer no value counts as stale. */
  isCurrent(ciphertext: Uint8Array): boolean {
    if (this.#current === undefined) return true;
    const { keyId, source } = decodeEncryptedObject(ciphertext);
    return keyId === this.#current.keyId && source === "seed";
  }

  /** The seed for writes, of the plugin's current key. All callers share one request. */
  #confirmed(): Promise<Seed> {
    this.#making ??= this.#confirm().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  async #confirm(): Promise<Seed> {
    const nowMs = this.#clock.monotonicMs();
    this.#askedMs = nowMs;
    const { keyId } = await this.#plugin.status();
    const seed = this.#current?.keyId === keyId ? this.#current : await this.#makeSeed();
    this.#current = seed;
    this.#confirmedMs = nowMs;
    return seed;
  }

  async #makeSeed(): Promise<Seed> {
    const seed = this.#random.bytes(seedBytes);
    const wrapped = await this.#plugin.encrypt(seed, randomUuid(this.#random));
    const fault = dataKeyFault(wrapped);
    if (fault !== undefined)
      throw new KeyFault(`key service "${this.#plugin.name}" wrapped a key, but ${fault}`);
    this.#keys.set(cacheName("seed", wrapped), seed);
    return { ...wrapped, seed };
  }

  #keyOf(object: EncryptedObject): MaybePromise<Uint8Array> {
    const name = cacheName(object.source, object);
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    let unwrapping = this.#unwrapping.get(name);
    if (unwrapping === undefined) {
      unwrapping = this.#plugin
        .decrypt(object, randomUuid(this.#random))
        .then((made) => {
          this.#keys.set(name, made);
          return made;
        })
        .finally(() => this.#unwrapping.delete(name));
      this.#unwrapping.set(name, unwrapping);
    }
    return unwrapping;
  }
}

function open(source: DataKeySource, unwrapped: Uint8Array, data: Uint8Array, key: string): Uint8Array {
  if (source === "key") {
    if (![16, 24, 32].includes(unwrapped.byteLength)) {
      throw new KeyFault(`its data key has ${unwrapped.byteLength} bytes, expected 16, 24 or 32`);
    }
    return openGcm(unwrapped, data, key);
  }
  if (unwrapped.byteLength < seedBytes) {
    throw new KeyFault(`its seed has ${unwrapped.byteLength} bytes, expected at least ${seedBytes}`);
  }
  checkLength(data, infoBytes);
  return openGcm(expand(unwrapped, data.subarray(0, infoBytes)), data.subarray(infoBytes), key);
}

/** The first 32 bytes of HKDF-Expand with SHA-256 (RFC 5869, 2.3): one block, T(1) = HMAC(seed, info | 1). */
function expand(seed: Uint8Array, info: Uint8Array): Uint8Array {
  return createHmac("sha256", seed).update(info).update(Uint8Array.of(1)).digest();
}

function cacheName(source: DataKeySource, { wrappedKey, keyId, annotations }: WrappedKey): string {
  const hash = createHash("sha256").update(source).update(wrappedKey).update("\0").update(keyId);
  for (const [name, value] of [...annotations].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`\0${name}\0${value.byteLength}\0`).update(value);
  }
  return hash.digest("base64");
}

/** A failure of the plugin is reported once the seed expires. */
function noteNothing(): void {}
