/**
 * delete: preconditions and the caller's validation on the live state, then the object is removed, or marked while
 * finalizers or a grace period hold it.
 *
 *   finalizers left, or grace above 0 ─► marked: deletionTimestamp, finalizers of the policy
 *   none                              ─► removed; the result carries the deletion's version
 */
import type { CallScope } from "../base/call.ts";
import { invalidArgument } from "../errors.ts";
import type { DeleteOptions } from "../resource/contract.ts";
import { limits } from "../resource/limits.ts";
import { sameContent } from "../resource/plain-data.ts";
import type { AnyResource, Key } from "../resource/resource.ts";
import type { KindSlot } from "./kind-slot.ts";
import { finalizersFor, isPending, markedForDeletion } from "./object-rules.ts";
import { placeOf } from "./reads.ts";
import type { StorageContext } from "./storage-context.ts";
import type { StoredRecord } from "./stored.ts";
import { checkPreconditions, existing, meetPreconditions } from "./write-checks.ts";
import { type Decision, runWritePlan } from "./write-loop.ts";

export interface DeleteObjectOptions extends DeleteOptions<AnyResource> {
  /** A state that is probably current, e.g. the cache's, or what a list has just read. */
  readonly suggestion?: StoredRecord | undefined;
}

const policies: readonly unknown[] = [undefined, "Background", "Foreground", "Orphan"];

/** @throws NOT_FOUND, PRECONDITION_FAILED, what `validate` throws, CORRUPT_OBJECT, INVALID_ARGUMENT, OUTCOME_UNKNOWN */
export async function deleteObject(
  context: StorageContext,
  slot: KindSlot,
  at: Key,
  options: DeleteObjectOptions,
  scope: CallScope,
): Promise<AnyResource> {
  const place = placeOf(context, slot, at);
  checkDeleteOptions(slot, options);
  const suggestion = options.suggestion ?? context.recent.latest(place.key);
  return runWritePlan(
    context,
    slot,
    {
      place,
      suggestion,
      dryRun: options.dryRun === true,
      decide(record): Decision {
        const current = existing(slot, place, record);
        meetPreconditions(slot, place, options.preconditions, current);
        slot.lifecycle?.deleting(current);
        options.validate?.(current);
        return deletionOf(context, slot, record, current, options);
      },
    },
    scope,
  );
}

/** @throws INVALID_ARGUMENT */
export function checkDeleteOptions(slot: KindSlot, options: DeleteOptions<AnyResource>): void {
  checkPreconditions(options.preconditions);
  const { gracePeriodSeconds, propagationPolicy, validate } = options;
  if (typeof gracePeriodSeconds !== "function") checkGrace(slot, gracePeriodSeconds ?? 0);
  if (!policies.includes(propagationPolicy)) {
    throw invalidArgument(
      "propagationPolicy",
      `Cannot delete ${slot.definition.resource}: propagationPolicy is none of Background, Foreground and Orphan`,
    );
  }
  if (validate !== undefined && typeof validate !== "function") {
    throw invalidArgument(
      "validate",
      `Cannot delete ${slot.definition.resource}: validate is no function`,
    );
  }
}

function deletionOf(
  context: StorageContext,
  slot: KindSlot,
  record: StoredRecord | undefined,
  current: AnyResource,
  { gracePeriodSeconds = 0, propagationPolicy }: DeleteOptions<AnyResource>,
): Decision {
  const grace =
    typeof gracePeriodSeconds === "function"
      ? checkGrace(slot, gracePeriodSeconds(current))
      : gracePeriodSeconds;
  const marked = markedForDeletion(current, {
    nowMs: context.clock.nowMs(),
    gracePeriodSeconds: grace,
    finalizers: finalizersFor(current.metadata.finalizers ?? [], propagationPolicy),
  });
  const next = slot.lifecycle === undefined ? marked : slot.lifecycle.marked(marked);
  if (!isPending(next) && slot.lifecycle?.isHeld(next) !== true) return { type: "remove", object: current };
  if (sameContent(next, current)) return { type: "unchanged", object: current };
  return { type: "put", object: next, lease: record?.lease ?? 0n };
}

function checkGrace(slot: KindSlot, seconds: number): number {
  if (Number.isSafeInteger(seconds) && seconds >= 0 && seconds <= limits.gracePeriodSecondsMax) {
    return seconds;
  }
  throw invalidArgument(
    "gracePeriodSeconds",
    `Cannot delete ${slot.definition.resource}: gracePeriodSeconds is ${seconds}, expected whole seconds from 0 to ${limits.gracePeriodSecondsMax}`,
  );
}
