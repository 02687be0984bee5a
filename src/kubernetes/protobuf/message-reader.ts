/**
 * The reader of Kubernetes' messages: it decodes bytes into the JSON that kube-apiserver shows, by a message's plan.
 *
 * Messages come from a network: nesting is bounded, value-reader checks every value, and a fault names its byte. A
 * field that is not in the table is skipped and reported: a newer Kubernetes wrote it.
 *
 * Fields arrive in the order of their numbers; JSON has them in the order of the Go struct. So a message's values go
 * first into slots, in one array for all levels, and then into the object in order.
 */
import { plainDataDepthMax, setOwnField } from "../../resource/model/plain-data.ts";
import { type FieldPlace, type FieldPlan, type MessagePlan, operations } from "./message-plan.ts";
import { ValueReader } from "./value-reader.ts";

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
  readonly #values: ValueReader;
  readonly #slots: unknown[] = [];
  #top = 0;
  #depth = 0;
  #unknown: UnknownField[] | undefined;
  /** Remaining number of members without bytes. */
  #fillable: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#values = new ValueReader(bytes, start, end);
    this.#fillable = filledAlways + (end - start) / bytesPerFilled;
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
      throw this.#values.fault(`nested deeper than ${plainDataDepthMax} levels`);
    const object: Fields = {};
    this.readInto(plan, end, object);
    this.#depth--;
    return object;
  }

  #readFields(plan: MessagePlan, base: number, end: number): void {
    const { byNumber } = plan;
    const bytes = this.#bytes;
    const values = this.#values;
    while (values.at < end) {
      const start = values.at;
      let tag = bytes[start] ?? 0;
      if (tag < 0x80) values.at = start + 1;
      else tag = values.tag(end);
      const field = byNumber[tag >>> 3];
      if (field === undefined) {
        this.#skipUnknown(plan, tag, start, end);
        continue;
      }
      const wire = tag & 7;
      if (field.isSkipped) {
        values.skip(wire, end);
        continue;
      }
      if (wire !== field.wire) {
        this.#readPacked(field, wire, base, end);
        continue;
      }
      const slot = base + field.slot;
      if (field.repeated === "one") {
        if (field.operation === operations.inline) {
          const inner = values.length(end);
          this.#readFields(field.plan(), slot, inner);
          continue;
        }
        const value = this.#readValue(field, end);
        if (this.#slots[slot] !== undefined) throw values.fault(`"${field.name}" is there twice`, start);
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
    if (values.at !== end) throw values.fault("a field is longer than what it lies in");
  }

  #readEntry(field: FieldPlan, map: Fields, end: number): void {
    const entryEnd = this.#values.length(end);
    let key = "";
    let value: unknown;
    while (this.#values.at < entryEnd) {
      const tag = this.#values.tag(entryEnd);
      if (tag === 0x0a) key = this.#values.string(entryEnd);
      else if (tag === 0x12) value = this.#readValue(field, entryEnd);
      else this.#values.skip(tag & 7, entryEnd);
    }
    if (this.#values.at !== entryEnd) throw this.#values.fault("an entry of a map is longer than it says");
    setOwnField(map, key, value === undefined ? this.#zeroOf(field) : value);
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
        return this.#values.string(end);
      case operations.bool:
        return (this.#values.varint(end) | this.#values.high) !== 0;
      case operations.int32:
        return this.#values.varint(end) | 0;
      case operations.int64:
        return this.#values.int64(end, field.name);
      case operations.double:
        return this.#values.double(end, field.name);
      case operations.bytes:
        return this.#values.base64(end);
      case operations.time:
        return this.#values.time(end);
      case operations.microtime:
        return this.#values.microTime(end);
      case operations.duration:
        return this.#values.duration(end);
      case operations.quantity:
        return this.#values.quantity(end);
      case operations.intorstring:
        return this.#values.intOrString(end);
      case operations.json:
        return this.#values.json(end, field.name);
      case operations.message: {
        const inner = this.#values.length(end);
        return this.#readMessage(field.plan(), inner);
      }
      case operations.items: {
        const inner = this.#values.length(end);
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
        throw this.#values.fault(`"${field.name}" cannot stand in a list`);
    }
  }

  #schemaForm(field: FieldPlan, end: number): Fields {
    return this.#readMessage(field.plan(), this.#values.length(end));
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
    if (--this.#fillable < 0) throw this.#values.fault("it has far more messages than bytes for them");
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
      throw this.#values.fault(`"${field.name}" has wire type ${wire}, expected ${field.wire}`);
    }
    const packedEnd = this.#values.length(end);
    const list = (this.#slots[base + field.slot] ??= []) as unknown[];
    while (this.#values.at < packedEnd) list.push(this.#readValue(field, packedEnd));
    if (this.#values.at !== packedEnd) throw this.#values.fault(`"${field.name}" is longer than it says`);
  }

  #skipUnknown(plan: MessagePlan, tag: number, start: number, end: number): void {
    if (tag < 8) throw this.#values.fault("a field has no number that can be", start);
    this.#values.skip(tag & 7, end);
    this.#unknown ??= [];
    if (this.#unknown.length < unknownFieldsMax) {
      this.#unknown.push({
        message: plan.name,
        number: tag >>> 3,
        offset: start,
        sizeBytes: this.#values.at - start,
      });
    }
  }
}

function isZero(value: unknown): boolean {
  return value === "" || value === 0 || value === false || value === null;
}
