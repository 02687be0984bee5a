/**
 * `kmsEnvelope`: encryption at rest with a key service. keelson creates data keys and seals values with them; the
 * service only wraps and unwraps data keys, so it is called once per data key and not once per value.
 *
 *   data key (random, 65,536 values or an hour) --provider.encrypt--> wrapped, in every value
 *   a value --wrapped, provider.decrypt--> data key, remembered
 *
 * When the service names another key, values under the old one are stale and the new one wraps the next data key.
 */

import { createHash, createSecretKey, type KeyObject } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type Random, systemRandom } from "../../base/random.ts";
import type { PlainStats } from "../../base/stats.ts";
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { isError, messageOf } from "../../base/text/message-of.ts";
import { type Clock, systemClock } from "../../base/time/clock.ts";
import { invalidArgument, StoreError } from "../../errors.ts";
import type { MaybePromise } from "../form/value.ts";
import {
  KeyFault,
  type SealingKey,
  type SealingTransform,
  sealsPerKeyMax,
  type TransformMode,
} from "./transform.ts";

/**
 * A key service. Every call may fail; a failure says nothing about the data. Key material never appears in an error.
 */
export interface KmsProvider {
  /** In errors and stats; never secret. */
  readonly name: string;
  /** Wraps a data key under the service's current key. */
  encrypt(
    plaintext: Uint8Array,
    call: {
      /** Aborted when the caller no longer waits for the result. */
      readonly signal: AbortSignal;
    },
  ): Promise<{
    /** The wrapped key, as `decrypt` takes it; at most about 32 KiB. */
    readonly ciphertext: Uint8Array;
    /** Id of the key it is wrapped under; stored in the clear. */
    readonly keyId: string;
  }>;
  /** Unwraps; undefined when the ciphertext is not of that key, or the key no longer exists. */
  decrypt(
    ciphertext: Uint8Array,
    call: {
      /** Id of the key it was wrapped under. */
      readonly keyId: string;
      /** Aborted when the caller no longer waits for the result. */
      readonly signal: AbortSignal;
    },
  ): Promise<Uint8Array | undefined>;
  /** Whether it responds, and its current key's id. */
  status(call: {
    /** Aborted when the caller no longer waits for the result. */
    readonly signal: AbortSignal;
  }): Promise<{
    /** It can wrap and unwrap. */
    readonly healthy: boolean;
    /** Id of its current key. */
    readonly keyId: string;
  }>;
}

/** What `kmsEnvelope` takes. */
export interface KmsEnvelopeOptions {
  /** The key service. */
  readonly provider: KmsProvider;
  /** Default "seal"; see `TransformMode`. */
  readonly mode?: TransformMode | undefined;
  /** Bound of one request to the service, milliseconds; default 3000. */
  readonly requestTimeoutMs?: number | undefined;
  /** Requests before giving up with UNAVAILABLE; default 3. */
  readonly attempts?: number | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
  /** For tests. */
  readonly random?: Random | undefined;
}

const kmsNames: NamesOf<KmsEnvelopeOptions> = {
  provider: "object",
  mode: ["seal", "migrate", "unseal"],
  requestTimeoutMs: "positive",
  attempts: "whole",
  clock: "clock",
  random: "random",
};

const dataKeyBytes = 32;
/** A data key writes for at most this long, which bounds what one leaked key opens. */
const dataKeyLifeMs = 60 * 60 * 1000;
/**
 * Interval at which the service is asked for its current key while values are written; Kubernetes asks every minute.
 */
const statusEveryMs = 60 * 1000;
/** Unwrapped data keys remembered. */
const dataKeysMax = 1024;
const backoffFirstMs = 50;

/** Encryption at rest with a key service. The first use calls the service. @throws INVALID_ARGUMENT for no provider */
export function kmsEnvelope(options: KmsEnvelopeOptions): SealingTransform & {
  /** Asks the service now. Never rejects. */
  health(): Promise<{
    /** The service can be reached and reports that it is healthy. */
    readonly ok: boolean;
    /** Id of the service's current key, where it reports one. */
    readonly keyId: string | undefined;
    /** What is wrong and what to do; undefined when nothing is. */
    readonly problem: string | undefined;
  }>;
} {
  checkOptions(options ?? null, "make kmsEnvelope", kmsNames);
  const { encrypt, decrypt, status } = options.provider ?? {};
  if (![encrypt, decrypt, status].every((method) => typeof method === "function")) {
    throw invalidArgument("provider", "Cannot make kmsEnvelope: provider has no encrypt, decrypt and status");
  }
  return new KmsEnvelope(options);
}

class KmsEnvelope implements SealingTransform {
  readonly name = "kmsEnvelope";
  readonly mode: TransformMode;
  readonly #provider: KmsProvider;
  readonly #requestTimeoutMs: number;
  readonly #attempts: number;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #dataKeys = new LRUCache<string, KeyObject>({ max: dataKeysMax });
  readonly #unwrapping = new Map<string, Promise<KeyObject>>();
  #currentId: string | undefined;
  #sealing: SealingKey | undefined;
  #sealsLeft = 0;
  #bornMs = 0;
  #wrapping: Promise<SealingKey> | undefined;
  #askedMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  #counts = { sealed: 0, wrapped: 0, unwrapped: 0, failures: 0, refused: 0 };

  constructor(options: KmsEnvelopeOptions) {
    this.#provider = options.provider;
    this.mode = options.mode ?? "seal";
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 3000;
    this.#attempts = Math.max(1, options.attempts ?? 3);
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
  }

  sealingKey(): MaybePromise<SealingKey> {
    this.#askForCurrentKey();
    const sealing = this.#sealing;
    const fresh =
      sealing !== undefined &&
      this.#sealsLeft > 0 &&
      sealing.keyId === this.#currentId &&
      this.#clock.monotonicMs() - this.#bornMs < dataKeyLifeMs;
    if (!fresh) {
      this.#wrapping ??= this.#makeDataKey().finally(() => {
        this.#wrapping = undefined;
      });
      return this.#wrapping.then((made) => this.#take(made));
    }
    return this.#take(sealing);
  }

  openingKey(keyId: string, wrapping: Uint8Array): MaybePromise<KeyObject> {
    this.#askForCurrentKey();
    const name = dataKeyName(keyId, wrapping);
    const known = this.#dataKeys.get(name);
    if (known !== undefined) return known;
    let unwrapping = this.#unwrapping.get(name);
    if (unwrapping === undefined) {
      unwrapping = this.#unwrap(name, keyId, Uint8Array.from(wrapping)).finally(() =>
        this.#unwrapping.delete(name),
      );
      this.#unwrapping.set(name, unwrapping);
    }
    return unwrapping;
  }

  /** Every key counts as current until the service first responds: a value is not called stale on a guess. */
  isCurrent(keyId: string): boolean {
    return this.#currentId === undefined || keyId === this.#currentId;
  }

  async health(): Promise<{ ok: boolean; keyId: string | undefined; problem: string | undefined }> {
    try {
      const { healthy, keyId } = await this.#ask("ask for its health", (signal) =>
        this.#provider.status({ signal }),
      );
      this.#currentId = keyId;
      return {
        ok: healthy,
        keyId,
        problem: healthy ? undefined : `key service "${this.#provider.name}" says it is not healthy`,
      };
    } catch (error) {
      return {
        ok: false,
        keyId: this.#currentId,
        problem: messageOf(error),
      };
    }
  }

  stats(): PlainStats {
    return { ...this.#counts, currentKey: this.#currentId, provider: this.#provider.name };
  }

  #take(sealing: SealingKey): SealingKey {
    this.#sealsLeft--;
    this.#counts.sealed++;
    return sealing;
  }

  async #makeDataKey(): Promise<SealingKey> {
    const material = this.#random.bytes(dataKeyBytes);
    const { ciphertext, keyId } = await this.#ask("wrap a data key", (signal) =>
      this.#provider.encrypt(material, { signal }),
    );
    const wrapping = Uint8Array.from(ciphertext);
    const key = createSecretKey(material);
    material.fill(0);
    this.#counts.wrapped++;
    this.#currentId = keyId;
    this.#dataKeys.set(dataKeyName(keyId, wrapping), key);
    this.#sealing = { keyId, wrapping, key };
    this.#sealsLeft = sealsPerKeyMax;
    this.#bornMs = this.#clock.monotonicMs();
    return this.#sealing;
  }

  async #unwrap(name: string, keyId: string, wrapping: Uint8Array): Promise<KeyObject> {
    const material = await this.#ask("unwrap a data key", (signal) =>
      this.#provider.decrypt(wrapping, { keyId, signal }),
    );
    if (material === undefined || material.byteLength !== dataKeyBytes) {
      this.#counts.refused++;
      throw new KeyFault(
        `key service "${this.#provider.name}" does not unwrap its data key, wrapped under key ${JSON.stringify(keyId)}`,
      );
    }
    const key = createSecretKey(material);
    this.#counts.unwrapped++;
    this.#dataKeys.set(name, key);
    return key;
  }

  /** Refreshes `#currentId` in the background, at most once a minute. */
  #askForCurrentKey(): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#asking !== undefined || nowMs - this.#askedMs < statusEveryMs) return;
    this.#askedMs = nowMs;
    // `health` never rejects; its failure is counted.
    this.#asking = this.health().then(() => {
      this.#asking = undefined;
    });
  }

  async #ask<T>(action: string, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    let last: unknown;
    for (let attempt = 0; attempt < this.#attempts; attempt++) {
      if (attempt > 0) {
        await this.#clock.sleep(backoffFirstMs * 2 ** (attempt - 1) * (0.5 + this.#random.float()));
      }
      const end = new AbortController();
      const timer = this.#clock.setTimer(this.#requestTimeoutMs, () =>
        end.abort(new Error(`no answer within ${this.#requestTimeoutMs} ms`)),
      );
      try {
        const ended = new Promise<never>((_, reject) => {
          end.signal.addEventListener("abort", () => reject(end.signal.reason), { once: true });
        });
        return await Promise.race([request(end.signal), ended]);
      } catch (error) {
        this.#counts.failures++;
        last = error;
      } finally {
        timer.cancel();
      }
    }
    // The provider's message may quote its input: only the type of the error is reported.
    throw new StoreError(
      "UNAVAILABLE",
      `Cannot ${action}: key service "${this.#provider.name}" failed ${this.#attempts} times, last with ${errorName(last)}`,
      { retryAfterMs: 1000, reason: "key service" },
    );
  }
}

function errorName(error: unknown): string {
  if (isError(error) && error.message.startsWith("no answer within ")) return error.message;
  return isError(error) ? error.name : typeof error;
}

function dataKeyName(keyId: string, wrapping: Uint8Array): string {
  return createHash("sha256").update(wrapping).update(keyId).digest("base64");
}
