/**
 * The bytes of a cache's objects, packed one after the other into slabs of 256 KiB.
 *
 * A Uint8Array per value costs about 200 bytes and an allocation outside the heap; packed, a value costs its length. A
 * place in a slab is written once: bytes are appended until the slab is full, released values leave holes, and a slab whose
 * last value is released is dropped as a whole. A reader that holds a slab (a list under way) can read it even then.
 * When the holes add up, `evacuate` marks the emptiest slabs, and `kind-state.ts` moves their live values.
 */

/** Bytes of a slab: large enough that its own cost vanishes, small enough that one long-lived value pins little. */
const slabBytes = 256 * 1024;
/** Holes are tolerated up to this many bytes and up to this share of the live bytes. */
const holesBytesMin = 8 * 1024 * 1024;
const holesShareMax = 0.25;
/** A slab with a larger share of live bytes is left alone: moving them frees too little. */
const moveBelowShare = 0.5;

export class Slab {
  readonly bytes: Uint8Array;
  /** Bytes appended so far. */
  used = 0;
  /** Bytes of values not yet released. */
  live = 0;
  /** To be emptied by its owner. */
  moving = false;

  constructor(size: number) {
    this.bytes = new Uint8Array(new ArrayBuffer(size));
  }
}

/** Where a value lies. */
export interface Place {
  readonly slab: Slab;
  readonly offset: number;
}

export class Slabs {
  readonly #slabs = new Set<Slab>();
  #current: Slab | undefined;
  #allocated = 0;
  #live = 0;

  /** Bytes of all slabs held. */
  get allocatedBytes(): number {
    return this.#allocated;
  }

  /** Bytes of the values in them. */
  get liveBytes(): number {
    return this.#live;
  }

  /** Copies `bytes` in; nothing of the argument is retained. */
  add(bytes: Uint8Array): Place {
    const slab = this.#slabFor(bytes.byteLength);
    const offset = slab.used;
    slab.bytes.set(bytes, offset);
    slab.used += bytes.byteLength;
    slab.live += bytes.byteLength;
    this.#live += bytes.byteLength;
    return { slab, offset };
  }

  /** Gives back `length` bytes of `slab`. They stay readable for holders of the slab. */
  release(slab: Slab, length: number): void {
    slab.live -= length;
    this.#live -= length;
    if (slab.live === 0 && slab !== this.#current) this.#drop(slab);
  }

  /** True when the holes are worth a walk over all values; marks the slabs to be emptied as `moving`. */
  evacuate(): boolean {
    const holes = this.#allocated - this.#live;
    if (holes < holesBytesMin || holes < this.#live * holesShareMax) return false;
    let found = false;
    for (const slab of this.#slabs) {
      if (slab !== this.#current && slab.live < slab.bytes.byteLength * moveBelowShare) {
        slab.moving = true;
        found = true;
      }
    }
    return found;
  }

  #slabFor(length: number): Slab {
    const current = this.#current;
    if (current !== undefined && current.used + length <= current.bytes.byteLength) return current;
    // A value of more than half a slab gets one of its own size; the current one stays in use.
    if (length > slabBytes / 2) return this.#allocate(length);
    const next = this.#allocate(slabBytes);
    this.#current = next;
    if (current !== undefined && current.live === 0) this.#drop(current);
    return next;
  }

  #allocate(size: number): Slab {
    const slab = new Slab(size);
    this.#slabs.add(slab);
    this.#allocated += size;
    return slab;
  }

  #drop(slab: Slab): void {
    if (this.#slabs.delete(slab)) this.#allocated -= slab.bytes.byteLength;
  }
}
