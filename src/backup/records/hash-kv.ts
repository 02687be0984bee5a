/**
 * HashKV of a snapshot at a revision: the hash that etcd itself returns for the same history (Maintenance.HashKV), so
 * equality with a live member proves content, not only bytes.
 *
 *   crc32c("key" ‖ for each record up to the revision, in order: its key and value); at or below the compact
 *   revision only the records that are the state of their key count, and deletions exactly at it never do.
 *
 * Whether a record is superseded is known only after all later ones, so this is the second of two passes:
 * the first fills the `KeyIndex`.
 */
import { crc32c } from "../../base/crc32c.ts";
import type { Page } from "../database/bolt-page.ts";
import type { KeyIndex } from "./key-index.ts";
import { compareMain, type MainBound, mainBound, tombstoneBytes } from "./mvcc-record.ts";

const start = crc32c(new TextEncoder().encode("key"));

export class HashKv {
  /** The hash of the pages so far. */
  value: number = start;
  /** Records that count so far, and all records up to the revision so far. */
  records = 0;
  readonly #index: KeyIndex;
  readonly #revision: MainBound;
  readonly #compacted: MainBound | undefined;

  /**
   * @param index all records up to `revision`, in the order of the pages passed here
   * @param compactRevision -1n for never compacted
   */
  constructor(index: KeyIndex, revision: bigint, compactRevision: bigint) {
    this.#index = index;
    this.#revision = mainBound(revision);
    this.#compacted = compactRevision < 0n ? undefined : mainBound(compactRevision);
  }

  /** Adds the next leaf page of the `key` bucket. False when it reaches past the revision: no later page counts. */
  add(page: Page): boolean {
    const { count } = page;
    if (count === 0) return true;
    const within = compareMain(page, count - 1, this.#revision) <= 0;
    const first = this.records;
    const old = this.#compacted !== undefined && compareMain(page, 0, this.#compacted) <= 0;
    // With no live key etcd skips nothing (`len(keep) > 0`), except deletions at the compact revision.
    const wholeKept = !old || (this.#index.allKept(first, first + count) && this.#index.liveKeys > 0);
    if (within && page.contiguous && wholeKept) {
      this.value = crc32c(page.bytes, page.dataStart, page.dataEnd, this.value);
      this.records += count;
      return true;
    }
    for (let i = 0; i < count; i++) {
      if (!within && compareMain(page, i, this.#revision) > 0) return false;
      const ordinal = this.records++;
      if (old && this.#skips(page, i, ordinal)) continue;
      this.value = crc32c(page.bytes, page.keyStart(i), page.valueEnd(i), this.value);
    }
    return within;
  }

  /** Adds one record that is not on a page: a delta's, so it is above the compact revision. */
  addRecord(key: Uint8Array, value: Uint8Array): void {
    this.records++;
    this.value = crc32c(value, 0, value.length, crc32c(key, 0, key.length, this.value));
  }

  #skips(page: Page, i: number, ordinal: number): boolean {
    if (this.#compacted === undefined) return false;
    const order = compareMain(page, i, this.#compacted);
    if (order > 0) return false;
    if (this.#index.liveKeys > 0 && this.#index.dropped(ordinal)) return true;
    return order === 0 && page.keyEnd(i) - page.keyStart(i) === tombstoneBytes;
  }
}
