/**
 * Finds the newest record of each user key, for every key of a snapshot, in about 24 bytes per key.
 *
 * HashKV, live counts and point-in-time restores need it, and a snapshot can hold millions of keys. Keys stay in the
 * file: the table holds a 64-bit keyed hash (random, so that a collision cannot be constructed), the ordinal of the
 * newest record, its size and its class. At ten million keys the odds of any collision are below 1 in 300,000.
 *
 *   dropped(ordinal) = the record is a deletion, or a later one of the same key follows
 */
import type { Random } from "../../base/random.ts";

const slotsMin = 1024;
/** 20 MB of table, for 600,000 keys: it grows further only with the keys found. */
const slotsFirstMax = 2 ** 20;
/** Linear probing stays short below this load. */
const loadMax = 0.6;

export class KeyIndex {
  /** Keys whose newest record is not a deletion. */
  liveKeys = 0;
  /** Records added. */
  records = 0;
  readonly #seedA: number;
  readonly #seedB: number;
  #capacity: number;
  #taken = 0;
  /** Five words per slot: hash high, hash low, ordinal + 1 (0: free), size, class + 1 (0: deleted). */
  #slots: Uint32Array;
  #dropped: Uint8Array = new Uint8Array(slotsMin);
  #high = 0;
  #low = 0;
  readonly #onLive: ((group: number, keys: number, bytes: number) => void) | undefined;

  /**
   * @param keysExpected initial capacity; the table grows as needed
   * @param onLive called for every change of live keys and bytes of a class, e.g. (3, -1, -120)
   */
  constructor(
    random: Random,
    keysExpected: number,
    onLive?: (group: number, keys: number, bytes: number) => void,
  ) {
    this.#capacity = slotsMin;
    while (this.#capacity < slotsFirstMax && this.#capacity * loadMax < keysExpected) this.#capacity *= 2;
    this.#slots = new Uint32Array(this.#capacity * 5);
    this.#seedA = random.below(2 ** 32) | 0;
    this.#seedB = random.below(2 ** 32) | 0;
    this.#onLive = onLive;
  }

  /**
   * Adds the next record, in revision order.
   * @param group a small number chosen by the caller, passed to `onLive`
   * @param sizeBytes the record's size in its group
   */
  add(
    bytes: Uint8Array,
    view: DataView,
    keyStart: number,
    keyEnd: number,
    deleted: boolean,
    group = 0,
    sizeBytes = 0,
  ): void {
    const ordinal = this.records++;
    if (ordinal >>> 3 >= this.#dropped.length) this.#dropped = grown(this.#dropped);
    if (deleted) this.#drop(ordinal);
    this.#hash(bytes, view, keyStart, keyEnd);
    const at = this.#find(this.#high, this.#low);
    const slots = this.#slots;
    const before = slots[at + 2] ?? 0;
    if (before === 0) {
      slots[at] = this.#high;
      slots[at + 1] = this.#low;
      this.#taken++;
    } else {
      this.#drop(before - 1);
      const oldGroup = slots[at + 4] ?? 0;
      if (oldGroup !== 0) {
        this.liveKeys--;
        this.#onLive?.(oldGroup - 1, -1, -(slots[at + 3] ?? 0));
      }
    }
    slots[at + 2] = ordinal + 1;
    slots[at + 3] = sizeBytes;
    slots[at + 4] = deleted ? 0 : group + 1;
    if (!deleted) {
      this.liveKeys++;
      this.#onLive?.(group, 1, sizeBytes);
    }
    if (this.#taken > this.#capacity * loadMax) this.#grow();
  }

  /** True when record `ordinal` (from 0, in the order added) is not the state of its key. */
  dropped(ordinal: number): boolean {
    return ((this.#dropped[ordinal >>> 3] ?? 0) & (1 << (ordinal & 7))) !== 0;
  }

  /** True when every record of `[from, to)` is the state of its key. */
  allKept(from: number, to: number): boolean {
    for (let ordinal = from; ordinal < to; ) {
      if ((ordinal & 7) === 0 && ordinal + 8 <= to) {
        if ((this.#dropped[ordinal >>> 3] ?? 0) !== 0) return false;
        ordinal += 8;
      } else if (this.dropped(ordinal)) return false;
      else ordinal++;
    }
    return true;
  }

  #drop(ordinal: number): void {
    const byte = ordinal >>> 3;
    this.#dropped[byte] = (this.#dropped[byte] ?? 0) | (1 << (ordinal & 7));
  }

  #find(high: number, low: number): number {
    const slots = this.#slots;
    const mask = this.#capacity - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = slot * 5;
      if (slots[at + 2] === 0 || (slots[at] === high && slots[at + 1] === low)) return at;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#capacity *= 2;
    this.#slots = new Uint32Array(this.#capacity * 5);
    for (let from = 0; from < old.length; from += 5) {
      if (old[from + 2] === 0) continue;
      const to = this.#find(old[from] ?? 0, old[from + 1] ?? 0);
      for (let word = 0; word < 5; word++) this.#slots[to + word] = old[from + word] ?? 0;
    }
  }

  /** Two murmur3 lanes over four bytes at a time, each with its own seed. */
  #hash(bytes: Uint8Array, view: DataView, start: number, end: number): void {
    let a = this.#seedA ^ (end - start);
    let b = this.#seedB ^ Math.imul(end - start, 0x9e3779b1);
    let at = start;
    for (; end - at >= 4; at += 4) {
      const word = view.getInt32(at, true);
      let k = Math.imul(word, 0xcc9e2d51);
      k = (k << 15) | (k >>> 17);
      a ^= Math.imul(k, 0x1b873593);
      a = Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64;
      k = Math.imul(word, 0x239b961b);
      k = (k << 16) | (k >>> 16);
      b ^= Math.imul(k, 0xab0e9789);
      b = Math.imul((b << 17) | (b >>> 15), 5) + 0x561ccd1b;
    }
    for (; at < end; at++) {
      const byte = bytes[at] ?? 0;
      a = Math.imul(a ^ byte, 0x01000193);
      b = Math.imul(b ^ byte, 0x85ebca6b);
      b ^= b >>> 13;
    }
    this.#high = finish(a);
    this.#low = finish(b ^ a);
  }
}

function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function grown(old: Uint8Array): Uint8Array {
  const next = new Uint8Array(old.length * 2);
  next.set(old);
  return next;
}
