/**
 * A dictionary: the record shapes and words that many objects of a kind share, frozen for ever under an id that is
 * its content's own hash. A value written with one names it; reading with another is impossible, not merely wrong.
 */
import type { MsgpackReader } from "./msgpack-reader.ts";

export interface Dictionary {
  /** First 8 bytes of the SHA-256 of its stored bytes. */
  readonly id: Uint8Array;
  /** The same as lower-case hex: its name under the bookkeeping root. */
  readonly name: string;
  /** Field names of each record shape, in order. */
  readonly shapes: readonly (readonly string[])[];
  readonly words: readonly string[];
  /** By shape: reads the values of one record. */
  readonly readers: readonly ((reader: MsgpackReader) => Record<string, unknown>)[];
}
