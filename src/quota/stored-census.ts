/** The census over a store's stored records: heads only, in pages, from the one range all kinds share. */
import type { Call } from "../base/call.ts";
import type { PlainValue, ValueCodec } from "../codec/value.ts";
import { isStoreError } from "../errors.ts";
import type { Head } from "../resource/head.ts";
import type { KeyRange } from "../resource/key-range.ts";
import type { KeySpace } from "../resource/keys.ts";
import type { StoredRecord, StoredSource } from "../storage/seam/stored.ts";
import type { Census, CountedObject } from "./census.ts";

/** Records in one read. */
const pageItems = 1_000;

export function storedCensus(source: () => StoredSource, keys: KeySpace): Census {
  return {
    async *objectsAt(namespace, revision, call) {
      const stored = source();
      if (namespace === "") return yield* objectsIn(stored, undefined, revision, call);
      for (const kind of stored.kinds()) {
        if (kind.scope !== "Namespaced") continue;
        yield* objectsIn(stored, keys.range(kind, namespace), revision, call);
      }
    },
  };
}

/** @param range undefined: all of the source */
async function* objectsIn(
  source: StoredSource,
  range: KeyRange | undefined,
  revision: bigint,
  call: Call,
): AsyncGenerator<CountedObject> {
  // No key equals a range's first one, so "after" it is all of it.
  let after = range?.key;
  do {
    const page = await source.page({ after, limit: pageItems, revision }, call);
    for (const record of page.records) {
      if (range !== undefined && !range.includes(record.key)) return;
      const counted = countedObject(source, record);
      if (counted !== undefined) yield counted;
    }
    after = page.after;
  } while (after !== undefined);
}

/** What cannot be read cannot be counted; it was charged when it was written, and the check will say so. */
function countedObject(source: StoredSource, record: StoredRecord): CountedObject | undefined {
  const { kind, key, modRevision, lease, value } = record;
  if (value === undefined) return undefined;
  const head = readableHead(source.codecOf(kind), value);
  return head === undefined
    ? undefined
    : { key, modRevision, lease, resource: kind.resource, head, storedBytes: value.storedBytes };
}

/** Where the kind's own functions fail on an object, what is on record of it; undefined: it cannot be read at all. */
function readableHead(codec: ValueCodec, value: PlainValue): Head | undefined {
  for (const read of [() => codec.head(value), () => codec.storedHead(value)]) {
    try {
      return read();
    } catch (error) {
      if (!isStoreError(error, "CORRUPT_OBJECT")) throw error;
    }
  }
  return undefined;
}
