/**
 * The history of keys: `history` of one key and `diff` of a prefix between two revisions, from a snapshot file or
 * a running etcd. Both return stored bytes; `restoreObjects` works on objects.
 */
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { textOfKey } from "../../base/text/text-of-key.ts";
import { systemClock } from "../../base/time/clock.ts";
import { invalidArgument } from "../../errors.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import { prefixEnd } from "../../etcd/ports/prefix-end.ts";
import type { KvEvent } from "../../etcd/ports/watches.ts";
import { type OpenSnapshotOptions, openSnapshotNames, SnapshotFile } from "../database/snapshot-file.ts";
import type { MvccRecord } from "../records/mvcc-record.ts";
import { recordsUpTo } from "../records/record-scan.ts";
import { liveHistory } from "./live-history.ts";

/** One version of a key. */
export interface KeyVersion {
  /** Decimal. */
  readonly revision: string;
  /** A write or a deletion. */
  readonly type: "put" | "delete";
  /** Absent for a deletion. */
  readonly value?: Uint8Array | undefined;
  /** Revision in which the key was created, since its last deletion, decimal; "0" for a deletion. */
  readonly createRevision: string;
  /** Changes since the key was created, decimal, from "1"; "0" for a deletion. */
  readonly version: string;
  /** The lease of the key, decimal; "0" for none. */
  readonly lease: string;
}

/** A key whose state differs between two revisions. */
export interface KeyChange {
  /** The key as text. */
  readonly key: string;
  /** How it differs. */
  readonly type: "added" | "changed" | "removed";
  /** The earlier value; absent for "added". */
  readonly before?: Uint8Array | undefined;
  /** The later value; absent for "removed". */
  readonly after?: Uint8Array | undefined;
}

/** Keys per page of a live read. */
const pageKeys = 500;

/**
 * Every recorded version of `key`, oldest first, deletions included. A running etcd has the versions since its last
 * compaction and the key's state at it; a file has all that it contained when it was made.
 * @throws CORRUPT_SNAPSHOT for a damaged file
 */
export async function history(
  from: string | Etcd,
  key: string,
  options: OpenSnapshotOptions & Call = {},
): Promise<readonly KeyVersion[]> {
  checkOptions(options, "read a history", { ...callNames, ...openSnapshotNames });
  using scope = new CallScope(options, systemClock, `read the history of "${key}"`);
  const { signal } = scope;
  if (typeof from !== "string") return (await liveHistory(from, key, signal)).events.map(eventVersion);
  await using file = await SnapshotFile.open(from, options);
  await file.checkHash(signal);
  const versions: KeyVersion[] = [];
  const wanted = Buffer.from(key);
  for await (const record of recordsUpTo(file, { prefix: key, signal })) {
    if (wanted.equals(record.key)) versions.push(versionOf(record));
  }
  return versions;
}

/**
 * Keys below `prefix` whose state differs between two revisions, by key. Holds only the changed keys in memory.
 * @throws INVALID_ARGUMENT unless from ≤ to; EXPIRED when a running etcd has compacted `from`
 */
export async function diff(
  source: string | Etcd,
  range: {
    /** The earlier revision, decimal. */
    readonly from: string;
    /** The later revision, decimal; inclusive. */
    readonly to: string;
    /** Keys that begin with it. */
    readonly prefix: string;
  },
  options: OpenSnapshotOptions & Call = {},
): Promise<readonly KeyChange[]> {
  checkOptions(options, "compare revisions", { ...callNames, ...openSnapshotNames });
  checkOptions(range ?? null, "compare revisions", { from: "text", to: "text", prefix: "text" }, "range");
  using scope = new CallScope(options, systemClock, `compare revisions ${range.from} and ${range.to}`);
  const { signal } = scope;
  const [from, to] = [parseRevision("from", range.from), parseRevision("to", range.to)];
  if (from > to) throw invalidArgument("from", `Cannot compare: from is ${from}, expected at most ${to}`);
  const before = new Map<string, Uint8Array>();
  const after = new Map<string, Uint8Array | undefined>();
  if (typeof source === "string") {
    await using file = await SnapshotFile.open(source, options);
    await file.checkHash(signal);
    // Values before `from` matter only for keys that change after it: two passes hold only those.
    for await (const record of recordsUpTo(file, { prefix: range.prefix, revision: to, signal })) {
      if (record.revision.main <= from) continue;
      after.set(textOfKey(record.key), record.deleted ? undefined : record.value);
    }
    for await (const record of recordsUpTo(file, { prefix: range.prefix, revision: from, signal })) {
      const key = textOfKey(record.key);
      if (!after.has(key)) continue;
      if (record.deleted) before.delete(key);
      else before.set(key, record.value);
    }
  } else {
    for await (const [key, value] of livePage(source, range.prefix, to, signal)) after.set(key, value);
    for await (const [key, value] of livePage(source, range.prefix, from, signal)) {
      before.set(key, value);
      if (!after.has(key)) after.set(key, undefined);
    }
  }
  return [...after]
    .map(([key, value]) => changeOf(key, before.get(key), value))
    .filter((change) => change !== undefined)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

function changeOf(
  key: string,
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
): KeyChange | undefined {
  if (before === undefined) return after === undefined ? undefined : { key, type: "added", after };
  if (after === undefined) return { key, type: "removed", before };
  return Buffer.compare(before, after) === 0 ? undefined : { key, type: "changed", before, after };
}

/** The version that an event made. */
export function eventVersion({ type, kv }: KvEvent): KeyVersion {
  const revision = kv.modRevision.toString();
  if (type === "delete") return { revision, type, createRevision: "0", version: "0", lease: "0" };
  return {
    revision,
    type,
    value: kv.value,
    createRevision: kv.createRevision.toString(),
    version: kv.version.toString(),
    lease: kv.lease.toString(),
  };
}

async function* livePage(
  etcd: Etcd,
  prefix: string,
  revision: bigint,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly [key: string, value: Uint8Array]> {
  const rangeEnd = prefix === "" ? "\0" : prefixEnd(Buffer.from(prefix));
  for (let key: Uint8Array = Buffer.from(prefix === "" ? "\0" : prefix); ; ) {
    const { kvs, more } = await etcd.kv.range({ key, rangeEnd, revision, limit: pageKeys }, { signal });
    for (const kv of kvs) yield [textOfKey(kv.key), kv.value];
    const last = kvs.at(-1);
    if (!more || last === undefined) return;
    key = Buffer.concat([last.key, Uint8Array.of(0)]);
  }
}

function versionOf(record: MvccRecord): KeyVersion {
  return {
    revision: record.revision.main.toString(),
    type: record.deleted ? "delete" : "put",
    value: record.deleted ? undefined : record.value,
    createRevision: record.createRevision.toString(),
    version: record.version.toString(),
    lease: record.lease.toString(),
  };
}

function parseRevision(argument: string, text: string): bigint {
  if (/^[1-9]\d{0,18}$/.test(text)) return BigInt(text);
  throw invalidArgument(argument, `Cannot compare: ${argument} is "${text}", expected a decimal revision`);
}
