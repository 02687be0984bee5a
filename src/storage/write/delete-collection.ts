/**
 * deleteCollection: deletes every object that a selection matches at one version, a few at a time, each conditional
 * on the state that the walk has just read. An object that vanishes in between is not an error and is not counted. An
 * unreadable object stays, does not prevent the deletion of the others, and is reported at the end.
 */
import type { CallScope } from "../../base/call.ts";
import { eachAtOnce } from "../../base/each-at-once.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { Scoped } from "../../resource/contract/scope.ts";
import type { CollectionDeleteOptions } from "../../resource/contract/write-options.ts";
import type { Head } from "../../resource/model/head.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import { subjectOf } from "../../resource/objects/read-errors.ts";
import { parseListOptions } from "../../resource/options/read-options.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { listObjects, planList } from "../read/lists.ts";
import type { StoredRecord } from "../seam/stored.ts";
import { checkedDeleteOptions, deleteObject } from "./deletes.ts";

/** Objects read at a time. */
const pageItems = 500;
/** Deletes under way at a time: enough to fill etcd's commit, few enough to leave room for others. */
const deletesMax = 16;

/**
 * @throws errors of a delete, except NOT_FOUND; the deletes under way are waited for, the rest is left.
 * CORRUPT_OBJECT for the first unreadable object, once all others are deleted
 */
export async function deleteCollection(
  handle: KindHandle,
  options: Scoped & CollectionDeleteOptions<AnyResource>,
  scope: CallScope,
): Promise<{ readonly deleted: number }> {
  const { namespace, labelSelector, fieldSelector } = options;
  const checked = checkedDeleteOptions(options);
  let unreadable: StoreError | undefined;
  const parse = (continueToken?: string): ReturnType<typeof planList> =>
    planList(
      handle,
      parseListOptions(handle.definition, {
        namespace,
        labelSelector,
        fieldSelector,
        limit: pageItems,
        onCorrupt: (error) => (unreadable ??= error),
        ...(continueToken === undefined ? {} : { continueToken }),
      }),
    );
  const { selection } = parse();
  const validate = selection.isWholeRange
    ? checked.validate
    : (current: AnyResource): void | Promise<void> => {
        if (!selection.matches(liveHead(handle, current))) throw new NoLongerWanted();
        return checked.validate?.(current);
      };
  let deleted = 0;
  const remove = async (record: StoredRecord): Promise<void> => {
    const at = record.namespace === undefined ? { name: record.name } : record;
    try {
      await deleteObject(handle, at, { ...checked, validate }, record, scope);
      deleted++;
    } catch (error) {
      if (isStoreError(error, "CORRUPT_OBJECT")) unreadable ??= error;
      else if (!isStoreError(error, "NOT_FOUND") && !(error instanceof NoLongerWanted)) throw error;
    }
  };
  let continueToken: string | undefined;
  do {
    const page = await nextPage(handle, parse(continueToken), scope);
    continueToken = page.continueToken;
    await eachAtOnce(page.items, deletesMax, remove);
  } while (continueToken !== undefined);
  if (unreadable !== undefined) throw unreadable;
  return { deleted };
}

/** @throws CORRUPT_OBJECT when the kind's own functions fail on the object */
function liveHead(handle: KindHandle, current: AnyResource): Head {
  try {
    return handle.definition.headOf(current);
  } catch (cause) {
    if (!isStoreError(cause, "INVALID_OBJECT")) throw cause;
    const { namespace, name } = current.metadata;
    throw new StoreError(
      "CORRUPT_OBJECT",
      `Cannot read ${handle.text({ namespace, name })}: ${cause.message}`,
      { ...subjectOf(handle.definition, { namespace, name }), reason: cause.message },
      { cause },
    );
  }
}

/** The object has changed since it was listed, and the selector no longer matches it: it stays. */
class NoLongerWanted extends Error {}

/** A page as records; when its version was compacted in between, the walk continues from the latest state. */
async function nextPage(
  handle: KindHandle,
  plan: ReturnType<typeof planList>,
  scope: CallScope,
): Promise<{ readonly items: readonly StoredRecord[]; readonly continueToken?: string | undefined }> {
  try {
    return await listObjects(handle, plan, (record) => record, scope);
  } catch (error) {
    const goOn = isStoreError(error, "EXPIRED") ? error.details.continueToken : undefined;
    if (goOn === undefined) throw error;
    return { items: [], continueToken: goOn };
  }
}
