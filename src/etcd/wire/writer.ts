/**
 * Writes protobuf wire format from the back to the front: an inner message is complete before its length is
 * written, so nothing is measured twice and nothing is moved. Callers therefore write fields in *descending*
 * order, and a field's value before its tag; the bytes come out in ascending order like everybody's.
 *
 *   writer.bytes(2, value); writer.bytes(1, key); return writer.finish();
 *
 * Proto3: a zero, false or empty value is left out (the `…Always` forms write it, as a oneof member needs).
 */
import type { Bytes } from "../ports/messages.ts";

/** First buffer; a usual put of a 1 KiB value fits with its key. */
const firstBytes = 1536;

export class WireWriter {
  #buffer: Buffer;
  /** Everything from here to the end of the buffer is written. */
  #at: number;

  /** @param sizeHint expected size in bytes; a good one saves a copy */
  constructor(sizeHint: number = firstBytes) {
    // From the pool: a request lives for one call, and a memory block of its own for each is what the collector pays for.
    this.#buffer = Buffer.allocUnsafe(sizeHint);
    this.#at = sizeHint;
  }

  /** What was written; the writer is done with. */
  finish(): Uint8Array {
    return this.#buffer.subarray(this.#at);
  }

  /** A mark to give to `close` once the inner message is written. */
  open(): number {
    return this.#buffer.length - this.#at;
  }

  /** Turns what was written since `mark` into the value of `field`. */
  close(field: number, mark: number): void {
    this.#varint(this.#buffer.length - this.#at - mark);
    this.#varint((field << 3) | 2);
  }

  bytes(field: number, value: Bytes | undefined): void {
    if (value !== undefined && value.length > 0) this.bytesAlways(field, value);
  }

  bytesAlways(field: number, value: Bytes): void {
    if (typeof value === "string") {
      const length = Buffer.byteLength(value);
      this.#reserve(length + 10);
      this.#at -= length;
      this.#buffer.write(value, this.#at, length, "utf8");
      this.#varint(length);
    } else {
      const length = value.byteLength;
      this.#reserve(length + 10);
      this.#at -= length;
      this.#buffer.set(value, this.#at);
      this.#varint(length);
    }
    this.#varint((field << 3) | 2);
  }

  /** An unsigned number up to 2^53 - 1, or an enum. */
  number(field: number, value: number | undefined): void {
    if (value !== undefined && value !== 0) this.numberAlways(field, value);
  }

  numberAlways(field: number, value: number): void {
    this.#reserve(20);
    this.#varint(value);
    this.#varint(field << 3);
  }

  bool(field: number, value: boolean | undefined): void {
    if (value === true) this.numberAlways(field, 1);
  }

  /** int64 or uint64, exact. */
  int64(field: number, value: bigint | undefined): void {
    if (value !== undefined && value !== 0n) this.int64Always(field, value);
  }

  int64Always(field: number, value: bigint): void {
    this.#reserve(20);
    if (value >= 0n && value <= 0x1f_ffff_ffff_ffffn) {
      this.#varint(Number(value));
    } else {
      const unsigned = BigInt.asUintN(64, value);
      const groups: number[] = [];
      for (let rest = unsigned; rest > 0n; rest >>= 7n) groups.push(Number(rest & 0x7fn));
      let more = 0;
      for (const group of groups.reverse()) {
        this.#buffer[--this.#at] = group | more;
        more = 0x80;
      }
    }
    this.#varint(field << 3);
  }

  /** A bare varint, as an element of a packed field. */
  raw(value: number): void {
    this.#varint(value);
  }

  /** Writes a varint in front; the caller has reserved its room, or it is a tag or length, for which `#reserve` leaves room. */
  #varint(value: number): void {
    if (value < 0x80) {
      if (this.#at === 0) this.#reserve(1);
      this.#buffer[--this.#at] = value;
      return;
    }
    let length = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) length++;
    this.#reserve(length);
    this.#at -= length;
    let at = this.#at;
    for (let rest = value; ; rest = Math.floor(rest / 128)) {
      if (rest < 0x80) {
        this.#buffer[at] = rest;
        return;
      }
      this.#buffer[at++] = (rest % 128) | 0x80;
    }
  }

  #reserve(length: number): void {
    if (this.#at >= length) return;
    const written = this.#buffer.length - this.#at;
    const size = Math.max(this.#buffer.length * 2, written + length + firstBytes);
    const larger = Buffer.allocUnsafeSlow(size);
    this.#buffer.copy(larger, size - written, this.#at);
    this.#buffer = larger;
    this.#at = size - written;
  }
}
