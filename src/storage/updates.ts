/**
 * update and guaranteedUpdate: an object changed over its current state.
 *
 * update is given the whole object and, by its resourceVersion, the state it was made from; it never overwrites
 * another one. guaranteedUpdate is given a function and runs it until what it makes is stored over the very state it
 * was made from. Within this process the writers of one key take turns, in the order of asking, and each starts from
 * what its predecessor wrote: one try for each while no other process writes the key.
 */
import type { CallScope } from "../base/call.ts";
import { untilAborted } from "../base/until-aborted.ts";
import { invalidArgument, StoreError } from "../errors.ts";
import type { WriteOptions } from "../resource/contract.ts";
import { copyPlainData, sameContent } from "../resource/plain-data.ts";
import type { AnyResource, Draft, Key, Resource } from "../resource/resource.ts";
import { isResourceVersion } from "../resource/revision.ts";
import { assembledObject, type CreateFacts } from "./creates.ts";
import type { KindSlot } from "./kind-slot.ts";
import { changedObject, checkedDraft, isPending } from "./object-rules.ts";
import { type Place, placeOf } from "./reads.ts";
import type { StorageContext } from "./storage-context.ts";
import type { StoredRecord } from "./stored.ts";
import { callOf } from "./write-attempt.ts";
import {
  checkPreconditions,
  checkTtl,
  conflict,
  existing,
  leaseFor,
  meetPreconditions,
  validated,
} from "./write-checks.ts";
import { type Decision, runWritePlan } from "./write-loop.ts";

export type Mutate = (
  current: AnyResource,
  attempt: { readonly number: number; readonly signal: AbortSignal },
) => Draft<AnyResource> | Promise<Draft<AnyResource>>;

export interface GuaranteedUpdateOptions extends WriteOptions {
  readonly createIfMissing?: (() => Draft<AnyResource>) | undefined;
  /** A state that is probably current, e.g. the cache's. */
  readonly suggestion?: StoredRecord | undefined;
}

/** @throws NOT_FOUND, CONFLICT, PRECONDITION_FAILED, INVALID_OBJECT, INVALID_ARGUMENT, what guards refuse, OUTCOME_UNKNOWN */
export async function updateObject(
  context: StorageContext,
  slot: KindSlot,
  object: Resource,
  options: WriteOptions,
  scope: CallScope,
): Promise<AnyResource> {
  checkWriteOptions(slot, options);
  const wanted = checkedDraft(slot.definition, object as AnyResource, "update");
  const place = objectPlace(context, slot, wanted);
  const expected = expectedVersion(slot, place, wanted);
  const suggestion =
    expected === undefined
      ? context.recent.latest(place.key)
      : context.recent.at(place.key, BigInt(expected));
  return runWritePlan(
    context,
    slot,
    {
      place,
      suggestion,
      dryRun: options.dryRun === true,
      async decide(record) {
        const current = existing(slot, place, record);
        meetPreconditions(slot, place, options.preconditions, current);
        return changeDecision(context, slot, place, { record, current, wanted }, options, scope);
      },
    },
    scope,
  );
}

/** @throws as `updateObject`, and what `mutate` throws about the live state */
export async function guaranteedUpdateObject(
  context: StorageContext,
  slot: KindSlot,
  at: Key,
  mutate: Mutate,
  options: GuaranteedUpdateOptions,
  scope: CallScope,
): Promise<AnyResource> {
  const place = placeOf(context, slot, at);
  checkWriteOptions(slot, options);
  if (typeof mutate !== "function") {
    throw invalidArgument("mutate", `Cannot update "${place.key}": mutate is no function`);
  }
  using _turn = await context.hotKeys.acquire(place.key, scope.signal);
  const signal = scope.signal ?? new AbortController().signal;
  const facts: CreateFacts = { at: place.at };
  return runWritePlan(
    context,
    slot,
    {
      place,
      suggestion: newest(context.recent.latest(place.key), options.suggestion),
      dryRun: options.dryRun === true,
      async decide(record, number) {
        if (record === undefined && options.createIfMissing !== undefined) {
          const draft = checkedDraft(slot.definition, options.createIfMissing(), "create");
          checkIdentity(slot, place, draft);
          meetAbsent(slot, place, options);
          const created = assembledObject(context, slot, draft, facts);
          validated(slot, place, created, undefined);
          const lease = await leaseFor(context, slot, options.ttlSeconds, undefined, callOf(scope));
          return { type: "put", object: created, lease };
        }
        const current = existing(slot, place, record);
        meetPreconditions(slot, place, options.preconditions, current);
        // An own copy: mutate may change it in place, and the comparison needs the state as it was.
        const made = Promise.resolve(mutate(copyPlainData(current), { number, signal }));
        const wanted = checkedDraft(slot.definition, await untilAborted(made, scope.signal), "update");
        checkIdentity(slot, place, wanted);
        return changeDecision(context, slot, place, { record, current, wanted }, options, scope);
      },
    },
    scope,
  );
}

/** What storing `wanted` over `current` comes to. */
async function changeDecision(
  context: StorageContext,
  slot: KindSlot,
  place: Place,
  state: {
    readonly record: StoredRecord | undefined;
    readonly current: AnyResource;
    readonly wanted: AnyResource;
  },
  options: WriteOptions,
  scope: CallScope,
): Promise<Decision> {
  const { record, current, wanted } = state;
  const { uid, resourceVersion } = wanted.metadata;
  if (uid !== undefined && uid !== current.metadata.uid) {
    throw conflict(slot, place, { field: "uid", expected: uid, actual: current.metadata.uid });
  }
  if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion) {
    const actual = current.metadata.resourceVersion;
    throw conflict(slot, place, { field: "resourceVersion", expected: resourceVersion, actual });
  }
  const next = changedObject(slot.definition, current, wanted, options.subresource);
  validated(slot, place, next, current);
  // The last finalizer of an object marked for deletion is gone: so is the object.
  const deleting = next.metadata.deletionTimestamp !== undefined;
  if (deleting && !isPending(next) && slot.lifecycle?.isHeld(next) !== true) {
    return { type: "remove", object: next };
  }
  const renews = options.ttlSeconds !== undefined;
  if (!renews && record?.value?.stale === false && sameContent(next, current)) {
    return { type: "unchanged", object: current };
  }
  return {
    type: "put",
    object: next,
    lease: await leaseFor(context, slot, options.ttlSeconds, record, callOf(scope)),
  };
}

function checkWriteOptions(slot: KindSlot, options: WriteOptions): void {
  checkPreconditions(options.preconditions);
  checkTtl(options.ttlSeconds);
  const { subresource } = options;
  if (subresource === undefined || subresource === "all") return;
  if (subresource !== "status") {
    throw invalidArgument(
      "subresource",
      `Cannot write ${slot.definition.resource}: subresource is neither "status" nor "all"`,
    );
  }
  if (!slot.definition.status) {
    throw invalidArgument(
      "subresource",
      `Cannot write ${slot.definition.resource}: the kind has no status subresource`,
    );
  }
}

/** Where an object says it is. @throws INVALID_OBJECT */
function objectPlace(context: StorageContext, slot: KindSlot, object: AnyResource): Place {
  const { namespace, name } = object.metadata;
  try {
    return placeOf(context, slot, { namespace, name });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw invalidObject(slot, "metadata", error.message, error);
  }
}

/** @throws INVALID_OBJECT for a resourceVersion that is none */
function expectedVersion(slot: KindSlot, { at }: Place, object: AnyResource): string | undefined {
  const { resourceVersion } = object.metadata;
  if (resourceVersion === undefined || isResourceVersion(resourceVersion)) return resourceVersion;
  throw invalidObject(slot, "metadata.resourceVersion", `"${at.name}" has one that is no version`);
}

/** What mutate or createIfMissing made must be the object asked for. @throws INVALID_OBJECT */
function checkIdentity(slot: KindSlot, { at }: Place, draft: AnyResource): void {
  for (const field of ["name", "namespace"] as const) {
    const given = draft.metadata[field];
    if (given === undefined || given === at[field]) continue;
    throw invalidObject(slot, `metadata.${field}`, `"${given}" where "${at[field] ?? ""}" was asked for`);
  }
}

/** Preconditions name an object that is there. @throws PRECONDITION_FAILED */
function meetAbsent(slot: KindSlot, { key, at }: Place, { preconditions }: WriteOptions): void {
  for (const field of ["uid", "resourceVersion"] as const) {
    const expected = preconditions?.[field];
    if (expected === undefined) continue;
    throw new StoreError(
      "PRECONDITION_FAILED",
      `Cannot create ${slot.definition.resource} "${key}": the precondition wants ${field} "${expected}", and there is no such object`,
      { ...slot.subject(key, at), field, expected },
    );
  }
}

function invalidObject(
  slot: KindSlot,
  field: string,
  message: string,
  cause?: unknown,
): StoreError<"INVALID_OBJECT"> {
  const { group, kind, resource } = slot.definition;
  return new StoreError(
    "INVALID_OBJECT",
    `Cannot store ${resource}: ${field}: ${message}`,
    { group, kind, errors: [{ field, message }] },
    { cause },
  );
}

function newest(a: StoredRecord | undefined, b: StoredRecord | undefined): StoredRecord | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.modRevision >= b.modRevision ? a : b;
}
