/**
 * Transforms: encryption at rest, of two sorts.
 *
 *   sealing    keelson's own: it says which key seals the next value and which one opens this one; the sealing itself is
 *              one and the same (sealing.ts), and the head opens without the body
 *   wrapping   another program's: it takes the whole value and gives the whole of what is stored, so that the other
 *              program reads what is written here and is read here (`encryptionConfiguration` of keelson/kubernetes)
 */
import type { KeyObject } from "node:crypto";
import type { PlainStats } from "../../base/stats.ts";
import type { MaybePromise } from "../form/value.ts";

/** What a value is sealed with. `keyId` and `wrapping` stand in it in the clear. */
export interface SealingKey {
  /** At most 1024 bytes of UTF-8; never key material. */
  readonly keyId: string;
  /** What leads from the named key to `key`: a salt, a wrapped key. At most 32 KiB. */
  readonly wrapping: Uint8Array;
  /** AES-256. */
  readonly key: KeyObject;
}

/** Made by `aesGcm`, `kmsEnvelope` or `encryptionConfiguration`; may be shared by kinds and stores. */
export type Transform = SealingTransform | WrappingTransform;

interface TransformBase {
  /** In errors and stats. */
  readonly name: string;
  /**
   * "seal": new values are sealed, plaintext found in etcd is CORRUPT_OBJECT. "migrate": sealed, plaintext is still read (as stale).
   * "unseal": new values are plaintext, sealed ones are still read (as stale).
   */
  readonly mode: TransformMode;
  /** False: no value under this key can be opened. Absent: it cannot tell without asking its key service. */
  knows?(keyId: string): boolean;
  /** Tells two keys of one id apart, and nothing of either (key-check.ts). Undefined or absent where the key is not held here. */
  checkValue?(keyId: string): string | undefined;
  /** Plain counters: values sealed, keys derived or unwrapped, failures. Never key material. */
  stats(): PlainStats;
}

/** Made by `aesGcm` or `kmsEnvelope`: where keelson's own sealing has its keys from. */
export interface SealingTransform extends TransformBase {
  /** The key for one more value. A promise only when a key service must be asked. @throws UNAVAILABLE */
  sealingKey(): MaybePromise<SealingKey>;
  /**
   * The key a value was sealed with. A promise only when a key service must be asked.
   * @throws KeyFault when the key is unknown or not the right one; UNAVAILABLE when a key service cannot be asked
   */
  openingKey(keyId: string, wrapping: Uint8Array): MaybePromise<KeyObject>;
  /** False: values under this key are stale and get the current one with their next write. */
  isCurrent(keyId: string): boolean;
}

/** Made by `encryptionConfiguration`: encryption as another program has it, over the whole value. */
export interface WrappingTransform extends TransformBase {
  /** What stands before what is written next: "k8s:enc:aescbc:v1:key1". Never key material. */
  readonly currentKeyId: string;
  /** What is stored at `key` for `plain`, which is not changed. A promise only when a key service must be asked. @throws UNAVAILABLE */
  wrap(key: string, plain: Uint8Array): MaybePromise<Uint8Array>;
  /**
   * What is stored at `key`, in the clear.
   * @throws KeyFault when the key is unknown, not the right one, or the value is damaged; UNAVAILABLE
   */
  unwrap(key: string, stored: Uint8Array): MaybePromise<UnwrappedValue>;
}

/** A value out of its encryption. */
export interface UnwrappedValue {
  /** The value in the clear. */
  readonly plain: Uint8Array;
  /** True: not as it would be written now, by provider or by key. */
  readonly stale: boolean;
}

/** Whether `value` is one at all. */
export function isTransform(value: unknown): value is Transform {
  return typeof value === "object" && value !== null && ("sealingKey" in value || "wrap" in value);
}

/**
 * The transform of a kind among those given by name: its own ("secrets", "deployments.apps"), else its group's ("*.apps", "*." is
 * the core group), else that of all others ("*" or "*.*").
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
 * "seal": values are written sealed and must be found so. "migrate": written sealed, plaintext is still read, as
 * stale. "unseal": written in the clear, sealed ones are still read, as stale.
 */
export type TransformMode = "seal" | "migrate" | "unseal";

/** A key that cannot open the value, now or ever; the codec makes it CORRUPT_OBJECT. */
export class KeyFault extends Error {
  override readonly name = "KeyFault";
}

/** Longest key id, bytes of UTF-8 (Kubernetes' own bound), and longest wrapping, bytes. */
export const keyIdBytesMax = 1024;
export const wrappingBytesMax: number = 32 * 1024;
/**
 * Values sealed under one AES key before a new one is made. With two random nonces each that is 2^17 invocations, under the
 * 2^32 at which NIST SP 800-38D limits random nonces and Kubernetes' advice of 200,000 writes.
 */
export const sealsPerKeyMax: number = 2 ** 16;
