/**
 * The calls of one connection: those that have a stream, and those that wait for a place under the peer's limit.
 *
 *   waiting (id 0) --a place is free--> open (odd id) --removed--> gone
 */
import type { H2Stream } from "./h2-stream.ts";

/** Stream ids are 31 bits and odd; a connection retires well before the last one. */
const streamIdMax = 2 ** 30;

export class StreamTable {
  readonly #open = new Map<number, H2Stream>();
  #waiting: H2Stream[] = [];
  #nextId = 1;
  readonly #limitBefore: number;
  /** Streams the peer accepts at a time; undefined until its first SETTINGS. */
  limit: number | undefined;

  /** @param limitBefore streams that may open before the peer has reported its limit */
  constructor(limitBefore: number) {
    this.#limitBefore = limitBefore;
  }

  /** Calls that are open or wait. */
  get size(): number {
    return this.#open.size + this.#waiting.length;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get hasPlace(): boolean {
    return this.#open.size < (this.limit ?? this.#limitBefore);
  }

  get idsUsedUp(): boolean {
    return this.#nextId > streamIdMax;
  }

  get(id: number): H2Stream | undefined {
    return this.#open.get(id);
  }

  /** Whether a stream of this id has been open at some time. */
  wasOpened(id: number): boolean {
    return id < this.#nextId && id % 2 === 1;
  }

  opened(): H2Stream[] {
    return [...this.#open.values()];
  }

  all(): H2Stream[] {
    return [...this.#open.values(), ...this.#waiting];
  }

  /** Gives the stream its id. */
  open(stream: H2Stream): void {
    stream.id = this.#nextId;
    this.#nextId += 2;
    this.#open.set(stream.id, stream);
  }

  wait(stream: H2Stream): void {
    this.#waiting.push(stream);
  }

  /** Takes out the first waiting call if it has a place now. */
  admitted(): H2Stream | undefined {
    return this.hasPlace ? this.#waiting.shift() : undefined;
  }

  takeWaiting(): H2Stream[] {
    return this.#waiting.splice(0);
  }

  remove(stream: H2Stream): void {
    if (stream.id === 0) this.#waiting = this.#waiting.filter((waiting) => waiting !== stream);
    else this.#open.delete(stream.id);
  }

  clear(): void {
    this.#open.clear();
    this.#waiting = [];
  }
}
