/**
 * The secondary indexes of one kind: index value to entries, in key order.
 *
 * A posting lists every entry that has, or inside the history window had, the value. A scan takes the version that holds
 * at its position and skips it when it has another value there, so one list serves every held position.
 * `kind-state.ts` owns it and adds and removes versions as they come and are forgotten.
 */
import { SortedList } from "../../base/sorted-list.ts";
import { type Entry, type KeySpan, type Version, versionAt } from "./version.ts";

/** A secondary index to walk instead of all entries: every object with one of the values. */
export interface IndexPick {
  /** Place in the kind's `indexes`. */
  readonly index: number;
  readonly values: readonly string[];
}

export class Postings {
  readonly #indexes: readonly Map<string, SortedList<Entry>>[];

  constructor(indexCount: number) {
    this.#indexes = Array.from({ length: indexCount }, () => new Map());
  }

  /** Entries listed under the values of `pick`. */
  size(pick: IndexPick): number {
    let size = 0;
    for (const value of pick.values) size += this.#indexes[pick.index]?.get(value)?.size ?? 0;
    return size;
  }

  /** Lists the entry of `version`. @param newest the entry's newest version before this one */
  add(version: Version, newest: Version | undefined): void {
    const { entry, attributes } = version;
    const { indexed } = attributes;
    for (let index = 0; index < indexed.length; index++) {
      const value = indexed[index];
      if (value === undefined || value === newest?.attributes.indexed[index]) continue;
      const postings = this.#indexes[index];
      const list = postings?.get(value);
      if (list !== undefined) list.insert(entry);
      else {
        const first = new SortedList<Entry>();
        first.insert(entry);
        postings?.set(value, first);
      }
    }
  }

  /** `version` is forgotten: its entry stays listed under the values that its other versions have. */
  remove(version: Version): void {
    const { entry, attributes } = version;
    const { indexed } = attributes;
    for (let index = 0; index < indexed.length; index++) {
      const value = indexed[index];
      if (value === undefined || entry.latest.attributes.indexed[index] === value) continue;
      if (entry.past?.some((other) => other.attributes.indexed[index] === value)) continue;
      this.#unlist(entry, index, value);
    }
  }

  /** `version` is forgotten, and it was its entry's only one. */
  removeAll({ entry, attributes }: Version): void {
    attributes.indexed.forEach((value, index) => {
      if (value !== undefined) this.#unlist(entry, index, value);
    });
  }

  /** Runs `visit` over the objects with a value of `pick` at `position`, in key order, until it returns false. */
  scan(span: KeySpan, position: number, pick: IndexPick, visit: (version: Version) => boolean): void {
    const postings = this.#indexes[pick.index];
    const lists = pick.values.flatMap((value) => postings?.get(value) ?? []);
    const { index, values } = pick;
    const [only] = lists;
    if (lists.length === 1 && only !== undefined && values.length === 1) {
      const [value] = values;
      only.scan(span.from, span.end, (entry) => {
        const version = versionAt(entry, position);
        return version === undefined || version.attributes.indexed[index] !== value || visit(version);
      });
      return;
    }
    // Several values: an entry may have had more than one of them, so gather first, then in key order.
    const wanted = new Set(values);
    const found = new Set<Version>();
    for (const list of lists) {
      list.scan(span.from, span.end, (entry) => {
        const version = versionAt(entry, position);
        const value = version?.attributes.indexed[index];
        if (version !== undefined && value !== undefined && wanted.has(value)) found.add(version);
        return true;
      });
    }
    const ordered = [...found].sort((a, b) => (a.entry.key < b.entry.key ? -1 : 1));
    for (const version of ordered) if (!visit(version)) return;
  }

  clear(): void {
    for (const postings of this.#indexes) postings.clear();
  }

  #unlist(entry: Entry, index: number, value: string): void {
    const postings = this.#indexes[index];
    const list = postings?.get(value);
    list?.delete(entry.key);
    if (list?.size === 0) postings?.delete(value);
  }
}
