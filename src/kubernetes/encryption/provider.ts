/**
 * What a provider of an EncryptionConfiguration is to a value: the bytes behind its prefix, made and read.
 *
 *   stored = "k8s:enc:<provider>:v<n>:<key>:" + ciphertext
 */

import type { MaybePromise } from "../../codec/form/value.ts";
import { KeyFault } from "../../codec/sealing/transform.ts";

/** One provider with one key, or one key service. */
export interface Cipher {
  /** With its last colon: "k8s:enc:aescbc:v1:key1:". */
  readonly prefix: string;
  encrypt(key: string, plain: Uint8Array): MaybePromise<Uint8Array>;
  /** @throws KeyFault when it does not open */
  decrypt(key: string, ciphertext: Uint8Array): MaybePromise<Uint8Array>;
  /** False: encrypted as this cipher no longer does, by an older key of its service. */
  isCurrent?(ciphertext: Uint8Array): boolean;
}

/** A named key of an EncryptionConfiguration, decoded. */
export interface NamedKey {
  readonly name: string;
  readonly secret: Uint8Array;
}

/** `bytes` without its first `length`. @throws KeyFault when it is shorter than `minimum` */
export function checkLength(ciphertext: Uint8Array, minimum: number): void {
  if (ciphertext.byteLength < minimum) {
    throw new KeyFault(
      `it is cut: ${ciphertext.byteLength} bytes behind its prefix, expected at least ${minimum}`,
    );
  }
}

export function concatenated(first: Uint8Array, ...rest: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat([first, ...rest]));
}
