/**
 * One pass over a snapshot that collects everything: etcdutl's status, the page graph, every record, live keys,
 * and the small buckets. `inspectSnapshot` returns it, `verifySnapshot` adds a second pass for HashKV, restore and
 * repository continue from it.
 */
import { crc32c } from "../../base/crc32c.ts";
import { systemRandom } from "../../base/random.ts";
import type { Page } from "../database/bolt-page.ts";
import { BoltReader, type Bucket } from "../database/bolt-reader.ts";
import { hexOf, type SnapshotFile } from "../database/snapshot-file.ts";
import { damaged } from "../files/damage.ts";
import { type Json64, parseJson64 } from "../files/json64.ts";
import { laterOf } from "../files/revision-order.ts";
import type { SnapshotInfo, SnapshotMember } from "../files/snapshot-info.ts";
import { HashKv } from "./hash-kv.ts";
import { KeyGroups } from "./key-groups.ts";
import { KeyIndex } from "./key-index.ts";
import { compareMain, decodeRevision, mainBound, mainOf, RecordCursor } from "./mvcc-record.ts";

/** Total bytes of the small buckets' entries that are kept; further ones are only counted. */
const smallBytesMax = 16 * 1024 * 1024;

/** A Kubernetes object takes 1 to 3 KB of database. */
const bytesPerKeyExpected = 2_048;

/** Buckets read into memory: etcd keeps a handful of entries in each. */
const smallBuckets: ReadonlySet<string> = new Set([
  "meta",
  "members",
  "members_removed",
  "alarm",
  "auth",
  "cluster",
]);

export interface Examined {
  readonly info: SnapshotInfo;
  readonly reader: BoltReader;
  readonly buckets: readonly Bucket[];
  /** The records up to the requested revision. */
  readonly index: KeyIndex;
  readonly lastRevision: bigint;
  /** -1n when never compacted. */
  readonly compactRevision: bigint;
  /** A compaction in progress, which the server finishes at its next start. -1n for none. */
  readonly scheduledCompactRevision: bigint;
  /** For each key in `watchKeys`, its latest record up to the revision. */
  readonly watched: ReadonlyMap<string, WatchedKey>;
  readonly small: ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;
}

/** The parts of a key's last record that the next version needs. */
export interface WatchedKey {
  readonly createRevision: bigint;
  readonly version: bigint;
  readonly lease: bigint;
  readonly deleted: boolean;
}

export interface ExamineOptions {
  /** Index only records up to this revision; default: all. */
  readonly toRevision?: bigint | undefined;
  /** User keys to follow: begin with `start`, end with `end`. */
  readonly watchKeys?: { readonly start: Uint8Array; readonly end: Uint8Array } | undefined;
  /** Leave `info.hash` 0: nothing reads it. */
  readonly skipStatusHash?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @throws CORRUPT_SNAPSHOT at the first fault of a page or record. `SnapshotFile.checkHash` checks the SHA-256. */
export async function examine(file: SnapshotFile, options: ExamineOptions = {}): Promise<Examined> {
  const { signal } = options;
  const reader = new BoltReader(file);
  const seen = reader.newPageSet();
  const buckets = await reader.buckets(seen);
  const groups = new KeyGroups();
  const keysExpected = file.databaseBytes / bytesPerKeyExpected;
  const index = new KeyIndex(systemRandom, keysExpected, (group, keys, bytes) =>
    groups.change(group, keys, bytes),
  );
  const scan = new KeyScan(file.path, index, groups, options);
  const small = new Map<string, Map<string, Uint8Array>>();
  const counts = new Map<string, number>();
  let hash = 0;
  let records = 0;
  let smallBytes = 0;
  for (const bucket of buckets) {
    const { name } = bucket;
    hash = crc32c(Buffer.from(name, "latin1"), 0, name.length, hash);
    let count = 0;
    for await (const pages of reader.leaves(bucket, { seen, signal })) {
      for (const page of pages) {
        if (options.skipStatusHash !== true) hash = statusHash(page, hash);
        count += page.count;
        if (name === "key") scan.add(page);
        if (!smallBuckets.has(name)) continue;
        const entries = small.get(name) ?? new Map<string, Uint8Array>();
        small.set(name, entries);
        for (let i = 0; i < page.count && smallBytes < smallBytesMax; i++) {
          entries.set(Buffer.from(page.key(i)).toString("latin1"), page.value(i));
          smallBytes += page.valueEnd(i) - page.keyStart(i);
        }
      }
    }
    counts.set(name, count);
    records += count;
  }
  await reader.checkFreelist(seen);
  const meta = small.get("meta");
  const compactRevision = storedRevision(meta, "finishedCompactRev", file.path);
  const scheduledCompactRevision = storedRevision(meta, "scheduledCompactRev", file.path);
  const storageVersion = textOf(meta?.get("storageVersion"));
  const lastRevision = [scan.last, compactRevision, 0n].reduce(laterOf);
  return {
    reader,
    buckets,
    index,
    lastRevision,
    compactRevision,
    scheduledCompactRevision,
    watched: scan.watched,
    small,
    info: {
      path: file.path,
      hash,
      revision: scan.last.toString(),
      totalKey: storageVersion === undefined ? records : index.liveKeys,
      records,
      liveKeys: index.liveKeys,
      totalSize: file.databaseBytes,
      sizeBytes: file.sizeBytes,
      pageSize: file.meta.pageSize,
      sha256: file.trailer === undefined ? undefined : hexOf(file.trailer),
      compactRevision: compactRevision < 0n ? "0" : compactRevision.toString(),
      leases: counts.get("lease") ?? 0,
      members: [...(small.get("members")?.values() ?? [])].map((value) => memberOf(value, file.path)),
      alarms: [...(small.get("alarm")?.keys() ?? [])].map(alarmOf),
      authEnabled: small.get("auth")?.get("authEnabled")?.[0] === 1,
      clusterVersion: textOf(small.get("cluster")?.get("clusterVersion")),
      storageVersion,
      downgradeTarget: downgradeTargetOf(small.get("cluster")?.get("downgrade")),
      prefixes: groups.prefixes(),
      kinds: groups.kinds(),
    },
  };
}

/**
 * HashKV at `revision`, in a separate pass over the `key` bucket.
 * @param compactRevision default: the snapshot's own
 */
export async function hashKvOf(
  examined: Examined,
  revision: bigint,
  options: { readonly compactRevision?: bigint | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<number> {
  const hash = new HashKv(examined.index, revision, options.compactRevision ?? examined.compactRevision);
  const bucket = examined.buckets.find(({ name }) => name === "key");
  if (bucket === undefined) return hash.value;
  for await (const pages of examined.reader.leaves(bucket, { signal: options.signal })) {
    if (!pages.every((page) => hash.add(page))) break;
  }
  return hash.value;
}

/**
 * Reads back what a restore wrote: page graph, and HashKV with the index of the source, which holds exactly the same
 * records in the same order. One pass.
 */
export async function hashKvOfCopy(
  file: SnapshotFile,
  source: Examined,
  revision: bigint,
  signal: AbortSignal | undefined,
): Promise<number> {
  const reader = new BoltReader(file);
  const seen = reader.newPageSet();
  const hash = new HashKv(source.index, revision, source.compactRevision);
  for (const bucket of await reader.buckets(seen)) {
    for await (const pages of reader.leaves(bucket, { seen, signal })) {
      if (bucket.name === "key") for (const page of pages) hash.add(page);
    }
  }
  if (hash.records !== source.index.records) {
    throw damaged(
      file.path,
      undefined,
      `${hash.records} records were written, expected ${source.index.records}`,
    );
  }
  return hash.value;
}

function statusHash(page: Page, seed: number): number {
  if (page.contiguous) return crc32c(page.bytes, page.dataStart, page.dataEnd, seed);
  let hash = seed;
  for (let i = 0; i < page.count; i++) hash = crc32c(page.bytes, page.keyStart(i), page.valueEnd(i), hash);
  return hash;
}

/** The `key` bucket: every record decoded, revisions ascending (the tree's own check), keys indexed. */
class KeyScan {
  last = 0n;
  readonly watched = new Map<string, WatchedKey>();
  readonly #cursor: RecordCursor;
  readonly #index: KeyIndex;
  readonly #groups: KeyGroups;
  readonly #options: ExamineOptions;

  constructor(path: string, index: KeyIndex, groups: KeyGroups, options: ExamineOptions) {
    this.#cursor = new RecordCursor(path);
    this.#index = index;
    this.#groups = groups;
    this.#options = options;
  }

  add(page: Page): void {
    if (page.count === 0) return;
    const { toRevision } = this.#options;
    const bound = toRevision === undefined ? undefined : mainBound(toRevision);
    const within = bound === undefined || compareMain(page, page.count - 1, bound) <= 0;
    const cursor = this.#cursor;
    for (let i = 0; i < page.count; i++) {
      cursor.read(page, i);
      if (!within && bound !== undefined && compareMain(page, i, bound) > 0) continue;
      const { bytes, view } = page;
      const { keyStart, keyEnd } = cursor;
      const group = this.#groups.idOf(bytes, keyStart, keyEnd);
      const size = keyEnd - keyStart + cursor.valueEnd - cursor.valueStart;
      this.#index.add(bytes, view, keyStart, keyEnd, cursor.deleted, group, size);
      this.#watch(page, i);
    }
    this.last = mainOf(page, page.count - 1);
  }

  #watch(page: Page, i: number): void {
    const { watchKeys } = this.#options;
    if (watchKeys === undefined) return;
    const { start, end } = watchKeys;
    const { bytes } = page;
    const { keyStart, keyEnd } = this.#cursor;
    if (keyEnd - keyStart < start.length + end.length) return;
    for (let at = 0; at < start.length; at++) if (bytes[keyStart + at] !== start[at]) return;
    for (let at = 0; at < end.length; at++) if (bytes[keyEnd - end.length + at] !== end[at]) return;
    this.#cursor.read(page, i, "numbers");
    const { createRevision, version, lease, deleted, key } = this.#cursor.record(page, i);
    this.watched.set(Buffer.from(key).toString("latin1"), { createRevision, version, lease, deleted });
  }
}

function storedRevision(
  meta: ReadonlyMap<string, Uint8Array> | undefined,
  name: string,
  path: string,
): bigint {
  const bytes = meta?.get(name);
  if (bytes === undefined) return -1n;
  const revision = decodeRevision(bytes);
  if (revision === undefined) throw damaged(path, undefined, `"${name}" of bucket "meta" is no revision`);
  return revision.main;
}

function memberOf(bytes: Uint8Array, path: string): SnapshotMember {
  const field = (name: string): Json64 | undefined =>
    typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? Object.entries(parsed).find(([key]) => key === name)?.[1]
      : undefined;
  const texts = (name: string): readonly string[] => {
    const value = field(name);
    return Array.isArray(value) ? value.map(String) : [];
  };
  let parsed: Json64;
  try {
    parsed = parseJson64(Buffer.from(bytes).toString("utf8"));
  } catch (error) {
    throw damaged(path, undefined, `an entry of bucket "members" is no JSON: ${String(error)}`);
  }
  const id = field("id");
  return {
    id: typeof id === "bigint" || typeof id === "number" ? BigInt(id).toString(16) : "0",
    name: String(field("name") ?? ""),
    peerUrls: texts("peerURLs"),
    clientUrls: texts("clientURLs"),
    isLearner: field("isLearner") === true,
  };
}

/** The key encodes the alarm: 1: member id varint, 2: type. */
function alarmOf(latin1: string): SnapshotInfo["alarms"][number] {
  let memberId = 0n;
  let type = 0;
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; at < latin1.length; shift += 7n) {
      const byte = latin1.charCodeAt(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < latin1.length) {
    const tag = latin1.charCodeAt(at++);
    const value = varint();
    if (tag === 0x08) memberId = value;
    if (tag === 0x10) type = Number(value);
  }
  return { memberId: memberId.toString(16), type: type === 1 ? "NOSPACE" : type === 2 ? "CORRUPT" : "NONE" };
}

/** etcd stores `{"target-version":"3.5.0","enabled":true}`; undefined when none is enabled. */
function downgradeTargetOf(bytes: Uint8Array | undefined): string | undefined {
  const text = textOf(bytes);
  if (text === undefined || !/"enabled"\s*:\s*true/.test(text)) return undefined;
  return /"target-version"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? "";
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString("utf8");
}
