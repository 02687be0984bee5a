/** A set of page numbers below a bound, one bit each: 8 KiB for a gigabyte of 16 KiB pages. */
export class PageSet {
  readonly #bits: Uint8Array;
  readonly #bound: number;

  /** @param bound one more than the largest number it can hold */
  constructor(bound: number) {
    this.#bound = bound;
    this.#bits = new Uint8Array(Math.ceil(bound / 8));
  }

  /** False if `page` was in the set already. `page` is below the bound. */
  add(page: number): boolean {
    const byte = page >>> 3;
    const bit = 1 << (page & 7);
    const old = this.#bits[byte] ?? 0xff;
    if ((old & bit) !== 0) return false;
    this.#bits[byte] = old | bit;
    return true;
  }

  has(page: number): boolean {
    return ((this.#bits[page >>> 3] ?? 0) & (1 << (page & 7))) !== 0;
  }

  firstMissing(): number | undefined {
    for (let page = 0; page < this.#bound; page++) {
      if (!this.has(page)) return page;
    }
    return undefined;
  }
}
