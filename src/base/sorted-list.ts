/**
 * A list of items in order of their `key`, in two levels: an array of chunks of at most 256.
 *
 *   chunks  [a … f] [g … k] [m … z]      find: binary search over first keys, then inside the chunk
 *
 * An insertion shifts at most one chunk's tail, so a million keys stay cheap (4,000 chunks). A scan runs through
 * plain arrays, and there is no node per key. The cache's state and its secondary indexes use it. Keys compare by
 * UTF-16 code unit; for the characters that keys may have, that is etcd's byte order.
 */

export interface Keyed {
  readonly key: string;
}

/** Elements of a full chunk: shifting 128 pointers costs about what one string comparison does. */
const chunkMax = 256;

export class SortedList<E extends Keyed> {
  readonly #chunks: E[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): E | undefined {
    const chunk = this.#chunks[this.#chunkOf(key)];
    if (chunk === undefined) return undefined;
    const found = chunk[lowerBound(chunk, key)];
    return found?.key === key ? found : undefined;
  }

  /** Returns false and changes nothing when an element with this key exists. */
  insert(element: E): boolean {
    const { key } = element;
    // Keys mostly arrive in order while a cache fills: append, and leave full chunks full.
    const tail = this.#chunks[this.#chunks.length - 1];
    const greatest = tail?.[tail.length - 1];
    if (tail !== undefined && greatest !== undefined && greatest.key < key) {
      if (tail.length < chunkMax) tail.push(element);
      else this.#chunks.push([element]);
      this.#size++;
      return true;
    }
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([element]);
      this.#size = 1;
      return true;
    }
    const last = chunk[chunk.length - 1];
    if (last !== undefined && last.key < key) {
      if (chunk.length < chunkMax) chunk.push(element);
      else this.#chunks.splice(at + 1, 0, [element]);
      this.#size++;
      return true;
    }
    const place = lowerBound(chunk, key);
    if (chunk[place]?.key === key) return false;
    chunk.splice(place, 0, element);
    if (chunk.length > chunkMax) this.#chunks.splice(at + 1, 0, chunk.splice(chunk.length >> 1));
    this.#size++;
    return true;
  }

  /** The removed element, if there was one. */
  delete(key: string): E | undefined {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return undefined;
    const place = lowerBound(chunk, key);
    const found = chunk[place];
    if (found === undefined || found.key !== key) return undefined;
    chunk.splice(place, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    this.#size--;
    return found;
  }

  /**
   * Runs `visit` over the elements from `from` (inclusive) to `end` (exclusive) in order, until it returns false.
   * The list must not change during the walk.
   */
  scan(from: string, end: string, visit: (element: E) => boolean): void {
    const first = this.#chunkOf(from);
    for (let at = first; at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at];
      if (chunk === undefined) return;
      const start = at === first ? lowerBound(chunk, from) : 0;
      const last = chunk[chunk.length - 1];
      const inside = last !== undefined && last.key < end;
      const stop = inside ? chunk.length : lowerBound(chunk, end);
      for (let place = start; place < stop; place++) {
        const element = chunk[place];
        if (element !== undefined && !visit(element)) return;
      }
      if (!inside) return;
    }
  }

  /** Elements from `from` (inclusive) to `end` (exclusive), counted by chunks. */
  countBetween(from: string, end: string): number {
    return Math.max(0, this.#rank(end) - this.#rank(from));
  }

  /** As `scan`, over all elements. */
  forEach(visit: (element: E) => void): void {
    for (const chunk of this.#chunks) for (const element of chunk) visit(element);
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#size = 0;
  }

  /** Elements below `key`. */
  #rank(key: string): number {
    const at = this.#chunkOf(key);
    let rank = 0;
    for (let i = 0; i < at; i++) rank += this.#chunks[i]?.length ?? 0;
    const chunk = this.#chunks[at];
    return chunk === undefined ? rank : rank + lowerBound(chunk, key);
  }

  /** Index of the chunk that would hold `key`: the last one that begins at or before it. */
  #chunkOf(key: string): number {
    const chunks = this.#chunks;
    let low = 0;
    let high = chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const first = chunks[middle]?.[0];
      if (first !== undefined && first.key <= key) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : low - 1;
  }
}

/** Position of the first element whose key is not below `key`. */
function lowerBound(chunk: readonly Keyed[], key: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const element = chunk[middle];
    if (element !== undefined && element.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
