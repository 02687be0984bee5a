/**
 * One checked page of a bbolt file. After `checkPage` every element lies inside the page and keys ascend, so that
 * the hot loops above (hashes, records) read without further checks.
 *
 * A page is a view of a shared read buffer: it is valid until the reader's next batch, and it is not copied.
 */
import { damaged } from "../files/damage.ts";
import {
  bucketLeafFlag,
  compareRanges,
  elementBytes,
  hex,
  pageFlag,
  pageHeaderBytes,
} from "./bolt-format.ts";

export class Page {
  readonly id: number;
  /** Pages it occupies, overflow included. */
  readonly span: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** First byte of the page header in `bytes`, and the byte after its last page. */
  readonly start: number;
  readonly end: number;
  readonly kind: "leaf" | "branch";
  readonly count: number;
  /** Byte of the file at which `bytes` begins. */
  readonly fileOffset: number;
  /** First byte of the first key, and the byte after the last value or key. Equal when there are no elements. */
  dataStart: number;
  dataEnd: number;
  /** True when keys and values follow each other without gap in element order: one checksum then covers them all. */
  contiguous = true;
  /** True when an element is itself a bucket. */
  hasBuckets = false;

  constructor(
    facts: Pick<Page, "id" | "span" | "bytes" | "view" | "start" | "kind" | "count" | "fileOffset"> & {
      readonly end: number;
    },
  ) {
    this.id = facts.id;
    this.span = facts.span;
    this.bytes = facts.bytes;
    this.view = facts.view;
    this.start = facts.start;
    this.end = facts.end;
    this.kind = facts.kind;
    this.count = facts.count;
    this.fileOffset = facts.fileOffset;
    this.dataStart = this.start + pageHeaderBytes + this.count * elementBytes;
    this.dataEnd = this.dataStart;
  }

  keyStart(index: number): number {
    const element = this.start + pageHeaderBytes + index * elementBytes;
    return element + this.view.getUint32(this.kind === "leaf" ? element + 4 : element, true);
  }

  /** End of the key; in a leaf the value begins here. */
  keyEnd(index: number): number {
    const element = this.start + pageHeaderBytes + index * elementBytes;
    return this.kind === "leaf"
      ? element + this.view.getUint32(element + 4, true) + this.view.getUint32(element + 8, true)
      : element + this.view.getUint32(element, true) + this.view.getUint32(element + 4, true);
  }

  valueEnd(index: number): number {
    const element = this.start + pageHeaderBytes + index * elementBytes;
    return this.keyEnd(index) + this.view.getUint32(element + 12, true);
  }

  isBucket(index: number): boolean {
    const element = this.start + pageHeaderBytes + index * elementBytes;
    return (this.view.getUint32(element, true) & bucketLeafFlag) !== 0;
  }

  /** A branch's child page. May be beyond the file: the reader checks. */
  child(index: number): number {
    const element = this.start + pageHeaderBytes + index * elementBytes;
    return this.view.getUint32(element + 8, true) + this.view.getUint32(element + 12, true) * 2 ** 32;
  }

  /** A copy of key `index`. */
  key(index: number): Uint8Array {
    return this.bytes.slice(this.keyStart(index), this.keyEnd(index));
  }

  /** A copy of value `index`. */
  value(index: number): Uint8Array {
    return this.bytes.slice(this.keyEnd(index), this.valueEnd(index));
  }

  /** The file offset of byte `at` of the buffer. */
  offsetOf(at: number): number {
    return this.fileOffset + at;
  }
}

export interface PageHeader {
  readonly kind: "leaf" | "branch";
  readonly count: number;
  readonly span: number;
}

/**
 * The header at `start`, which must be page `id`; an inline bucket's page has id 0.
 * @throws CORRUPT_SNAPSHOT
 */
export function readPageHeader(
  view: DataView,
  start: number,
  id: number,
  place: { readonly path: string; readonly offset: number },
): PageHeader {
  const idLow = view.getUint32(start, true);
  const idHigh = view.getUint32(start + 4, true);
  if (idHigh * 2 ** 32 + idLow !== id) {
    throw damaged(
      place.path,
      place.offset,
      `page ${id} calls itself page ${(BigInt(idHigh) << 32n) | BigInt(idLow)}`,
    );
  }
  const flags = view.getUint16(start + 8, true);
  if (flags !== pageFlag.leaf && flags !== pageFlag.branch) {
    throw damaged(
      place.path,
      place.offset + 8,
      `page ${id} has type ${hex(flags)}, expected a leaf (0x2) or branch (0x1)`,
    );
  }
  return {
    kind: flags === pageFlag.leaf ? "leaf" : "branch",
    count: view.getUint16(start + 10, true),
    span: view.getUint32(start + 12, true) + 1,
  };
}

/** Checks every element of `page`: bounds, flags, ascending keys. @throws CORRUPT_SNAPSHOT with the element's offset */
export function checkPage(page: Page, path: string): void {
  const { view, bytes, count, start, end } = page;
  const leaf = page.kind === "leaf";
  const bodyStart = start + pageHeaderBytes + count * elementBytes;
  if (bodyStart > end) {
    throw damaged(
      path,
      page.offsetOf(start + 10),
      `page ${page.id} has ${count} elements, more than its ${end - start} bytes hold`,
    );
  }
  if (count === 0 && !leaf) {
    throw damaged(path, page.offsetOf(start + 10), `branch page ${page.id} has no children`);
  }
  let previousStart = 0;
  let previousEnd = 0;
  let expected = bodyStart;
  let low = bodyStart;
  let high = bodyStart;
  for (let index = 0; index < count; index++) {
    const element = start + pageHeaderBytes + index * elementBytes;
    const keyStart = element + view.getUint32(leaf ? element + 4 : element, true);
    const keyEnd = keyStart + view.getUint32(leaf ? element + 8 : element + 4, true);
    const itemEnd = leaf ? keyEnd + view.getUint32(element + 12, true) : keyEnd;
    if (keyStart < bodyStart || itemEnd > end) {
      throw damaged(
        path,
        page.offsetOf(element),
        `element ${index} of page ${page.id} points outside the page: bytes ${keyStart - start} to ` +
          `${itemEnd - start} of ${end - start}`,
      );
    }
    if (leaf) {
      const flags = view.getUint32(element, true);
      if (flags > bucketLeafFlag) {
        throw damaged(
          path,
          page.offsetOf(element),
          `element ${index} of page ${page.id} has flags ${hex(flags)}`,
        );
      }
      if (flags !== 0) page.hasBuckets = true;
    }
    if (index > 0 && compareRanges(bytes, previousStart, previousEnd, bytes, keyStart, keyEnd) >= 0) {
      throw damaged(
        path,
        page.offsetOf(keyStart),
        `key ${index} of page ${page.id} does not follow the key before it`,
      );
    }
    if (keyStart !== expected) {
      page.contiguous = false;
      if (keyStart < low) low = keyStart;
    }
    if (index === 0) low = keyStart;
    if (itemEnd > high) high = itemEnd;
    previousStart = keyStart;
    previousEnd = keyEnd;
    expected = itemEnd;
  }
  // With a gap only before the first key, the data is still contiguous.
  if (count > 0 && !page.contiguous) page.contiguous = isContiguous(page);
  page.dataStart = low;
  page.dataEnd = high;
}

function isContiguous(page: Page): boolean {
  for (let index = 1; index < page.count; index++) {
    const previousEnd = page.kind === "leaf" ? page.valueEnd(index - 1) : page.keyEnd(index - 1);
    if (page.keyStart(index) !== previousEnd) return false;
  }
  return true;
}
