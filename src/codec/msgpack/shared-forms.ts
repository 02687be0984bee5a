/**
 * Shared forms: the parts of a value that are stored as numbers instead of being spelled out. Reader and writer use a
 * dictionary only through this.
 *
 *   40..57      record of shape 0..23     58..5b nn   record of shape 24 + ((t - 58) << 8 | nn)
 *   5c..7b      word 0..31                7c..7f nn   word 32 + ((t - 7c) << 8 | nn)      (integers 64..127 take `cc nn`)
 */
import { setOwnField } from "../../resource/model/plain-data.ts";

/** `shorts` numbers take one byte from `short` on, the rest two from `long` on (2 bits and 8). */
export interface SharedTokens {
  readonly short: number;
  readonly shorts: number;
  readonly long: number;
}
export const shapeTokens: SharedTokens = { short: 0x40, shorts: 24, long: 0x58 };
export const wordTokens: SharedTokens = { short: 0x5c, shorts: 32, long: 0x7c };

/** Largest number of shapes and words that the tokens can name. */
export const shapesMax: number = shapeTokens.shorts + 1024;
export const wordsMax: number = wordTokens.shorts + 1024;

/** Reads the next value; passed to a compiled record reader. */
export interface ValueSource {
  read(): unknown;
  /** The same where only text is allowed. */
  readText(): string;
}
export type RecordReader = (source: ValueSource) => Record<string, unknown>;

/** Keys of shapes in order of appearance, as a tree that the writer walks while it counts a record's keys. */
export interface ShapeNode {
  readonly next: Map<string, ShapeNode>;
  shape: number | undefined;
}

export interface SharedForms {
  readonly words: readonly string[];
  /** By shape: reads the values of one record. */
  readonly readers: readonly RecordReader[];
  readonly shapeTree: ShapeNode;
  readonly wordNumbers: ReadonlyMap<string, number>;
}

/** Builds both directions of shapes (field names, in order) and words. */
export function sharedForms(shapes: readonly (readonly string[])[], words: readonly string[]): SharedForms {
  const shapeTree: ShapeNode = { next: new Map(), shape: undefined };
  for (const [number, keys] of shapes.entries()) {
    let node = shapeTree;
    for (const key of keys) {
      let next = node.next.get(key);
      if (next === undefined) {
        next = { next: new Map(), shape: undefined };
        node.next.set(key, next);
      }
      node = next;
    }
    node.shape = number;
  }
  return {
    words,
    readers: shapes.map((keys) => recordReader(keys, "read")),
    shapeTree,
    wordNumbers: new Map(words.map((word, number) => [word, number])),
  };
}

/**
 * A reader of one shape. A compiled one creates all records of the shape with one hidden class, about three times as
 * fast as a loop. Where code generation is forbidden (--disallow-code-generation-from-strings), a loop does the same.
 */
export function recordReader(keys: readonly string[], method: keyof ValueSource): RecordReader {
  // A computed name: a literal `__proto__` would set the prototype.
  const nameOf = (key: string): string => (key === "__proto__" ? `["${key}"]` : JSON.stringify(key));
  const fields = keys.map((key) => `${nameOf(key)}: source.${method}()`).join(", ");
  try {
    return new Function("source", `"use strict"; return { ${fields} };`) as RecordReader;
  } catch {
    return (source) => {
      const record: Record<string, unknown> = {};
      for (const key of keys) setOwnField(record, key, source[method]());
      return record;
    };
  }
}
