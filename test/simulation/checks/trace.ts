/**
 * A hash of everything that happened in a world, in order. Two runs of a seed have the same hash, or something in the
 * world does not depend only on its seed.
 */
import { crc32 } from "node:zlib";
import type { VirtualTime } from "../virtual-time.ts";

export class Trace {
  readonly #time: VirtualTime;
  readonly #tell: ((line: string) => void) | undefined;
  #hash = 0;
  #count = 0;

  /** @param tell receives every line, to show what a seed does */
  constructor(time: VirtualTime, tell?: (line: string) => void) {
    this.#time = time;
    this.#tell = tell;
  }

  add(what: string): void {
    const line = `${this.#time.nowMs} ${what}`;
    this.#hash = crc32(line, this.#hash);
    this.#count++;
    this.#tell?.(line);
  }

  /** A hash of bytes in flight. */
  addBytes(what: string, bytes: Uint8Array): void {
    this.#hash = crc32(bytes, this.#hash);
    this.add(what);
  }

  /** Hash and number of lines. */
  toString(): string {
    return `${this.#hash.toString(16).padStart(8, "0")}-${this.#count}`;
  }
}
