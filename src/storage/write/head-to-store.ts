/**
 * The head that is stored with an object: today's, with the amounts to charge.
 *
 * A step of a deletion keeps the charged amounts, so that a kind that measures more today cannot make a quota block
 * the deletion. A process that does not know the kind keeps them, too, because it cannot measure.
 */
import { StoreError } from "../../errors.ts";
import { type Head, unfamiliarHeaderVersion } from "../../resource/model/head.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import { subjectOf } from "../../resource/objects/read-errors.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import type { StoredRecord } from "../seam/stored.ts";

/**
 * Whether a write belongs to a deletion: the removal, the mark, or a decrease of a marked object's finalizers and
 * grace without a change of its desired state.
 */
export function isDeletionStep(
  handle: KindHandle,
  before: StoredRecord | undefined,
  after: AnyResource | undefined,
): boolean {
  if (after === undefined) return true;
  if (after.metadata.deletionTimestamp === undefined || before === undefined) return false;
  const was = storedMetadata(handle, before);
  if (was === undefined) return false;
  if (was.deletionTimestamp === undefined) return true;
  const [held, holding] = [was.finalizers ?? [], after.metadata.finalizers ?? []];
  return (
    was.generation === after.metadata.generation &&
    (holding.length < held.length ||
      was.deletionGracePeriodSeconds !== after.metadata.deletionGracePeriodSeconds)
  );
}

/** Whether a write keeps the object's charged amounts. */
export function keepsAmounts({ definition }: KindHandle, isDeletion: boolean): boolean {
  return isDeletion || definition.headerVersion === unfamiliarHeaderVersion;
}

/**
 * @param kept amounts to keep @throws INVALID_OBJECT when the kind's functions throw, return invalid data, or measure
 * negative amounts
 */
export function headToStore(
  { definition }: KindHandle,
  after: AnyResource,
  kept: Head["amounts"] | undefined,
): Head {
  const head = definition.headOf(after);
  if (kept !== undefined) return { ...head, amounts: kept };
  const below = Object.entries(head.amounts).find(([, amount]) => amount.startsWith("-"));
  if (below === undefined) return head;
  const [name, amount] = below;
  const { namespace, name: objectName } = after.metadata;
  const { kind } = definition;
  const field = `measure["${name}"]`;
  throw new StoreError(
    "INVALID_OBJECT",
    `Cannot store ${kind} "${objectName}": ${field}: ${amount} is below zero, expected 0 or more`,
    {
      ...subjectOf(definition, { namespace, name: objectName }),
      errors: [{ field, message: `${amount} is below zero, expected 0 or more` }],
    },
  );
}

function storedMetadata(handle: KindHandle, { value }: StoredRecord): Head["metadata"] | undefined {
  if (value === undefined) return undefined;
  try {
    return handle.codec.storedHead(value).metadata;
  } catch (error) {
    if (error instanceof StoreError && error.code === "CORRUPT_OBJECT") return undefined;
    throw error;
  }
}
