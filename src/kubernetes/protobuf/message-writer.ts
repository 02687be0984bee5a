/**
 * The writer of Kubernetes' messages: it encodes JSON into the bytes that Go's generated code writes, by a message's
 * plan.
 *
 * Go writes a message from its end to its beginning, so that every length is known when it is written. This writer does
 * the same, into one buffer that grows at its front. Fields are in the order of their numbers, maps are sorted by the
 * bytes of their keys, and fields that are not pointers in Go are always written, even if zero.
 *
 * Nothing is silently dropped: an unknown member or a value of another type is a fault with its path.
 */
import { ProtoWriter } from "../../base/protobuf/proto-writer.ts";
import { plainDataDepthMax } from "../../resource/model/plain-data.ts";
import { EncodeFault, EncodePath } from "./encode-fault.ts";
import { type FieldPlan, type MessagePlan, operations } from "./message-plan.ts";
import { ValueWriter } from "./value-writer.ts";

/** First size of the buffer, bytes: most objects fit. */
const bufferBytes = 16 * 1024;
/** Largest buffer that is reused for the next object, bytes. */
const bufferKeptBytesMax = 1024 * 1024;

export interface MessageWriterOptions {
  /**
   * Called with the path of every member that the message does not have; the member is left out. Absent: such a member
   * is a fault.
   */
  readonly onUnknownMember?: ((path: string) => void) | undefined;
}

export class MessageWriter {
  /** The output; an envelope writes its own fields around the message. */
  readonly out: ProtoWriter = new ProtoWriter(bufferBytes);
  #depth = 0;
  readonly #slots: unknown[] = [];
  #top = 0;
  #onUnknownMember: ((path: string) => void) | undefined;
  readonly #path = new EncodePath();
  readonly #values = new ValueWriter(this.out, this.#path);

  /** Starts a new value; discards previous output. */
  begin({ onUnknownMember }: MessageWriterOptions = {}): void {
    // A large buffer is not kept for small values.
    this.out.restart(bufferKeptBytesMax);
    this.#depth = 0;
    this.#top = 0;
    this.#slots.length = 0;
    this.#onUnknownMember = onUnknownMember;
    this.#path.steps = onUnknownMember === undefined ? undefined : [];
  }

  /**
   * Writes the fields of `object` before the previous output. @throws EncodeFault without a path when none is tracked
   */
  writeMessage(plan: MessagePlan, object: unknown): void {
    try {
      this.#message(plan, object);
    } catch (error) {
      if (!(error instanceof EncodeFault) || this.#path.steps !== undefined) throw error;
      // The fault has no path: encode again with path tracking. Valid objects never pay for it.
      this.begin({ onUnknownMember: this.#onUnknownMember });
      this.#path.steps = [];
      this.#message(plan, object);
      throw error;
    }
  }

  #message(plan: MessagePlan, object: unknown): void {
    if (++this.#depth > plainDataDepthMax)
      throw this.#path.fault(`is nested deeper than ${plainDataDepthMax} levels`);
    if (!isRecord(object)) throw this.#path.expected(object, "a record");
    const base = this.#top;
    const slots = this.#slots;
    const { byName } = plan;
    this.#top = base + plan.slots.length;
    for (let i = base; i < this.#top; i++) slots[i] = undefined;
    for (const name of Object.keys(object)) {
      const value = object[name];
      if (value === undefined || value === null) continue;
      const slot = byName.get(name);
      if (slot !== undefined) slots[base + slot] = value;
      else if (!(plan.isKind && (name === "kind" || name === "apiVersion"))) this.#unknownMember(plan, name);
    }
    this.#fields(plan, base);
    this.#top = base;
    this.#depth--;
  }

  #fields(plan: MessagePlan, base: number): void {
    const slots = this.#slots;
    for (const field of plan.descending) {
      if (field.operation === operations.inline) {
        const from = this.out.length;
        this.#fields(field.plan(), base + field.slot);
        this.out.close(field.number, from);
        continue;
      }
      const value = slots[base + field.slot];
      if (value === undefined) {
        if (field.always) this.#zero(field);
      } else if (field.unlessZero && (value === "" || value === 0 || value === false)) {
        // An older type cannot distinguish it from an absent field.
      } else if (field.repeated === "one") {
        this.#path.steps?.push(field.name);
        this.#field(field, value);
        this.#path.steps?.pop();
      } else {
        this.#path.steps?.push(field.name);
        if (field.repeated === "list") this.#list(field, value);
        else this.#map(field, value);
        this.#path.steps?.pop();
      }
    }
  }

  #list(field: FieldPlan, value: unknown): void {
    if (!Array.isArray(value)) throw this.#path.expected(value, "a list");
    this.#depth++;
    for (let i = value.length - 1; i >= 0; i--) {
      this.#path.steps?.push(i);
      const member: unknown = value[i];
      if (member === undefined || member === null) this.#zero(field);
      else this.#field(field, member);
      this.#path.steps?.pop();
    }
    this.#depth--;
  }

  #map(field: FieldPlan, value: unknown): void {
    if (!isRecord(value)) throw this.#path.expected(value, "a record");
    this.#depth++;
    const names = sortedNames(value);
    for (let i = names.length - 1; i >= 0; i--) {
      const name = names[i] ?? "";
      const member = value[name];
      if (member === undefined) continue;
      const from = this.out.length;
      this.#path.steps?.push(name);
      if (member !== null) this.#numbered(field, member, 2);
      else if (field.operation !== operations.bytes) this.#zero(field, 2);
      this.#values.string(name);
      this.#path.steps?.pop();
      this.out.rawByte(0x0a);
      this.out.close(field.number, from);
    }
    this.#depth--;
  }

  #field(field: FieldPlan, value: unknown): void {
    this.#numbered(field, value, field.number);
  }

  /** Go's encoding of an absent value. */
  #zero(field: FieldPlan, number: number = field.number): void {
    switch (field.operation) {
      case operations.string:
        this.out.rawByte(0);
        break;
      case operations.bool:
      case operations.int32:
      case operations.int64:
        this.out.rawByte(0);
        break;
      case operations.double:
        this.out.rawBytes(new Uint8Array(8));
        break;
      case operations.message:
        this.#numbered(field, {}, number);
        return;
      case operations.quantity:
        this.#numbered(field, "0", number);
        return;
      case operations.intorstring:
        this.#numbered(field, 0, number);
        return;
      case operations.duration:
        this.#numbered(field, "0s", number);
        return;
      case operations.schemaOrBool:
        this.#numbered(field, false, number);
        return;
      default:
        // An unset time, JSON, list or bytes: an empty message.
        this.out.rawByte(0);
    }
    this.out.rawVarint((number << 3) | field.wire);
  }

  #numbered(field: FieldPlan, value: unknown, number: number): void {
    switch (field.operation) {
      case operations.string:
        if (typeof value !== "string") throw this.#path.expected(value, "text");
        this.#values.string(value);
        break;
      case operations.bool:
        if (typeof value !== "boolean") throw this.#path.expected(value, "a boolean");
        this.out.rawByte(value ? 1 : 0);
        break;
      case operations.int32:
        if (typeof value !== "number" || (value | 0) !== value) {
          throw this.#path.expected(value, "a whole number of 32 bits");
        }
        this.#values.integer(value);
        break;
      case operations.int64:
        if (!Number.isSafeInteger(value)) {
          throw this.#path.expected(value, "a whole number of at most 2^53 - 1");
        }
        this.#values.integer(value as number);
        break;
      case operations.double:
        this.#values.double(value);
        break;
      case operations.bytes:
        this.#values.base64(value);
        break;
      default: {
        const from = this.out.length;
        this.#content(field, value);
        this.out.rawVarint(this.out.length - from);
      }
    }
    this.out.rawVarint((number << 3) | field.wire);
  }

  /** Values that are encoded as a nested message. */
  #content(field: FieldPlan, value: unknown): void {
    switch (field.operation) {
      case operations.message:
        this.#message(field.plan(), value);
        return;
      case operations.time:
        this.#values.time(value);
        return;
      case operations.microtime:
        this.#values.microTime(value);
        return;
      case operations.duration:
        this.#values.duration(value);
        return;
      case operations.quantity:
        this.#values.quantity(value);
        return;
      case operations.intorstring:
        this.#values.intOrString(value);
        return;
      case operations.json:
        this.#values.json(value);
        return;
      case operations.items:
        this.#message(field.plan(), { items: value });
        return;
      case operations.schemaOrBool:
        this.#message(
          field.plan(),
          typeof value === "boolean" ? { allows: value } : { allows: true, schema: value },
        );
        return;
      case operations.schemaOrArray:
        this.#message(field.plan(), Array.isArray(value) ? { jSONSchemas: value } : { schema: value });
        return;
      case operations.schemaOrStrings:
        this.#message(field.plan(), Array.isArray(value) ? { property: value } : { schema: value });
        return;
      default:
        throw this.#path.fault("has a type that cannot be written");
    }
  }

  #unknownMember(plan: MessagePlan, name: string): void {
    this.#path.steps?.push(name);
    if (this.#onUnknownMember === undefined) {
      throw this.#path.fault(`is no member of Kubernetes' ${plan.name}`);
    }
    this.#onUnknownMember(this.#path.toString());
    this.#path.steps?.pop();
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Names in the order of their UTF-8 bytes, as Go sorts them. */
function sortedNames(record: Record<string, unknown>): string[] {
  const names = Object.keys(record);
  let needsSorting = false;
  for (let i = 1; i < names.length; i++) {
    if ((names[i - 1] ?? "") > (names[i] ?? "")) {
      needsSorting = true;
      break;
    }
  }
  if (names.some(hasHighCharacter)) return names.sort(compareCodePoints);
  return needsSorting ? names.sort() : names;
}

/** From U+D800 up the order of UTF-16 units and that of code points differ. */
function hasHighCharacter(name: string): boolean {
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) >= 0xd800) return true;
  return false;
}

function compareCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
