/**
 * Write records: they identify a write whose value does not carry its write id (raw JSON, Kubernetes' protobuf).
 *
 *   txn at revision R:  put <object key> = value     put <root>/write-ids = the ids of this transaction's writes
 *
 * Two processes may write the same bytes over the same version, so the value does not identify its writer. The record as of
 * revision R does: it holds the id exactly when R was this write's transaction. One key serves all writes, since etcd keeps
 * its versions until compaction; a record costs its write one small put, in the same transaction.
 */

import type { Etcd } from "../ports/etcd.ts";
import type { KeyValue } from "../ports/messages.ts";
import type { FencedWrite } from "./fenced-write.ts";
import { tombstoneHolds, tombstoneValue } from "./tombstones.ts";

/** `<root>/write-ids`. */
export function writeRecordKey(root: string): string {
  return `${root}/write-ids`;
}

/** Whether the transaction of the write puts a record. */
export function isRecorded({ change, unmarked }: Pick<FencedWrite, "change" | "unmarked">): boolean {
  return unmarked === true && change.type === "put";
}

/** The record for a transaction with these writes; undefined when every value carries its own id. */
export function writeRecord(writes: readonly FencedWrite[]): Uint8Array | undefined {
  const recorded = writes.filter(isRecorded);
  return recorded.length === 0 ? undefined : tombstoneValue(recorded.map(({ writeId }) => writeId));
}

/**
 * Whether this write put the given version of its key.
 * @throws EXPIRED when that revision is compacted and its record gone; errors of the read
 */
export async function isOwnPut(
  write: FencedWrite,
  found: Pick<KeyValue, "value" | "modRevision">,
  { etcd, root }: { readonly etcd: Pick<Etcd, "kv">; readonly root: string },
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { change, writeId } = write;
  if (change.type !== "put" || Buffer.compare(found.value, change.value) !== 0) return false;
  if (!isRecorded(write)) return true;
  const revision = found.modRevision;
  const { kvs } = await etcd.kv.range({ key: writeRecordKey(root), revision }, { signal });
  const record = kvs[0];
  return record !== undefined && record.modRevision === revision && tombstoneHolds(record.value, writeId);
}
