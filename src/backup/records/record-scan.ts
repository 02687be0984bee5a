/** Scans single records of a snapshot: the state of a prefix at a revision, and all versions of a key. */
import { BoltReader, type Bucket } from "../database/bolt-reader.ts";
import type { SnapshotFile } from "../database/snapshot-file.ts";
import { examine } from "./examine.ts";
import { compareMain, type MvccRecord, mainBound, RecordCursor } from "./mvcc-record.ts";

export interface ScanOptions {
  /** Keys that begin with this; default: all. */
  readonly prefix?: string | undefined;
  /** State as of this revision; default: the last. */
  readonly revision?: bigint | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Records that are the state of their key at `revision`, in the order they were written. Two passes, bounded memory. */
export async function* stateAt(file: SnapshotFile, options: ScanOptions = {}): AsyncGenerator<MvccRecord> {
  const { signal, revision } = options;
  const { reader, buckets, index } = await examine(file, {
    toRevision: revision,
    skipStatusHash: true,
    signal,
  });
  yield* matching(reader, buckets, file.path, options, (ordinal) => !index.dropped(ordinal));
}

/** Every record of `prefix` up to `revision`, deletions included, oldest first. One pass. */
export async function* recordsUpTo(
  file: SnapshotFile,
  options: ScanOptions = {},
): AsyncGenerator<MvccRecord> {
  const reader = new BoltReader(file);
  yield* matching(reader, await reader.buckets(), file.path, options, () => true);
}

async function* matching(
  reader: BoltReader,
  buckets: readonly Bucket[],
  path: string,
  options: ScanOptions,
  wanted: (ordinal: number) => boolean,
): AsyncGenerator<MvccRecord> {
  const bucket = buckets.find(({ name }) => name === "key");
  if (bucket === undefined) return;
  const prefix = Buffer.from(options.prefix ?? "");
  const bound = options.revision === undefined ? undefined : mainBound(options.revision);
  const cursor = new RecordCursor(path);
  let ordinal = 0;
  for await (const pages of reader.leaves(bucket, { signal: options.signal })) {
    for (const page of pages) {
      for (let i = 0; i < page.count; i++) {
        if (bound !== undefined && compareMain(page, i, bound) > 0) return;
        if (!wanted(ordinal++)) continue;
        cursor.read(page, i, "numbers");
        if (startsWith(page.bytes, cursor.keyStart, cursor.keyEnd, prefix)) yield cursor.record(page, i);
      }
    }
  }
}

function startsWith(bytes: Uint8Array, start: number, end: number, prefix: Uint8Array): boolean {
  if (end - start < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[start + i] !== prefix[i]) return false;
  return true;
}
