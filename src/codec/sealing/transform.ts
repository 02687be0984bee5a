/**
 * Transforms: two forms of encryption at rest.
 *
 *   sealing    keelson's own: the transform says which key seals the next value and which one opens this one;
 *              sealing.ts does the sealing, and the head opens without the body
 *   wrapping   another program's: it converts the whole value to and from the whole stored bytes, so that each
 *              program reads what the other writes (`encryptionConfiguration` of keelson/kubernetes)
 */
import type { KeyObject } from "node:crypto";
import type { PlainStats } from "../../base/stats.ts";
import type { MaybePromise } from "../form/value.ts";

/** The key that seals a value. `keyId` and `wrapping` are stored in the value in the clear. */
export interface SealingKey {
  /** At most 1024 bytes of UTF-8; never key material. */
  readonly keyId: string;
  /** What derives `key` from the named key: a salt, or a wrapped key. At most 32 KiB. */
  readonly wrapping: Uint8Array;
  /** AES-256. */
  readonly key: KeyObject;
}

/** Created by `aesGcm`, `kmsEnvelope` or `encryptionConfiguration`; kinds and stores may share it. */
export type Transform = SealingTransform | WrappingTransform;

interface TransformBase {
  /** In errors and stats. */
  readonly name: string;
  /**
   * "seal": new values are sealed, plaintext found in etcd is CORRUPT_OBJECT. "migrate": sealed, plaintext is still read (as stale).
   * "unseal": new values are plaintext, sealed ones are still read (as stale).
   */
  readonly mode: TransformMode;
  /** False: no value under this key can be opened. Absent: unknown without asking its key service. */
  knows?(keyId: string): boolean;
  /**
   * Distinguishes two keys with one id and reveals neither (key-check.ts). Undefined or absent where the key is not
   * held here.
   */
  checkValue?(keyId: string): string | undefined;
  /** Plain counters: values sealed, keys derived or unwrapped, failures. Never key material. */
  stats(): PlainStats;
}

/** Created by `aesGcm` or `kmsEnvelope`: the source of keys for keelson's own sealing. */
export interface SealingTransform extends TransformBase {
  /** The key for one more value. A promise only when a key service must be asked. @throws UNAVAILABLE */
  sealingKey(): MaybePromise<SealingKey>;
  /**
   * The key that a value was sealed with. A promise only when a key service must be asked.
   * @throws KeyFault when the key is unknown or wrong; UNAVAILABLE when a key service cannot be asked
   */
  openingKey(keyId: string, wrapping: Uint8Array): MaybePromise<KeyObject>;
  /** False: values under this key are stale and the next write seals them under the current one. */
  isCurrent(keyId: string): boolean;
}

/** Created by `encryptionConfiguration`: another program's encryption, over the whole value. */
export interface WrappingTransform extends TransformBase {
  /** The prefix of the next value: "k8s:enc:aescbc:v1:key1". Never key material. */
  readonly currentKeyId: string;
  /**
   * The bytes to store at `key` for `plain`, which is unchanged. A promise only when a key service must be asked.
   * @throws UNAVAILABLE
   */
  wrap(key: string, plain: Uint8Array): MaybePromise<Uint8Array>;
  /**
   * The value stored at `key`, in the clear.
   * @throws KeyFault when the key is unknown or wrong, or the value is damaged; UNAVAILABLE
   */
  unwrap(key: string, stored: Uint8Array): MaybePromise<UnwrappedValue>;
}

/** A decrypted value. */
export interface UnwrappedValue {
  /** The value in the clear. */
  readonly plain: Uint8Array;
  /** True: a write today would use another provider or key. */
  readonly stale: boolean;
}

/** Whether `value` is a transform. */
export function isTransform(value: unknown): value is Transform {
  return typeof value === "object" && value !== null && ("sealingKey" in value || "wrap" in value);
}

/**
 * The transform of a kind among the named ones: its own ("secrets", "deployments.apps"), else its group's ("*.apps";
 * "*." is the core group), else the one for all others ("*" or "*.*").
 */
export function transformFor(
  transforms: Readonly<Record<string, Transform>>,
  kind: {
    /** The kind's group; "" for the core group. */
    readonly group: string;
    /** "secrets", "deployments.apps". */
    readonly resource: string;
  },
): Transform | undefined {
  const name = [kind.resource, `*.${kind.group}`, "*", "*.*"].find((one) => Object.hasOwn(transforms, one));
  return name === undefined ? undefined : transforms[name];
}

/** Whether a transform wraps whole values, as another program does, rather than sealing as keelson does. */
export function isWrapping(transform: Transform): transform is WrappingTransform {
  return "wrap" in transform;
}

/**
 * "seal": values are written sealed and must be sealed when read. "migrate": values are written sealed; plaintext is
 * still read, as stale. "unseal": values are written in the clear; sealed ones are still read, as stale.
 */
export type TransformMode = "seal" | "migrate" | "unseal";

/** A key that cannot open the value, now or ever; the codec turns this into CORRUPT_OBJECT. */
export class KeyFault extends Error {
  override readonly name = "KeyFault";
}

/** Longest key id, bytes of UTF-8 (Kubernetes' own bound), and longest wrapping, bytes. */
export const keyIdBytesMax = 1024;
export const wrappingBytesMax: number = 32 * 1024;
/**
 * Values sealed under one AES key before a new one is created. With two random nonces each that is 2^17 invocations,
 * under the 2^32 at which NIST SP 800-38D limits random nonces and under Kubernetes' advice of 200,000 writes.
 */
export const sealsPerKeyMax: number = 2 ** 16;
