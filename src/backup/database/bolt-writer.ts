/**
 * Writes a new bbolt file, front to back, without free pages, so it contains nothing that was deleted.
 *
 *   meta0 meta1 | leaf… branch… (bucket by bucket) | root leaf           metas last, then fsync
 *
 * Leaf pages of the source are copied as they are (new id, bytes behind the data zeroed); single
 * records are packed to 90 %. Branch levels grow while leaves are written, so memory is one page per level.
 */
import type { FileHandle } from "node:fs/promises";
import {
  bucketHeaderBytes,
  bucketLeafFlag,
  elementBytes,
  encodeMetaPage,
  pageFlag,
  pageHeaderBytes,
} from "./bolt-format.ts";
import type { Page } from "./bolt-page.ts";

/** Bytes combined into one write. */
const writeBytes = 2 * 1024 * 1024;
/** Fill of a page before the next begins: etcd's own for its append-only bucket. */
const fillPercent = 0.9;
/** The count has 16 bits, and 0xFFFF has another meaning in a freelist. */
const elementsMax = 65_534;

interface Item {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly flags: number;
}

export class BoltWriter {
  readonly pageSize: number;
  readonly #handle: FileHandle;
  #next = 2;
  #buffer: Buffer;
  /** The buffer being written while `#buffer` fills. */
  #spare: Buffer;
  #writing: Promise<void> = Promise.resolve();
  #used = 0;
  #flushed: number;
  readonly #buckets: Item[] = [];

  /** @param handle an empty file, open for writing; the caller closes it */
  constructor(handle: FileHandle, pageSize: number) {
    this.#handle = handle;
    this.pageSize = pageSize;
    this.#buffer = Buffer.allocUnsafeSlow(writeBytes);
    this.#spare = Buffer.allocUnsafeSlow(writeBytes);
    this.#flushed = 2 * pageSize;
  }

  /** Opens the next bucket: names ascend, and each bucket is finished before the next is opened. */
  bucket(name: string): BucketWriter {
    const key = Buffer.from(name, "latin1");
    return new BucketWriter(this, (root, sequence, inline) => {
      const value = new Uint8Array(bucketHeaderBytes + inline.length);
      const view = new DataView(value.buffer);
      view.setBigUint64(0, BigInt(root), true);
      view.setBigUint64(8, sequence, true);
      value.set(inline, bucketHeaderBytes);
      this.#buckets.push({ key, value, flags: bucketLeafFlag });
    });
  }

  /** Writes root and metas, and syncs. Returns the pages of the file. */
  async finish(): Promise<number> {
    const image = leafImage(this.#buckets, 0);
    const root = await this.append(image, image.length);
    await this.#flush();
    await this.#writing;
    const highWater = this.#next;
    // Both metas point to the same root, the later transaction first, as in a snapshot sent by etcd.
    for (const [id, txid] of [
      [0, 2n],
      [1, 1n],
    ] as const) {
      const meta = encodeMetaPage(id, {
        pageSize: this.pageSize,
        root,
        freelist: undefined,
        highWater,
        txid,
      });
      await writeAll(this.#handle, meta, id * this.pageSize);
    }
    await this.#handle.sync();
    return highWater;
  }

  /** Writes `bytes[0, used)` as a separate page with its id and overflow; the rest of the page is zero. */
  async append(bytes: Uint8Array, used: number): Promise<number> {
    const span = Math.max(1, Math.ceil(used / this.pageSize));
    const length = span * this.pageSize;
    if (this.#used + length > this.#buffer.length) {
      await this.#flush();
      if (length > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(length);
    }
    const id = this.#next;
    this.#next += span;
    const at = this.#used;
    this.#buffer.set(used === bytes.length ? bytes : bytes.subarray(0, used), at);
    this.#buffer.fill(0, at + used, at + length);
    this.#buffer.writeBigUInt64LE(BigInt(id), at);
    this.#buffer.writeUInt32LE(span - 1, at + 12);
    this.#used += length;
    return id;
  }

  async #flush(): Promise<void> {
    if (this.#used === 0) return;
    await this.#writing;
    const full = this.#buffer.subarray(0, this.#used);
    this.#writing = writeAll(this.#handle, full, this.#flushed);
    // The next flush throws its failure.
    this.#writing.catch(() => {});
    [this.#buffer, this.#spare] = [this.#spare, this.#buffer];
    this.#flushed += this.#used;
    this.#used = 0;
  }
}

/** One bucket being written: keys ascend over all calls. */
export class BucketWriter {
  readonly #file: BoltWriter;
  readonly #close: (root: number, sequence: bigint, inline: Uint8Array) => void;
  readonly #levels: BranchLevel[] = [];
  #items: Item[] = [];
  #itemBytes = pageHeaderBytes;
  #leaves = 0;

  constructor(file: BoltWriter, close: (root: number, sequence: bigint, inline: Uint8Array) => void) {
    this.#file = file;
    this.#close = close;
  }

  async add(key: Uint8Array, value: Uint8Array): Promise<void> {
    const size = elementBytes + key.length + value.length;
    const full =
      this.#itemBytes + size > this.#file.pageSize * fillPercent || this.#items.length >= elementsMax;
    // At least two per page, as bbolt splits them.
    if (full && this.#items.length >= 2) await this.#cut();
    this.#items.push({ key, value, flags: 0 });
    this.#itemBytes += size;
  }

  /** Adds every record of a checked leaf page of the same page size. */
  async addPage(page: Page): Promise<void> {
    if (page.count === 0) return;
    const whole =
      page.contiguous && page.dataStart === page.start + pageHeaderBytes + page.count * elementBytes;
    if (!whole) {
      for (let i = 0; i < page.count; i++) await this.add(page.key(i), page.value(i));
      return;
    }
    await this.#cut();
    const bytes = page.bytes.subarray(page.start, page.dataEnd);
    await this.#place(page.key(0), await this.#file.append(bytes, bytes.length));
  }

  /** Ends the bucket; small ones are kept inline in the root. */
  async finish(sequence = 0n): Promise<void> {
    if (this.#leaves === 0 && this.#itemBytes <= this.#file.pageSize / 4) {
      this.#close(0, sequence, leafImage(this.#items, 0));
      return;
    }
    await this.#cut();
    let root = 0;
    for (let depth = 0; depth < this.#levels.length; depth++) {
      const level = this.#levels[depth];
      if (level === undefined) break;
      const only = level.onlyChild();
      if (only !== undefined) {
        root = only;
        break;
      }
      await this.#branch(depth, level);
    }
    this.#close(root, sequence, new Uint8Array());
  }

  async #cut(): Promise<void> {
    const first = this.#items[0];
    if (first === undefined) return;
    const image = leafImage(this.#items, 0);
    this.#items = [];
    this.#itemBytes = pageHeaderBytes;
    await this.#place(first.key, await this.#file.append(image, image.length));
  }

  async #place(key: Uint8Array, id: number): Promise<void> {
    this.#leaves++;
    await this.#child(0, key, id);
  }

  async #child(depth: number, key: Uint8Array, id: number): Promise<void> {
    const level = this.#levels[depth] ?? new BranchLevel();
    this.#levels[depth] = level;
    if (level.isFull(key, this.#file.pageSize * fillPercent)) await this.#branch(depth, level);
    level.add(key, id);
  }

  async #branch(depth: number, level: BranchLevel): Promise<void> {
    const { image, firstKey } = level.take();
    await this.#child(depth + 1, firstKey, await this.#file.append(image, image.length));
  }
}

/** The branch page that grows on one level of a tree. */
class BranchLevel {
  #keys: Uint8Array[] = [];
  #ids: number[] = [];
  #bytes = pageHeaderBytes;
  #pages = 0;

  isFull(key: Uint8Array, limit: number): boolean {
    return (
      this.#keys.length >= 2 &&
      (this.#bytes + elementBytes + key.length > limit || this.#keys.length >= elementsMax)
    );
  }

  add(key: Uint8Array, id: number): void {
    this.#keys.push(key);
    this.#ids.push(id);
    this.#bytes += elementBytes + key.length;
  }

  /** The tree's root if this level has only ever had one child. */
  onlyChild(): number | undefined {
    return this.#pages === 0 && this.#ids.length === 1 ? this.#ids[0] : undefined;
  }

  take(): { readonly image: Uint8Array; readonly firstKey: Uint8Array } {
    const image = new Uint8Array(this.#bytes);
    const view = new DataView(image.buffer);
    view.setUint16(8, pageFlag.branch, true);
    view.setUint16(10, this.#keys.length, true);
    let data = pageHeaderBytes + this.#keys.length * elementBytes;
    this.#keys.forEach((key, i) => {
      const element = pageHeaderBytes + i * elementBytes;
      view.setUint32(element, data - element, true);
      view.setUint32(element + 4, key.length, true);
      view.setBigUint64(element + 8, BigInt(this.#ids[i] ?? 0), true);
      image.set(key, data);
      data += key.length;
    });
    const firstKey = this.#keys[0] ?? new Uint8Array();
    this.#keys = [];
    this.#ids = [];
    this.#bytes = pageHeaderBytes;
    this.#pages++;
    return { image, firstKey };
  }
}

function leafImage(items: readonly Item[], id: number): Uint8Array {
  const bodyStart = pageHeaderBytes + items.length * elementBytes;
  const size = items.reduce((sum, item) => sum + item.key.length + item.value.length, bodyStart);
  const image = new Uint8Array(size);
  const view = new DataView(image.buffer);
  view.setBigUint64(0, BigInt(id), true);
  view.setUint16(8, pageFlag.leaf, true);
  view.setUint16(10, items.length, true);
  let data = bodyStart;
  items.forEach(({ key, value, flags }, i) => {
    const element = pageHeaderBytes + i * elementBytes;
    view.setUint32(element, flags, true);
    view.setUint32(element + 4, data - element, true);
    view.setUint32(element + 8, key.length, true);
    view.setUint32(element + 12, value.length, true);
    image.set(key, data);
    image.set(value, data + key.length);
    data += key.length + value.length;
  });
  return image;
}

export async function writeAll(handle: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
}
