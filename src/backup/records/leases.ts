/**
 * The leases recorded in a snapshot with their TTLs: `leasepb.Lease` in the bucket "lease".
 *
 *   1 id   2 granted seconds   3 seconds left at the last checkpoint, if etcd made one
 */
import { BoltReader } from "../database/bolt-reader.ts";
import type { SnapshotFile } from "../database/snapshot-file.ts";

const field = { ttl: 2, remaining: 3 } as const;

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
        const seconds = secondsOf(page.value(i));
        if (seconds !== undefined) found.set(page.view.getBigUint64(page.keyStart(i)), seconds);
      }
    }
  }
  return found;
}

/** Undefined for bytes that are not a lease. */
function secondsOf(bytes: Uint8Array): number | undefined {
  let at = 0;
  const varint = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  let [ttl, remaining] = [0n, 0n];
  while (at < bytes.length) {
    const tag = varint();
    const value = varint();
    if (tag === undefined || value === undefined || (tag & 7n) !== 0n) return undefined;
    if (tag >> 3n === BigInt(field.ttl)) ttl = value;
    else if (tag >> 3n === BigInt(field.remaining)) remaining = value;
  }
  const seconds = remaining > 0n ? remaining : ttl;
  return seconds > 0n ? Number(seconds) : undefined;
}
