/**
 * Writes protobuf wire format from back to front: an inner message is complete before its length is written, so
 * nothing is measured twice and nothing is copied. Callers therefore write fields in *descending* order, and a
 * field's value before its tag; the bytes come out in ascending order.
 *
 *   writer.bytes(2, value); writer.bytes(1, key); return writer.finish();
 *
 * Proto3: a zero, false or empty value is omitted (the `…Always` forms write it, as proto2 and a oneof member need).
 * The `raw…` forms write a value without its tag. This is the only protobuf writer.
 */

/** First buffer, bytes; a usual put of a 1 KiB value fits with its key. */
const firstBytes = 1536;
/** Text up to this length is written a character at a time: below it a call into the runtime costs more. */
const shortText = 40;
/** Bytes of the longest varint. */
const varintBytesMax = 10;
const twoTo32 = 4_294_967_296;

/** Buffer's own text to UTF-8 conversion, without its argument checks. */
const { utf8Write } = Buffer.prototype as unknown as {
  utf8Write(this: Uint8Array, text: string, start: number, length: number): number;
};

export class ProtoWriter {
  readonly #firstBytes: number;
  #buffer: Buffer;
  /** Everything from here to the end of the buffer is written. */
  #at: number;

  /** @param sizeHint expected size in bytes; a good one saves a copy */
  constructor(sizeHint: number = firstBytes) {
    this.#firstBytes = sizeHint;
    // From the pool: a request is short-lived, and a separate allocation for each burdens the garbage collector.
    this.#buffer = Buffer.allocUnsafe(sizeHint);
    this.#at = sizeHint;
  }

  /** A view of what was written; do not use the writer afterwards. */
  finish(): Uint8Array {
    return this.#buffer.subarray(this.#at);
  }

  /** A copy of what was written; `restart` prepares the writer for the next message. */
  copy(): Uint8Array {
    const bytes = new Uint8Array(this.#buffer.length - this.#at);
    bytes.set(this.#buffer.subarray(this.#at));
    return bytes;
  }

  /** Discards what was written. Releases a buffer of more than `keptBytesMax`. */
  restart(keptBytesMax: number): void {
    if (this.#buffer.length > keptBytesMax) this.#buffer = Buffer.allocUnsafe(this.#firstBytes);
    this.#at = this.#buffer.length;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#buffer.length - this.#at;
  }

  /** The current `length`, to pass to `close` once the inner message is written. */
  open(): number {
    return this.#buffer.length - this.#at;
  }

  /** Turns what was written since `mark` into the value of `field`. */
  close(field: number, mark: number): void {
    this.head(field, this.#buffer.length - this.#at - mark);
  }

  /** Tag and length of a value of `sizeBytes` bytes that follows, here or in another buffer. */
  head(field: number, sizeBytes: number): void {
    this.rawVarint(sizeBytes);
    this.rawVarint((field << 3) | 2);
  }

  bytes(field: number, value: string | Uint8Array | undefined): void {
    if (value !== undefined && value.length > 0) this.bytesAlways(field, value);
  }

  bytesAlways(field: number, value: string | Uint8Array): void {
    if (typeof value === "string") {
      this.rawText(value);
      this.rawVarint((field << 3) | 2);
    } else {
      this.rawBytes(value);
      this.head(field, value.byteLength);
    }
  }

  /** An unsigned number up to 2^53 - 1, or an enum. */
  number(field: number, value: number | undefined): void {
    if (value !== undefined && value !== 0) this.numberAlways(field, value);
  }

  numberAlways(field: number, value: number): void {
    this.rawVarint(value);
    this.rawVarint(field << 3);
  }

  bool(field: number, value: boolean | undefined): void {
    if (value === true) this.numberAlways(field, 1);
  }

  /** int64 or uint64, exact. */
  int64(field: number, value: bigint | undefined): void {
    if (value !== undefined && value !== 0n) this.int64Always(field, value);
  }

  int64Always(field: number, value: bigint): void {
    this.rawInt64(value);
    this.rawVarint(field << 3);
  }

  /** A varint from 0 to 2^53 - 1: a tag, a length, or an element of a packed field. */
  rawVarint(value: number): void {
    if (value < 0x80) this.rawByte(value);
    else if (value < 0x4000) {
      // Two bytes: the length of nearly every value that is not a name.
      this.#reserve(2);
      this.#buffer[--this.#at] = value >> 7;
      this.#buffer[--this.#at] = (value & 0x7f) | 0x80;
    } else this.#varintOf(value % twoTo32, Math.floor(value / twoTo32));
  }

  /** A varint of 64 bits, negative ones as two's complement. */
  rawInt64(value: bigint): void {
    if (value >= 0n && value <= 0x1f_ffff_ffff_ffffn) {
      this.rawVarint(Number(value));
      return;
    }
    const bits = BigInt.asUintN(64, value);
    this.#varintOf(Number(bits & 0xffff_ffffn), Number(bits >> 32n));
  }

  rawByte(value: number): void {
    if (this.#at === 0) this.#reserve(1);
    this.#buffer[--this.#at] = value;
  }

  rawBytes(bytes: Uint8Array): void {
    const length = bytes.byteLength;
    this.#reserve(length + varintBytesMax);
    this.#at -= length;
    this.#buffer.set(bytes, this.#at);
  }

  /** Writes text as UTF-8 after its length; returns the byte count. A lone surrogate becomes U+FFFD, three bytes. */
  rawText(text: string): number {
    const { length } = text;
    if (length <= shortText) {
      this.#reserve(length + varintBytesMax);
      const buffer = this.#buffer;
      let at = this.#at;
      let i = length - 1;
      for (; i >= 0; i--) {
        const code = text.charCodeAt(i);
        if (code > 0x7f) break;
        buffer[--at] = code;
      }
      if (i < 0) {
        buffer[--at] = length;
        this.#at = at;
        return length;
      }
    }
    const size = Buffer.byteLength(text);
    this.#reserve(size + varintBytesMax);
    this.#at -= size;
    utf8Write.call(this.#buffer, text, this.#at, size);
    this.rawVarint(size);
    return size;
  }

  /** A varint in two halves of 32 bits. */
  #varintOf(low: number, high: number): void {
    this.#reserve(varintBytesMax);
    let size = 1;
    let lower = low >>> 0;
    let upper = high >>> 0;
    while (upper !== 0 || lower >= 0x80) {
      lower = ((lower >>> 7) | (upper << 25)) >>> 0;
      upper >>>= 7;
      size++;
    }
    let at = (this.#at -= size);
    const buffer = this.#buffer;
    lower = low >>> 0;
    upper = high >>> 0;
    for (let i = 1; i < size; i++) {
      buffer[at++] = (lower & 0x7f) | 0x80;
      lower = ((lower >>> 7) | (upper << 25)) >>> 0;
      upper >>>= 7;
    }
    buffer[at] = lower & 0x7f;
  }

  #reserve(sizeBytes: number): void {
    if (this.#at >= sizeBytes) return;
    const written = this.#buffer.length - this.#at;
    const size = Math.max(this.#buffer.length * 2, written + sizeBytes + this.#firstBytes);
    const larger = Buffer.allocUnsafeSlow(size);
    this.#buffer.copy(larger, size - written, this.#at);
    this.#buffer = larger;
    this.#at = size - written;
  }
}
