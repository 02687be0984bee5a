/** Answers a range request from a snapshot file, as etcd would at the snapshot's revision, or at an earlier one. */
import type { KeyValue, RangeRequest, RangeResponse } from "keelson/etcd";
import type { Session } from "../cli/session.ts";

/** @throws INVALID_ARGUMENT for a revision beyond the snapshot's; CORRUPT_SNAPSHOT for a damaged file */
export async function snapshotRange(
  session: Session,
  file: string,
  request: RangeRequest,
): Promise<RangeResponse> {
  const { inspectSnapshot, storedKeys } = await import("keelson/backup");
  const [start, end] = [
    bytesOf(request.key),
    request.rangeEnd === undefined ? undefined : bytesOf(request.rangeEnd),
  ];
  const isIn = (key: Uint8Array): boolean => {
    if (end === undefined) return Buffer.compare(key, start) === 0;
    // A zero byte as the end: every key from the start on.
    const isOpen = end.length === 1 && end[0] === 0;
    return Buffer.compare(key, start) >= 0 && (isOpen || Buffer.compare(key, end) < 0);
  };
  const info = await inspectSnapshot(file);
  const asked = request.revision ?? 0n;
  const revision = asked > 0n ? asked : BigInt(info.revision);
  const prefix = commonStart(start, end);
  const found: KeyValue[] = [];
  const { signal } = session.io;
  for await (const stored of storedKeys(file, { prefix, revision: revision.toString(), signal })) {
    if (!isIn(stored.key)) continue;
    found.push({
      key: stored.key,
      value: request.keysOnly === true ? new Uint8Array(0) : stored.value,
      createRevision: BigInt(stored.createRevision),
      modRevision: BigInt(stored.modRevision),
      version: BigInt(stored.version),
      lease: BigInt(stored.lease),
    });
  }
  found.sort(orderOf(request));
  const limit = request.limit ?? 0;
  const kvs = request.countOnly === true ? [] : limit > 0 ? found.slice(0, limit) : found;
  const header = { clusterId: 0n, memberId: 0n, revision, raftTerm: 0n };
  return { header, kvs, more: limit > 0 && found.length > limit, count: BigInt(found.length) };
}

/** The common prefix of the range as text: the scan skips other keys. */
function commonStart(start: Uint8Array, end: Uint8Array | undefined): string {
  if (end === undefined) return textOf(start);
  let length = 0;
  while (length < Math.min(start.length, end.length) && start[length] === end[length]) length++;
  const isPrefixRange = end.length <= start.length && length === end.length - 1;
  return isPrefixRange && (end[length] ?? 0) === (start[length] ?? 0) + 1 && start.length === end.length
    ? textOf(start)
    : textOf(start.subarray(0, length));
}

/** For bytes that are not text, the text before them is used. */
function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : (text.split("\uFFFD", 1)[0] ?? "");
}

function orderOf({ sortOrder, sortTarget }: RangeRequest): (a: KeyValue, b: KeyValue) => number {
  const sign = sortOrder === "descend" ? -1 : 1;
  const by = (a: KeyValue, b: KeyValue): number => {
    switch (sortTarget) {
      case "create":
        return Number(a.createRevision - b.createRevision);
      case "mod":
        return Number(a.modRevision - b.modRevision);
      case "version":
        return Number(a.version - b.version);
      case "value":
        return Buffer.compare(a.value, b.value);
      default:
        return Buffer.compare(a.key, b.key);
    }
  };
  return (a, b) => sign * by(a, b) || Buffer.compare(a.key, b.key);
}

const bytesOf = (bytes: Uint8Array | string): Uint8Array =>
  typeof bytes === "string" ? Buffer.from(bytes) : bytes;
