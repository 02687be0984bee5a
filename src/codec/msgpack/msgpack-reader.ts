/**
 * The reader of MessagePack values: a decoder that can produce only plain data.
 *
 * Values come from a network and may have been written by anyone. This reader accepts maps with text keys, arrays,
 * text, doubles and integers that a double holds. It rejects the rest: extensions, binary, 64-bit integers, more than
 * 64 levels, text that is not UTF-8, lengths past the end, trailing bytes. A field named `__proto__` is an ordinary
 * field of the record.
 *
 * Text costs the most. All bytes are converted into one Latin-1 string once, and ASCII text (nearly all) is sliced
 * from it; other text is decoded separately. With a dictionary, numbers stand for records and words
 * (shared-forms.ts).
 */
import { plainDataDepthMax, setOwnField } from "../../resource/model/plain-data.ts";
import { DecodeFault } from "../form/decode-fault.ts";
import { type SharedForms, type SharedTokens, shapeTokens, wordTokens } from "./shared-forms.ts";
import type { TextShapes } from "./text-shapes.ts";

/** Decodes text strictly: damaged UTF-8 is an error, a byte order mark is a character. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Buffer's own conversion from bytes to a Latin-1 string, without a view. It is on the prototype in every Node; only
 * the typings omit it.
 */
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
};

/** Reads one value that fills `[start, end)` of `bytes` exactly. @throws DecodeFault */
export function readMsgpack(
  bytes: Uint8Array,
  start: number,
  end: number,
  forms?: SharedForms | undefined,
  ascii?: "ascii" | undefined,
): unknown {
  const reader = new MsgpackReader(bytes, start, end, forms, ascii);
  const value = reader.read();
  reader.finish();
  return value;
}

export class MsgpackReader {
  readonly #bytes: Uint8Array;
  readonly #text: string;
  readonly #ascii: boolean;
  readonly #start: number;
  readonly #end: number;
  readonly #forms: SharedForms | undefined;
  #at: number;
  #depth = 0;

  /** @param ascii the writer claims that every text is ASCII; if that is false, text is wrong and nothing else */
  constructor(
    bytes: Uint8Array,
    start: number,
    end: number,
    forms: SharedForms | undefined,
    ascii: "ascii" | undefined,
  ) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#at = start;
    this.#forms = forms;
    this.#text = latin1Slice.call(bytes, start, end);
    this.#ascii = ascii !== undefined;
  }

  /** @throws DecodeFault unless all bytes have been read */
  finish(): void {
    if (this.#at !== this.#end) throw new DecodeFault(`${this.#end - this.#at} bytes are left over`);
  }

  /** The next value. @throws DecodeFault */
  read(): unknown {
    const at = this.#at;
    const token = at < this.#end ? this.#bytes[at] : undefined;
    if (token === undefined) throw new DecodeFault("it is cut");
    this.#at = at + 1;
    if (token < 0x80) {
      return token < 0x40 || this.#forms === undefined ? token : this.#readShared(token, this.#forms);
    }
    if (token < 0x90) return this.#readMap(token & 0x0f);
    if (token < 0xa0) return this.#readArray(token & 0x0f);
    if (token < 0xc0) return this.#readText(token & 0x1f);
    if (token >= 0xe0) return token - 0x100;
    switch (token) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return exact(this.#view(4).getFloat32(0));
      case 0xcb:
        return exact(this.#view(8).getFloat64(0));
      case 0xcc:
        return this.#byte();
      case 0xcd:
        return this.#uint16();
      case 0xce:
        return this.#uint32();
      case 0xd0:
        return (this.#byte() << 24) >> 24;
      case 0xd1:
        return (this.#uint16() << 16) >> 16;
      case 0xd2:
        return this.#uint32() | 0;
      case 0xd9:
        return this.#readText(this.#byte());
      case 0xda:
        return this.#readText(this.#uint16());
      case 0xdb:
        return this.#readText(this.#uint32());
      case 0xdc:
        return this.#readArray(this.#uint16());
      case 0xdd:
        return this.#readArray(this.#uint32());
      case 0xde:
        return this.#readMap(this.#uint16());
      case 0xdf:
        return this.#readMap(this.#uint32());
      default:
        throw new DecodeFault(
          `byte 0x${token.toString(16)} at ${this.#at - 1} begins nothing that is plain data`,
        );
    }
  }

  #readShared(token: number, forms: SharedForms): unknown {
    if (token >= wordTokens.short) {
      const word = forms.words[this.#sharedNumber(token, wordTokens)];
      if (word === undefined) throw new DecodeFault("a word is not in its dictionary");
      return word;
    }
    const readRecord = forms.readers[this.#sharedNumber(token, shapeTokens)];
    if (readRecord === undefined) throw new DecodeFault("a shape is not in its dictionary");
    this.#enter();
    const record = readRecord(this);
    this.#depth--;
    return record;
  }

  #sharedNumber(token: number, tokens: SharedTokens): number {
    if (token < tokens.long) return token - tokens.short;
    return tokens.shorts + (((token - tokens.long) << 8) | this.#byte());
  }

  /**
   * A record whose fields are all text, stored as an array of its keys and then its values.
   * @throws DecodeFault
   * @param shapes remembers the frequent key sets
   */
  readTextRecord(shapes: TextShapes): Record<string, string> {
    const token = this.#byte();
    let members: number;
    if (token >= 0x90 && token < 0xa0) members = token & 0x0f;
    else if (token === 0xdc) members = this.#uint16();
    else if (token === 0xdd) members = this.#uint32();
    else throw new DecodeFault(`no record of text at ${this.#at - 1}`);
    if (members > this.#end - this.#at) throw new DecodeFault(`a record of ${members >> 1} texts is cut`);
    if ((members & 1) !== 0) throw new DecodeFault("a record of text has a key without a value");
    const size = members >> 1;
    if (size === 0) return {};
    const from = this.#at;
    for (let i = 0; i < size; i++) this.#skipText();
    const known = shapes.reader(this.#bytes, from, this.#at);
    if (known !== undefined) return known(this) as Record<string, string>;
    const valuesAt = this.#at;
    this.#at = from;
    const names: string[] = [];
    for (let i = 0; i < size; i++) names.push(this.#readKey());
    this.#at = valuesAt;
    const record: Record<string, string> = {};
    for (const name of names) setOwnField(record, name, this.readText());
    shapes.saw(this.#bytes, from, valuesAt, names);
    return record;
  }

  #skipText(): void {
    const token = this.#byte();
    let length: number;
    if (token >= 0xa0 && token < 0xc0) length = token & 0x1f;
    else if (token === 0xd9) length = this.#byte();
    else if (token === 0xda) length = this.#uint16();
    else if (token === 0xdb) length = this.#uint32();
    else throw new DecodeFault(`a field name is no text at ${this.#at - 1}`);
    if (length > this.#end - this.#at) throw new DecodeFault(`text of ${length} bytes is cut`);
    this.#at += length;
  }

  /** A text. @throws DecodeFault */
  readText(): string {
    const token = this.#bytes[this.#at] ?? 0;
    if (token >= 0xa0 && token < 0xc0) {
      this.#at++;
      return this.#readText(token & 0x1f);
    }
    if (token === 0xd9) {
      this.#at++;
      return this.#readText(this.#byte());
    }
    const value = this.read();
    if (typeof value !== "string") throw new DecodeFault(`no text at ${this.#at}`);
    return value;
  }

  #readMap(size: number): Record<string, unknown> {
    // A key and a value take at least one byte each, so a false length allocates nothing.
    if (size * 2 > this.#end - this.#at) throw new DecodeFault(`a map of ${size} fields is cut`);
    this.#enter();
    const record: Record<string, unknown> = {};
    for (let i = 0; i < size; i++) {
      const key = this.#readKey();
      setOwnField(record, key, this.read());
    }
    this.#depth--;
    return record;
  }

  #readKey(): string {
    const token = this.#byte();
    if (token >= 0xa0 && token < 0xc0) return this.#readText(token & 0x1f);
    if (token === 0xd9) return this.#readText(this.#byte());
    if (token === 0xda) return this.#readText(this.#uint16());
    if (token === 0xdb) return this.#readText(this.#uint32());
    throw new DecodeFault(`a field name is no text at ${this.#at - 1}`);
  }

  #readArray(size: number): unknown[] {
    if (size > this.#end - this.#at) throw new DecodeFault(`an array of ${size} members is cut`);
    this.#enter();
    const array: unknown[] = [];
    for (let i = 0; i < size; i++) array.push(this.read());
    this.#depth--;
    return array;
  }

  #readText(length: number): string {
    const bytes = this.#bytes;
    const from = this.#at;
    const to = from + length;
    if (to > this.#end) throw new DecodeFault(`text of ${length} bytes is cut`);
    this.#at = to;
    if (this.#ascii) return this.#text.substring(from - this.#start, to - this.#start);
    let seen = 0;
    for (let i = from; i < to; i++) seen |= bytes[i] ?? 0;
    if (seen < 0x80) return this.#text.substring(from - this.#start, to - this.#start);
    try {
      return utf8.decode(bytes.subarray(from, to));
    } catch {
      throw new DecodeFault(`text at ${from} is not UTF-8`);
    }
  }

  #enter(): void {
    if (++this.#depth > plainDataDepthMax) {
      throw new DecodeFault(`it is nested deeper than ${plainDataDepthMax} levels`);
    }
  }

  #byte(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    if (byte === undefined) throw new DecodeFault("it is cut");
    this.#at++;
    return byte;
  }

  #uint16(): number {
    const high = this.#byte();
    return (high << 8) | this.#byte();
  }

  #uint32(): number {
    const high = this.#uint16();
    return high * 0x10000 + this.#uint16();
  }

  #view(length: number): DataView {
    if (this.#at + length > this.#end) throw new DecodeFault("a number is cut");
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, length);
    this.#at += length;
    return view;
  }
}

function exact(value: number): number {
  // Integers are written as such; no writer of ours stores one that a double does not hold exactly.
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
    throw new DecodeFault(`a number is ${value}`);
  }
  return value;
}
