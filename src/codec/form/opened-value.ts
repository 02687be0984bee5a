/**
 * What `open` returns: a value's plain form, with the key that later errors name. Where possible its bytes are those
 * that etcd sent. A cache may keep them; they retain no other memory.
 */
import type { PlainValue } from "./value.ts";

/** A value with the key that later errors name. */
export class OpenedValue implements PlainValue {
  readonly bytes: Uint8Array;
  readonly stale: boolean;
  readonly storedBytes: number;
  readonly key: string;

  constructor(key: string, bytes: Uint8Array, stale: boolean, storedBytes: number) {
    this.key = key;
    this.bytes = bytes;
    this.stale = stale;
    this.storedBytes = storedBytes;
  }
}

/** A sealed value of which only the head is opened; reading its bytes opens the rest. */
export class HeadOnlyValue implements PlainValue {
  /** A plain value with the metadata segment and an empty body. */
  readonly headBytes: Uint8Array;
  readonly stale: boolean;
  readonly storedBytes: number;
  readonly key: string;
  readonly #openWhole: () => Uint8Array;
  #bytes: Uint8Array | undefined;

  constructor(
    key: string,
    headBytes: Uint8Array,
    stale: boolean,
    storedBytes: number,
    openWhole: () => Uint8Array,
  ) {
    this.key = key;
    this.headBytes = headBytes;
    this.stale = stale;
    this.storedBytes = storedBytes;
    this.#openWhole = openWhole;
  }

  /** @throws CORRUPT_OBJECT */
  get bytes(): Uint8Array {
    this.#bytes ??= this.#openWhole();
    return this.#bytes;
  }
}

/** The bytes that contain at least the write id and the metadata segment; opens nothing. */
export function headBytesOf(value: PlainValue): Uint8Array {
  return value instanceof HeadOnlyValue ? value.headBytes : value.bytes;
}

/** The etcd key of a value opened by this code. */
export function keyOf(value: PlainValue): string | undefined {
  return value instanceof OpenedValue || value instanceof HeadOnlyValue ? value.key : undefined;
}
