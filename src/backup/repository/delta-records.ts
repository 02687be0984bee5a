/**
 * The records of deltas: read from a watch on a live etcd for a new delta, and from the chunks of recorded deltas
 * for a restore, which adds them to its full. Only `Repository` uses it.
 */
import { createHash } from "node:crypto";
import type { Clock } from "../../base/time/clock.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import { damaged } from "../files/damage.ts";
import { decodeRevision } from "../records/mvcc-record.ts";
import type { RawRecord } from "../restore/rewrite-database.ts";
import type { ChunkStore } from "./chunks.ts";
import { decodeSegment, recordsOfBatch } from "./delta.ts";
import { type DeltaManifest, manifestPath } from "./manifest.ts";

/** Most bytes of one delta's records in memory: a busy store makes several deltas. */
const deltaBytesMax = 32 * 1024 * 1024;

/** Every record from revision `first` to at least `until`, or until a delta is full. @throws EXPIRED, the reason of `signal` */
export async function watchedRecords(
  etcd: Etcd,
  range: { readonly first: bigint; readonly until: bigint },
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<{
  readonly records: readonly RawRecord[];
  readonly last: bigint;
  readonly marks: DeltaManifest["marks"];
}> {
  const { first, until } = range;
  const records: RawRecord[] = [];
  const marks: { timeMs: number; revision: string }[] = [];
  let bytes = 0;
  let last = first - 1n;
  await using watch = etcd.watches.open({ key: "\0", rangeEnd: "\0", startRevision: first }, { signal });
  for await (const batch of watch) {
    if (batch.type !== "events") continue;
    for (const record of recordsOfBatch(batch.events)) {
      records.push(record);
      bytes += record.key.length + record.value.length + 8;
    }
    last = batch.revision;
    marks.push({ timeMs: clock.nowMs(), revision: last.toString() });
    if (last >= until || bytes >= deltaBytesMax) break;
  }
  signal?.throwIfAborted();
  return { records, last, marks };
}

/** Records of `deltas` above revision `after` and up to `until`, a delta at a time. @throws CORRUPT_SNAPSHOT */
export async function* storedRecords(
  chunks: ChunkStore,
  deltas: readonly DeltaManifest[],
  after: bigint,
  until: bigint,
): AsyncGenerator<readonly RawRecord[]> {
  for (const delta of deltas) {
    const parts: Uint8Array[] = [];
    for (const name of delta.chunks) parts.push(await chunks.get(name));
    const bytes = Buffer.concat(parts);
    if (createHash("sha256").update(bytes).digest("hex") !== delta.sha256) {
      throw damaged(manifestPath(delta.id), undefined, "its chunks do not make the delta it names");
    }
    yield decodeSegment(bytes, manifestPath(delta.id)).filter(({ key }) => {
      const revision = decodeRevision(key);
      if (revision === undefined)
        throw damaged(manifestPath(delta.id), undefined, "a record has no revision");
      return revision.main > after && revision.main <= until;
    });
  }
}
