/**
 * delete: checks preconditions and the caller's validation on the live state, then removes the object, or marks it
 * while finalizers or a grace period hold it. The result of a removal is the last state with the deletion's version.
 */
import type { CallScope } from "../../base/call.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import { invalidArgument } from "../../errors.ts";
import type { DeleteOptions } from "../../resource/contract/write-options.ts";
import { sameContent } from "../../resource/model/plain-data.ts";
import type { AnyResource, Key } from "../../resource/model/resource.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { planDeletion } from "../../resource/objects/deletion.ts";
import { type ParsedDeleteOptions, parseDeleteOptions } from "../../resource/options/write-options.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { placeOf } from "../read/reads.ts";
import type { StoredRecord } from "../seam/stored.ts";
import { checkPreconditions, type Existing, existing } from "./write-checks.ts";
import { type Decision, runWritePlan } from "./write-loop.ts";

/** @throws INVALID_ARGUMENT */
export function checkedDeleteOptions(options: DeleteOptions<AnyResource>): ParsedDeleteOptions<AnyResource> {
  if (options.validate !== undefined && typeof options.validate !== "function") {
    throw invalidArgument("validate", "Cannot delete: validate is not a function");
  }
  return parseDeleteOptions(options);
}

/**
 * @param suggested a state that is probably current, e.g. the cache's, or one that a list has just read
 * @throws NOT_FOUND, PRECONDITION_FAILED, errors of `validate`, CORRUPT_OBJECT, INVALID_ARGUMENT, OUTCOME_UNKNOWN
 */
export async function deleteObject(
  handle: KindHandle,
  at: Key,
  options: ParsedDeleteOptions<AnyResource>,
  suggested: StoredRecord | undefined,
  scope: CallScope,
): Promise<AnyResource> {
  const place = placeOf(handle, at);
  return runWritePlan(
    handle,
    {
      place,
      suggestion: suggested ?? handle.context.recent.latest(place.key),
      dryRun: options.dryRun,
      async decide(record) {
        const state = existing(handle, place, record);
        checkPreconditions(handle, place, options.preconditions, state);
        handle.lifecycle?.deleting(state.current);
        const validating = options.validate?.(state.current);
        if (validating !== undefined) await untilAborted(Promise.resolve(validating), scope.signal);
        return deletionOf(handle, state, options);
      },
    },
    scope,
  );
}

function deletionOf(
  handle: KindHandle,
  { record, current }: Existing,
  { graceOf, propagationPolicy }: ParsedDeleteOptions<AnyResource>,
): Decision {
  const step = planDeletion(current, {
    gracePeriodSeconds: graceOf(current),
    propagationPolicy,
    nowMs: handle.context.clock.nowMs(),
  });
  const held = handle.lifecycle?.marked(current, step);
  if (held !== undefined) {
    held.metadata.resourceVersion = formatResourceVersion(record.modRevision);
    if (sameContent(held, current)) return { type: "unchanged", object: current };
    return { type: "put", object: held, lease: record.lease };
  }
  switch (step.action) {
    case "remove":
      return { type: "remove", object: released(step.object) };
    case "keep":
      return { type: "unchanged", object: current };
    case "mark":
      return { type: "put", object: step.object, lease: record.lease };
  }
}

/** The last state of an object removed now: marked earlier, and nothing holds it any more, so isPending is false. */
function released(object: AnyResource): AnyResource {
  const { metadata } = object;
  if (metadata.deletionTimestamp === undefined) return object;
  const { finalizers: _, ...rest } = metadata;
  return { ...object, metadata: { ...rest, deletionGracePeriodSeconds: 0 } };
}
