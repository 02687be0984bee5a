/**
 * The states that this process has seen last, by key, so that a write conditional on a version that it has just read
 * or written needs no read. Bounded by bytes; only the newest version of a key.
 *
 * A state here is a suggestion and may be outdated. A write that starts from it is conditional on its version, and no
 * error about it is reported before the live state was read.
 */
import { LRUCache } from "lru-cache";
import type { StoredRecord } from "../seam/stored.ts";

/** Bytes of values held: about 8,000 objects of 2 KiB, what a controller works on at a time. */
const recentBytesMax = 16 * 1024 * 1024;
/** Bytes an entry costs besides its value and key. */
const entryBytes = 256;

export class RecentRecords {
  readonly #records = new LRUCache<string, StoredRecord>({
    maxSize: recentBytesMax,
    maxEntrySize: recentBytesMax / 4,
    sizeCalculation: (record, key) => entryBytes + key.length * 2 + (record.value?.bytes.byteLength ?? 0),
  });

  /** The newest known state of `key`; undefined when none is held. */
  latest(key: string): StoredRecord | undefined {
    return this.#records.get(key);
  }

  /** Keeps `record` unless a newer state of its key is held. */
  keep(record: StoredRecord): void {
    const held = this.#records.peek(record.key);
    if (held !== undefined && held.modRevision >= record.modRevision) return;
    if (record.value === undefined) this.#records.delete(record.key);
    else this.#records.set(record.key, record);
  }

  /** The key was seen absent at `revision`: older states of it are dropped. */
  forget(key: string, revision: bigint): void {
    const held = this.#records.peek(key);
    if (held !== undefined && held.modRevision <= revision) this.#records.delete(key);
  }

  /** The history was replaced (a restore): all states are void. */
  clear(): void {
    this.#records.clear();
  }
}
