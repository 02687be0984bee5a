/**
 * `aesGcm`: encryption at rest with keys that the process holds.
 *
 * No configured key seals a value directly. Each process derives a working key from it (HKDF-SHA256 over 32 random
 * bytes that are stored in the value) and seals a bounded number of values with it, so that the number of writes over
 * all processes does not matter. The first configured key writes, all read.
 */
import { createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type Random, systemRandom } from "../../base/random.ts";
import type { PlainStats } from "../../base/stats.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { invalidArgument } from "../../errors.ts";
import { keyCheckValue } from "./key-check.ts";
import {
  KeyFault,
  keyIdBytesMax,
  type SealingKey,
  type SealingTransform,
  sealsPerKeyMax,
  type TransformMode,
} from "./transform.ts";

const keyBytes = 32;
const saltBytes = 32;
/** Derived keys remembered for reading; deriving takes about 10 µs. One process writes 65,536 values with one. */
const derivedKeysMax = 1024;
const hkdfInfo = "keelson value 1";

const keyNames = { id: "text", key: true } as const;
const aesNames = { keys: "array", mode: ["seal", "migrate", "unseal"], random: "random" } as const;

/**
 * AES-256-GCM with the caller's keys, for `createStore`'s `transforms`. To rotate: add a new key as second everywhere,
 * then make it first, rewrite, and drop the old one once `rewrite` reports 0 left.
 * @throws INVALID_ARGUMENT for no key, a key whose size is not 32 bytes, or a duplicate id
 * @example
 * ```ts
 * import { randomBytes } from "node:crypto";
 * import { createStore, type Kind } from "keelson";
 * import { aesGcm } from "keelson/codec";
 * import type { Etcd } from "keelson/etcd";
 *
 * async function open(etcd: Etcd, kinds: readonly Kind[]): Promise<void> {
 *   const key = randomBytes(32); // store it as a secret: without it nothing can be read
 *   await using store = await createStore({
 *     etcd,
 *     kinds,
 *     transforms: { secrets: aesGcm({ keys: [{ id: "2026-01", key }] }) },
 *   });
 *   console.log(await store.currentResourceVersion());
 * }
 * ```
 */
export function aesGcm(options: {
  /** At least one; the first writes, all read. */
  readonly keys: readonly {
    /** Stored with each value in the clear; at most 1,024 bytes of UTF-8. */
    readonly id: string;
    /** 32 bytes; copied. */
    readonly key: Uint8Array;
  }[];
  /** Default "seal"; see `TransformMode`. */
  readonly mode?: TransformMode | undefined;
  /** For tests. */
  readonly random?: Random | undefined;
}): SealingTransform {
  checkOptions(options ?? null, "make aesGcm", aesNames);
  for (const key of options.keys ?? []) checkOptions(key ?? null, "make aesGcm", keyNames, "keys[]");
  return new AesGcm(options.keys, options.mode ?? "seal", options.random ?? systemRandom);
}

class AesGcm implements SealingTransform {
  readonly name = "aesGcm";
  readonly mode: TransformMode;
  readonly #keys = new Map<string, KeyObject>();
  readonly #currentId: string;
  readonly #random: Random;
  readonly #derived = new LRUCache<string, KeyObject>({ max: derivedKeysMax });
  #sealing: SealingKey | undefined;
  #sealsLeft = 0;
  #sealed = 0;
  #derivations = 0;
  #unknownKeys = 0;

  constructor(
    keys: readonly { readonly id: string; readonly key: Uint8Array }[],
    mode: TransformMode,
    random: Random,
  ) {
    const fault = keysFault(keys);
    if (fault !== undefined) throw invalidArgument("keys", `Cannot make aesGcm: ${fault}`);
    for (const { id, key } of keys) this.#keys.set(id, createSecretKey(key));
    this.mode = mode;
    this.#currentId = keys[0]?.id ?? "";
    this.#random = random;
  }

  sealingKey(): SealingKey {
    if (this.#sealing === undefined || this.#sealsLeft === 0) {
      const wrapping = this.#random.bytes(saltBytes);
      this.#sealing = { keyId: this.#currentId, wrapping, key: this.openingKey(this.#currentId, wrapping) };
      this.#sealsLeft = sealsPerKeyMax;
    }
    this.#sealsLeft--;
    this.#sealed++;
    return this.#sealing;
  }

  openingKey(keyId: string, wrapping: Uint8Array): KeyObject {
    const key = this.#keys.get(keyId);
    if (key === undefined) {
      this.#unknownKeys++;
      throw new KeyFault(
        `it is encrypted under key ${JSON.stringify(keyId)}, which is not among the configured ones`,
      );
    }
    if (wrapping.byteLength !== saltBytes)
      throw new KeyFault(`its salt is ${wrapping.byteLength} bytes, expected ${saltBytes}`);
    const name = `${Buffer.from(wrapping).toString("latin1")}${keyId}`;
    let derived = this.#derived.get(name);
    if (derived === undefined) {
      derived = createSecretKey(Buffer.from(hkdfSync("sha256", key, wrapping, hkdfInfo, keyBytes)));
      this.#derived.set(name, derived);
      this.#derivations++;
    }
    return derived;
  }

  knows(keyId: string): boolean {
    return this.#keys.has(keyId);
  }

  checkValue(keyId: string): string | undefined {
    const key = this.#keys.get(keyId);
    return key === undefined ? undefined : keyCheckValue(keyId, key);
  }

  isCurrent(keyId: string): boolean {
    return keyId === this.#currentId;
  }

  stats(): PlainStats {
    return {
      keys: this.#keys.size,
      currentKey: this.#currentId,
      sealed: this.#sealed,
      keysDerived: this.#derivations,
      unknownKeys: this.#unknownKeys,
    };
  }
}

function keysFault(keys: readonly { readonly id: string; readonly key: Uint8Array }[]): string | undefined {
  if (!Array.isArray(keys) || keys.length === 0) return "keys is empty, expected at least one";
  const seen = new Set<string>();
  for (const { id, key } of keys) {
    if (typeof id !== "string" || id === "" || Buffer.byteLength(id) > keyIdBytesMax) {
      return `a key id is empty or longer than ${keyIdBytesMax} bytes`;
    }
    if (!id.isWellFormed()) return `the key id ${JSON.stringify(id)} holds a lone surrogate`;
    if (seen.has(id)) return `the key id ${JSON.stringify(id)} comes twice`;
    seen.add(id);
    if (!(key instanceof Uint8Array) || key.byteLength !== keyBytes) {
      return `key ${JSON.stringify(id)} is not ${keyBytes} bytes long`;
    }
  }
  return undefined;
}
