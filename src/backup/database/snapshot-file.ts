/**
 * An open snapshot file: its type, where its database ends, and positional reads.
 *
 *   snapshot = bbolt database (highWater × pageSize bytes), SHA-256 of it (32 bytes)
 *
 * Opening reads only the two meta pages. It reports every fault of the file as a whole (empty, compressed, cut,
 * followed by other bytes, without its hash) with a specific message; `BoltReader` checks the pages.
 */

import { timingSafeEqual } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import { systemErrorCode } from "../../base/system-error.ts";
import type { NamesOf } from "../../base/text/known-options.ts";
import { isError } from "../../base/text/message-of.ts";
import { invalidArgument } from "../../errors.ts";
import { damaged } from "../files/damage.ts";
import {
  decodeMeta,
  type Meta,
  metaBytes,
  pageHeaderBytes,
  pageSizeMax,
  trailerBytes,
} from "./bolt-format.ts";
import { sha256OfFile } from "./file-hash.ts";

/** Options of opening a snapshot file. */
export interface OpenSnapshotOptions {
  /**
   * Accept a database without its SHA-256, e.g. `member/snap/db` of a stopped member. Default: refuse, because
   * without it nothing proves that the bytes are those that etcd sent.
   */
  readonly skipHashCheck?: boolean | undefined;
}

export const openSnapshotNames: NamesOf<OpenSnapshotOptions> = { skipHashCheck: "boolean" };

const compressions: readonly (readonly [name: string, magic: readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["zip", [0x50, 0x4b, 0x03, 0x04]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58]],
  ["bzip2", [0x42, 0x5a, 0x68]],
];

type OnRead = ((bytes: number) => void) | undefined;

/** The source of a snapshot's bytes: a file, or one being written. */
export interface SnapshotBytes {
  readonly sizeBytes: number;
  /** Fills `into` from `offset`; bytes beyond the end are left unchanged. @returns the bytes read */
  read(into: Uint8Array, offset: number): Promise<number>;
  /** The SHA-256 of the first `lengthBytes`. */
  sha256(lengthBytes: number, signal?: AbortSignal): Promise<Uint8Array>;
  close(): Promise<void>;
}

class FileBytes implements SnapshotBytes {
  readonly sizeBytes: number;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, sizeBytes: number) {
    this.#handle = handle;
    this.sizeBytes = sizeBytes;
  }

  async read(into: Uint8Array, offset: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const { bytesRead } = await this.#handle.read(into, done, into.length - done, offset + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  /** Uses one sequential pass on another thread. */
  sha256(lengthBytes: number, signal?: AbortSignal): Promise<Uint8Array> {
    return sha256OfFile(this.#handle.fd, lengthBytes, signal);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

export class SnapshotFile implements AsyncDisposable {
  readonly path: string;
  readonly sizeBytes: number;
  readonly meta: Meta;
  /** The hash stored behind the database; undefined for a raw database. */
  readonly trailer: Uint8Array | undefined;
  /** A fault of the meta page that is not in use; the other one is. */
  readonly metaFault: { readonly offset: number; readonly what: string } | undefined;
  readonly #bytes: SnapshotBytes;
  readonly #onRead: OnRead;

  private constructor(
    bytes: SnapshotBytes,
    onRead: OnRead,
    facts: Pick<SnapshotFile, "path" | "sizeBytes" | "meta" | "trailer" | "metaFault">,
  ) {
    this.#bytes = bytes;
    this.#onRead = onRead;
    this.path = facts.path;
    this.sizeBytes = facts.sizeBytes;
    this.meta = facts.meta;
    this.trailer = facts.trailer;
    this.metaFault = facts.metaFault;
  }

  /**
   * @param onRead called with the bytes of each read of pages
   * @throws INVALID_ARGUMENT when the file cannot be opened, CORRUPT_SNAPSHOT when it is not a complete snapshot
   */
  static async open(path: string, options: OpenSnapshotOptions = {}, onRead?: OnRead): Promise<SnapshotFile> {
    if (typeof path !== "string" || path === "") {
      throw invalidArgument("path", "Cannot open snapshot: path is no text");
    }
    // Opened only for reading, a pipe waits for its writer, perhaps indefinitely.
    const handle = await open(resolve(path), constants.O_RDONLY | constants.O_NONBLOCK).catch(
      (error: unknown) => {
        throw cannotOpen(path, error);
      },
    );
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) {
        throw invalidArgument("path", `Cannot open snapshot "${path}": it is not a regular file`);
      }
      return await SnapshotFile.over(new FileBytes(handle, stat.size), path, options, onRead);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * Opens a snapshot over bytes that are already open; disposing of it closes them.
   * @param path the name of the bytes in errors
   * @throws CORRUPT_SNAPSHOT when they are not a complete snapshot
   */
  static async over(
    bytes: SnapshotBytes,
    path: string,
    options: OpenSnapshotOptions = {},
    onRead?: OnRead,
  ): Promise<SnapshotFile> {
    return new SnapshotFile(bytes, onRead, await identify(bytes, path, options));
  }

  /** Bytes of the database: highWater × pageSize, which `etcdutl snapshot status` calls the total size. */
  get databaseBytes(): number {
    return this.meta.highWater * this.meta.pageSize;
  }

  /** Fills `into` from `offset`; bytes beyond the end of the file are left unchanged. Returns the bytes read. */
  async readInto(into: Uint8Array, offset: number): Promise<number> {
    const read = await this.#bytes.read(into, offset);
    this.#onRead?.(read);
    return read;
  }

  /** SHA-256 of the database bytes. */
  async sha256(signal?: AbortSignal): Promise<Uint8Array> {
    return await this.#bytes.sha256(this.databaseBytes, signal);
  }

  /** Compares the stored hash with the bytes. @throws CORRUPT_SNAPSHOT when they differ */
  async checkHash(signal?: AbortSignal): Promise<void> {
    const { trailer } = this;
    if (trailer === undefined) return;
    const found = await this.sha256(signal);
    if (timingSafeEqual(found, trailer)) return;
    throw damaged(
      this.path,
      this.databaseBytes,
      `SHA-256 of the database is ${hexOf(found)}, expected ${hexOf(trailer)} as stored behind it`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bytes.close();
  }
}

async function identify(
  bytes: SnapshotBytes,
  path: string,
  options: OpenSnapshotOptions,
): Promise<Pick<SnapshotFile, "path" | "sizeBytes" | "meta" | "trailer" | "metaFault">> {
  const { sizeBytes } = bytes;
  if (sizeBytes === 0) throw damaged(path, 0, "the file is empty");
  const head = new Uint8Array(Math.min(sizeBytes, pageSizeMax + pageHeaderBytes + metaBytes));
  await bytes.read(head, 0);
  for (const [name, magic] of compressions) {
    if (magic.every((byte, i) => head[i] === byte)) {
      throw damaged(path, 0, `the file is compressed with ${name}, expected a snapshot: unpack it first`);
    }
  }
  const { meta, metaFault } = chooseMeta(head, path);
  const databaseBytes = meta.highWater * meta.pageSize;
  if (sizeBytes < databaseBytes) {
    throw damaged(
      path,
      sizeBytes,
      `the file is cut: it has ${sizeBytes} bytes, expected ${databaseBytes} of database and ${trailerBytes} of hash`,
    );
  }
  const rest = sizeBytes - databaseBytes;
  if (rest === trailerBytes) {
    const trailer = new Uint8Array(trailerBytes);
    await bytes.read(trailer, databaseBytes);
    return { path, sizeBytes, meta, trailer, metaFault };
  }
  if (rest < trailerBytes && rest > 0) {
    throw damaged(
      path,
      sizeBytes,
      `the file is cut inside its SHA-256: ${rest} of ${trailerBytes} bytes are there`,
    );
  }
  // A live database file grows in steps, so it may be longer than its pages; a snapshot never is.
  if (rest === 0 || (options.skipHashCheck === true && rest % meta.pageSize === 0)) {
    if (options.skipHashCheck === true) return { path, sizeBytes, meta, trailer: undefined, metaFault };
    throw damaged(path, databaseBytes, "the SHA-256 behind the database is missing (a raw database file?)");
  }
  throw damaged(
    path,
    databaseBytes,
    `${rest} bytes follow the database, expected the ${trailerBytes} of its SHA-256: the file has a junk tail`,
  );
}

/** The valid meta with the larger transaction id. If page 0 is damaged, page 1 is tried at every page size. */
function chooseMeta(head: Uint8Array, path: string): Pick<SnapshotFile, "meta" | "metaFault"> {
  const first = decodeMeta(head);
  if ("fault" in first) {
    for (let pageSize = 1024; pageSize <= pageSizeMax; pageSize *= 2) {
      const second = decodeMeta(head.subarray(Math.min(pageSize, head.length)));
      if ("fault" in second || second.pageSize !== pageSize) continue;
      return { meta: second, metaFault: { offset: first.at, what: `meta page 0: ${first.fault}` } };
    }
    throw damaged(path, first.at, first.fault);
  }
  const second = decodeMeta(head.subarray(Math.min(first.pageSize, head.length)));
  if ("fault" in second) {
    return {
      meta: first,
      metaFault: { offset: first.pageSize + second.at, what: `meta page 1: ${second.fault}` },
    };
  }
  return { meta: second.txid > first.txid ? second : first, metaFault: undefined };
}

function cannotOpen(path: string, error: unknown): Error {
  const code = systemErrorCode(error);
  const reason = code === "ENOENT" ? "there is no such file" : isError(error) ? error.message : code;
  return invalidArgument("path", `Cannot open snapshot "${path}": ${reason}`);
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
