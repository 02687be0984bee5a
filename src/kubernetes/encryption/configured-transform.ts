/**
 * The providers of one resource as a transform: the first writes, all read.
 *
 * `identity` is not a cipher: its position decides how plaintext is handled. First: plaintext is written. Later: it is
 * read, and the next write seals it. Absent: it is refused.
 */
import type { PlainStats } from "../../base/stats.ts";
import type { MaybePromise } from "../../codec/form/value.ts";
import { wrappedUnder } from "../../codec/form/wrapped-value.ts";
import {
  KeyFault,
  type TransformMode,
  type UnwrappedValue,
  type WrappingTransform,
} from "../../codec/sealing/transform.ts";
import { invariant } from "../../errors.ts";
import { type Cipher, concatenated } from "./provider.ts";

export type Provider = Cipher | "identity";

export function configuredTransform(providers: readonly Provider[]): WrappingTransform {
  return new ConfiguredTransform(providers);
}

class ConfiguredTransform implements WrappingTransform {
  readonly name = "encryptionConfiguration";
  readonly mode: TransformMode;
  readonly currentKeyId: string;
  readonly #ciphers: readonly Cipher[];
  readonly #prefixes: readonly Buffer[];
  readonly #counts = { wrapped: 0, unwrapped: 0, refused: 0 };

  constructor(providers: readonly Provider[]) {
    this.#ciphers = providers.filter((provider) => provider !== "identity");
    this.#prefixes = this.#ciphers.map(({ prefix }) => Buffer.from(prefix, "utf8"));
    this.mode = providers[0] === "identity" ? "unseal" : providers.includes("identity") ? "migrate" : "seal";
    this.currentKeyId = this.mode === "unseal" ? "" : (this.#ciphers[0]?.prefix.slice(0, -1) ?? "");
  }

  wrap(key: string, plain: Uint8Array): MaybePromise<Uint8Array> {
    const cipher = this.#ciphers[0];
    const prefix = this.#prefixes[0];
    invariant(
      cipher !== undefined && prefix !== undefined && this.mode !== "unseal",
      "a cipher writes first",
    );
    const ciphertext = cipher.encrypt(key, plain);
    this.#counts.wrapped++;
    return ciphertext instanceof Promise
      ? ciphertext.then((made) => concatenated(prefix, made))
      : concatenated(prefix, ciphertext);
  }

  unwrap(key: string, stored: Uint8Array): MaybePromise<UnwrappedValue> {
    return this.#tryFrom(0, key, stored, undefined);
  }

  knows(keyId: string): boolean {
    return this.#ciphers.some(({ prefix }) => prefix === `${keyId}:`);
  }

  stats(): PlainStats {
    return { ...this.#counts, keys: this.#ciphers.length, currentKey: this.currentKeyId };
  }

  /** Two providers may share a prefix while a key is replaced under the same name: the next match is also tried. */
  #tryFrom(
    index: number,
    key: string,
    stored: Uint8Array,
    failed: KeyFault | undefined,
  ): MaybePromise<UnwrappedValue> {
    for (let i = index; i < this.#ciphers.length; i++) {
      const [cipher, prefix] = [this.#ciphers[i], this.#prefixes[i]];
      if (cipher === undefined || prefix === undefined || !startsWith(stored, prefix)) continue;
      const ciphertext = stored.subarray(prefix.byteLength);
      const next = (error: unknown): MaybePromise<UnwrappedValue> => {
        if (!(error instanceof KeyFault)) throw error;
        return this.#tryFrom(i + 1, key, stored, error);
      };
      const finish = (plain: Uint8Array): UnwrappedValue => {
        this.#counts.unwrapped++;
        return { plain, stale: i > 0 || this.mode === "unseal" || cipher.isCurrent?.(ciphertext) === false };
      };
      try {
        const plain = cipher.decrypt(key, ciphertext);
        return plain instanceof Promise ? plain.then(finish, next) : finish(plain);
      } catch (error) {
        return next(error);
      }
    }
    this.#counts.refused++;
    throw failed === undefined
      ? new KeyFault(`it is encrypted under ${named(stored)}, which is not among the configured providers`)
      : new KeyFault(`it is encrypted under ${named(stored)}: ${failed.message}`);
  }
}

function named(stored: Uint8Array): string {
  return JSON.stringify(wrappedUnder(stored) ?? "k8s:enc:");
}

function startsWith(stored: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, i) => stored[i] === byte);
}
