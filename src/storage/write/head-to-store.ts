/**
 * The head that is stored with an object: today's, with the amounts it is to be charged for.
 *
 * A step of a deletion keeps the amounts the object was charged, so that a kind that measures more today cannot make a
 * quota hold up what is on its way out. A process that does not know the kind keeps them, too: it cannot measure.
 */
import { StoreError } from "../../errors.ts";
import { type Head, unfamiliarHeaderVersion } from "../../resource/model/head.ts";
import type { AnyResource } from "../../resource/model/resource.ts";
import { subjectOf } from "../../resource/objects/read-errors.ts";
import type { KindSlot } from "../context/kind-slot.ts";
import type { StoredRecord } from "../seam/stored.ts";

/**
 * Whether a write belongs to a deletion: the removal, the mark, or a marked object's finalizers and grace growing fewer while
 * what is wanted of it stays as it is.
 */
export function isDeletionStep(
  slot: KindSlot,
  before: StoredRecord | undefined,
  after: AnyResource | undefined,
): boolean {
  if (after === undefined) return true;
  if (after.metadata.deletionTimestamp === undefined || before === undefined) return false;
  const was = storedMetadata(slot, before);
  if (was === undefined) return false;
  if (was.deletionTimestamp === undefined) return true;
  const [held, holding] = [was.finalizers ?? [], after.metadata.finalizers ?? []];
  return (
    was.generation === after.metadata.generation &&
    (holding.length < held.length ||
      was.deletionGracePeriodSeconds !== after.metadata.deletionGracePeriodSeconds)
  );
}

/** Whether a write goes on with the amounts that the object was charged. */
export function keepsAmounts({ definition }: KindSlot, isDeletion: boolean): boolean {
  return isDeletion || definition.headerVersion === unfamiliarHeaderVersion;
}

/** @param kept amounts to go on with @throws INVALID_OBJECT when the kind's functions throw, yield nonsense, or measure less than nothing */
export function headToStore(
  { definition }: KindSlot,
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

function storedMetadata(slot: KindSlot, { value }: StoredRecord): Head["metadata"] | undefined {
  if (value === undefined) return undefined;
  try {
    return slot.codec.storedHead(value).metadata;
  } catch (error) {
    if (error instanceof StoreError && error.code === "CORRUPT_OBJECT") return undefined;
    throw error;
  }
}
