/**
 * Writes single values of Kubernetes' protobuf, without their tags: numbers, texts, and the messages that JSON shows as
 * one value (times, durations, quantities, int-or-strings, JSON). A value of another type is a fault with its path.
 */
import type { ProtoWriter } from "../../base/protobuf/proto-writer.ts";
import type { EncodePath } from "./encode-fault.ts";
import { goJson } from "./go-json.ts";
import { canonicalQuantity } from "./quantity-text.ts";
import { parseDuration, parsePlainTime, parseTime, zeroTimeSeconds } from "./time-text.ts";

/** Quantities whose canonical text is kept: objects of a kind repeat a few. */
const quantitiesMax = 4096;

export class ValueWriter {
  readonly #out: ProtoWriter;
  readonly #path: EncodePath;
  readonly #quantities = new Map<string, string>();

  constructor(out: ProtoWriter, path: EncodePath) {
    this.#out = out;
    this.#path = path;
  }

  /** A finite number of 64 bits. */
  double(value: unknown): void {
    if (typeof value !== "number" || !Number.isFinite(value))
      throw this.#path.expected(value, "a finite number");
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    this.#out.rawBytes(bytes);
  }

  duration(value: unknown): void {
    const nanos = typeof value === "string" ? parseDuration(value) : undefined;
    if (nanos === undefined) throw this.#path.expected(value, 'a duration as "1h30m"');
    this.#out.rawInt64(nanos);
    this.#out.rawByte(0x08);
  }

  time(value: unknown): void {
    const plain = typeof value === "string" ? parsePlainTime(value) : Number.NaN;
    if (!Number.isNaN(plain)) {
      if (plain !== zeroTimeSeconds) this.#timestamp(plain, 0);
      return;
    }
    const time = typeof value === "string" ? parseTime(value) : undefined;
    if (time === undefined) throw this.#path.expected(value, "a time in RFC 3339");
    // Kubernetes truncates a Time to whole seconds; Go's zero time is an empty message.
    if (time.seconds !== zeroTimeSeconds) this.#timestamp(time.seconds, 0);
  }

  microTime(value: unknown): void {
    const time = typeof value === "string" ? parseTime(value) : undefined;
    if (time === undefined) throw this.#path.expected(value, "a time in RFC 3339");
    const nanos = time.nanos - (time.nanos % 1000);
    if (time.seconds !== zeroTimeSeconds || nanos !== 0) this.#timestamp(time.seconds, nanos);
  }

  #timestamp(seconds: number, nanos: number): void {
    this.integer(nanos);
    this.#out.rawByte(0x10);
    this.integer(seconds);
    this.#out.rawByte(0x08);
  }

  quantity(value: unknown): void {
    this.string(this.#canonical(value));
    this.#out.rawByte(0x0a);
  }

  #canonical(value: unknown): string {
    const text = typeof value === "number" ? String(value) : value;
    if (typeof text !== "string") throw this.#path.expected(value, "a quantity");
    const known = this.#quantities.get(text);
    if (known !== undefined) return known;
    const canonical = canonicalQuantity(text);
    if (canonical === undefined) throw this.#path.expected(value, "a quantity");
    if (this.#quantities.size >= quantitiesMax) this.#quantities.clear();
    this.#quantities.set(text, canonical);
    return canonical;
  }

  intOrString(value: unknown): void {
    const isText = typeof value === "string";
    if (!isText && (typeof value !== "number" || (value | 0) !== value)) {
      throw this.#path.expected(value, "a whole number of 32 bits or text");
    }
    this.string(isText ? value : "");
    this.#out.rawByte(0x1a);
    this.integer(isText ? 0 : value);
    this.#out.rawByte(0x10);
    this.#out.rawByte(isText ? 1 : 0);
    this.#out.rawByte(0x08);
  }

  json(value: unknown): void {
    const result = goJson(value);
    if ("fault" in result) {
      for (const step of result.steps) this.#path.steps?.push(step);
      throw this.#path.fault(result.fault);
    }
    this.string(result.text);
    this.#out.rawByte(0x0a);
  }

  base64(value: unknown): void {
    if (typeof value !== "string") throw this.#path.expected(value, "bytes as base64 text");
    const bytes = Buffer.from(value, "base64");
    // The decoder ignores invalid characters; only the canonical base64 text is accepted.
    if (bytes.toString("base64") !== value) throw this.#path.fault("is no base64 text");
    this.#out.rawBytes(bytes);
    this.#out.rawVarint(bytes.length);
  }

  /** A text's length and bytes. */
  string(text: string): void {
    if (this.#out.rawText(text) !== text.length && !text.isWellFormed()) {
      throw this.#path.fault("holds a lone surrogate, which cannot be stored as UTF-8");
    }
  }

  /** A signed whole number, as Go writes it: negative ones are 64 bits long. */
  integer(value: number): void {
    if (value >= 0) this.#out.rawVarint(value);
    else this.#out.rawInt64(BigInt(value));
  }
}
