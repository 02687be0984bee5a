/**
 * Converts etcd's data to what a caller gets: the one place that turns a key and value into a record, and a record
 * into an object or its head.
 *
 *   KeyValue --openRecord--> StoredRecord --objectOf--> object with resourceVersion
 *                                         --headOf----> metadata, fields, amounts of today's definition
 *
 * The cache uses the same functions, so store and cache can never disagree about an object. An unreadable value
 * becomes a record with `corrupt` set, never an exception from a deep call.
 */
import { textOfKey } from "../../base/text/text-of-key.ts";
import type { HeadPart, MaybePromise, OpenOptions, PlainValue, ValueCodec } from "../../codec/form/value.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { KeyValue } from "../../etcd/ports/messages.ts";
import { type Head, isHeadTrusted } from "../../resource/model/head.ts";
import type { KindDefinition } from "../../resource/model/kind.ts";
import type { AnyResource, Key } from "../../resource/model/resource.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { textOfObject } from "../../resource/objects/object-text.ts";
import { subjectOf } from "../../resource/objects/read-errors.ts";
import type { StoredRecord } from "../seam/stored.ts";
import type { KindHandle } from "./kind-handle.ts";

/** etcd's metadata of a value. */
export type ValueFacts = Pick<KeyValue, "value" | "modRevision" | "createRevision" | "lease">;

/**
 * The record of `kv`; undefined for a key that is no object key of the kind.
 * @throws UNAVAILABLE when a key service or dictionary cannot be reached
 */
export function openRecord(
  handle: KindHandle,
  kv: KeyValue,
  options?: OpenOptions,
): MaybePromise<StoredRecord | undefined> {
  const key = textOfKey(kv.key);
  const at = handle.context.keys.parse(handle.definition, key);
  return at === undefined ? undefined : openValue(handle, key, at, kv, options);
}

/** As `openRecord`, for a key whose coordinates are known. */
export function openValue(
  handle: KindHandle,
  key: string,
  at: Key,
  facts: ValueFacts,
  options?: OpenOptions,
): MaybePromise<StoredRecord> {
  const { definition, codec } = handle;
  const finish = (
    value: PlainValue | undefined,
    corrupt: StoreError<"CORRUPT_OBJECT"> | undefined,
  ): StoredRecord => ({
    kind: definition,
    key,
    namespace: at.namespace,
    name: at.name,
    modRevision: facts.modRevision,
    createRevision: facts.createRevision,
    lease: facts.lease,
    value,
    corrupt,
  });
  const fail = (error: unknown): StoredRecord => {
    if (!isStoreError(error, "CORRUPT_OBJECT")) throw error;
    return finish(undefined, corruptAt(handle, key, at, facts.modRevision, error));
  };
  try {
    const opened = codec.open(key, facts.value, options);
    return opened instanceof Promise
      ? opened.then((value) => finish(value, undefined), fail)
      : finish(opened, undefined);
  } catch (error) {
    return fail(error);
  }
}

/**
 * The object of a record with its resourceVersion, in today's API version: a new copy, owned by the caller.
 * @throws CORRUPT_OBJECT with key and version
 */
export function objectOf(kind: KindDefinition, codec: ValueCodec, record: StoredRecord): AnyResource {
  const stored = read(record, (value) => codec.object(value));
  const { metadata } = stored;
  metadata.resourceVersion = formatResourceVersion(record.modRevision);
  if (metadata.namespace === undefined && record.namespace !== undefined)
    metadata.namespace = record.namespace;
  if (stored.apiVersion === kind.apiVersion) return stored;
  // An upgrade is written for objects of its own kind: its result has the fields of any Resource and more.
  const upgraded = read(record, () => kind.upgrade(stored)) as AnyResource;
  upgraded.metadata.resourceVersion = stored.metadata.resourceVersion;
  return upgraded;
}

/**
 * The head of a record by today's definition: from the metadata segment alone, or from the whole object when its
 * fields were written under another API version or header version.
 * @param part "selected": only for selectors and indexes
 * @throws CORRUPT_OBJECT with key and version
 */
export function headOf(kind: KindDefinition, codec: ValueCodec, record: StoredRecord, part?: HeadPart): Head {
  const head = read(record, (value) => codec.head(value, part));
  const today = isHeadTrusted(head, kind)
    ? head
    : read(record, () => kind.headOf(objectOf(kind, codec, record)));
  return withPlaceOf(record, today);
}

/**
 * The stored head, also for an object on which its kind's functions fail.
 * @throws CORRUPT_OBJECT with key and version
 */
export function storedHeadOf(codec: ValueCodec, record: StoredRecord): Head {
  return withPlaceOf(
    record,
    read(record, (value) => codec.storedHead(value)),
  );
}

/** Other tools may omit the namespace of an object: its key has it. */
function withPlaceOf({ namespace }: StoredRecord, head: Head): Head {
  if (namespace === undefined || head.metadata.namespace !== undefined) return head;
  return { ...head, metadata: { ...head.metadata, namespace } };
}

/** A head as a metadata-only object: apiVersion, kind and metadata with its resourceVersion. */
export function metadataObject(head: Head, modRevision: bigint): AnyResource {
  return {
    apiVersion: head.apiVersion,
    kind: head.kind,
    metadata: { ...head.metadata, resourceVersion: formatResourceVersion(modRevision) },
  };
}

function read<T>(record: StoredRecord, decode: (value: PlainValue) => T): T {
  if (record.value === undefined) throw record.corrupt;
  try {
    return decode(record.value);
  } catch (error) {
    // The kind's own functions fail on a stored object: its readers treat it as an unreadable object.
    if (!isStoreError(error, "CORRUPT_OBJECT", "INVALID_OBJECT")) throw error;
    throw withPlace(error, record);
  }
}

function corruptAt(
  handle: KindHandle,
  key: string,
  at: Key,
  modRevision: bigint,
  cause: StoreError<"CORRUPT_OBJECT">,
): StoreError<"CORRUPT_OBJECT"> {
  return corruptObject(
    handle.definition.resource,
    { ...handle.subject(key, at), resourceVersion: formatResourceVersion(modRevision) },
    cause,
  );
}

function withPlace(
  cause: StoreError<"CORRUPT_OBJECT" | "INVALID_OBJECT">,
  record: StoredRecord,
): StoreError<"CORRUPT_OBJECT"> {
  const { key, namespace, name, kind, modRevision } = record;
  return corruptObject(
    kind.resource,
    { ...subjectOf(kind, { namespace, name }, key), resourceVersion: formatResourceVersion(modRevision) },
    cause,
  );
}

function corruptObject(
  resource: string,
  place: Omit<StoreError<"CORRUPT_OBJECT">["details"], "reason">,
  cause: StoreError<"CORRUPT_OBJECT" | "INVALID_OBJECT">,
): StoreError<"CORRUPT_OBJECT"> {
  const isCorrupt = isStoreError(cause, "CORRUPT_OBJECT");
  const reason = isCorrupt ? cause.details.reason : cause.message;
  const offset = isCorrupt ? cause.details.offset : undefined;
  return new StoreError(
    "CORRUPT_OBJECT",
    `Cannot read ${textOfObject(resource, place)} in version ${place.resourceVersion}: ${reason}`,
    { ...place, reason, ...(offset === undefined ? {} : { offset }) },
    { cause },
  );
}
