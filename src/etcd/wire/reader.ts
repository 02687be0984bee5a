/**
 * Reads protobuf wire format, bounds-checked at every step: truncated or hostile bytes give a `WireError`,
 * never a read past the end, an endless loop or an allocation larger than the message itself.
 *
 *   message  = { tag value }            tag = varint( field << 3 | wire type )
 *   wire     0 varint · 1 eight bytes · 2 length, bytes · 5 four bytes   (3 and 4, groups, are refused)
 *
 * 64-bit values are exact: a varint of up to 49 bits goes through a number, a longer one through two halves.
 * `bytes()` copies, so that a value kept for long does not keep the whole reply in memory, unless views are requested.
 */

/** A message that violates the protocol: cut short, a bad tag, a length beyond the end. */
export class WireError extends Error {
  override readonly name = "WireError";

  constructor(what: string, offset: number) {
    super(`Cannot decode message at byte ${offset}: ${what}`);
  }
}

export const wireVarint = 0;
const wireFixed64 = 1;
export const wireLength = 2;
const wireFixed32 = 5;

/** Deeper nesting is hostile: etcd's deepest valid message is a txn in a txn. */
const depthMax = 64;

const noBytes = new Uint8Array(0);
const utf8 = new TextDecoder();

export class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** End of the message being read; an inner message has its own. */
  #end: number;
  #depth = 0;

  /** True: `bytes()` gives views of the message instead of copies. */
  readonly #views: boolean;

  constructor(message: Uint8Array, options: { readonly views?: boolean } = {}) {
    this.#views = options.views ?? false;
    // A plain view: `slice` of a Buffer would be a view, not a copy.
    this.#bytes =
      message.constructor === Uint8Array
        ? message
        : new Uint8Array(message.buffer, message.byteOffset, message.byteLength);
    this.#end = message.byteLength;
  }

  /** The next tag of the current message, 0 at its end. Nearly all tags are below 128, one byte. */
  tag(): number {
    if (this.#at === this.#end) return 0;
    const first = this.#bytes[this.#at] ?? 0;
    if (first < 0x80) {
      this.#at++;
      if (first >> 3 === 0) throw this.#error("field number is 0");
      return first;
    }
    const tag = this.uint32();
    if (tag >>> 3 === 0) throw this.#error("field number is 0");
    return tag;
  }

  /** A varint cut to its low 32 bits, as protobuf reads uint32, int32 (unsigned here), enums and lengths. */
  uint32(): number {
    let result = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      if (shift < 32) result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return result >>> 0;
    }
    throw this.#error("varint is longer than 10 bytes");
  }

  bool(): boolean {
    let any = 0;
    for (let length = 0; length < 10; length++) {
      const byte = this.#byte();
      any |= byte & 0x7f;
      if (byte < 0x80) return any !== 0;
    }
    throw this.#error("varint is longer than 10 bytes");
  }

  uint64(): bigint {
    // Seven bytes hold 49 bits, exact in a number; revisions nearly always end here.
    let low = 0;
    let scale = 1;
    for (let length = 0; length < 7; length++) {
      const byte = this.#byte();
      low += (byte & 0x7f) * scale;
      if (byte < 0x80) return BigInt(low);
      scale *= 128;
    }
    let high = 0;
    for (let shift = 0; shift < 21; shift += 7) {
      const byte = this.#byte();
      high |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, BigInt(low) | (BigInt(high >>> 0) << 49n));
    }
    throw this.#error("varint is longer than 10 bytes");
  }

  int64(): bigint {
    // Only a ten-byte varint is negative.
    const value = this.uint64();
    return value >= 0x8000_0000_0000_0000n ? BigInt.asIntN(64, value) : value;
  }

  /** A copy; for a reader with views, a view of the message. */
  bytes(): Uint8Array {
    const length = this.#length();
    if (length === 0) return noBytes;
    const from = this.#at;
    this.#at += length;
    return this.#views ? this.#bytes.subarray(from, this.#at) : this.#bytes.slice(from, this.#at);
  }

  text(): string {
    const length = this.#length();
    const from = this.#at;
    this.#at += length;
    return length === 0 ? "" : utf8.decode(this.#bytes.subarray(from, this.#at));
  }

  /** Packed repeated uint32 or enums. */
  packed(): readonly number[] {
    const outer = this.enter();
    const values: number[] = [];
    while (this.#at < this.#end) values.push(this.uint32());
    this.leave(outer);
    return values;
  }

  /** Enters the inner message that begins here; pass the result to `leave` once `tag()` has returned 0. */
  enter(): number {
    const length = this.#length();
    if (++this.#depth > depthMax) throw this.#error(`messages nest deeper than ${depthMax}`);
    const outer = this.#end;
    this.#end = this.#at + length;
    return outer;
  }

  leave(outer: number): void {
    this.#depth--;
    this.#end = outer;
  }

  /** Skips the value of `tag`: an unknown field, or a known one of another wire type. */
  skip(tag: number): void {
    switch (tag & 7) {
      case wireVarint:
        this.bool();
        return;
      case wireFixed64:
        this.#pass(8);
        return;
      case wireLength:
        this.#pass(this.#length());
        return;
      case wireFixed32:
        this.#pass(4);
        return;
      default:
        throw this.#error(`wire type is ${tag & 7}`);
    }
  }

  #byte(): number {
    if (this.#at >= this.#end) throw this.#error("message ends inside a number");
    return this.#bytes[this.#at++] ?? 0;
  }

  #length(): number {
    const length = this.uint32();
    if (length > this.#end - this.#at) {
      throw this.#error(`length is ${length}, ${this.#end - this.#at} bytes are left`);
    }
    return length;
  }

  #pass(length: number): void {
    if (length > this.#end - this.#at) throw this.#error("message ends inside a value");
    this.#at += length;
  }

  #error(what: string): WireError {
    return new WireError(what, this.#at);
  }
}
