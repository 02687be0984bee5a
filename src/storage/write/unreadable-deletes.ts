/**
 * The deliberate deletion of an unreadable object: by its key, without reading its content.
 *
 * The content of such an object is unknown, so its finalizers, grace period and owners are not honoured, and a
 * namespace or controller that waits for it may fail: hence the option's name, which is Kubernetes' own. A readable
 * object is refused, because an ordinary delete removes it. Facts known without reading are used: its version as the
 * write's condition, its count and its bytes in quotas.
 */
import type { CallScope } from "../../base/call.ts";
import { invalidArgument, isStoreError, StoreError } from "../../errors.ts";
import type { KeyValue } from "../../etcd/ports/messages.ts";
import type { AnyResource, Key } from "../../resource/model/resource.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { notFound } from "../../resource/objects/read-errors.ts";
import type { ParsedDeleteOptions } from "../../resource/options/write-options.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { objectOf, openValue } from "../context/records.ts";
import { type Place, placeOf } from "../read/reads.ts";
import { attemptChange } from "./write-attempt.ts";

/**
 * @returns the known facts: its type, its place and the version of its deletion
 * @throws INVALID_ARGUMENT "ignoreStoreReadErrorWithClusterBreakingPotential" for a readable object; NOT_FOUND,
 *   PRECONDITION_FAILED, OUTCOME_UNKNOWN
 */
export async function deleteUnreadable(
  handle: KindHandle,
  at: Key,
  options: ParsedDeleteOptions<AnyResource>,
  scope: CallScope,
): Promise<AnyResource> {
  const place = placeOf(handle, at);
  for (;;) {
    scope.throwIfEnded();
    const { kvs } = await handle.context.etcd.kv.range({ key: place.key }, { signal: scope.signal });
    const [kv] = kvs;
    if (kv === undefined) throw notFound(handle.definition, place.at, place.key);
    await requireUnreadable(handle, place, kv);
    requireVersion(handle, place, kv, options);
    if (options.dryRun) return remains(handle, place, kv.modRevision);
    const { modRevision, lease } = kv;
    const unread = { modRevision, lease, storedBytes: kv.value.byteLength };
    const attempt = await attemptChange(
      handle,
      { place, before: undefined, unread, after: undefined, lease },
      scope,
    );
    // Another writer changed it: it may be readable now.
    if (attempt.outcome === "applied") return remains(handle, place, attempt.revision);
  }
}

async function requireUnreadable(handle: KindHandle, { key, at }: Place, kv: KeyValue): Promise<void> {
  const record = await openValue(handle, key, at, kv);
  try {
    objectOf(handle.definition, handle.codec, record);
  } catch (error) {
    if (isStoreError(error, "CORRUPT_OBJECT")) return;
    throw error;
  }
  throw invalidArgument(
    "ignoreStoreReadErrorWithClusterBreakingPotential",
    `Cannot delete ${handle.text(at)}: it can be read, and this option deletes only what cannot; delete it without`,
  );
}

function requireVersion(
  handle: KindHandle,
  { key, at }: Place,
  { modRevision }: KeyValue,
  { preconditions: { revision } }: ParsedDeleteOptions<AnyResource>,
): void {
  if (revision === undefined || revision === modRevision) return;
  const [expected, actual] = [formatResourceVersion(revision), formatResourceVersion(modRevision)];
  throw new StoreError(
    "PRECONDITION_FAILED",
    `Cannot delete ${handle.text(at)}: its resourceVersion is "${actual}", expected "${expected}"`,
    { ...handle.subject(key, at), field: "resourceVersion", expected, actual },
  );
}

/** Everything that is known of it. */
function remains({ definition }: KindHandle, { at }: Place, revision: bigint): AnyResource {
  const { apiVersion, kind } = definition;
  const metadata = { ...at, resourceVersion: formatResourceVersion(revision) };
  // Its uid and other metadata are in the unreadable value.
  return { apiVersion, kind, metadata: metadata as AnyResource["metadata"] };
}
