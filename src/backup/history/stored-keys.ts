/**
 * Stored keys, one after another, from a running etcd or a snapshot file, for tools that examine values themselves.
 * Holds at most one value of a file in memory, or one page of a running etcd.
 */
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { systemClock } from "../../base/time/clock.ts";
import { invalidArgument } from "../../errors.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import { prefixEnd } from "../../etcd/ports/prefix-end.ts";
import { type OpenSnapshotOptions, openSnapshotNames, SnapshotFile } from "../database/snapshot-file.ts";
import { stateAt } from "../records/record-scan.ts";

/** A key with etcd's metadata; numbers are decimal. */
export interface StoredKey {
  /** The key. */
  readonly key: Uint8Array;
  /** The stored value. */
  readonly value: Uint8Array;
  /** Revision in which the key was created, since its last deletion. */
  readonly createRevision: string;
  /** Revision of its last change. */
  readonly modRevision: string;
  /** Changes since the key was created, from "1". */
  readonly version: string;
  /** "0": none. */
  readonly lease: string;
}

/** Options of `storedKeys`. */
export interface StoredKeysOptions extends OpenSnapshotOptions, Call {
  /** Keys that begin with it. */
  readonly prefix: string;
  /** State at this revision, decimal; default: the last. A running etcd answers until it has compacted it. */
  readonly revision?: string | undefined;
}

/** Keys per page of a live read. */
const pageKeys = 500;

/**
 * Every key below a prefix at one revision: of a running etcd in key order, of a file in the order of their last write.
 * @throws INVALID_ARGUMENT "revision"; EXPIRED when a running etcd has compacted it; CORRUPT_SNAPSHOT for a damaged file
 */
export async function* storedKeys(
  from: string | Etcd,
  options: StoredKeysOptions,
): AsyncGenerator<StoredKey, void, void> {
  checkOptions(options, "read stored keys", {
    ...callNames,
    ...openSnapshotNames,
    prefix: "text",
    revision: "text",
  });
  using scope = new CallScope(options, systemClock, "read stored keys");
  const { prefix, revision } = options;
  if (revision !== undefined && !/^[0-9]{1,19}$/.test(revision)) {
    throw invalidArgument(
      "revision",
      `Cannot read stored keys: revision is "${revision}", expected decimal text`,
    );
  }
  const at = revision === undefined ? undefined : BigInt(revision);
  yield* typeof from === "string" ? ofFile(from, options, at, scope.signal) : ofEtcd(from, prefix, at, scope);
}

async function* ofFile(
  path: string,
  options: StoredKeysOptions,
  revision: bigint | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<StoredKey, void, void> {
  await using file = await SnapshotFile.open(path, options);
  await file.checkHash(signal);
  for await (const record of stateAt(file, { prefix: options.prefix, revision, signal })) {
    yield {
      key: record.key,
      value: record.value,
      createRevision: record.createRevision.toString(),
      modRevision: record.modRevision.toString(),
      version: record.version.toString(),
      lease: record.lease.toString(),
    };
  }
}

async function* ofEtcd(
  etcd: Etcd,
  prefix: string,
  revision: bigint | undefined,
  scope: CallScope,
): AsyncGenerator<StoredKey, void, void> {
  const start = Buffer.from(prefix === "" ? "\0" : prefix);
  // All pages are read at one revision: the first page's, unless the caller has named one.
  let pinned = revision;
  let key: Uint8Array = start;
  for (;;) {
    const page = await etcd.kv.range(
      {
        key,
        rangeEnd: prefix === "" ? "\0" : prefixEnd(start),
        limit: pageKeys,
        ...(pinned === undefined ? {} : { revision: pinned }),
      },
      scope.rest(),
    );
    pinned ??= page.header.revision;
    for (const kv of page.kvs) {
      yield {
        key: kv.key,
        value: kv.value,
        createRevision: kv.createRevision.toString(),
        modRevision: kv.modRevision.toString(),
        version: kv.version.toString(),
        lease: kv.lease.toString(),
      };
    }
    const last = page.kvs.at(-1);
    if (!page.more || last === undefined) return;
    key = Buffer.concat([last.key, Buffer.of(0)]);
  }
}
