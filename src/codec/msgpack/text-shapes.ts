/**
 * Text shapes: compiled readers for the key sets that recur in labels, annotations and similar records.
 *
 * A text record is stored keys first, so its keys are one run of bytes. A frequent run gets a reader that creates the
 * record at once, with one hidden class, instead of adding one key at a time. Users can choose keys without bound,
 * but the memory here is bounded: when it is full, everything is dropped and the frequent runs are learned again.
 */
import { type RecordReader, recordReader } from "./shared-forms.ts";

/** A key set is compiled after this many occurrences: compiling costs as much as about 200 plain reads. */
const sightingsBeforeCompiling = 64;
/** Key sets remembered, compiled or only counted. */
const keySetsMax = 512;
/** Longest run of keys worth remembering, bytes. */
const keysBytesMax = 1024;

/** Slots of the front table, addressed by a few bytes: hashing a run as text costs more than reading the record. */
const slots = 256;

interface Known {
  readonly keys: Uint8Array;
  readonly reader: RecordReader;
}

export class TextShapes {
  readonly #slots: (Known | undefined)[] = new Array<Known | undefined>(slots).fill(undefined);
  readonly #known = new Map<string, Known>();
  readonly #sightings = new Map<string, number>();

  /** The reader for the run of keys at `[from, to)`; undefined when it is not in its slot. */
  reader(bytes: Uint8Array, from: number, to: number): RecordReader | undefined {
    const known = this.#slots[slotOf(bytes, from, to)];
    if (known === undefined || known.keys.length !== to - from) return undefined;
    const { keys } = known;
    for (let i = 0; i < keys.length; i++) if (keys[i] !== bytes[from + i]) return undefined;
    return known.reader;
  }

  /** Called for every record that was read without a reader, with its run of keys and the keys as text. */
  saw(bytes: Uint8Array, from: number, to: number, names: readonly string[]): void {
    if (to - from > keysBytesMax) return;
    const run = Uint8Array.from(bytes.subarray(from, to));
    const keys = Buffer.from(run.buffer).toString("latin1");
    const known = this.#known.get(keys);
    if (known !== undefined) {
      this.#slots[slotOf(bytes, from, to)] = known;
      return;
    }
    const times = (this.#sightings.get(keys) ?? 0) + 1;
    if (times < sightingsBeforeCompiling) {
      if (this.#sightings.size >= keySetsMax) this.#sightings.clear();
      this.#sightings.set(keys, times);
      return;
    }
    this.#sightings.delete(keys);
    if (this.#known.size >= keySetsMax) this.#known.clear();
    const compiled = { keys: run, reader: recordReader(names, "readText") };
    this.#known.set(keys, compiled);
    this.#slots[slotOf(bytes, from, to)] = compiled;
  }
}

function slotOf(bytes: Uint8Array, from: number, to: number): number {
  const middle = bytes[(from + to) >> 1] ?? 0;
  return ((to - from) * 31 + middle * 7 + (bytes[to - 1] ?? 0) * 3 + (bytes[from + 1] ?? 0)) % slots;
}
