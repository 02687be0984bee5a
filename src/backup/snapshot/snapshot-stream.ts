/**
 * The stream of a snapshot from one member: checked for silence, limited in rate, hashed on the way. etcd sends the
 * SHA-256 of the database after it; a stream whose bytes do not match it is not a snapshot.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { ByteRate } from "../../base/time/byte-rate.ts";
import type { Clock } from "../../base/time/clock.ts";
import { setReadingTimer } from "../../base/time/reading-timer.ts";
import { StoreError } from "../../errors.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import { trailerBytes } from "../database/bolt-format.ts";
import { hexOf } from "../database/snapshot-file.ts";
import { damaged } from "../files/damage.ts";
import type { PassProgress } from "../files/pass-progress.ts";

const idleTimeoutDefaultMs = 30_000;
/** Chunks of 32 KiB are combined into writes of this many bytes. */
const writeBytes = 1024 * 1024;

export interface StreamOptions {
  readonly signal?: AbortSignal | undefined;
  readonly bytesPerSecond?: number | undefined;
  readonly idleTimeoutMs?: number | undefined;
  /** Gets the bytes as the first of `passes` passes over the database. */
  readonly progress?: PassProgress | undefined;
  readonly passes?: number | undefined;
}

export class SnapshotStream {
  readonly #etcd: Etcd;
  readonly #endpoint: string;
  readonly #options: StreamOptions;
  readonly #clock: Clock;
  readonly #hash = createHash("sha256");
  /** The last 32 bytes so far: the hash that etcd sends after the database. */
  #tail = Buffer.alloc(0);
  #done = 0;

  constructor(etcd: Etcd, endpoint: string, options: StreamOptions) {
    this.#etcd = etcd;
    this.#endpoint = endpoint;
    this.#options = options;
    this.#clock = etcd.clock;
  }

  /** Pieces of any size. @throws DEADLINE for silence, the member's errors, the signal's reason */
  async *pieces(): AsyncGenerator<Uint8Array, void, void> {
    const { signal, bytesPerSecond } = this.#options;
    const rate = bytesPerSecond === undefined ? undefined : new ByteRate(bytesPerSecond, this.#clock);
    const idleMs = this.#options.idleTimeoutMs ?? idleTimeoutDefaultMs;
    const silence = new AbortController();
    const ended = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
    const watch = (): { cancel(): void } =>
      setReadingTimer(this.#clock, idleMs, () =>
        silence.abort(
          new StoreError(
            "DEADLINE",
            `Cannot take a snapshot of ${this.#endpoint}: nothing came for ${idleMs} ms after ${this.#done} bytes`,
            { timeoutMs: idleMs, endpoint: this.#endpoint },
          ),
        ),
      );
    let idle = watch();
    try {
      const chunks = this.#etcd.maintenance.snapshot({ endpoint: this.#endpoint, signal: ended });
      for await (const { bytes, remainingBytes } of chunks) {
        idle.cancel();
        this.#take(bytes);
        this.#tell(Number(remainingBytes));
        yield bytes;
        await rate?.pass(bytes.length, signal);
        idle = watch();
      }
      // A stream that a signal ended may end without an error.
      ended.throwIfAborted();
    } finally {
      idle.cancel();
    }
  }

  /** The same bytes in few large pieces. */
  async *gathered(): AsyncGenerator<Uint8Array, void, void> {
    let pending: Uint8Array[] = [];
    let pendingBytes = 0;
    for await (const bytes of this.pieces()) {
      pending.push(bytes);
      pendingBytes += bytes.length;
      if (pendingBytes < writeBytes) continue;
      yield Buffer.concat(pending, pendingBytes);
      pending = [];
      pendingBytes = 0;
    }
    if (pendingBytes > 0) yield Buffer.concat(pending, pendingBytes);
  }

  /** Checks the hash at the end. @throws CORRUPT_SNAPSHOT when the stream was cut or damaged */
  end(): { readonly sizeBytes: number; readonly sha256: string } {
    const where = `snapshot of ${this.#endpoint}`;
    if (this.#done % 512 !== trailerBytes) {
      throw damaged(
        where,
        this.#done,
        `the stream ended after ${this.#done} bytes, which is no whole snapshot`,
      );
    }
    const digest = this.#hash.digest();
    if (!timingSafeEqual(digest, this.#tail)) {
      throw damaged(
        where,
        this.#done - trailerBytes,
        `SHA-256 of what came is ${hexOf(digest)}, expected ${hexOf(this.#tail)}`,
      );
    }
    return { sizeBytes: this.#done, sha256: hexOf(digest) };
  }

  #take(bytes: Uint8Array): void {
    this.#done += bytes.length;
    const joined = Buffer.concat([this.#tail, bytes.subarray(Math.max(0, bytes.length - trailerBytes))]);
    const cut = Math.max(0, joined.length - trailerBytes);
    // Everything except the last 32 bytes is hashed as soon as it certainly is not the hash itself.
    if (bytes.length >= trailerBytes) {
      this.#hash.update(this.#tail);
      this.#hash.update(bytes.subarray(0, bytes.length - trailerBytes));
    } else this.#hash.update(joined.subarray(0, cut));
    this.#tail = Buffer.from(joined.subarray(cut));
  }

  #tell(remaining: number): void {
    const { progress, passes = 1 } = this.#options;
    const size = this.#done + remaining;
    progress?.expect(passes * size);
    progress?.of(size, this.#done);
  }
}
