/**
 * A dictionary: the record shapes and words that many objects of a kind share, frozen under an id that is the hash of
 * its content. A value written with a dictionary names it, and cannot be read with any other.
 *
 * Stored form (docs/value-format.md): "kld" version, then MessagePack [shapes, words]. Shapes contain field names
 * only, never names that users choose (labels, annotations, data …); see learn-dictionary.ts.
 */
import { createHash } from "node:crypto";
import { StoreError } from "../../errors.ts";
import { DecodeFault } from "../form/decode-fault.ts";
import { readMsgpack } from "./msgpack-reader.ts";
import { MsgpackWriter } from "./msgpack-writer.ts";
import { type SharedForms, shapesMax, sharedForms, wordsMax } from "./shared-forms.ts";

const dictionaryMagic = [0x6b, 0x6c, 0x64, 1] as const;
const idBytes = 8;

/**
 * Field names and constants that the values of one kind share, frozen. Values written with it name it and omit them.
 * docs/value-format.md has its bytes.
 */
export class Dictionary {
  /** First 8 bytes of the SHA-256 of `bytes`. */
  readonly id: Uint8Array;
  /** The id as lower-case hex: its name under the bookkeeping root. */
  readonly name: string;
  /** Stored form. */
  readonly bytes: Uint8Array;
  /**
   * Field names of maps, most frequent first. A map with one of these sets is stored as the number of its shape and
   * its values.
   */
  readonly shapes: readonly (readonly string[])[];
  /** Texts, most frequent first. Each is stored as its number. */
  readonly words: readonly string[];
  /** The same in the form that reader and writer use. @internal */
  readonly forms: SharedForms;

  private constructor(bytes: Uint8Array, shapes: readonly (readonly string[])[], words: readonly string[]) {
    this.bytes = bytes;
    this.id = dictionaryId(bytes);
    this.name = Buffer.from(this.id).toString("hex");
    this.shapes = shapes;
    this.words = words;
    this.forms = sharedForms(shapes, words);
  }

  /**
   * Freezes shapes and words, most frequent first, into a dictionary.
   * @throws INVALID_ARGUMENT when there are too many, or for a duplicate, an empty shape or a name that no field may
   * have
   */
  static from(shapes: readonly (readonly string[])[], words: readonly string[]): Dictionary {
    const fault = contentFault(shapes, words);
    if (fault !== undefined) {
      throw new StoreError("INVALID_ARGUMENT", `Cannot make dictionary: ${fault}`, {
        argument: "dictionary",
      });
    }
    const writer = new MsgpackWriter();
    writer.begin(undefined);
    writer.write([shapes, words]);
    const bytes = new Uint8Array(dictionaryMagic.length + writer.length);
    bytes.set(dictionaryMagic);
    bytes.set(writer.written(), dictionaryMagic.length);
    return new Dictionary(bytes, shapes, words);
  }

  /**
   * Reads the stored form of the dictionary called `name`.
   * @throws DecodeFault when these are not its bytes, or not a dictionary
   */
  static parse(name: string, bytes: Uint8Array): Dictionary {
    const actual = Buffer.from(dictionaryId(bytes)).toString("hex");
    if (actual !== name) throw new DecodeFault(`dictionary "${name}" is damaged: its hash is ${actual}`);
    if (!dictionaryMagic.every((byte, i) => bytes[i] === byte)) {
      throw new DecodeFault(`dictionary "${name}" is in a format this code does not read`);
    }
    const content = readMsgpack(bytes, dictionaryMagic.length, bytes.byteLength);
    if (!Array.isArray(content) || content.length !== 2 || !isTextLists(content[0]) || !isTexts(content[1])) {
      throw new DecodeFault(`dictionary "${name}" holds no shapes and words`);
    }
    const fault = contentFault(content[0], content[1]);
    if (fault !== undefined) throw new DecodeFault(`dictionary "${name}": ${fault}`);
    return new Dictionary(Uint8Array.from(bytes), content[0], content[1]);
  }
}

/** The id of a dictionary, computed from its stored bytes. */
export function dictionaryId(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(bytes).digest().subarray(0, idBytes));
}

function contentFault(shapes: readonly (readonly string[])[], words: readonly string[]): string | undefined {
  if (shapes.length > shapesMax) return `it has ${shapes.length} shapes, at most ${shapesMax} are allowed`;
  if (words.length > wordsMax) return `it has ${words.length} words, at most ${wordsMax} are allowed`;
  if (new Set(words).size !== words.length) return "it has a word twice";
  const seen = new Set<string>();
  for (const keys of shapes) {
    if (keys.length === 0) return "it has a shape without fields";
    if (new Set(keys).size !== keys.length) return "it has a shape with a field twice";
    if (keys.includes("__proto__")) return 'it has a field named "__proto__"';
    const text = JSON.stringify(keys);
    if (seen.has(text)) return "it has a shape twice";
    seen.add(text);
  }
  return undefined;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((member) => typeof member === "string");
}

function isTextLists(value: unknown): value is string[][] {
  return Array.isArray(value) && value.every(isTexts);
}
