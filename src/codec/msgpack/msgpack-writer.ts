/**
 * The writer of heads and bodies, with or without a dictionary: MessagePack, checked to be plain data in the same
 * pass.
 *
 * One pass over the object writes the bytes and detects data that is not plain; only then is the path of the fault
 * computed. Numbers stand for records and words of shared forms (shared-forms.ts).
 */
import { plainDataDepthMax } from "../../resource/model/plain-data.ts";
import { type SharedForms, type SharedTokens, shapeTokens, wordTokens } from "./shared-forms.ts";

/** The value is not plain data; `findPlainDataFault` says where. */
export class NotPlainData extends Error {
  override readonly name = "NotPlainData";
}

/**
 * Buffer's own text to UTF-8 conversion, without the wrapper that checks the encoding: half the time for short text.
 */
const { utf8Write } = Buffer.prototype as unknown as {
  utf8Write(this: Buffer, text: string, offset: number): number;
};

/** First size of the buffer, bytes: more than nearly every object needs. */
const bufferBytesFirst = 16 * 1024;
/** A buffer that one huge object has grown past this is released afterwards, bytes. */
const bufferBytesKept = 1024 * 1024;
/** Text up to this many UTF-16 units is written unit by unit, which is faster than a call into the runtime. */
const shortTextUnits = 48;

export class MsgpackWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(bufferBytesFirst);
  #at = 0;
  #forms: SharedForms | undefined;
  #ascii = true;

  /** Starts over. Views that `written` returned earlier are overwritten from here on. */
  begin(forms: SharedForms | undefined): void {
    if (this.#buffer.length > bufferBytesKept) this.#buffer = Buffer.allocUnsafeSlow(bufferBytesFirst);
    this.#at = 0;
    this.#forms = forms;
    this.#ascii = true;
  }

  /** Whether every text since `begin` is ASCII. */
  get isAscii(): boolean {
    return this.#ascii;
  }

  get length(): number {
    return this.#at;
  }

  /** All bytes since `begin`: a view, valid until the next write. */
  written(): Uint8Array {
    return this.#buffer.subarray(0, this.#at);
  }

  /** @throws NotPlainData */
  write(value: unknown, depth = 1): void {
    switch (typeof value) {
      case "string":
        return this.#writeTextOrWord(value);
      case "number":
        return this.writeNumber(value);
      case "boolean":
        return this.#byte(value ? 0xc3 : 0xc2);
      case "object":
        if (value === null) return this.#byte(0xc0);
        if (depth > plainDataDepthMax) throw new NotPlainData();
        if (Array.isArray(value)) {
          this.#size(value.length, 0x90, 16, 0xdc);
          for (let i = 0; i < value.length; i++) this.write(value[i], depth + 1);
          return;
        }
        return this.#writeRecord(value, depth);
      default:
        throw new NotPlainData();
    }
  }

  #writeRecord(record: object, depth: number): void {
    const prototype: unknown = Object.getPrototypeOf(record);
    // Plain records of other realms are rare: after this throw, the full check lets the caller copy them first.
    if (prototype !== Object.prototype && prototype !== null) throw new NotPlainData();
    const keys = Object.keys(record);
    const values = Object.values(record) as unknown[];
    let fields = 0;
    let node = this.#forms?.shapeTree;
    for (let i = 0; i < keys.length; i++) {
      if (values[i] === undefined) continue;
      fields++;
      if (node !== undefined) node = node.next.get(keys[i] ?? "");
    }
    const shape = node?.shape;
    if (shape !== undefined && fields > 0) {
      this.#shared(shape, shapeTokens);
      for (let i = 0; i < keys.length; i++) {
        if (values[i] !== undefined) this.write(values[i], depth + 1);
      }
      return;
    }
    this.#size(fields, 0x80, 16, 0xde);
    for (let i = 0; i < keys.length; i++) {
      if (values[i] === undefined) continue;
      this.writeText(keys[i] ?? "");
      this.write(values[i], depth + 1);
    }
  }

  /**
   * Writes a record of text as an array, keys first, then values; false when a field is not text, and the written
   * bytes are then invalid.
   */
  writeTextRecord(record: Readonly<Record<string, unknown>>): boolean {
    const keys = Object.keys(record);
    let fields = 0;
    for (const key of keys) if (record[key] !== undefined) fields++;
    this.#size(fields * 2, 0x90, 16, 0xdc);
    for (const key of keys) {
      if (record[key] !== undefined) this.writeText(key);
    }
    for (const key of keys) {
      const value = record[key];
      if (value === undefined) continue;
      if (typeof value !== "string") return false;
      this.#writeTextOrWord(value);
    }
    return true;
  }

  #writeTextOrWord(text: string): void {
    const word = this.#forms?.wordNumbers.get(text);
    if (word === undefined) this.writeText(text);
    else this.#shared(word, wordTokens);
  }

  #shared(number: number, tokens: SharedTokens): void {
    if (number < tokens.shorts) return this.#byte(tokens.short + number);
    const rest = number - tokens.shorts;
    this.#byte(tokens.long + (rest >> 8));
    this.#byte(rest & 0xff);
  }

  /** @throws NotPlainData for a lone surrogate */
  writeText(text: string): void {
    const units = text.length;
    // Three bytes a unit at most, five for the length.
    if (this.#at + units * 3 + 5 > this.#buffer.length) this.#grow(units * 3 + 5);
    const buffer = this.#buffer;
    const header = units < 32 ? 1 : units < 0x100 ? 2 : units < 0x10000 ? 3 : 5;
    const start = this.#at + header;
    let length: number;
    if (units <= shortTextUnits) {
      let i = 0;
      for (; i < units; i++) {
        const unit = text.charCodeAt(i);
        if (unit >= 0x80) break;
        buffer[start + i] = unit;
      }
      length = i === units ? units : utf8Write.call(buffer, text, start);
    } else {
      length = utf8Write.call(buffer, text, start);
    }
    if (length !== units) {
      this.#ascii = false;
      if (!text.isWellFormed()) throw new NotPlainData();
      const needed = length < 32 ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : 5;
      if (needed !== header) buffer.copyWithin(this.#at + needed, start, start + length);
    }
    let at = this.#at;
    if (length < 32) {
      buffer[at++] = 0xa0 | length;
    } else if (length < 0x100) {
      buffer[at++] = 0xd9;
      buffer[at++] = length;
    } else if (length < 0x10000) {
      buffer[at++] = 0xda;
      at = buffer.writeUInt16BE(length, at);
    } else {
      buffer[at++] = 0xdb;
      at = buffer.writeUInt32BE(length, at);
    }
    this.#at = at + length;
  }

  /** @throws NotPlainData when it is not finite, or an integer beyond the safe ones */
  writeNumber(value: number): void {
    if (Number.isInteger(value)) {
      const small = this.#forms === undefined ? 0x80 : 0x40;
      if (value >= 0) {
        // -0 is 0 here.
        if (value < small) return this.#byte(value + 0);
        if (value < 0x100) return this.#bytes2(0xcc, value);
        if (value < 0x10000) {
          this.#byte(0xcd);
          return this.#uint16(value);
        }
        if (value < 0x100000000) {
          this.#byte(0xce);
          return this.#uint32(value);
        }
      } else {
        if (value >= -0x20) return this.#byte(value & 0xff);
        if (value >= -0x80) return this.#bytes2(0xd0, value & 0xff);
        if (value >= -0x8000) {
          this.#byte(0xd1);
          return this.#uint16(value & 0xffff);
        }
        if (value >= -0x80000000) {
          this.#byte(0xd2);
          return this.#uint32(value >>> 0);
        }
      }
      if (!Number.isSafeInteger(value)) throw new NotPlainData();
    } else if (!Number.isFinite(value)) {
      throw new NotPlainData();
    }
    this.#byte(0xcb);
    if (this.#at + 8 > this.#buffer.length) this.#grow(8);
    this.#at = this.#buffer.writeDoubleBE(value, this.#at);
  }

  #size(size: number, short: number, shorts: number, long: number): void {
    if (size < shorts) return this.#byte(short | size);
    if (size < 0x10000) {
      this.#byte(long);
      return this.#uint16(size);
    }
    this.#byte(long + 1);
    this.#uint32(size);
  }

  #byte(value: number): void {
    if (this.#at === this.#buffer.length) this.#grow(1);
    this.#buffer[this.#at++] = value;
  }

  #bytes2(first: number, second: number): void {
    this.#byte(first);
    this.#byte(second);
  }

  #uint16(value: number): void {
    this.#byte(value >> 8);
    this.#byte(value & 0xff);
  }

  #uint32(value: number): void {
    this.#uint16(value >>> 16);
    this.#uint16(value & 0xffff);
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#at + needed));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }
}
