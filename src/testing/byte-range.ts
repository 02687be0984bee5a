/**
 * Key ranges as etcd defines them: `[start, end)`; no end: the one key; an end of one zero byte: to the last key. Keys
 * are latin1 text, one character a byte, so JavaScript's string order is byte order.
 */
import type { Bytes } from "../etcd/ports/messages.ts";

export interface ByteRange {
  readonly start: string;
  /** Exclusive; undefined: the one key; "open": no end. */
  readonly end: string | undefined;
  readonly open: boolean;
}

export function keyText(key: Bytes): string {
  return Buffer.from(typeof key === "string" ? Buffer.from(key, "utf8") : key).toString("latin1");
}

export function byteRange(key: Bytes, rangeEnd: Bytes | undefined): ByteRange {
  const end = rangeEnd === undefined ? "" : keyText(rangeEnd);
  return { start: keyText(key), end: end === "" ? undefined : end, open: end === "\0" };
}

export function contains(range: ByteRange, key: string): boolean {
  if (range.open) return key >= range.start;
  return range.end === undefined ? key === range.start : key >= range.start && key < range.end;
}

/** Where `key` is, or would be, in an ascending list. */
export function insertionPoint(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
