/**
 * Walks the trees of a bbolt file with bounded memory. Save, verify, inspect, restore and history are built on it.
 *
 * A branch page names its children, so the reader fetches them together: sorts ids, joins neighbours into one
 * read, returns results in key order. Nothing is read twice, and only one batch per level (about 1 MiB) is kept,
 * in any order of pages in the file. Every page is checked (bolt-page.ts), may be reached only once, and
 * holds keys that continue where the previous page ended.
 */
import { Buffer } from "node:buffer";
import { damaged } from "../files/damage.ts";
import {
  bucketHeaderBytes,
  compareRanges,
  freelistCountInBody,
  pageFlag,
  pageHeaderBytes,
} from "./bolt-format.ts";
import { checkPage, Page, readPageHeader } from "./bolt-page.ts";
import { PageSet } from "./page-set.ts";
import { RunReader, type Runs, viewOf } from "./run-reader.ts";
import type { SnapshotFile } from "./snapshot-file.ts";

export interface Bucket {
  /** Bytes of the name as Latin-1 text: etcd's are ASCII. */
  readonly name: string;
  /** 0 for an inline bucket. */
  readonly root: number;
  readonly sequence: bigint;
  /** The page image of an inline bucket, header included. */
  readonly inline: Uint8Array | undefined;
  /** Offset in the file of the bucket's record. */
  readonly offset: number;
}

/** Target of the bytes read for one batch of children. */
const batchBytes = 1024 * 1024;
/** Bytes of overflow pages in a batch after which it is returned short. */
const overflowMaxBytes = 8 * 1024 * 1024;
/** No real tree is this deep: with 65,535 children per branch 2^53 pages need 4 levels, with 2 per branch 53. */
const depthMax = 64;

interface Level {
  readonly children: readonly Child[];
  next: number;
  /** Pages of the current batch, in order, not yet returned. */
  readonly batch: (readonly [Page, Child])[];
  /** Buffers of the batch; free for other reads once the batch is returned. */
  buffers: Uint8Array[];
  /** The next batch, being read. */
  ahead: Promise<Runs> | undefined;
}

interface Child {
  readonly id: number;
  /** Smallest key the child may have. */
  readonly floor: Uint8Array;
}

export class BoltReader {
  readonly file: SnapshotFile;
  readonly #pageSize: number;
  readonly #highWater: number;
  readonly #runs: RunReader;

  constructor(file: SnapshotFile) {
    this.file = file;
    this.#pageSize = file.meta.pageSize;
    this.#runs = new RunReader(file);
    this.#highWater = file.meta.highWater;
  }

  /**
   * The buckets, in order of name.
   * @param seen gets the pages reached; a page that is already in it is refused
   */
  async buckets(seen: PageSet = this.newPageSet()): Promise<readonly Bucket[]> {
    const found: Bucket[] = [];
    for await (const pages of this.#walk(this.file.meta.root, seen)) {
      for (const page of pages) {
        for (let index = 0; index < page.count; index++) found.push(this.#bucket(page, index));
      }
    }
    return found;
  }

  /** Leaf pages of `bucket` in key order, a batch at a time; a batch is valid until the next is requested. */
  async *leaves(
    bucket: Bucket,
    options: { readonly seen?: PageSet | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<readonly Page[], void, void> {
    if (bucket.inline !== undefined) {
      yield [this.#inlinePage(bucket, bucket.inline)];
      return;
    }
    for await (const pages of this.#walk(bucket.root, options.seen ?? this.newPageSet(), options.signal)) {
      const nested = pages.find((page) => page.hasBuckets);
      if (nested !== undefined) {
        throw damaged(
          this.file.path,
          nested.offsetOf(nested.start),
          `page ${nested.id} of bucket "${bucket.name}" holds a bucket inside the bucket`,
        );
      }
      yield pages;
    }
  }

  /** A page set that contains only the two meta pages. */
  newPageSet(): PageSet {
    const set = new PageSet(this.#highWater);
    set.add(0);
    set.add(1);
    return set;
  }

  /**
   * Checks the freelist against `seen`, the pages that the buckets have reached: with a recorded freelist every page
   * must be either reached or free. @throws CORRUPT_SNAPSHOT
   */
  async checkFreelist(seen: PageSet): Promise<void> {
    const { freelist } = this.file.meta;
    if (freelist === undefined) return;
    const offset = freelist * this.#pageSize;
    const head = await this.#runs.read(freelist, this.#pageSize);
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    const flags = view.getUint16(8, true);
    if (view.getUint32(0, true) !== freelist || flags !== pageFlag.freelist) {
      throw damaged(this.file.path, offset, `page ${freelist} is no freelist: type ${flags}, expected 16`);
    }
    const span = view.getUint32(12, true) + 1;
    this.#claim(seen, freelist, span, "the freelist");
    const body = span === 1 ? head : await this.#runs.read(freelist, span * this.#pageSize);
    const ids = new DataView(body.buffer, body.byteOffset, body.length);
    const short = view.getUint16(10, true);
    const first = short === freelistCountInBody ? 1 : 0;
    const count = first === 1 ? Number(ids.getBigUint64(pageHeaderBytes, true)) : short;
    if (pageHeaderBytes + (first + count) * 8 > body.length) {
      throw damaged(this.file.path, offset + 10, `the freelist has ${count} ids, more than its pages hold`);
    }
    for (let i = 0; i < count; i++) {
      const id = Number(ids.getBigUint64(pageHeaderBytes + (first + i) * 8, true));
      this.#claim(seen, id, 1, "the freelist");
    }
    const lost = seen.firstMissing();
    if (lost === undefined) return;
    throw damaged(this.file.path, lost * this.#pageSize, `page ${lost} is neither in use nor free`);
  }

  async *#walk(
    root: number,
    seen: PageSet,
    signal?: AbortSignal,
  ): AsyncGenerator<readonly Page[], void, void> {
    const path = this.file.path;
    let last: Uint8Array | undefined;
    const stack: Level[] = [newLevel([{ id: root, floor: new Uint8Array() }])];
    for (let level = stack.at(-1); level !== undefined; level = stack.at(-1)) {
      signal?.throwIfAborted();
      if (level.batch.length === 0) {
        this.#runs.release(level.buffers);
        level.buffers = [];
        if (level.next >= level.children.length) {
          stack.pop();
          continue;
        }
        await this.#fetch(level, seen);
      }
      const leaves: Page[] = [];
      for (let entry = level.batch[0]; entry !== undefined; entry = level.batch[0]) {
        const [page, child] = entry;
        checkPage(page, path);
        if (page.kind === "branch" && leaves.length > 0) break;
        level.batch.shift();
        if (page.count > 0) {
          checkOrder(page, child, last, path);
          if (page.kind === "leaf")
            last = page.bytes.subarray(page.keyStart(page.count - 1), page.keyEnd(page.count - 1));
        }
        if (page.kind === "leaf") {
          leaves.push(page);
          continue;
        }
        if (stack.length > depthMax) throw damaged(path, page.offsetOf(page.start), "the tree has no end");
        stack.push(newLevel(childrenOf(page)));
        break;
      }
      if (leaves.length > 0) {
        yield leaves;
        // The batch's buffers are no longer needed; only the key that the next page must exceed is kept.
        last = last?.slice();
      }
    }
  }

  /** Takes the next children of `level`, about a batch, and begins to read the following ones. */
  async #fetch(level: Level, seen: PageSet): Promise<void> {
    const children = this.#upcoming(level);
    const runs = await (level.ahead ?? this.#runs.readRuns(children.map(({ id }) => id)));
    level.ahead = undefined;
    level.buffers = runs.buffers;
    let overflowBytes = 0;
    for (const child of children) {
      const run = runs.byId.get(child.id);
      if (run === undefined) throw damaged(this.file.path, child.id * this.#pageSize, "page was not read");
      const offset = child.id * this.#pageSize;
      const start = offset - run.firstId * this.#pageSize;
      const header = readPageHeader(run.view, start, child.id, { path: this.file.path, offset });
      this.#claim(seen, child.id, header.span, "the tree");
      const spanBytes = header.span * this.#pageSize;
      let window = { bytes: run.bytes, view: run.view, start, fileOffset: run.firstId * this.#pageSize };
      if (start + spanBytes > run.bytes.length) {
        overflowBytes += spanBytes;
        const bytes = await this.#runs.read(child.id, spanBytes, level.buffers);
        window = { bytes, view: viewOf(bytes), start: 0, fileOffset: offset };
      }
      const page = new Page({ id: child.id, ...header, ...window, end: window.start + spanBytes });
      level.batch.push([page, child]);
      level.next++;
      if (overflowBytes > overflowMaxBytes) break;
    }
    if (level.batch[0]?.[0].kind !== "leaf" || level.next >= level.children.length) return;
    level.ahead = this.#runs.readRuns(this.#upcoming(level).map(({ id }) => id));
    // Its failure is thrown when the batch is needed; an abandoned walk never needs it.
    level.ahead.catch(() => {});
  }

  #upcoming(level: Level): readonly Child[] {
    const atOnce = Math.max(8, Math.floor(batchBytes / this.#pageSize));
    return level.children.slice(level.next, level.next + atOnce);
  }

  #claim(seen: PageSet, id: number, span: number, by: string): void {
    if (id < 2 || id + span > this.#highWater) {
      throw damaged(
        this.file.path,
        id * this.#pageSize,
        `page ${id} with its overflow takes ${span} pages, beyond the last page ${this.#highWater - 1}`,
      );
    }
    for (let page = id; page < id + span; page++) {
      if (seen.add(page)) continue;
      throw damaged(this.file.path, page * this.#pageSize, `page ${page} is reached twice, now by ${by}`);
    }
  }

  #bucket(page: Page, index: number): Bucket {
    const name = Buffer.from(page.key(index)).toString("latin1");
    const offset = page.offsetOf(page.keyEnd(index));
    const value = page.value(index);
    if (!page.isBucket(index) || value.length < bucketHeaderBytes) {
      throw damaged(this.file.path, offset, `root entry "${name}" is not a bucket`);
    }
    const view = new DataView(value.buffer, value.byteOffset, value.length);
    const root = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
    if (root !== 0 && (root < 2 || root >= this.#highWater)) {
      throw damaged(
        this.file.path,
        offset,
        `bucket "${name}" has root page ${root}, expected 2 to ${this.#highWater - 1}`,
      );
    }
    return {
      name,
      root,
      sequence: view.getBigUint64(8, true),
      inline: root === 0 ? value.subarray(bucketHeaderBytes) : undefined,
      offset,
    };
  }

  #inlinePage(bucket: Bucket, image: Uint8Array): Page {
    const offset = bucket.offset + bucketHeaderBytes;
    const path = this.file.path;
    if (image.length < pageHeaderBytes) {
      throw damaged(path, offset, `inline bucket "${bucket.name}" is cut: ${image.length} bytes`);
    }
    const view = new DataView(image.buffer, image.byteOffset, image.length);
    const header = readPageHeader(view, 0, 0, { path, offset });
    if (header.kind !== "leaf" || header.span !== 1) {
      throw damaged(path, offset, `inline bucket "${bucket.name}" is no single leaf page`);
    }
    const page = new Page({
      id: 0,
      ...header,
      bytes: image,
      view,
      start: 0,
      end: image.length,
      fileOffset: offset,
    });
    checkPage(page, path);
    return page;
  }
}

function newLevel(children: readonly Child[]): Level {
  return { children, next: 0, batch: [], buffers: [], ahead: undefined };
}

/** A page's keys begin at or after the key in its parent and after the last key of the previous page. */
function checkOrder(page: Page, child: Child, last: Uint8Array | undefined, path: string): void {
  const start = page.keyStart(0);
  const end = page.keyEnd(0);
  const { floor } = child;
  if (compareRanges(floor, 0, floor.length, page.bytes, start, end) > 0) {
    throw damaged(path, page.offsetOf(start), `page ${page.id} begins before the key its parent gives`);
  }
  if (last === undefined) return;
  // The floor of every page except the first is also above all earlier keys.
  const early =
    compareRanges(last, 0, last.length, page.bytes, start, end) >= 0 ||
    (page.kind === "leaf" &&
      floor.length > 0 &&
      compareRanges(last, 0, last.length, floor, 0, floor.length) >= 0);
  if (early) {
    throw damaged(path, page.offsetOf(start), `page ${page.id} does not follow the page before it`);
  }
}

function childrenOf(page: Page): readonly Child[] {
  return Array.from({ length: page.count }, (_, index) => ({
    id: page.child(index),
    floor: page.key(index),
  }));
}
