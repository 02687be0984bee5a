/**
 * The leases recorded in a snapshot with their TTLs: `leasepb.Lease` in the bucket "lease".
 */
import { BoltReader } from "../database/bolt-reader.ts";
import type { SnapshotFile } from "../database/snapshot-file.ts";
import { leaseSecondsOf } from "../files/etcd-records.ts";

/** Remaining seconds of each lease by its id, as far as the snapshot records them: an upper bound. */
export async function leasesIn(
  file: SnapshotFile,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<bigint, number>> {
  const found = new Map<bigint, number>();
  const reader = new BoltReader(file);
  const bucket = (await reader.buckets()).find(({ name }) => name === "lease");
  if (bucket === undefined) return found;
  for await (const pages of reader.leaves(bucket, { signal })) {
    for (const page of pages) {
      for (let i = 0; i < page.count; i++) {
        const seconds = leaseSecondsOf(page.value(i));
        if (seconds !== undefined) found.set(page.view.getBigUint64(page.keyStart(i)), seconds);
      }
    }
  }
  return found;
}
