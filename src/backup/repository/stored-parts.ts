/** Bytes cut into chunks on their way into a repository (names, hash, what of them was new), and put together on their way out. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { fileMode } from "../files/durable.ts";
import { type ChunkStore, chunkBytes } from "./chunks.ts";

export interface Stored {
  readonly chunks: readonly string[];
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly newBytes: number;
}

/** Collects the chunks of one file. */
class StoredParts {
  readonly #store: ChunkStore;
  readonly #names: string[] = [];
  readonly #hash = createHash("sha256");
  #sizeBytes = 0;
  #newBytes = 0;

  constructor(store: ChunkStore) {
    this.#store = store;
  }

  async add(plain: Uint8Array): Promise<void> {
    this.#hash.update(plain);
    const { name, newBytes } = await this.#store.put(plain);
    this.#names.push(name);
    this.#sizeBytes += plain.length;
    this.#newBytes += newBytes;
  }

  finish(): Stored {
    return {
      chunks: this.#names,
      sha256: this.#hash.digest("hex"),
      sizeBytes: this.#sizeBytes,
      newBytes: this.#newBytes,
    };
  }
}

/** Stores the file at `path`. */
export async function storeFile(
  chunks: ChunkStore,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Stored> {
  const handle = await open(path, "r");
  try {
    const buffer = Buffer.alloc(chunkBytes);
    const stored = new StoredParts(chunks);
    for (let offset = 0; ; ) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes, offset);
      if (bytesRead === 0) return stored.finish();
      await stored.add(buffer.subarray(0, bytesRead));
      offset += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

export async function storeBytes(chunks: ChunkStore, bytes: Uint8Array): Promise<Stored> {
  const stored = new StoredParts(chunks);
  for (let at = 0; at < bytes.length; at += chunkBytes) await stored.add(bytes.subarray(at, at + chunkBytes));
  return stored.finish();
}

/** Writes what `names` stand for, a file as it was stored, to `path`, which must not exist. @throws CORRUPT_SNAPSHOT */
export async function writeStored(
  chunks: ChunkStore,
  names: readonly string[],
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const handle = await open(path, "wx", fileMode);
  try {
    for (const name of names) {
      signal?.throwIfAborted();
      await handle.writeFile(await chunks.get(name));
    }
  } finally {
    await handle.close();
  }
}
