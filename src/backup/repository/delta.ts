/**
 * Deltas: the events of a watch, stored as exactly the records that etcd stores, so that base + deltas is a later snapshot.
 *
 *   segment = (keyBytes u32 LE, key, valueBytes u32 LE, value)*       in revision order, whole revisions only
 */
import type { KvEvent } from "../../etcd/ports/watches.ts";
import { damaged } from "../files/damage.ts";
import { encodeKeyValue } from "../files/etcd-records.ts";
import { encodeRevision } from "../records/mvcc-record.ts";
import type { RawRecord } from "../restore/rewrite-database.ts";

/** The records of one revision's events: the sub revision is the index among its events. */
export function recordsOf(revision: bigint, events: readonly KvEvent[]): readonly RawRecord[] {
  return events.map(({ type, kv }, sub) => {
    const deleted = type === "delete";
    const none = { createRevision: 0n, modRevision: 0n, version: 0n, lease: 0n, value: new Uint8Array() };
    return {
      key: encodeRevision({ main: revision, sub: BigInt(sub) }, deleted),
      value: encodeKeyValue(deleted ? { ...none, key: kv.key } : kv),
    };
  });
}

/** Events of several revisions, as a watch delivers them, as records. */
export function recordsOfBatch(events: readonly KvEvent[]): readonly RawRecord[] {
  const records: RawRecord[] = [];
  for (let from = 0; from < events.length; ) {
    const revision = events[from]?.kv.modRevision ?? 0n;
    let to = from + 1;
    while (events[to]?.kv.modRevision === revision) to++;
    records.push(...recordsOf(revision, events.slice(from, to)));
    from = to;
  }
  return records;
}

export function encodeSegment(records: readonly RawRecord[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { key, value } of records) {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(key.length);
    const middle = Buffer.alloc(4);
    middle.writeUInt32LE(value.length);
    parts.push(head, key, middle, value);
  }
  return Buffer.concat(parts);
}

/** @throws CORRUPT_SNAPSHOT */
export function decodeSegment(bytes: Uint8Array, name: string): readonly RawRecord[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const records: RawRecord[] = [];
  let at = 0;
  const piece = (): Uint8Array => {
    const length = at + 4 <= bytes.length ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > bytes.length) throw damaged(name, at, "the delta ends inside a record");
    const start = at + 4;
    at = start + length;
    return bytes.subarray(start, at);
  };
  while (at < bytes.length) records.push({ key: piece(), value: piece() });
  return records;
}
