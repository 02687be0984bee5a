/**
 * The history of one kind: its changes in order, each with the version before and the version after.
 *
 *   first                            last
 *   |position 41|42|43|…            |97|      position = number of the change, without holes
 *    rev 1007    1007 1012           1088     revisions never fall; one revision may have several changes
 *
 * A watcher is a place in this log, and a read of the past is a position in it. It is trimmed from the front by time and
 * bytes (`memory-bounds.ts`); what is before `first` can no longer be answered from memory.
 */
import type { Entry, Version } from "./version.ts";

export interface Change {
  readonly position: number;
  readonly revision: bigint;
  readonly entry: Entry;
  /** Absent for a creation. */
  readonly before: Version | undefined;
  /** Absent for a removal. */
  readonly after: Version | undefined;
  /** Only of a removal: the version that its object is shown with; default `revision`. */
  readonly shown?: bigint | undefined;
}

/** Empty places at the front are cut off when there are this many and they are half of the array. */
const compactMin = 1024;

export class ChangeLog {
  /** A dropped place is emptied at once, so that its change and the versions it holds can be collected. */
  #changes: (Change | undefined)[] = [];
  /** Index of the first held change in `#changes`. */
  #head = 0;
  #position = 0;

  /** Position of the last change ever appended, 0 before. */
  get position(): number {
    return this.#position;
  }

  get length(): number {
    return this.#changes.length - this.#head;
  }

  get first(): Change | undefined {
    return this.#changes[this.#head];
  }

  get last(): Change | undefined {
    return this.length === 0 ? undefined : this.#changes[this.#changes.length - 1];
  }

  append(change: Change): void {
    this.#position = change.position;
    this.#changes.push(change);
  }

  /** The change at `position`; undefined when it is not held. */
  at(position: number): Change | undefined {
    const index = this.#changes.length - 1 - (this.#position - position);
    return index < this.#head ? undefined : this.#changes[index];
  }

  dropFirst(): void {
    if (this.length === 0) return;
    this.#changes[this.#head] = undefined;
    this.#head++;
    if (this.#head >= compactMin && this.#head * 2 >= this.#changes.length) {
      this.#changes = this.#changes.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Last position whose revision is at most `revision`; the position before the first held change when there is none. */
  positionAt(revision: bigint): number {
    let low = this.#head;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const change = this.#changes[middle];
      if (change !== undefined && change.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#position - (this.#changes.length - low);
  }

  clear(): void {
    this.#changes = [];
    this.#head = 0;
    this.#position = 0;
  }
}
