/**
 * One record of etcd's `key` bucket: a revision as key, a `mvccpb.KeyValue` as value.
 *
 *   key    = main u64 big endian, "_", sub u64 big endian, ["t" for a deletion]
 *   value  = 1: key bytes, 2: create revision, 3: mod revision, 4: version, 5: value bytes, 6: lease; zeros left out
 *
 * `RecordCursor` reads records in place, without an allocation each, for scans of millions of records. `MvccRecord`
 * is the same with bigint numbers, for code that reads single records.
 */
import type { Page } from "../database/bolt-page.ts";
import { damaged } from "../files/damage.ts";

export const revisionBytes = 17;
export const tombstoneBytes = 18;
const underscore = 0x5f;
const tombstoneMark = 0x74;

export interface Revision {
  readonly main: bigint;
  /** Place inside the transaction, from 0. */
  readonly sub: bigint;
}

/** A record with exact numbers and its own copy of the bytes. */
export interface MvccRecord {
  readonly revision: Revision;
  readonly deleted: boolean;
  readonly key: Uint8Array;
  /** Empty for a deletion. */
  readonly value: Uint8Array;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  readonly version: bigint;
  readonly lease: bigint;
}

export function encodeRevision({ main, sub }: Revision, deleted = false): Uint8Array {
  const bytes = new Uint8Array(deleted ? tombstoneBytes : revisionBytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, main);
  bytes[8] = underscore;
  view.setBigUint64(9, sub);
  if (deleted) bytes[17] = tombstoneMark;
  return bytes;
}

/** The revision in a 17-byte meta value or record key; undefined when the bytes are not one. */
export function decodeRevision(bytes: Uint8Array): Revision | undefined {
  if (bytes.length !== revisionBytes && bytes.length !== tombstoneBytes) return undefined;
  if (bytes[8] !== underscore) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { main: view.getBigUint64(0), sub: view.getBigUint64(9) };
}

/** A revision as two unsigned halves, which scans compare without bigint. */
export interface MainBound {
  readonly high: number;
  readonly low: number;
}

export function mainBound(main: bigint): MainBound {
  return { high: Number((main >> 32n) & 0xffff_ffffn), low: Number(main & 0xffff_ffffn) };
}

/** Below 0 when the record's main revision is below `bound`, 0 when equal, above 0 when above. */
export function compareMain(page: Page, index: number, bound: MainBound): number {
  const at = page.keyStart(index);
  const high = page.view.getUint32(at);
  return high !== bound.high ? high - bound.high : page.view.getUint32(at + 4) - bound.low;
}

export function mainOf(page: Page, index: number): bigint {
  return page.view.getBigUint64(page.keyStart(index));
}

/** Reads records of one page after the other. Its fields describe the last record read, in `page.bytes`. */
export class RecordCursor {
  deleted = false;
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  leaseHigh = 0;
  leaseLow = 0;
  createRevision = 0n;
  modRevision = 0n;
  version = 0n;
  readonly #path: string;
  #at = 0;
  #high = 0;
  #low = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Reads record `index`: revision key, user key, value range and lease; with `numbers` also the three revisions.
   * @throws CORRUPT_SNAPSHOT with the record's offset
   */
  read(page: Page, index: number, numbers?: "numbers"): void {
    const { bytes } = page;
    const revisionAt = page.keyStart(index);
    const start = page.keyEnd(index);
    const size = start - revisionAt;
    this.deleted = size === tombstoneBytes && bytes[revisionAt + 17] === tombstoneMark;
    if ((size !== revisionBytes && !this.deleted) || bytes[revisionAt + 8] !== underscore) {
      throw damaged(
        this.#path,
        page.offsetOf(revisionAt),
        `record ${index} of page ${page.id} has no revision as its key`,
      );
    }
    const end = page.valueEnd(index);
    this.keyStart = this.keyEnd = start;
    this.valueStart = this.valueEnd = start;
    this.leaseHigh = this.leaseLow = 0;
    if (numbers !== undefined) this.createRevision = this.modRevision = this.version = 0n;
    this.#at = start;
    while (this.#at < end) {
      const fieldAt = this.#at;
      const tag = bytes[this.#at++] ?? 0;
      let sound = true;
      switch (tag) {
        case 0x0a:
        case 0x2a: {
          sound = this.#varint(bytes, end) && this.#high === 0;
          const from = this.#at;
          const to = from + this.#low;
          if (to > end) sound = false;
          if (tag === 0x0a) [this.keyStart, this.keyEnd] = [from, to];
          else [this.valueStart, this.valueEnd] = [from, to];
          this.#at = to;
          break;
        }
        case 0x10:
        case 0x18:
        case 0x20:
          sound = this.#varint(bytes, end);
          if (numbers === undefined) break;
          if (tag === 0x10) this.createRevision = this.#big();
          else if (tag === 0x18) this.modRevision = this.#big();
          else this.version = this.#big();
          break;
        case 0x30:
          sound = this.#varint(bytes, end);
          this.leaseHigh = this.#high;
          this.leaseLow = this.#low;
          break;
        default:
          sound = false;
      }
      if (sound) continue;
      throw damaged(
        this.#path,
        page.offsetOf(fieldAt),
        `record ${index} of page ${page.id} is no key-value: field ${tag} at its byte ${fieldAt - start} of ${end - start}`,
      );
    }
  }

  /** A copy of the record last read with "numbers". */
  record(page: Page, index: number): MvccRecord {
    const revisionAt = page.keyStart(index);
    return {
      revision: { main: page.view.getBigUint64(revisionAt), sub: page.view.getBigUint64(revisionAt + 9) },
      deleted: this.deleted,
      key: page.bytes.slice(this.keyStart, this.keyEnd),
      value: page.bytes.slice(this.valueStart, this.valueEnd),
      createRevision: this.createRevision,
      modRevision: this.modRevision,
      version: this.version,
      lease: (BigInt(this.leaseHigh) << 32n) | BigInt(this.leaseLow),
    };
  }

  #big(): bigint {
    return BigInt.asIntN(64, (BigInt(this.#high) << 32n) | BigInt(this.#low));
  }

  /** Reads a varint of up to 64 bits into two halves; false when it does not end before `end`. */
  #varint(bytes: Uint8Array, end: number): boolean {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= end) return false;
      const byte = bytes[this.#at++] ?? 0;
      const part = byte & 0x7f;
      if (shift < 28) low |= part << shift;
      else if (shift === 28) {
        low |= part << 28;
        high |= part >>> 4;
      } else high |= part << (shift - 32);
      if (byte < 0x80) {
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return true;
      }
    }
    return false;
  }
}
