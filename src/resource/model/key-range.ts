/**
 * A range of keys, and the only way to create one.
 *
 * A range always covers the keys with a prefix that ends in `/`, those of them after a key, or those between two
 * keys. So `a` never reaches into `a-b`, the end is at most the prefix with its last byte plus one, and an empty
 * prefix, a zero-byte end and an end before the start are impossible. Only `keys.ts` creates ranges; the private
 * constructor excludes look-alikes.
 */
import { invariant } from "../../errors.ts";

export class KeyRange {
  /** First key, inclusive. */
  readonly key: string;
  /** Last key, exclusive. */
  readonly rangeEnd: string;
  /** The prefix of every key in the range; ends in `/`. */
  readonly prefix: string;
  // Nominal: an object literal with the same fields is not a KeyRange.
  readonly #start: string;

  private constructor(prefix: string, start: string, end: string = `${prefix.slice(0, -1)}0`) {
    this.prefix = prefix;
    this.#start = start;
    this.key = start;
    this.rangeEnd = end;
  }

  /** All keys that begin with `prefix`: at least two characters, `/` first or a letter, `/` last. */
  static ofPrefix(prefix: string): KeyRange {
    invariant(prefix.length >= 2 && prefix.endsWith("/"), "a key range needs a prefix that ends in '/'");
    return new KeyRange(prefix, prefix);
  }

  /** True when `key` lies in the range. */
  includes(key: string): boolean {
    return key >= this.#start && key < this.rangeEnd && key.startsWith(this.prefix);
  }

  /** The rest of the range after `key`, exclusive. `key` must lie under the range's prefix. */
  after(key: string): KeyRange {
    invariant(key.startsWith(this.prefix), "a range continues only from one of its keys");
    return new KeyRange(this.prefix, `${key}\0`, this.rangeEnd);
  }

  /**
   * Its parts, in order and without a gap, cut before each of `keys`: ascending keys of the range, except its first.
   */
  cutAt(keys: readonly string[]): readonly KeyRange[] {
    const parts: KeyRange[] = [];
    let start = this.#start;
    for (const key of keys) {
      invariant(key > start && this.includes(key), "a range is cut at ascending keys of its own");
      parts.push(new KeyRange(this.prefix, start, key));
      start = key;
    }
    parts.push(new KeyRange(this.prefix, start, this.rangeEnd));
    return parts;
  }
}
