/**
 * The sources of `restoreObjects`: a snapshot file, a repository at a revision or time, or a running store at a version.
 *
 * Stored bytes are decoded with the target store's own codec, so encrypted values need no keys here. Values it cannot
 * decode (a dictionary the target never had) are decoded with the dictionaries that the backup itself contains.
 */
import { systemRandom } from "../../base/random.ts";
import { checkOptions } from "../../base/text/known-options.ts";
import { quote } from "../../base/text/quote.ts";
import { textOfKey } from "../../base/text/text-of-key.ts";
import { msgpackCodec } from "../../codec/form/codec.ts";
import type { ValueCodec } from "../../codec/form/value.ts";
import type { DictionaryStore } from "../../codec/msgpack/kind-dictionaries.ts";
import { type Transform, transformFor } from "../../codec/sealing/transform.ts";
import { createValueCodec } from "../../codec/value-codec.ts";
import { invalidArgument } from "../../errors.ts";
import type { Store } from "../../resource/contract/store.ts";
import type { KeySpace } from "../../resource/model/keys.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import { objectOf } from "../../storage/context/records.ts";
import { hasStoredSource, type StoredSource, storedSource } from "../../storage/seam/stored.ts";
import { type OpenSnapshotOptions, openSnapshotNames, SnapshotFile } from "../database/snapshot-file.ts";
import { leasesIn } from "../records/leases.ts";
import type { MvccRecord } from "../records/mvcc-record.ts";
import { stateAt } from "../records/record-scan.ts";
import type { BackupRepository } from "../repository/repository-options.ts";
import { restoreToScratch } from "../repository/scratch-restore.ts";

/**
 * The source of `restoreObjects`: the path of a snapshot file, a snapshot with options, a repository, or a store at
 * an earlier version.
 */
export type RestoreSource =
  | string
  | ({
      /** Path of a snapshot file. */
      readonly snapshot: string;
      /** Decimal; default: the last. */
      readonly revision?: string | undefined;
      /** For values encrypted with keys the target does not have; by "secrets", "deployments.apps" or "*". */
      readonly transforms?: Readonly<Record<string, Transform>> | undefined;
    } & OpenSnapshotOptions)
  | {
      /** A repository; its newest state is read unless `toRevision` or `toTime` is given. */
      readonly repository: BackupRepository;
      /** The state at this revision, decimal. */
      readonly toRevision?: string | undefined;
      /** The state at this time. */
      readonly toTime?: Date | undefined;
      readonly transforms?: Readonly<Record<string, Transform>> | undefined;
    }
  | {
      /** A store whose etcd still has the version. */
      readonly store: Store;
      /** The version to read, not compacted. */
      readonly resourceVersion: string;
    };

const sourceNames = {
  snapshot: { ...openSnapshotNames, snapshot: "text", revision: "text", transforms: "object" },
  repository: { repository: "object", toRevision: "text", toTime: "date", transforms: "object" },
  store: { store: "object", resourceVersion: "text" },
} as const;

/** An object of the source, or why it cannot be read. */
export interface SourceObject {
  readonly kind: KindDefinition;
  readonly key: string;
  readonly object: AnyResource | undefined;
  readonly fault: unknown;
  /** It had a lease; `ttlSeconds` if the source knows its TTL. Absent: it had none. */
  readonly leased?: { readonly ttlSeconds: number | undefined } | undefined;
}

/** @throws INVALID_ARGUMENT for what is no source, or has an option that the source does not know */
export function checkSource(from: unknown): void {
  if (typeof from === "string") return;
  if (typeof from === "object" && from !== null) {
    const type = (["snapshot", "store"] as const).find((name) => name in from) ?? "repository";
    checkOptions(from, "restore objects", sourceNames[type], "from");
    const { snapshot, repository, store } = from as Readonly<Record<string, unknown>>;
    if (typeof snapshot === "string") return;
    if (hasStoredSource(store)) return;
    if (typeof (repository as Partial<BackupRepository> | null | undefined)?.restore === "function") return;
  }
  throw invalidArgument(
    "from",
    `Cannot restore objects: the source is ${quote(from)}, expected the path of a snapshot file, or an object with snapshot, repository or store`,
  );
}

/** Objects of `kinds` in their stored state, kind by kind or in the order written. */
export async function* objectsOf(
  from: RestoreSource,
  target: StoredSource,
  kinds: readonly KindDefinition[],
  signal: AbortSignal | undefined,
): AsyncGenerator<SourceObject> {
  if (typeof from === "string") yield* fromFile({ snapshot: from }, target, kinds, signal);
  else if ("snapshot" in from) yield* fromFile(from, target, kinds, signal);
  else if ("store" in from) yield* fromStore(from, target.keys, kinds, signal);
  else yield* fromRepository(from, target, kinds, signal);
}

async function* fromStore(
  { store, resourceVersion }: { readonly store: Store; readonly resourceVersion: string },
  keys: KeySpace,
  kinds: readonly KindDefinition[],
  signal: AbortSignal | undefined,
): AsyncGenerator<SourceObject> {
  for (const kind of kinds) {
    const leased = await leasedKeys(store, kind, BigInt(resourceVersion), signal);
    let continueToken: string | undefined;
    do {
      const read =
        continueToken === undefined ? ({ consistency: "exact", resourceVersion } as const) : undefined;
      const page = await store.resources(kind).list({ read, continueToken, limit: 500, signal });
      for (const item of page.items) {
        const object = item as AnyResource;
        const { namespace, name } = object.metadata;
        const key = keys.object(kind, { namespace, name });
        const found = { kind, key, object, fault: undefined };
        yield leased.has(key) ? { ...found, leased: { ttlSeconds: undefined } } : found;
      }
      continueToken = page.continueToken;
    } while (continueToken !== undefined);
  }
}

/** Keys of the kind whose objects had a lease at `revision`. A running store does not record the lease's TTL. */
async function leasedKeys(
  store: Store,
  kind: KindDefinition,
  revision: bigint,
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  if (!hasStoredSource(store)) return found;
  const source = store[storedSource].only(kind);
  let after: string | undefined;
  do {
    const page = await source.page({ after, revision, limit: 500 }, { signal });
    for (const { key, lease } of page.records) if (lease !== 0n) found.add(key);
    after = page.after;
  } while (after !== undefined);
  return found;
}

async function* fromRepository(
  from: Extract<RestoreSource, { readonly repository: BackupRepository }>,
  target: StoredSource,
  kinds: readonly KindDefinition[],
  signal: AbortSignal | undefined,
): AsyncGenerator<SourceObject> {
  const { repository, toRevision, toTime, transforms } = from;
  await using scratch = await restoreToScratch(repository, { toRevision, toTime, signal });
  yield* fromFile({ snapshot: scratch.snapshot, transforms, skipHashCheck: true }, target, kinds, signal);
}

async function* fromFile(
  from: Extract<RestoreSource, { readonly snapshot: string }>,
  target: StoredSource,
  kinds: readonly KindDefinition[],
  signal: AbortSignal | undefined,
): AsyncGenerator<SourceObject> {
  const { keys } = target;
  await using file = await SnapshotFile.open(from.snapshot, from);
  await file.checkHash(signal);
  const revision = from.revision === undefined ? undefined : BigInt(from.revision);
  const dictionaries = await dictionariesIn(file, keys.bookkeepingRange("dictionaries").prefix, signal);
  const leases = await leasesIn(file, signal);
  const own = new Map<string, ValueCodec>();
  let isEmpty = true;
  for await (const record of stateAt(file, { prefix: keys.prefix, revision, signal })) {
    isEmpty = false;
    const key = textOfKey(record.key);
    for (const kind of kinds) {
      const at = keys.parse(kind, key);
      if (at === undefined) continue;
      const codec = own.get(kind.resource) ?? ownCodec(kind, from.transforms, dictionaries);
      own.set(kind.resource, codec);
      const opened = await open({ kind, key, at, record, codecs: [target.codecOf(kind), codec] });
      const leased = record.lease === 0n ? undefined : { ttlSeconds: leases.get(record.lease) };
      yield leased === undefined ? opened : { ...opened, leased };
      break;
    }
  }
  if (isEmpty && (await isWithout(file, keys.bookkeepingRange("kinds").prefix, signal))) {
    throw invalidArgument(
      "from",
      `Cannot restore objects: the source has no key below ${quote(keys.prefix)}, the prefix of the store, and no store was ever opened there`,
    );
  }
}

async function isWithout(
  file: SnapshotFile,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for await (const _ of stateAt(file, { prefix, signal })) return false;
  return true;
}

async function open(found: {
  readonly kind: KindDefinition;
  readonly key: string;
  readonly at: { readonly namespace?: string | undefined; readonly name: string };
  readonly record: MvccRecord;
  readonly codecs: readonly ValueCodec[];
}): Promise<SourceObject> {
  const { kind, key, at, record } = found;
  let fault: unknown;
  for (const codec of found.codecs) {
    try {
      const value = await codec.open(key, record.value);
      const object = objectOf(kind, codec, {
        kind,
        key,
        namespace: at.namespace,
        name: at.name,
        modRevision: record.modRevision,
        createRevision: record.createRevision,
        lease: record.lease,
        value,
        corrupt: undefined,
      });
      return { kind, key, object, fault: undefined };
    } catch (error) {
      fault ??= error;
    }
  }
  return { kind, key, object: undefined, fault };
}

function ownCodec(
  kind: KindDefinition,
  transforms: Readonly<Record<string, Transform>> | undefined,
  dictionaries: DictionaryStore,
): ValueCodec {
  const transform = transformFor(transforms ?? {}, kind);
  return createValueCodec({ kind, codec: msgpackCodec(), transform, dictionaries, random: systemRandom });
}

/** The dictionaries in a backup, read only. They are few and have some kilobytes. */
async function dictionariesIn(
  file: SnapshotFile,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<DictionaryStore> {
  const found = new Map<string, Uint8Array>();
  for await (const { key, value } of stateAt(file, { prefix, signal })) {
    found.set(textOfKey(key).slice(prefix.length), value);
  }
  return {
    fetch: async (resource, name) => found.get(`${resource}/${name}`),
    newest: async () => undefined,
    publish: async () => {
      throw invalidArgument("from", "Cannot write dictionaries into a backup: it is only read");
    },
  };
}
