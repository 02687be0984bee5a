/**
 * The deliberate deletion of an object that cannot be read: by its key, without ever looking inside.
 *
 * What such an object holds is unknown, so no finalizer, grace period or owner of it is honoured, and the namespace
 * or controller that waits for it may go wrong: hence the option's name, which is Kubernetes' own. An object that can be read is refused: it is
 * deleted as any other. What is known without reading rides along: its version as the write's condition, its count and its
 * bytes in quotas.
 */
import type { CallScope } from "../../base/call.ts";
import { invalidArgument, isStoreError, StoreError } from "../../errors.ts";
import type { KeyValue } from "../../etcd/ports/messages.ts";
import type { AnyResource, Key } from "../../resource/model/resource.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { notFound } from "../../resource/objects/read-errors.ts";
import type { ParsedDeleteOptions } from "../../resource/options/write-options.ts";
import type { KindSlot } from "../context/kind-slot.ts";
import { objectOf, openValue } from "../context/records.ts";
import { type Place, placeOf } from "../read/reads.ts";
import { attemptChange } from "./write-attempt.ts";

/**
 * @returns what is known of it: its type, its place and the version of its deletion
 * @throws INVALID_ARGUMENT "ignoreStoreReadErrorWithClusterBreakingPotential" for one that can be read; NOT_FOUND,
 *   PRECONDITION_FAILED, OUTCOME_UNKNOWN
 */
export async function deleteUnreadable(
  slot: KindSlot,
  at: Key,
  options: ParsedDeleteOptions<AnyResource>,
  scope: CallScope,
): Promise<AnyResource> {
  const place = placeOf(slot, at);
  for (;;) {
    scope.throwIfEnded();
    const { kvs } = await slot.context.etcd.kv.range({ key: place.key }, { signal: scope.signal });
    const [kv] = kvs;
    if (kv === undefined) throw notFound(slot.definition, place.at, place.key);
    await requireUnreadable(slot, place, kv);
    requireVersion(slot, place, kv, options);
    if (options.dryRun) return remains(slot, place, kv.modRevision);
    const { modRevision, lease } = kv;
    const unread = { modRevision, lease, storedBytes: kv.value.byteLength };
    const attempt = await attemptChange(
      slot,
      { place, before: undefined, unread, after: undefined, lease },
      scope,
    );
    // Somebody wrote it: perhaps it can be read now.
    if (attempt.outcome === "applied") return remains(slot, place, attempt.revision);
  }
}

async function requireUnreadable(slot: KindSlot, { key, at }: Place, kv: KeyValue): Promise<void> {
  const record = await openValue(slot, key, at, kv);
  try {
    objectOf(slot.definition, slot.codec, record);
  } catch (error) {
    if (isStoreError(error, "CORRUPT_OBJECT")) return;
    throw error;
  }
  throw invalidArgument(
    "ignoreStoreReadErrorWithClusterBreakingPotential",
    `Cannot delete ${slot.text(at)}: it can be read, and this option deletes only what cannot; delete it without`,
  );
}

function requireVersion(
  slot: KindSlot,
  { key, at }: Place,
  { modRevision }: KeyValue,
  { preconditions: { revision } }: ParsedDeleteOptions<AnyResource>,
): void {
  if (revision === undefined || revision === modRevision) return;
  const [expected, actual] = [formatResourceVersion(revision), formatResourceVersion(modRevision)];
  throw new StoreError(
    "PRECONDITION_FAILED",
    `Cannot delete ${slot.text(at)}: its resourceVersion is "${actual}", expected "${expected}"`,
    { ...slot.subject(key, at), field: "resourceVersion", expected, actual },
  );
}

/** All that can be said of it. */
function remains({ definition }: KindSlot, { at }: Place, revision: bigint): AnyResource {
  const { apiVersion, kind } = definition;
  const metadata = { ...at, resourceVersion: formatResourceVersion(revision) };
  // Its uid and the rest are in what cannot be read.
  return { apiVersion, kind, metadata: metadata as AnyResource["metadata"] };
}
