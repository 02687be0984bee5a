/**
 * Reads pages by number: neighbours in one read, into reused buffers. `BoltReader` decides which pages to read and when
 * a buffer is free; the content of pages is not examined here.
 */
import { Buffer } from "node:buffer";
import { damaged } from "../files/damage.ts";
import type { SnapshotFile } from "./snapshot-file.ts";

/** Pages closer than this are fetched by one read; the bytes between them are mostly their own overflow pages. */
const joinGapBytes = 32 * 1024;
/** Read buffers kept for the next batch; at most two batches and their joins are in progress. */
const poolMax = 64;
/** Buffer sizes are multiples of this, so that a buffer fits the next read as well. */
const bufferGrainBytes = 64 * 1024;
/** Larger buffers are for single long values: they are not kept. */
const bufferMaxBytes = 2 * 1024 * 1024;

/** The read that contains each page, by page id, and the buffers of all reads. */
export interface Runs {
  readonly byId: ReadonlyMap<number, Run>;
  readonly buffers: Uint8Array[];
}

export interface Run {
  readonly firstId: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export class RunReader {
  readonly #file: SnapshotFile;
  readonly #pageSize: number;
  readonly #highWater: number;
  readonly #pool: Uint8Array[] = [];

  constructor(file: SnapshotFile) {
    this.#file = file;
    this.#pageSize = file.meta.pageSize;
    this.#highWater = file.meta.highWater;
  }

  /** One read for pages that are close together. */
  async readRuns(pageIds: readonly number[]): Promise<Runs> {
    for (const id of pageIds) this.#inFile(id);
    const sorted = [...pageIds].sort((a, b) => a - b);
    const joinGap = Math.max(1, Math.floor(joinGapBytes / this.#pageSize));
    const byId = new Map<number, Run>();
    const buffers: Uint8Array[] = [];
    const reads: Promise<void>[] = [];
    for (let from = 0; from < sorted.length; ) {
      const firstId = sorted[from] ?? 0;
      let to = from + 1;
      let lastId = firstId;
      let gap = 0;
      for (; to < sorted.length; to++) {
        const id = sorted[to] ?? 0;
        if (id - lastId > joinGap) break;
        gap = Math.max(gap, id - lastId - 1);
        lastId = id;
      }
      const pages = Math.min(lastId + 1 + gap, this.#highWater) - firstId;
      const members = sorted.slice(from, to);
      reads.push(
        this.read(firstId, pages * this.#pageSize, buffers).then((bytes) => {
          const run = { firstId, bytes, view: viewOf(bytes) };
          for (const id of members) byId.set(id, run);
        }),
      );
      from = to;
    }
    await Promise.all(reads);
    return { byId, buffers };
  }

  /** @param buffers receives the buffer that the result is part of */
  async read(id: number, length: number, buffers?: Uint8Array[]): Promise<Uint8Array> {
    const offset = id * this.#pageSize;
    const fit = buffers === undefined ? -1 : this.#pool.findIndex((buffer) => buffer.length >= length);
    const [pooled] = fit < 0 ? [] : this.#pool.splice(fit, 1);
    // A plain Uint8Array: a Buffer's slice() would be a view of memory that the next read overwrites.
    const size = Math.ceil(length / bufferGrainBytes) * bufferGrainBytes;
    const buffer = pooled ?? new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
    buffers?.push(buffer);
    const bytes = buffer.subarray(0, length);
    const read = await this.#file.readInto(bytes, offset);
    if (read < length) {
      throw damaged(this.#file.path, offset + read, `the file ends inside page ${id}`);
    }
    return bytes;
  }

  release(buffers: readonly Uint8Array[]): void {
    for (const buffer of buffers) {
      if (this.#pool.length < poolMax && buffer.length <= bufferMaxBytes) this.#pool.push(buffer);
    }
  }

  #inFile(id: number): void {
    if (id >= 2 && id < this.#highWater) return;
    throw damaged(
      this.#file.path,
      undefined,
      `a branch names page ${id} as its child, expected 2 to ${this.#highWater - 1}`,
    );
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
