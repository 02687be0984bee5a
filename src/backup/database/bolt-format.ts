/**
 * The bytes of a bbolt file, shared by reader and writer. All integers are little endian.
 *
 *   file    = meta page 0, meta page 1, page*                       page id × page size = offset
 *   page    = id u64, flags u16, count u16, overflow u32, body      occupies overflow + 1 pages
 *   leaf    = (flags u32, pos u32, keySize u32, valueSize u32)*, then keys and values; flags 1: value is a bucket
 *   branch  = (pos u32, keySize u32, child u64)*, then keys         pos counts from its own element
 *   bucket  = root page u64, sequence u64, [a leaf page, when root is 0: inline]
 *   meta    = magic u32, version u32, pageSize u32, flags u32, root bucket, freelist u64, highWater u64, txid u64,
 *             FNV-1a-64 of the preceding bytes
 *
 * Page ids are numbers here: no file has 2^53 pages, and readers report larger ids as damage.
 */

export const pageHeaderBytes = 16;
export const elementBytes = 16;
export const bucketHeaderBytes = 16;
export const metaBytes = 64;
/** Meta bytes the checksum covers. */
export const metaSummedBytes = 56;

export const pageFlag = { branch: 1, leaf: 2, meta: 4, freelist: 0x10 } as const;
export const bucketLeafFlag = 1;

export const metaMagic = 0xed0cdaed;
export const metaVersion = 2;
/** Freelist page id of a file whose free pages must be found by a scan, as etcd writes it on Linux. */
export const noFreelist = 0xffff_ffff_ffff_ffffn;
/** A freelist page with this count holds the real count in its first id. */
export const freelistCountInBody = 0xffff;

/** Page sizes of bbolt: the operating system's, a power of two. */
export const pageSizeMin = 1024;
export const pageSizeMax = 65_536;

/** Bytes of the SHA-256 that `etcdctl snapshot save` puts after the database. */
export const trailerBytes = 32;

const fnvOffset = 0xcbf29ce484222325n;
const fnvPrime = 0x100000001b3n;
const u64 = 0xffff_ffff_ffff_ffffn;

/** FNV-1a-64, the meta page's checksum. */
export function fnv1a64(bytes: Uint8Array): bigint {
  let hash = fnvOffset;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * fnvPrime) & u64;
  return hash;
}

/** The content of a valid meta page. */
export interface Meta {
  readonly pageSize: number;
  /** Root page of the bucket of buckets. */
  readonly root: number;
  /** Undefined when free pages are not recorded. */
  readonly freelist: number | undefined;
  /** First page id never used: the file's length in pages. */
  readonly highWater: number;
  readonly txid: bigint;
}

/** The meta at the start of `bytes` (a page's first 80 bytes), or the fault, with what was found and expected. */
export function decodeMeta(bytes: Uint8Array): Meta | { readonly fault: string; readonly at: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = pageHeaderBytes;
  if (bytes.length < at + metaBytes) return { fault: `the file ends inside the meta page`, at };
  const magic = view.getUint32(at, true);
  if (magic !== metaMagic) {
    return { fault: `magic is ${hex(magic)}, expected ${hex(metaMagic)} of a bbolt database`, at };
  }
  const sum = view.getBigUint64(at + metaSummedBytes, true);
  const wanted = fnv1a64(bytes.subarray(at, at + metaSummedBytes));
  if (sum !== wanted) {
    return {
      fault: `meta checksum is ${sum.toString(16)}, expected ${wanted.toString(16)}`,
      at: at + metaSummedBytes,
    };
  }
  const version = view.getUint32(at + 4, true);
  if (version !== metaVersion) return { fault: `bbolt version is ${version}, expected 2`, at: at + 4 };
  const pageSize = view.getUint32(at + 8, true);
  if (pageSize < pageSizeMin || pageSize > pageSizeMax || (pageSize & (pageSize - 1)) !== 0) {
    return { fault: `page size is ${pageSize}, expected a power of two from 1024 to 65536`, at: at + 8 };
  }
  const freelist = view.getBigUint64(at + 32, true);
  const root = view.getBigUint64(at + 16, true);
  const highWater = view.getBigUint64(at + 40, true);
  if (highWater > BigInt(Number.MAX_SAFE_INTEGER) / BigInt(pageSizeMax)) {
    return { fault: `high-water page is ${highWater}, more than any file holds`, at: at + 40 };
  }
  if (root < 2n || root >= highWater) {
    return { fault: `root page is ${root}, expected 2 to ${highWater - 1n}`, at: at + 16 };
  }
  if (freelist !== noFreelist && (freelist < 2n || freelist >= highWater)) {
    return { fault: `freelist page is ${freelist}, expected 2 to ${highWater - 1n}`, at: at + 32 };
  }
  return {
    pageSize,
    root: Number(root),
    freelist: freelist === noFreelist ? undefined : Number(freelist),
    highWater: Number(highWater),
    txid: view.getBigUint64(at + 48, true),
  };
}

/** A whole meta page for position `id` (0 or 1). */
export function encodeMetaPage(id: number, meta: Meta): Uint8Array {
  const bytes = new Uint8Array(meta.pageSize);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, id, true);
  view.setUint16(8, pageFlag.meta, true);
  const at = pageHeaderBytes;
  view.setUint32(at, metaMagic, true);
  view.setUint32(at + 4, metaVersion, true);
  view.setUint32(at + 8, meta.pageSize, true);
  view.setBigUint64(at + 16, BigInt(meta.root), true);
  view.setBigUint64(at + 32, meta.freelist === undefined ? noFreelist : BigInt(meta.freelist), true);
  view.setBigUint64(at + 40, BigInt(meta.highWater), true);
  view.setBigUint64(at + 48, meta.txid, true);
  view.setBigUint64(at + metaSummedBytes, fnv1a64(bytes.subarray(at, at + metaSummedBytes)), true);
  return bytes;
}

export function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}

/** Order of two byte ranges, as `Buffer.compare`: below 0, 0, above 0. */
export function compareRanges(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const length = Math.min(aEnd - aStart, bEnd - bStart);
  for (let i = 0; i < length; i++) {
    const difference = (a[aStart + i] ?? 0) - (b[bStart + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return aEnd - aStart - (bEnd - bStart);
}
