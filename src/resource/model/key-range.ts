/**
 * A range of keys, and the only way to have one.
 *
 * A range always covers what begins with some prefix that ends in `/`, the rest of it behind a key, or a part of it between
 * keys: so `a` never reaches into `a-b`, the end is at most the prefix with its last byte plus one, and neither an empty prefix
 * nor a zero-byte end nor an end before the start can be written down. Only `keys.ts` makes ranges; the private
 * constructor keeps look-alikes out.
 */
import { invariant } from "../../errors.ts";

export class KeyRange {
  /** First key, inclusive. */
  readonly key: string;
  /** Last key, exclusive. */
  readonly rangeEnd: string;
  /** What every key in the range begins with; ends in `/`. */
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

  /** What is left of the range behind `key`, exclusive. `key` must lie under the range's prefix. */
  after(key: string): KeyRange {
    invariant(key.startsWith(this.prefix), "a range goes on only from a key of its own");
    return new KeyRange(this.prefix, `${key}\0`, this.rangeEnd);
  }

  /** Its parts, in order and without a gap, cut before each of `keys`: ascending keys of the range, none of them its first. */
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
