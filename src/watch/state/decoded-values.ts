/**
 * Decoded values of a cache: objects and views of them, each decoded at most once per object version for all lists and
 * watchers, and bounded together in bytes by an LRU. Of a value that cannot be decoded it keeps the reason.
 *
 * A value hangs on its version, where a list finds it without a lookup; the LRU only decides which values are dropped.
 * A large scan does not refresh what it reads: recency comes from single reads and deliveries.
 */
import { LRUCache } from "lru-cache";
import type { StoreError } from "../../errors.ts";
import type { View } from "../../resource/contract/view.ts";
import { type Version, ViewValue } from "./version.ts";

/**
 * Heap bytes of a decoded object per stored byte, and the fixed part (measured on a 1 KiB object and a 3.5 KB Pod:
 * bench/cache.ts, "heap per decoded object").
 */
const objectBytesPerByte = 2.5;
const objectBytesFixed = 900;
/** Bytes assumed for a view without `sizeBytes`. */
const viewBytes = 512;

export class DecodedValues {
  readonly #kept: LRUCache<Version | ViewValue, number>;
  readonly #faults = new WeakMap<Version, StoreError<"CORRUPT_OBJECT">>();
  #decodes = 0;

  /** @param bytesMax bound of all values kept; 0 keeps none, Infinity all */
  constructor(bytesMax: number) {
    this.#kept = new LRUCache<Version | ViewValue, number>({
      maxSize: Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.floor(bytesMax))),
      sizeCalculation: (size) => size,
      dispose: (_, value) => unlink(value),
    });
  }

  get bytes(): number {
    return this.#kept.calculatedSize;
  }

  /** Objects decoded so far. */
  get decodes(): number {
    return this.#decodes;
  }

  /** Keeps the object of `version`. */
  keepObject(version: Version, object: unknown): void {
    this.#decodes++;
    version.object = object;
    this.#keep(version, objectBytesFixed + version.length * objectBytesPerByte);
  }

  /** Marks the object as just used. */
  touch(version: Version): void {
    this.#kept.get(version);
  }

  /** The view's value, if it is kept. */
  viewOf(version: Version, view: View<never, unknown>): ViewValue | undefined {
    for (let value = version.views; value !== undefined; value = value.next)
      if (value.view === view) return value;
    return undefined;
  }

  keepView(
    version: Version,
    view: View<never, unknown>,
    value: unknown,
    sizeBytes: number | undefined,
  ): void {
    version.views = new ViewValue(version, view, value, version.views);
    // What the caller's sizeBytes gives is not trusted: a size that is none would make every read of the view fail.
    this.#keep(version.views, sizeBytes !== undefined && sizeBytes >= 0 ? sizeBytes : viewBytes);
  }

  /** Keeps why `version` cannot be decoded, for as long as the version is in memory. */
  keepFault(version: Version, fault: StoreError<"CORRUPT_OBJECT">): void {
    this.#faults.set(version, fault);
  }

  faultOf(version: Version): StoreError<"CORRUPT_OBJECT"> | undefined {
    return this.#faults.get(version);
  }

  /** The version leaves memory. */
  drop(version: Version): void {
    if (version.object !== undefined) this.#kept.delete(version);
    for (let value = version.views; value !== undefined; value = value.next) this.#kept.delete(value);
  }

  clear(): void {
    this.#kept.clear();
  }

  #keep(key: Version | ViewValue, size: number): void {
    const whole = Math.max(1, Math.ceil(size));
    // lru-cache does not call `dispose` for a value larger than its bound.
    if (whole > this.#kept.maxSize) unlink(key);
    else this.#kept.set(key, whole);
  }
}

function unlink(value: Version | ViewValue): void {
  if (!(value instanceof ViewValue)) {
    value.object = undefined;
    return;
  }
  const { version } = value;
  if (version.views === value) {
    version.views = value.next;
    return;
  }
  for (let other = version.views; other !== undefined; other = other.next) {
    if (other.next === value) other.next = value.next;
  }
}
