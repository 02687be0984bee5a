/**
 * One number for everything that happened in a world, in its order: two runs of a seed have the same one, or something
 * in the world does not come from its seed.
 */
import { crc32 } from "node:zlib";
import type { VirtualTime } from "../virtual-time.ts";

export class Trace {
  readonly #time: VirtualTime;
  readonly #tell: ((line: string) => void) | undefined;
  #hash = 0;
  #count = 0;

  /** @param tell is given every line, for reading what a seed does */
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

  /** Of bytes on their way. */
  addBytes(what: string, bytes: Uint8Array): void {
    this.#hash = crc32(bytes, this.#hash);
    this.add(what);
  }

  /** Hash and number of lines. */
  toString(): string {
    return `${this.#hash.toString(16).padStart(8, "0")}-${this.#count}`;
  }
}
