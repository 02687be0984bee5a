/**
 * Keys as they are stored, one after another: from a running etcd or a snapshot file, for tools that look at values
 * themselves. Of a file at most one value is held at a time; of a running etcd a page.
 */
import { type Call, CallScope, callNames } from "../../base/call.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { systemClock } from "../../base/time/clock.ts";
import { invalidArgument } from "../../errors.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import { prefixEnd } from "../../etcd/ports/prefix-end.ts";
import { type OpenSnapshotOptions, openSnapshotNames, SnapshotFile } from "../database/snapshot-file.ts";
import { stateAt } from "../records/record-scan.ts";

/** A key with what etcd knows of it; numbers are decimal. */
export interface StoredKey {
  /** The key. */
  readonly key: Uint8Array;
  /** The value, as it is stored. */
  readonly value: Uint8Array;
  /** Revision in which this life of the key began. */
  readonly createRevision: string;
  /** Revision of its last change. */
  readonly modRevision: string;
  /** Changes in this life of the key, from "1". */
  readonly version: string;
  /** "0": none. */
  readonly lease: string;
}

/** What `storedKeys` takes. */
export interface StoredKeysOptions extends OpenSnapshotOptions, Call {
  /** Keys that begin with it. */
  readonly prefix: string;
  /** As of this revision, decimal; default: the last. A running etcd answers until it has compacted it. */
  readonly revision?: string | undefined;
}

/** Keys a page of a live read has. */
const pageKeys = 500;

/**
 * Every key below a prefix as it is at one revision: of a running etcd in the order of keys, of a file in the order they
 * were last written.
 * @throws INVALID_ARGUMENT "revision"; EXPIRED when a running etcd has compacted it; CORRUPT_SNAPSHOT for a damaged file
 */
export async function* storedKeys(
  from: string | Etcd,
  options: StoredKeysOptions,
): AsyncGenerator<StoredKey, void, void> {
  checkOptions(options, "read stored keys", {
    ...callNames,
    ...openSnapshotNames,
    prefix: true,
    revision: true,
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
  // Every page is of one revision: of the first, unless the caller has named one.
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
