/** What a range request keeps of the keys it finds, and in which order. */
import type { KeyValue, RangeRequest } from "../etcd/ports/messages.ts";

export function withinBounds(kv: KeyValue, request: RangeRequest): boolean {
  const {
    minModRevision = 0n,
    maxModRevision = 0n,
    minCreateRevision = 0n,
    maxCreateRevision = 0n,
  } = request;
  return (
    (minModRevision === 0n || kv.modRevision >= minModRevision) &&
    (maxModRevision === 0n || kv.modRevision <= maxModRevision) &&
    (minCreateRevision === 0n || kv.createRevision >= minCreateRevision) &&
    (maxCreateRevision === 0n || kv.createRevision <= maxCreateRevision)
  );
}

export function sortKvs(kvs: KeyValue[], { sortTarget = "key", sortOrder = "none" }: RangeRequest): void {
  if (sortTarget === "key" && sortOrder !== "descend") return;
  const order = (a: KeyValue, b: KeyValue): number => {
    if (sortTarget === "key") return Buffer.compare(a.key, b.key);
    if (sortTarget === "value") return Buffer.compare(a.value, b.value);
    const of = (kv: KeyValue): bigint =>
      sortTarget === "mod" ? kv.modRevision : sortTarget === "create" ? kv.createRevision : kv.version;
    return of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : 0;
  };
  kvs.sort(sortOrder === "descend" ? (a, b) => order(b, a) : order);
}
