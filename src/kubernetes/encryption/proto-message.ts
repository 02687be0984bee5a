/**
 * Reads and writes the protobuf messages of a key service and of its encrypted values: varints, bytes, text, and maps
 * of text to bytes.
 */
import type { ProtoWriter } from "../../base/protobuf/proto-writer.ts";

const wireVarint = 0;
const wireBytes = 2;
/** Small numbers only: lengths and enums. */
const varintMax: number = 2 ** 31 - 1;

/** A map as repeated entries in the order of their names; an empty name or value is left out, as in proto3. */
export function writeMap(writer: ProtoWriter, field: number, entries: ReadonlyMap<string, Uint8Array>): void {
  for (const [name, value] of [...entries].sort(([a], [b]) => (a < b ? 1 : -1))) {
    const mark = writer.open();
    writer.bytes(2, value);
    writer.bytes(1, name);
    writer.close(field, mark);
  }
}

/** Every read throws a plain Error that names the fault. */
export class MessageReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  #wire = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next field's number; undefined at the end. Its value must be read, or skipped, before the next. */
  next(): number | undefined {
    if (this.#position === this.#bytes.byteLength) return undefined;
    const tag = this.#varint();
    this.#wire = tag & 7;
    if (tag >>> 3 === 0) throw new Error(`a field of number 0 at byte ${this.#position}`);
    return tag >>> 3;
  }

  varint(): number {
    this.#expect(wireVarint);
    return this.#varint();
  }

  /** Returns a copy. */
  bytes(): Uint8Array<ArrayBuffer> {
    this.#expect(wireBytes);
    const length = this.#varint();
    this.#position += length;
    if (this.#position > this.#bytes.byteLength) throw new Error(`a field of ${length} bytes is cut`);
    return Uint8Array.from(this.#bytes.subarray(this.#position - length, this.#position));
  }

  text(): string {
    return Buffer.from(this.bytes()).toString("utf8");
  }

  entry(into: Map<string, Uint8Array>): void {
    const reader = new MessageReader(this.bytes());
    let name = "";
    let value: Uint8Array = new Uint8Array(0);
    for (let field = reader.next(); field !== undefined; field = reader.next()) {
      if (field === 1) name = reader.text();
      else if (field === 2) value = reader.bytes();
      else reader.skip();
    }
    into.set(name, value);
  }

  skip(): void {
    if (this.#wire === wireVarint) this.#varint();
    else if (this.#wire === wireBytes) this.bytes();
    else if (this.#wire === 1 || this.#wire === 5) this.#position += this.#wire === 1 ? 8 : 4;
    else throw new Error(`wire type ${this.#wire} at byte ${this.#position}`);
    if (this.#position > this.#bytes.byteLength) throw new Error("a field is cut");
  }

  #expect(wire: number): void {
    if (this.#wire !== wire)
      throw new Error(`wire type ${this.#wire}, expected ${wire}, at byte ${this.#position}`);
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) throw new Error("a number is cut");
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > varintMax) break;
        return value;
      }
    }
    throw new Error(`a number beyond ${varintMax} at byte ${this.#position}`);
  }
}
