/**
 * Content-addressed chunks of 64 KiB. bbolt writes pages in place of free ones, so two snapshots of a database share
 * almost all chunks, and a backup costs only what has changed. An interrupted backup resumes cheaply, because
 * the chunks already stored are found again.
 *
 *   name   = "chunks/" two hex digits "/" HMAC-SHA-256 (with a key) or SHA-256 of the plain bytes
 *   chunk  = form u8, then 0: plain | 1: raw deflate | 2, 3: the same, sealed: nonce (12), tag (16), AES-256-GCM text
 */

import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from "node:crypto";
import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import type { Random } from "../../base/random.ts";
import { isError } from "../../base/text/message-of.ts";
import { invalidArgument } from "../../errors.ts";
import { damaged } from "../files/damage.ts";
import type { RepositoryBackend } from "./backend/backend.ts";

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** 64 KiB: 0.5 % new bytes per backup in the reference measurement; larger chunks share less, smaller ones cost more names. */
export const chunkBytes: number = 64 * 1024;
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const form = { plain: 0, deflated: 1, sealed: 2, sealedDeflated: 3 } as const;

export class ChunkStore {
  readonly #backend: RepositoryBackend;
  readonly #random: Random;
  /** The first key seals and names, all of them open; none: chunks are in plaintext. */
  readonly #keys: readonly ChunkKey[];
  /** Paths known to be stored or being written: a chunk that occurs twice in a file is written once. */
  #known: Map<string, Promise<void>> | undefined;
  /** Paths that a listing shows but no backup names: left by a killed backup, or removed recently. */
  #unsure: ReadonlySet<string> = new Set();

  /** @param encryptionKeys 32 bytes each; encryption and naming use keys derived from them */
  constructor(backend: RepositoryBackend, random: Random, encryptionKeys: readonly Uint8Array[]) {
    this.#backend = backend;
    this.#random = random;
    this.#keys = encryptionKeys.map(derivedKey);
  }

  /** Whether new chunks are sealed. */
  get seals(): boolean {
    return this.#keys.length > 0;
  }

  /** Whether a stored chunk is sealed, by its first byte; false for one that is missing. */
  async isSealed(name: string): Promise<boolean> {
    const stored = await this.#backend.read(chunkPath(name));
    return stored !== undefined && isSealed(stored);
  }

  /** Whether one of the keys opens a stored chunk; true for a missing one or one in plaintext. */
  async opens(name: string): Promise<boolean> {
    const stored = await this.#backend.read(chunkPath(name));
    if (stored === undefined || !isSealed(stored)) return true;
    return this.#keys.some((key) => unsealed(stored, name, key) !== undefined);
  }

  nameOf(plain: Uint8Array): string {
    return nameUnder(this.#keys[0], plain);
  }

  /**
   * One listing instead of a request for each chunk, for a writer that holds the repository's lock and will put many.
   *
   * A listing may be outdated, and show what a prune has removed. No prune removes what a backup names, so a chunk that
   * is both named and listed exists. A chunk that is only listed is checked with a request; one that is not listed is written,
   * which repairs a lost chunk.
   * @param named names of chunks of every recorded backup
   */
  async learn(named: Iterable<string>): Promise<Disposable> {
    const unsure = new Set(await this.#backend.list("chunks"));
    const known = new Map<string, Promise<void>>();
    const stored = Promise.resolve();
    for (const name of named) {
      const path = chunkPath(name);
      if (unsure.delete(path)) known.set(path, stored);
    }
    this.#known = known;
    this.#unsure = unsure;
    return {
      [Symbol.dispose]: () => {
        this.#known = undefined;
        this.#unsure = new Set();
      },
    };
  }

  /** Stores `plain` unless it is stored already. Returns its name and the bytes written. */
  async put(plain: Uint8Array): Promise<{ readonly name: string; readonly newBytes: number }> {
    const name = this.nameOf(plain);
    const path = chunkPath(name);
    const known = this.#known;
    const before = known?.get(path);
    if (before !== undefined) {
      await before;
      return { name, newBytes: 0 };
    }
    const written = this.#writeUnlessThere(path, name, plain, known === undefined || this.#unsure.has(path));
    const done = written.then(() => undefined);
    // Every caller that waits for this chunk gets the failure.
    done.catch(() => undefined);
    known?.set(path, done);
    return { name, newBytes: await written };
  }

  async #writeUnlessThere(path: string, name: string, plain: Uint8Array, ask: boolean): Promise<number> {
    if (ask && (await this.#backend.has(path))) return 0;
    const packed = await deflate(plain, { level: 1 });
    const smaller = packed.length < plain.length;
    const stored = this.#seal(smaller ? packed : plain, smaller, name);
    await this.#backend.write(path, stored);
    return stored.length;
  }

  /** @throws CORRUPT_SNAPSHOT when it is missing, damaged, or sealed with another key */
  async get(name: string): Promise<Uint8Array> {
    const path = chunkPath(name);
    const stored = await this.#backend.read(path);
    if (stored === undefined) throw damaged(path, undefined, "the chunk is missing");
    const plain = await this.#open(stored, name).catch((error: unknown) => {
      throw damaged(path, 0, `the chunk cannot be opened: ${isError(error) ? error.message : "damaged"}`);
    });
    const names =
      this.#keys.length === 0 ? [this.nameOf(plain)] : this.#keys.map((key) => nameUnder(key, plain));
    if (!names.includes(name)) throw damaged(path, 0, "the chunk holds other bytes than its name says");
    return plain;
  }

  #seal(bytes: Uint8Array, deflated: boolean, name: string): Uint8Array {
    const [key] = this.#keys;
    if (key === undefined)
      return Buffer.concat([Uint8Array.of(deflated ? form.deflated : form.plain), bytes]);
    const nonce = this.#random.bytes(nonceBytes);
    const head = Uint8Array.of(deflated ? form.sealedDeflated : form.sealed);
    const cipher = createCipheriv("aes-256-gcm", key.cipher, nonce);
    cipher.setAAD(Buffer.concat([head, Buffer.from(name)]));
    const text = Buffer.concat([cipher.update(bytes), cipher.final()]);
    return Buffer.concat([head, nonce, cipher.getAuthTag(), text]);
  }

  async #open(stored: Uint8Array, name: string): Promise<Uint8Array> {
    const [kind = 255] = stored;
    let body: Uint8Array | undefined = stored.subarray(1);
    if (isSealed(stored)) {
      if (this.#keys.length === 0) throw new Error("it is encrypted and no encryptionKey was given");
      body = this.#keys.map((key) => unsealed(stored, name, key)).find((bytes) => bytes !== undefined);
      if (body === undefined) throw new Error("none of the encryption keys opens it, or it is damaged");
    } else if (this.#keys.length > 0) throw new Error("it is not encrypted, expected to be");
    else if (kind !== form.plain && kind !== form.deflated) throw new Error(`unknown form ${kind}`);
    if (kind !== form.deflated && kind !== form.sealedDeflated) return body;
    // A chunk has a maximum size, so damaged data cannot make it fill memory.
    return await inflate(body, { maxOutputLength: chunkBytes });
  }
}

interface ChunkKey {
  readonly cipher: Uint8Array;
  readonly name: Uint8Array;
}

/** @throws INVALID_ARGUMENT; the message holds nothing of the key */
export function checkEncryptionKey(encryptionKey: unknown): void {
  if (!(encryptionKey instanceof Uint8Array)) {
    throw invalidArgument(
      "encryptionKey",
      `Cannot open repository: encryptionKey is a ${typeof encryptionKey}, expected ${keyBytes} bytes`,
    );
  }
  if (encryptionKey.length !== keyBytes) {
    throw invalidArgument(
      "encryptionKey",
      `Cannot open repository: encryptionKey has ${encryptionKey.length} bytes, expected ${keyBytes}`,
    );
  }
}

function derivedKey(encryptionKey: Uint8Array): ChunkKey {
  const derive = (use: string): Uint8Array =>
    new Uint8Array(
      hkdfSync("sha256", encryptionKey, new Uint8Array(), `keelson repository ${use}`, keyBytes),
    );
  return { cipher: derive("chunks"), name: derive("names") };
}

function nameUnder(key: ChunkKey | undefined, plain: Uint8Array): string {
  const hash = key === undefined ? createHash("sha256") : createHmac("sha256", key.name);
  return hash.update(plain).digest("hex");
}

function isSealed([kind]: Uint8Array): boolean {
  return kind === form.sealed || kind === form.sealedDeflated;
}

/** The content of a sealed chunk; undefined when `key` is not its key, or it is damaged. */
function unsealed(stored: Uint8Array, name: string, { cipher: key }: ChunkKey): Uint8Array | undefined {
  const body = stored.subarray(1);
  if (body.length < nonceBytes + tagBytes) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, body.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.concat([stored.subarray(0, 1), Buffer.from(name)]));
  decipher.setAuthTag(body.subarray(nonceBytes, nonceBytes + tagBytes));
  try {
    return Buffer.concat([decipher.update(body.subarray(nonceBytes + tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

export function chunkPath(name: string): string {
  return `chunks/${name.slice(0, 2)}/${name}`;
}
