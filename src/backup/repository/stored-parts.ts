/**
 * Cuts bytes into chunks for a repository (names, hash, which of them were new), and joins them again on reading. Several
 * chunks are in flight at once: over a network each waits for its response.
 */
import { createHash } from "node:crypto";
import { loadedAhead } from "../../base/loaded-ahead.ts";
import type { ScratchFile } from "../database/scratch-file.ts";
import { type ChunkStore, chunkBytes } from "./chunks.ts";

/** Chunks in flight: 8 of 64 KiB hide a latency of 20 ms at 25 MB/s, and hold 1 MiB at most. */
export const chunksAtOnce = 8;

export interface Stored {
  readonly chunks: readonly string[];
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly newBytes: number;
}

export interface Transfer {
  /** Called with the size of each completed chunk. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Stores all of `file`. @throws the signal's reason */
export function storeFile(chunks: ChunkStore, file: ScratchFile, watched: Transfer): Promise<Stored> {
  return storePieces(chunks, file.parts(chunkBytes, watched.signal), watched.onBytes);
}

export async function storeBytes(chunks: ChunkStore, bytes: Uint8Array): Promise<Stored> {
  const pieces = function* (): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  };
  return await storePieces(chunks, pieces());
}

/** Appends the content of `names`, a file as it was stored. @throws CORRUPT_SNAPSHOT */
export async function writeStored(
  chunks: ChunkStore,
  names: readonly string[],
  file: ScratchFile,
  { onBytes, signal }: Transfer,
): Promise<void> {
  for await (const bytes of loadedAhead(names, chunksAtOnce, (name) => chunks.get(name))) {
    signal?.throwIfAborted();
    await file.append(bytes);
    onBytes?.(bytes.length);
  }
}

async function storePieces(
  chunks: ChunkStore,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  onBytes?: (bytes: number) => void,
): Promise<Stored> {
  const names: string[] = [];
  const hash = createHash("sha256");
  let sizeBytes = 0;
  let newBytes = 0;
  const put = async (
    plain: Uint8Array,
  ): Promise<{ readonly name: string; readonly newBytes: number; readonly plainBytes: number }> => {
    hash.update(plain);
    sizeBytes += plain.length;
    return { ...(await chunks.put(plain)), plainBytes: plain.length };
  };
  for await (const stored of loadedAhead(pieces, chunksAtOnce, put)) {
    names.push(stored.name);
    newBytes += stored.newBytes;
    onBytes?.(stored.plainBytes);
  }
  return { chunks: names, sha256: hash.digest("hex"), sizeBytes, newBytes };
}
