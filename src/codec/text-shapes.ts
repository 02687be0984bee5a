/**
 * Text shapes: compiled readers for the key sets that labels, annotations and the like have again and again.
 *
 * A text record is stored keys first, so its keys are one run of bytes. A run seen often gets a reader that makes the
 * record at once, with one hidden class, instead of adding a key at a time. What keys users choose is without bound, what is
 * remembered here is not: when full, everything is forgotten and the frequent ones come back.
 */
import { type RecordReader, recordReader } from "./shared-forms.ts";

/** A key set is compiled when it has come this often: compiling costs as much as about 200 plain reads. */
const sightingsBeforeCompiling = 64;
/** Key sets remembered, compiled or merely counted. */
const keySetsMax = 512;
/** Longest run of keys worth remembering, bytes. */
const keysBytesMax = 1024;

export class TextShapes {
  readonly #readers = new Map<string, RecordReader>();
  readonly #sightings = new Map<string, number>();

  /** The reader for a run of keys; undefined while there is none. */
  reader(keys: string): RecordReader | undefined {
    return this.#readers.get(keys);
  }

  /** Told of every record that was read without a reader. */
  saw(keys: string, names: readonly string[]): void {
    if (keys.length > keysBytesMax) return;
    const times = (this.#sightings.get(keys) ?? 0) + 1;
    if (times < sightingsBeforeCompiling) {
      if (this.#sightings.size >= keySetsMax) this.#sightings.clear();
      this.#sightings.set(keys, times);
      return;
    }
    this.#sightings.delete(keys);
    if (this.#readers.size >= keySetsMax) this.#readers.clear();
    // A copy of its own: a part cut out of a value's text would keep that whole text.
    this.#readers.set(Buffer.from(keys, "latin1").toString("latin1"), recordReader(names, "readText"));
  }
}
