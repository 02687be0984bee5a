/**
 * Transforms: where the keys of encryption at rest come from. The sealing itself is one and the same (sealing.ts);
 * a transform only answers which key seals the next value and which one opens this one.
 */
import type { KeyObject } from "node:crypto";
import type { PlainStats } from "../base/stats.ts";
import type { MaybePromise } from "./value.ts";

/** What a value is sealed with. `keyId` and `wrapping` stand in it in the clear. */
export interface SealingKey {
  /** At most 1024 bytes of UTF-8; never key material. */
  readonly keyId: string;
  /** What leads from the named key to `key`: a salt, a wrapped key. At most 32 KiB. */
  readonly wrapping: Uint8Array;
  /** AES-256. */
  readonly key: KeyObject;
}

/** Made by `aesGcm` or `kmsEnvelope`; may be shared by kinds and stores. */
export interface Transform {
  readonly name: string;
  /**
   * "seal": new values are sealed, plaintext found in etcd is CORRUPT_OBJECT. "migrate": sealed, plaintext is still read (as stale).
   * "unseal": new values are plaintext, sealed ones are still read (as stale).
   */
  readonly mode: TransformMode;
  /** The key for one more value. A promise only when a key service must be asked. @throws UNAVAILABLE */
  sealingKey(): MaybePromise<SealingKey>;
  /** @throws KeyFault when the key is unknown or not the right one; UNAVAILABLE when a key service cannot be asked */
  openingKey(keyId: string, wrapping: Uint8Array): MaybePromise<KeyObject>;
  /** False: values under this key are stale and get the current one with their next write. */
  isCurrent(keyId: string): boolean;
  /** False: no value under this key can be opened. Absent: it cannot tell without asking its key service. */
  knows?(keyId: string): boolean;
  /** Plain counters: values sealed, keys derived or unwrapped, failures. Never key material. */
  stats(): PlainStats;
}

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
