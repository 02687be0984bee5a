/**
 * Storage of codec dictionaries: one immutable key each under the bookkeeping root, so that every process over the
 * prefix and every backup has the dictionaries of its values.
 *
 *   /keelson<prefix>/dictionaries/<resource>/<name>
 */
import { textOfKey } from "../../base/text/text-of-key.ts";
import type { DictionaryStore } from "../../codec/msgpack/kind-dictionaries.ts";
import { isStoreError } from "../../errors.ts";
import type { Kv } from "../../etcd/ports/kv.ts";
import type { KeySpace } from "../../resource/model/keys.ts";

const folder = "dictionaries";

export function dictionaryKey(keys: KeySpace, resource: string, name: string): string {
  return keys.bookkeeping(folder, resource, name);
}

export function createDictionaryStore(kv: Pick<Kv, "range" | "txn">, keys: KeySpace): DictionaryStore {
  return {
    async fetch(resource, name) {
      const { kvs } = await kv.range({ key: dictionaryKey(keys, resource, name) });
      return kvs[0]?.value;
    },
    async newest(resource) {
      const range = keys.bookkeepingRange(folder, resource);
      const { kvs } = await kv.range({
        key: range.key,
        rangeEnd: range.rangeEnd,
        limit: 1,
        sortTarget: "create",
        sortOrder: "descend",
      });
      const [found] = kvs;
      if (found === undefined) return undefined;
      return { name: textOfKey(found.key).slice(range.prefix.length), bytes: found.value };
    },
    async publish(resource, name, bytes) {
      const key = dictionaryKey(keys, resource, name);
      try {
        await kv.txn({
          compare: [{ key, target: "create", result: "=", operand: 0n }],
          success: [{ type: "put", put: { key, value: bytes } }],
          failure: [],
        });
      } catch (error) {
        // The name is a hash of the bytes: every creator writes the same entry.
        if (!isStoreError(error, "OUTCOME_UNKNOWN")) throw error;
        const { kvs } = await kv.range({ key });
        if (kvs.length === 0) throw error;
      }
    },
  };
}
