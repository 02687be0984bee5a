/**
 * A provider of an EncryptionConfiguration: seals and opens the bytes after its prefix.
 *
 *   stored = "k8s:enc:<provider>:v<n>:<key>:" + ciphertext
 */

import type { MaybePromise } from "../../codec/form/value.ts";
import { KeyFault } from "../../codec/sealing/transform.ts";

/** One provider with one key, or one key service. */
export interface Cipher {
  /** The prefix, with its last colon: "k8s:enc:aescbc:v1:key1:". */
  readonly prefix: string;
  encrypt(key: string, plain: Uint8Array): MaybePromise<Uint8Array>;
  /** @throws KeyFault when it cannot be opened */
  decrypt(key: string, ciphertext: Uint8Array): MaybePromise<Uint8Array>;
  /** False: sealed with an older key of its service, which this cipher no longer uses. */
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
