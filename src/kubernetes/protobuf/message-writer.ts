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
import { formatPath, plainDataDepthMax } from "../../resource/model/plain-data.ts";
import { goJson } from "./go-json.ts";
import { type FieldPlan, type MessagePlan, operations } from "./message-plan.ts";
import { canonicalQuantity } from "./quantity-text.ts";
import { parseDuration, parsePlainTime, parseTime, zeroTimeSeconds } from "./time-text.ts";

type Step = string | number;

/** A fault in an object to encode: its place and reason. */
export class EncodeFault extends Error {
  override readonly name = "EncodeFault";
  readonly field: string;

  constructor(field: string, reason: string) {
    super(reason);
    this.field = field;
  }
}

/** First size of the buffer, bytes: most objects fit. */
const bufferBytes = 16 * 1024;
/** Largest buffer that is reused for the next object, bytes. */
const bufferKeptBytesMax = 1024 * 1024;
const quantitiesMax = 4096;

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
  /** The current path; tracked only when a fault or an unknown member must be reported. */
  #path: Step[] | undefined;
  readonly #quantities = new Map<string, string>();

  /** Starts a new value; discards previous output. */
  begin({ onUnknownMember }: MessageWriterOptions = {}): void {
    // A large buffer is not kept for small values.
    this.out.restart(bufferKeptBytesMax);
    this.#depth = 0;
    this.#top = 0;
    this.#slots.length = 0;
    this.#onUnknownMember = onUnknownMember;
    this.#path = onUnknownMember === undefined ? undefined : [];
  }

  /**
   * Writes the fields of `object` before the previous output. @throws EncodeFault without a path when none is tracked
   */
  writeMessage(plan: MessagePlan, object: unknown): void {
    try {
      this.#message(plan, object);
    } catch (error) {
      if (!(error instanceof EncodeFault) || this.#path !== undefined) throw error;
      // The fault has no path: encode again with path tracking. Valid objects never pay for it.
      this.begin({ onUnknownMember: this.#onUnknownMember });
      this.#path = [];
      this.#message(plan, object);
      throw error;
    }
  }

  #message(plan: MessagePlan, object: unknown): void {
    if (++this.#depth > plainDataDepthMax)
      throw this.#fault(`is nested deeper than ${plainDataDepthMax} levels`);
    if (!isRecord(object)) throw this.#fault(`is ${nameOf(object)}, expected a record`);
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
        this.#path?.push(field.name);
        this.#field(field, value);
        this.#path?.pop();
      } else {
        this.#path?.push(field.name);
        if (field.repeated === "list") this.#list(field, value);
        else this.#map(field, value);
        this.#path?.pop();
      }
    }
  }

  #list(field: FieldPlan, value: unknown): void {
    if (!Array.isArray(value)) throw this.#fault(`is ${nameOf(value)}, expected a list`);
    this.#depth++;
    for (let i = value.length - 1; i >= 0; i--) {
      this.#path?.push(i);
      const member: unknown = value[i];
      if (member === undefined || member === null) this.#zero(field);
      else this.#field(field, member);
      this.#path?.pop();
    }
    this.#depth--;
  }

  #map(field: FieldPlan, value: unknown): void {
    if (!isRecord(value)) throw this.#fault(`is ${nameOf(value)}, expected a record`);
    this.#depth++;
    const names = sortedNames(value);
    for (let i = names.length - 1; i >= 0; i--) {
      const name = names[i] ?? "";
      const member = value[name];
      if (member === undefined) continue;
      const from = this.out.length;
      this.#path?.push(name);
      if (member !== null) this.#numbered(field, member, 2);
      else if (field.operation !== operations.bytes) this.#zero(field, 2);
      if (name === "__proto__") throw this.#fault("is a name that no field may have");
      this.#string(name);
      this.#path?.pop();
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
        if (typeof value !== "string") throw this.#expected(value, "text");
        this.#string(value);
        break;
      case operations.bool:
        if (typeof value !== "boolean") throw this.#expected(value, "a boolean");
        this.out.rawByte(value ? 1 : 0);
        break;
      case operations.int32:
        if (typeof value !== "number" || (value | 0) !== value) {
          throw this.#expected(value, "a whole number of 32 bits");
        }
        this.#integer(value);
        break;
      case operations.int64:
        if (!Number.isSafeInteger(value)) {
          throw this.#expected(value, "a whole number of at most 2^53 - 1");
        }
        this.#integer(value as number);
        break;
      case operations.double: {
        if (typeof value !== "number" || !Number.isFinite(value))
          throw this.#expected(value, "a finite number");
        const bytes = new Uint8Array(8);
        new DataView(bytes.buffer).setFloat64(0, value, true);
        this.out.rawBytes(bytes);
        break;
      }
      case operations.bytes:
        this.#base64(value);
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
        this.#time(value);
        return;
      case operations.microtime:
        this.#microTime(value);
        return;
      case operations.duration: {
        const nanos = typeof value === "string" ? parseDuration(value) : undefined;
        if (nanos === undefined) throw this.#expected(value, 'a duration as "1h30m"');
        this.out.rawInt64(nanos);
        this.out.rawByte(0x08);
        return;
      }
      case operations.quantity:
        this.#string(this.#quantity(value));
        this.out.rawByte(0x0a);
        return;
      case operations.intorstring:
        this.#intOrString(value);
        return;
      case operations.json:
        this.#json(value);
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
        throw this.#fault("has a type that cannot be written");
    }
  }

  #time(value: unknown): void {
    const plain = typeof value === "string" ? parsePlainTime(value) : Number.NaN;
    if (!Number.isNaN(plain)) {
      if (plain !== zeroTimeSeconds) this.#timestamp(plain, 0);
      return;
    }
    const time = typeof value === "string" ? parseTime(value) : undefined;
    if (time === undefined) throw this.#expected(value, "a time in RFC 3339");
    // Kubernetes truncates a Time to whole seconds; Go's zero time is an empty message.
    if (time.seconds !== zeroTimeSeconds) this.#timestamp(time.seconds, 0);
  }

  #microTime(value: unknown): void {
    const time = typeof value === "string" ? parseTime(value) : undefined;
    if (time === undefined) throw this.#expected(value, "a time in RFC 3339");
    const nanos = time.nanos - (time.nanos % 1000);
    if (time.seconds !== zeroTimeSeconds || nanos !== 0) this.#timestamp(time.seconds, nanos);
  }

  #timestamp(seconds: number, nanos: number): void {
    this.#integer(nanos);
    this.out.rawByte(0x10);
    this.#integer(seconds);
    this.out.rawByte(0x08);
  }

  #quantity(value: unknown): string {
    const text = typeof value === "number" ? String(value) : value;
    if (typeof text !== "string") throw this.#expected(value, "a quantity");
    const known = this.#quantities.get(text);
    if (known !== undefined) return known;
    const canonical = canonicalQuantity(text);
    if (canonical === undefined) throw this.#expected(value, "a quantity");
    if (this.#quantities.size >= quantitiesMax) this.#quantities.clear();
    this.#quantities.set(text, canonical);
    return canonical;
  }

  #intOrString(value: unknown): void {
    const isText = typeof value === "string";
    if (!isText && (typeof value !== "number" || (value | 0) !== value)) {
      throw this.#expected(value, "a whole number of 32 bits or text");
    }
    this.#string(isText ? value : "");
    this.out.rawByte(0x1a);
    this.#integer(isText ? 0 : value);
    this.out.rawByte(0x10);
    this.out.rawByte(isText ? 1 : 0);
    this.out.rawByte(0x08);
  }

  #json(value: unknown): void {
    const result = goJson(value);
    if ("fault" in result) {
      for (const step of result.steps) this.#path?.push(step);
      throw this.#fault(result.fault);
    }
    this.#string(result.text);
    this.out.rawByte(0x0a);
  }

  #base64(value: unknown): void {
    if (typeof value !== "string") throw this.#expected(value, "bytes as base64 text");
    const bytes = Buffer.from(value, "base64");
    // The decoder ignores invalid characters; only the canonical base64 text is accepted.
    if (bytes.toString("base64") !== value) throw this.#fault("is no base64 text");
    this.out.rawBytes(bytes);
    this.out.rawVarint(bytes.length);
  }

  /** A text's length and bytes. */
  #string(text: string): void {
    if (this.out.rawText(text) !== text.length && !text.isWellFormed()) {
      throw this.#fault("holds a lone surrogate, which cannot be stored as UTF-8");
    }
  }

  /** A signed whole number, as Go writes it: negative ones are 64 bits long. */
  #integer(value: number): void {
    if (value >= 0) this.out.rawVarint(value);
    else this.out.rawInt64(BigInt(value));
  }

  #unknownMember(plan: MessagePlan, name: string): void {
    this.#path?.push(name);
    if (this.#onUnknownMember === undefined) {
      throw this.#fault(`is no member of Kubernetes' ${plan.name}`);
    }
    this.#onUnknownMember(formatPath("", this.#path ?? []));
    this.#path?.pop();
  }

  #expected(value: unknown, wanted: string): EncodeFault {
    return this.#fault(`is ${nameOf(value)}, expected ${wanted}`);
  }

  #fault(reason: string): EncodeFault {
    return new EncodeFault(formatPath("", this.#path ?? []), reason);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Describes a value for an error message, never by its content, which may be a secret. */
function nameOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return "text";
    case "object":
      return "a record";
    case "number":
      return String(value);
    default:
      return `a ${typeof value}`;
  }
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
