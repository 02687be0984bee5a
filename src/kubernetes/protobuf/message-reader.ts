/**
 * The reader of Kubernetes' messages: it decodes bytes into the JSON that kube-apiserver shows, by a message's plan.
 *
 * Values come from a network: every length is checked against the end of its container, nesting is bounded, text must
 * be UTF-8, integers must be exact, and a fault names its byte. A field that is not in the table is skipped and
 * reported: a newer Kubernetes wrote it.
 *
 * Fields arrive in the order of their numbers; JSON has them in the order of the Go struct. So a message's values go
 * first into slots, in one array for all levels, and then into the object in order.
 */
import { DecodeFault } from "../../codec/form/decode-fault.ts";
import { findPlainDataFault, plainDataDepthMax } from "../../resource/model/plain-data.ts";
import { type FieldPlace, type FieldPlan, type MessagePlan, operations } from "./message-plan.ts";
import {
  formatDuration,
  formatMicroTime,
  formatTime,
  timeSecondsMax,
  timeSecondsMin,
  zeroTimeSeconds,
} from "./time-text.ts";

/** A field of the bytes that the table does not have: written by a Kubernetes newer than it. */
export interface UnknownField {
  /** The message that contains it: "core/v1.PodSpec". */
  readonly message: string;
  /** Its protobuf number. */
  readonly number: number;
  /** Where its tag begins in the value, bytes from 0. */
  readonly offset: number;
  /** Size of the whole field, tag included. */
  readonly sizeBytes: number;
}

/** Maximum number of reported unknown fields; a value rarely has more than a few, and this bounds a hostile one. */
const unknownFieldsMax = 100;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Buffer's conversion from bytes to a Latin-1 string, without creating a view. */
const { latin1Slice, base64Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  base64Slice(this: Uint8Array, start: number, end: number): string;
};

const twoTo32 = 4_294_967_296;
/**
 * Limit on JSON members that are absent from the bytes: one for this many bytes of a value, plus a fixed number.
 * Kubernetes writes nearly all of them, set or not, so its values stay far below; otherwise two hostile bytes could
 * become a Pod.
 */
const bytesPerFilled = 8;
const filledAlways = 1000;
/** A record whose fields come in the order of their slots: what JSON is made of. */
type Fields = Record<string, unknown>;

export class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #text: string;
  readonly #textStart: number;
  readonly #slots: unknown[] = [];
  #top = 0;
  #at: number;
  #depth = 0;
  /** Upper half of the last varint. */
  #high = 0;
  #unknown: UnknownField[] | undefined;
  /** Remaining number of members without bytes. */
  #fillable: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#textStart = start;
    this.#fillable = filledAlways + (end - start) / bytesPerFilled;
    this.#text = latin1Slice.call(bytes, start, end);
  }

  /** The first hundred fields that are not in the table. */
  get unknown(): readonly UnknownField[] {
    return this.#unknown ?? [];
  }

  /**
   * Reads the message that ends at `end` into `object`, which already has its kind and apiVersion. @throws DecodeFault
   */
  readInto(plan: MessagePlan, end: number, object: Fields): void {
    const base = this.#top;
    this.#top = base + plan.slots.length;
    this.#readFields(plan, base, end);
    this.#assemble(plan, base, object);
    this.#top = base;
  }

  #readMessage(plan: MessagePlan, end: number): Fields {
    if (++this.#depth > plainDataDepthMax)
      throw this.#fault(`nested deeper than ${plainDataDepthMax} levels`);
    const object: Fields = {};
    this.readInto(plan, end, object);
    this.#depth--;
    return object;
  }

  #readFields(plan: MessagePlan, base: number, end: number): void {
    const { byNumber } = plan;
    const bytes = this.#bytes;
    while (this.#at < end) {
      const start = this.#at;
      let tag = bytes[start] ?? 0;
      if (tag < 0x80) this.#at = start + 1;
      else tag = this.#tag(end);
      const field = byNumber[tag >>> 3];
      if (field === undefined) {
        this.#skipUnknown(plan, tag, start, end);
        continue;
      }
      const wire = tag & 7;
      if (field.isSkipped) {
        this.#skip(wire, end);
        continue;
      }
      if (wire !== field.wire) {
        this.#readPacked(field, wire, base, end);
        continue;
      }
      const slot = base + field.slot;
      if (field.repeated === "one") {
        if (field.operation === operations.inline) {
          const inner = this.#length(end);
          this.#readFields(field.plan(), slot, inner);
          continue;
        }
        const value = this.#readValue(field, end);
        if (this.#slots[slot] !== undefined) throw this.#fault(`"${field.name}" is there twice`, start);
        if (!(field.omitsZero && isZero(value))) this.#slots[slot] = value;
      } else if (field.repeated === "list") {
        const list = this.#slots[slot] as unknown[] | undefined;
        this.#depth++;
        const value = this.#readValue(field, end);
        this.#depth--;
        if (list === undefined) this.#slots[slot] = [value];
        else list.push(value);
      } else {
        const map = (this.#slots[slot] ??= {}) as Fields;
        this.#depth++;
        this.#readEntry(field, map, end);
        this.#depth--;
      }
    }
    if (this.#at !== end) throw this.#fault("a field is longer than what it lies in");
  }

  #readEntry(field: FieldPlan, map: Fields, end: number): void {
    const entryEnd = this.#length(end);
    let key = "";
    let value: unknown;
    while (this.#at < entryEnd) {
      const tag = this.#tag(entryEnd);
      if (tag === 0x0a) key = this.#string(entryEnd);
      else if (tag === 0x12) value = this.#readValue(field, entryEnd);
      else this.#skip(tag & 7, entryEnd);
    }
    if (this.#at !== entryEnd) throw this.#fault("an entry of a map is longer than it says");
    if (key === "__proto__")
      throw this.#fault(`"${field.name}" has the name "__proto__", which no field may have`);
    map[key] = value === undefined ? this.#zeroOf(field) : value;
  }

  /** Go's zero for an absent value of a map entry. */
  #zeroOf(field: FieldPlan): unknown {
    switch (field.operation) {
      case operations.string:
        return "";
      case operations.quantity:
        return "0";
      case operations.message:
        return this.#emptyMessage(field.plan());
      case operations.items:
        return [];
      case operations.int32:
      case operations.int64:
        return 0;
      default:
        return null;
    }
  }

  #readValue(field: FieldPlan, end: number): unknown {
    switch (field.operation) {
      case operations.string:
        return this.#string(end);
      case operations.bool:
        return (this.#varint(end) | this.#high) !== 0;
      case operations.int32:
        return this.#varint(end) | 0;
      case operations.int64:
        return this.#int64(end, field.name);
      case operations.double:
        return this.#double(end, field.name);
      case operations.bytes: {
        const from = this.#enter(end);
        return base64Slice.call(this.#bytes, from, this.#at);
      }
      case operations.time:
        return this.#time(end);
      case operations.microtime:
        return this.#microTime(end);
      case operations.duration:
        return this.#duration(end);
      case operations.quantity:
        return this.#quantity(end);
      case operations.intorstring:
        return this.#intOrString(end);
      case operations.json:
        return this.#json(end, field.name);
      case operations.message: {
        const inner = this.#length(end);
        return this.#readMessage(field.plan(), inner);
      }
      case operations.items: {
        const inner = this.#length(end);
        return this.#readMessage(field.plan(), inner)["items"] ?? [];
      }
      case operations.schemaOrBool: {
        const { allows, schema } = this.#schemaForm(field, end);
        return schema ?? allows === true;
      }
      case operations.schemaOrArray: {
        const { schema, jSONSchemas } = this.#schemaForm(field, end);
        return jSONSchemas ?? schema ?? null;
      }
      case operations.schemaOrStrings: {
        const { schema, property } = this.#schemaForm(field, end);
        return property ?? schema ?? null;
      }
      default:
        throw this.#fault(`"${field.name}" cannot stand in a list`);
    }
  }

  #schemaForm(field: FieldPlan, end: number): Fields {
    return this.#readMessage(field.plan(), this.#length(end));
  }

  #assemble(plan: MessagePlan, base: number, object: Fields): void {
    const stored = this.#slots;
    const { slots } = plan;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i] as FieldPlace;
      const value = stored[base + i];
      if (value !== undefined) {
        object[slot.name] = value;
        stored[base + i] = undefined;
      } else if (slot.absent !== "omit") object[slot.name] = this.#absent(slot);
    }
  }

  /** The JSON value of a member that is absent from the bytes. */
  #absent({ absent, field }: FieldPlace): unknown {
    if (--this.#fillable < 0) throw this.#fault("it has far more messages than bytes for them");
    if (absent === "null") return null;
    if (absent === "empty") return this.#emptyMessage(field.plan());
    return absent === "omit" ? undefined : absent.value;
  }

  /** The JSON value of a struct with no field set. */
  #emptyMessage(plan: MessagePlan): Fields {
    const object: Fields = {};
    for (const slot of plan.slots) if (slot.absent !== "omit") object[slot.name] = this.#absent(slot);
    return object;
  }

  /** A list of numbers may be packed; any other wire type is a fault. */
  #readPacked(field: FieldPlan, wire: number, base: number, end: number): void {
    if (wire !== 2 || field.repeated !== "list" || field.wire === 2) {
      throw this.#fault(`"${field.name}" has wire type ${wire}, expected ${field.wire}`);
    }
    const packedEnd = this.#length(end);
    const list = (this.#slots[base + field.slot] ??= []) as unknown[];
    while (this.#at < packedEnd) list.push(this.#readValue(field, packedEnd));
    if (this.#at !== packedEnd) throw this.#fault(`"${field.name}" is longer than it says`);
  }

  #time(end: number): string | null {
    const inner = this.#length(end);
    if (this.#at === inner) return null;
    const { seconds } = this.#timestamp(inner);
    return seconds === zeroTimeSeconds ? null : formatTime(seconds);
  }

  #microTime(end: number): string | null {
    const inner = this.#length(end);
    if (this.#at === inner) return null;
    const { seconds, nanos } = this.#timestamp(inner);
    return seconds === zeroTimeSeconds && nanos < 1000 ? null : formatMicroTime(seconds, nanos);
  }

  #timestamp(end: number): { seconds: number; nanos: number } {
    let seconds = 0;
    let nanos = 0;
    const start = this.#at;
    while (this.#at < end) {
      const tag = this.#tag(end);
      if (tag === 0x08) seconds = this.#int64(end, "seconds");
      else if (tag === 0x10) nanos = this.#varint(end) | 0;
      else this.#skip(tag & 7, end);
    }
    if (this.#at !== end) throw this.#fault("a time is longer than it says");
    if (!(seconds >= timeSecondsMin && seconds <= timeSecondsMax) || nanos < 0 || nanos > 999_999_999) {
      throw this.#fault("a time is outside the years 0 to 9999", start);
    }
    return { seconds, nanos };
  }

  #duration(end: number): string {
    const inner = this.#length(end);
    let nanos = 0n;
    while (this.#at < inner) {
      const tag = this.#tag(inner);
      if (tag === 0x08) {
        const low = this.#varint(inner);
        nanos = BigInt.asIntN(64, (BigInt(this.#high >>> 0) << 32n) | BigInt(low >>> 0));
      } else this.#skip(tag & 7, inner);
    }
    if (this.#at !== inner) throw this.#fault("a duration is longer than it says");
    return formatDuration(nanos);
  }

  #quantity(end: number): string {
    const inner = this.#length(end);
    let text = "0";
    while (this.#at < inner) {
      const tag = this.#tag(inner);
      if (tag === 0x0a) text = this.#string(inner);
      else this.#skip(tag & 7, inner);
    }
    if (this.#at !== inner) throw this.#fault("a quantity is longer than it says");
    return text;
  }

  #intOrString(end: number): string | number {
    const inner = this.#length(end);
    const start = this.#at;
    let type = 0;
    let number = 0;
    let text = "";
    while (this.#at < inner) {
      const tag = this.#tag(inner);
      if (tag === 0x08) type = this.#int64(inner, "type");
      else if (tag === 0x10) number = this.#varint(inner) | 0;
      else if (tag === 0x1a) text = this.#string(inner);
      else this.#skip(tag & 7, inner);
    }
    if (this.#at !== inner) throw this.#fault("an int-or-string is longer than it says");
    if (type !== 0 && type !== 1) throw this.#fault(`an int-or-string has type ${type}`, start);
    return type === 0 ? number : text;
  }

  #json(end: number, name: string): unknown {
    const inner = this.#length(end);
    let value: unknown = null;
    while (this.#at < inner) {
      const tag = this.#tag(inner);
      if (tag !== 0x0a) {
        this.#skip(tag & 7, inner);
        continue;
      }
      const from = this.#enter(inner);
      if (from === this.#at) continue;
      try {
        value = JSON.parse(this.#utf8(from, this.#at));
      } catch (error) {
        // The parser quotes its input, which may be a secret: only the fact of the failure is reported.
        if (error instanceof DecodeFault) throw error;
        throw this.#fault(`"${name}" is no JSON`, from);
      }
      const fault = findPlainDataFault(value, name);
      if (fault !== undefined) throw this.#fault(`"${fault.field}" ${fault.message}`, from);
    }
    if (this.#at !== inner) throw this.#fault(`"${name}" is longer than it says`);
    return value;
  }

  #string(end: number): string {
    const from = this.#enter(end);
    return this.#utf8(from, this.#at);
  }

  #utf8(from: number, to: number): string {
    // Four bytes at a time: byte by byte, this took a quarter of all decoding.
    const view = this.#view;
    let bits = 0;
    let at = from;
    for (; at + 4 <= to; at += 4) bits |= view.getUint32(at);
    for (; at < to; at++) bits |= view.getUint8(at);
    if ((bits & 0x8080_8080) !== 0) return this.#decodeUtf8(from, to);
    return this.#text.substring(from - this.#textStart, to - this.#textStart);
  }

  #decodeUtf8(from: number, to: number): string {
    try {
      return utf8.decode(this.#bytes.subarray(from, to));
    } catch {
      throw this.#fault("a text is no UTF-8", from);
    }
  }

  /** Skips a field's length and bytes; returns where the bytes begin. */
  #enter(end: number): number {
    const to = this.#length(end);
    const from = this.#at;
    this.#at = to;
    return from;
  }

  /** Where the bytes after a length end. */
  #length(end: number): number {
    const start = this.#at;
    const first = start < end ? (this.#bytes[start] ?? 0) : 0x80;
    let length = first;
    if (first < 0x80) this.#at = start + 1;
    else {
      length = this.#varint(end) >>> 0;
      if (this.#high !== 0) length = twoTo32;
    }
    if (length > end - this.#at) throw this.#fault(`a length is ${length}, more than is left`, start);
    return this.#at + length;
  }

  #tag(end: number): number {
    const start = this.#at;
    const tag = this.#varint(end) >>> 0;
    if (this.#high !== 0 || tag < 8) throw this.#fault("a field has no number that can be", start);
    return tag;
  }

  #int64(end: number, name: string): number {
    const start = this.#at;
    const low = this.#varint(end);
    const value = (this.#high | 0) * twoTo32 + (low >>> 0);
    if (!Number.isSafeInteger(value)) {
      throw this.#fault(`"${name}" is beyond the integers a number holds exactly (2^53 - 1)`, start);
    }
    return value;
  }

  /** The lower 32 bits; the upper ones are in `#high`. */
  #varint(end: number): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) throw this.#fault("it is cut in a number");
      const byte = bytes[at++] ?? 0;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.#at = at;
        this.#high = high;
        return low;
      }
    }
    throw this.#fault("a number has more than ten bytes");
  }

  #double(end: number, name: string): number {
    const at = this.#at;
    if (end - at < 8) throw this.#fault("it is cut in a number");
    this.#at = at + 8;
    const value = this.#view.getFloat64(at, true);
    const fault = findPlainDataFault(value, name);
    if (fault !== undefined) throw this.#fault(`"${fault.field}" ${fault.message}`, at);
    return value;
  }

  #skipUnknown(plan: MessagePlan, tag: number, start: number, end: number): void {
    if (tag < 8) throw this.#fault("a field has no number that can be", start);
    this.#skip(tag & 7, end);
    this.#unknown ??= [];
    if (this.#unknown.length < unknownFieldsMax) {
      this.#unknown.push({
        message: plan.name,
        number: tag >>> 3,
        offset: start,
        sizeBytes: this.#at - start,
      });
    }
  }

  #skip(wire: number, end: number): void {
    switch (wire) {
      case 0:
        this.#varint(end);
        return;
      case 1:
        this.#pass(8, end);
        return;
      case 2:
        this.#at = this.#length(end);
        return;
      case 5:
        this.#pass(4, end);
        return;
      default:
        // Groups date from protobuf 1, and no type of Kubernetes has one.
        throw this.#fault(`a field has wire type ${wire}`);
    }
  }

  #pass(length: number, end: number): void {
    if (end - this.#at < length) throw this.#fault("it is cut in a number");
    this.#at += length;
  }

  #fault(reason: string, at: number = this.#at): DecodeFault {
    return new DecodeFault(`at byte ${at}: ${reason}`, { offset: at });
  }
}

function isZero(value: unknown): boolean {
  return value === "" || value === 0 || value === false || value === null;
}
