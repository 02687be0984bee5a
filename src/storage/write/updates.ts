/**
 * update and guaranteedUpdate: change an object conditional on its current state.
 *
 * update takes the whole object and, by its resourceVersion, the state that it was derived from; it never overwrites
 * another state. guaranteedUpdate takes a function and runs it until its result is stored over the very state that it
 * was derived from. Within this process the writers of one key take turns, in order of arrival, and each starts from
 * the result of the previous one: one try each while no other process writes the key.
 */
import type { CallScope } from "../../base/call.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import { invalidArgument } from "../../errors.ts";
import type { WriteOptions } from "../../resource/contract/write-options.ts";
import { copyPlainData, sameContent } from "../../resource/model/plain-data.ts";
import type { AnyResource, Draft, Key } from "../../resource/model/resource.ts";
import { formatResourceVersion, parseResourceVersion } from "../../resource/model/revision.ts";
import { isFinished } from "../../resource/objects/deletion.ts";
import { objectForUpdate } from "../../resource/objects/metadata.ts";
import {
  invalidObject,
  validateDraft,
  validateForStorage,
  validateReplacement,
} from "../../resource/objects/validate-object.ts";
import { type ParsedWriteOptions, parseWriteOptions } from "../../resource/options/write-options.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { type Place, placeOf } from "../read/reads.ts";
import type { StoredRecord } from "../seam/stored.ts";
import { objectFromDraft } from "./creates.ts";
import {
  checkPreconditions,
  checkState,
  type Existing,
  existing,
  leaseFor,
  placeOfObject,
  requireAbsent,
} from "./write-checks.ts";
import { type Decision, runWritePlan } from "./write-loop.ts";

export type Mutate = (
  current: AnyResource,
  attempt: { readonly number: number; readonly signal: AbortSignal },
) => Draft<AnyResource> | Promise<Draft<AnyResource>>;

export interface GuaranteedUpdateOptions extends WriteOptions {
  readonly createIfMissing?: (() => Draft<AnyResource>) | undefined;
}

/**
 * @throws NOT_FOUND, CONFLICT, PRECONDITION_FAILED, INVALID_OBJECT, INVALID_ARGUMENT, refusals of guards,
 * OUTCOME_UNKNOWN
 */
export async function updateObject(
  handle: KindHandle,
  given: AnyResource,
  writeOptions: WriteOptions,
  suggested: StoredRecord | undefined,
  scope: CallScope,
): Promise<AnyResource> {
  const options = parseWriteOptions(handle.definition, writeOptions);
  const object = validateReplacement(handle.definition, given);
  // Copied: changes that the caller makes to its object during the call have no effect here.
  const wanted = copyPlainData(object);
  const { namespace, name, uid, resourceVersion } = wanted.metadata;
  const place = placeOfObject(handle, { namespace, name });
  return runWritePlan(
    handle,
    {
      place,
      suggestion: suggestionFor(handle, place, suggested, resourceVersion),
      dryRun: options.dryRun,
      decide(record) {
        const state = existing(handle, place, record);
        checkPreconditions(handle, place, options.preconditions, state);
        checkState(handle, place, state.current, { uid, resourceVersion });
        return changeTo(handle, state, wanted, options, scope);
      },
    },
    scope,
  );
}

/** @throws as `updateObject`, and errors of `mutate` about the live state */
export async function guaranteedUpdateObject(
  handle: KindHandle,
  at: Key,
  mutate: Mutate,
  given: GuaranteedUpdateOptions,
  suggested: StoredRecord | undefined,
  scope: CallScope,
): Promise<AnyResource> {
  const place = placeOf(handle, at);
  const options = parseWriteOptions(handle.definition, given);
  const { createIfMissing } = given;
  if (typeof mutate !== "function") {
    throw invalidArgument("mutate", `Cannot update ${handle.text(at)}: mutate is not a function`);
  }
  if (createIfMissing !== undefined && typeof createIfMissing !== "function") {
    throw invalidArgument(
      "createIfMissing",
      `Cannot update ${handle.text(at)}: createIfMissing is not a function`,
    );
  }
  using _turn = await handle.context.hotKeys.acquire(place.key, scope.signal);
  // Awaited here, because the turn is passed on when this function returns.
  return await runWritePlan(
    handle,
    {
      place,
      suggestion: suggestionFor(handle, place, suggested),
      dryRun: options.dryRun,
      async decide(record, number) {
        if (record === undefined && createIfMissing !== undefined) {
          requireAbsent(handle, place, options.preconditions);
          return creation(handle, place, createIfMissing(), options, scope);
        }
        const state = existing(handle, place, record);
        checkPreconditions(handle, place, options.preconditions, state);
        // A separate copy: mutate may change it in place, and the comparison needs the original state.
        const made = Promise.resolve(mutate(copyPlainData(state.current), new Attempt(number, scope.signal)));
        const wanted = validateReplacement(handle.definition, await untilAborted(made, scope.signal));
        checkIdentity(handle, place, wanted);
        checkState(handle, place, state.current, wanted.metadata);
        return changeTo(handle, state, wanted, options, scope);
      },
    },
    scope,
  );
}

/** The context that mutate receives. A call without a signal gets one on request: few read it. */
class Attempt {
  readonly number: number;
  #signal: AbortSignal | undefined;

  constructor(number: number, signal: AbortSignal | undefined) {
    this.number = number;
    this.#signal = signal;
  }

  get signal(): AbortSignal {
    this.#signal ??= new AbortController().signal;
    return this.#signal;
  }
}

/** The effect of storing `wanted` over a state. */
async function changeTo(
  handle: KindHandle,
  { record, current }: Existing,
  wanted: Draft<AnyResource>,
  options: ParsedWriteOptions,
  scope: CallScope,
): Promise<Decision> {
  const next = objectForUpdate(handle.definition, current, wanted, options.subresource) as AnyResource;
  next.metadata.resourceVersion = formatResourceVersion(record.modRevision);
  validateForStorage(handle.definition, next, current);
  // The last finalizer of an object marked for deletion is gone, so the object is removed.
  if (isFinished(next) && handle.lifecycle?.isHeld(next) !== true) return { type: "remove", object: next };
  const renews = options.ttlSeconds !== undefined;
  if (!renews && isSettled(handle, record) && sameContent(next, current)) {
    return { type: "unchanged", object: current };
  }
  const lease = await plannedLease(handle, options, record, scope);
  return { type: "put", object: next, lease };
}

/** In today's form, or in one that an update keeps: writing the same content again would change nothing. */
function isSettled({ codec }: KindHandle, { value }: StoredRecord): boolean {
  return value !== undefined && (!value.stale || codec.keepsForm(value));
}

async function creation(
  handle: KindHandle,
  place: Place,
  made: Draft<AnyResource>,
  options: ParsedWriteOptions,
  scope: CallScope,
): Promise<Decision> {
  const draft = validateDraft(handle.definition, made);
  checkIdentity(handle, place, draft);
  const object = objectFromDraft(handle, {
    ...draft,
    metadata: { ...draft.metadata, ...place.at },
  });
  const lease = await plannedLease(handle, options, undefined, scope);
  return { type: "put", object, lease };
}

/** A dry run takes no lease. */
function plannedLease(
  handle: KindHandle,
  { dryRun, ttlSeconds }: ParsedWriteOptions,
  record: StoredRecord | undefined,
  scope: CallScope,
): bigint | Promise<bigint> {
  return dryRun ? (record?.lease ?? 0n) : leaseFor(handle, ttlSeconds, record, scope.rest());
}

/** The result of mutate or createIfMissing must be the requested object. @throws INVALID_OBJECT */
function checkIdentity(handle: KindHandle, { key, at }: Place, draft: Draft<AnyResource>): void {
  for (const field of ["name", "namespace"] as const) {
    const given = draft.metadata[field];
    if (given === undefined || given === at[field]) continue;
    throw invalidObject(`update ${handle.text(at)}`, handle.subject(key, at), [
      { field: `metadata.${field}`, message: `it is "${given}", expected that of the object asked for` },
    ]);
  }
}

/** The newest state known without a read; exactly of `version`, where one is given. */
function suggestionFor(
  handle: KindHandle,
  { key }: Place,
  suggested: StoredRecord | undefined,
  version?: string,
): StoredRecord | undefined {
  const recent = handle.context.recent.latest(key);
  if (version !== undefined) {
    const revision = parseResourceVersion(version, "metadata.resourceVersion");
    return [recent, suggested].find((record) => record?.modRevision === revision);
  }
  if (recent === undefined || suggested === undefined) return recent ?? suggested;
  return recent.modRevision >= suggested.modRevision ? recent : suggested;
}
