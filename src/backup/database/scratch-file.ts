/**
 * A temporary file that only this process can read: encrypted with a key that is only in memory, and without a name
 * where the system allows it. A killed process leaves no file, or at most encrypted bytes.
 *
 *   byte at offset n = plain byte ^ AES-256-CTR keystream at n        one key per file, so no offset is encrypted twice
 */
import { createCipheriv, createHash } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import type { Random } from "../../base/random.ts";
import { fileMode } from "../files/durable.ts";
import type { SnapshotBytes } from "./snapshot-file.ts";

const keyBytes = 32;
const blockBytes = 16;
/** Size of a read while the whole file is hashed or copied. */
const passBytes = 1024 * 1024;

export class ScratchFile implements SnapshotBytes, AsyncDisposable {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #key: Uint8Array;
  #sizeBytes = 0;

  private constructor(path: string, handle: FileHandle, key: Uint8Array) {
    this.#path = path;
    this.#handle = handle;
    this.#key = key;
  }

  /** @param path where the file is created; must not exist */
  static async create(path: string, random: Random): Promise<ScratchFile> {
    const handle = await open(path, "wx+", fileMode);
    // Windows keeps the name of an open file: there it is removed at the end, or by the next writer.
    await rm(path, { force: true }).catch(() => undefined);
    return new ScratchFile(path, handle, random.bytes(keyBytes));
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async append(plain: Uint8Array): Promise<void> {
    const sealed = this.#crypt(plain, this.#sizeBytes);
    for (let at = 0; at < sealed.length; ) {
      const { bytesWritten } = await this.#handle.write(sealed, at, sealed.length - at, this.#sizeBytes + at);
      at += bytesWritten;
    }
    this.#sizeBytes += plain.length;
  }

  /** Fills `into` from `offset`. @returns the bytes read */
  async read(into: Uint8Array, offset: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const { bytesRead } = await this.#handle.read(into, done, into.length - done, offset + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    into.set(this.#crypt(into.subarray(0, done), offset));
    return done;
  }

  async sha256(lengthBytes: number, signal?: AbortSignal): Promise<Uint8Array> {
    const hash = createHash("sha256");
    for await (const part of this.parts(passBytes, signal, lengthBytes)) hash.update(part);
    return hash.digest();
  }

  /** The whole file, `partBytes` at a time; each part belongs to the caller. */
  async *parts(
    partBytes: number,
    signal?: AbortSignal,
    lengthBytes: number = this.#sizeBytes,
  ): AsyncGenerator<Uint8Array, void, void> {
    for (let offset = 0; offset < lengthBytes; offset += partBytes) {
      signal?.throwIfAborted();
      const part = new Uint8Array(Math.min(partBytes, lengthBytes - offset));
      yield part.subarray(0, await this.read(part, offset));
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
    await rm(this.#path, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #crypt(bytes: Uint8Array, offset: number): Uint8Array {
    const counter = Buffer.alloc(blockBytes);
    counter.writeBigUInt64BE(BigInt(Math.floor(offset / blockBytes)), blockBytes - 8);
    const cipher = createCipheriv("aes-256-ctr", this.#key, counter);
    cipher.update(Buffer.alloc(offset % blockBytes));
    return cipher.update(bytes);
  }
}
