/**
 * Every object of some kinds at a revision, as stored in etcd, for counting. Objects that are unreadable here are
 * included; a value is opened on request.
 */
import type { Call } from "../../base/call.ts";
import { textOfKey } from "../../base/text/text-of-key.ts";
import type { MaybePromise } from "../../codec/form/value.ts";
import { invariant, isStoreError } from "../../errors.ts";
import type { KeyValue } from "../../etcd/ports/messages.ts";
import type { RecordedHead } from "../../resource/model/head.ts";
import type { Key } from "../../resource/model/resource.ts";
import type { RecordedAmounts } from "../context/charged-amounts.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { PageSizer, rangePages, wholeWalk } from "../context/range-pages.ts";
import { openValue } from "../context/records.ts";
import type { Census, CensusQuestion, CountedObject } from "../seam/census.ts";
import type { StoredRecord } from "../seam/stored.ts";

/**
 * @param kinds every kind that may have objects: the open ones, and recorded ones that are not defined here
 */
export function storedCensus(kinds: (call: Call) => Promise<readonly KindHandle[]>): Census {
  return {
    async *objectsAt(question, call) {
      yield* objectsAt(await kinds(call), question, call);
    },
  };
}

async function* objectsAt(
  handles: readonly KindHandle[],
  question: CensusQuestion,
  call: Call,
): AsyncGenerator<CountedObject, void, undefined> {
  const { revision, keysOnly } = question;
  const namespace = question.namespace === "" ? undefined : question.namespace;
  for (const handle of handles) {
    const { definition } = handle;
    const { etcd, keys } = handle.context;
    const { resource, scope } = definition;
    if (!question.concerns(resource) || (namespace !== undefined && scope !== "Namespaced")) continue;
    const walk = { ...wholeWalk(keys.range(definition, namespace)), revision, keysOnly };
    // Pages of keys show nothing about the size of values.
    const sizer = keysOnly ? new PageSizer() : handle.sizer;
    for await (const page of rangePages(etcd.kv, sizer, walk, { ...call, lane: "bulk" })) {
      // Read when an object of the page is opened whose value has no recorded amounts.
      let found: Promise<RecordedAmounts> | undefined;
      const beside = (): Promise<RecordedAmounts> => {
        found ??= amountsBeside(handle, page.kvs, revision, call);
        return found;
      };
      for (const kv of page.kvs) {
        const key = textOfKey(kv.key);
        const at = keys.parse(definition, key);
        if (at === undefined) continue;
        const { modRevision, lease } = kv;
        const storedBytes = kv.value.byteLength;
        const recorded = (): MaybePromise<RecordedHead | undefined> =>
          recordedOf(handle, key, at, kv, beside);
        yield { key, namespace: at.namespace, modRevision, resource, storedBytes, lease, recorded };
      }
    }
  }
}

function recordedOf(
  handle: KindHandle,
  key: string,
  at: Key,
  kv: KeyValue,
  beside: () => Promise<RecordedAmounts>,
): MaybePromise<RecordedHead | undefined> {
  const read = (record: StoredRecord): MaybePromise<RecordedHead | undefined> => {
    const { value } = record;
    if (value === undefined) return undefined;
    if (handle.codec.keepsAmounts(value)) return ifReadable(() => handle.codec.recorded(value));
    return beside().then((found) => {
      const charged = found.get(key);
      return ifReadable(() =>
        charged?.modRevision === kv.modRevision
          ? { metadata: handle.codec.storedHead(value).metadata, amounts: charged.amounts }
          : handle.codec.recorded(value),
      );
    });
  };
  const opened = openValue(handle, key, at, kv, { part: "head", plaintext: "accept" });
  return opened instanceof Promise ? opened.then(read) : read(opened);
}

function ifReadable(recorded: () => RecordedHead): RecordedHead | undefined {
  try {
    return recorded();
  } catch (error) {
    if (isStoreError(error, "CORRUPT_OBJECT")) return undefined;
    throw error;
  }
}

function amountsBeside(
  { context }: KindHandle,
  kvs: readonly KeyValue[],
  revision: bigint,
  call: Call,
): Promise<RecordedAmounts> {
  const [first, last] = [kvs[0], kvs.at(-1)];
  invariant(first !== undefined && last !== undefined, "an object of a page is opened");
  return context.charged.between(textOfKey(first.key), textOfKey(last.key), revision, {
    ...call,
    lane: "bulk",
  });
}
