/**
 * create: a draft becomes an object, exactly once. With generateName the store makes up a name, and another one
 * when it is taken.
 */
import type { CallScope } from "../base/call.ts";
import { invariant, StoreError } from "../errors.ts";
import type { CreateOptions } from "../resource/contract.ts";
import type { AnyResource, Draft, Key } from "../resource/resource.ts";
import { randomUuid } from "../base/random.ts";
import { limits } from "../resource/limits.ts";
import { generateName } from "../resource/names.ts";
import { formatResourceVersion } from "../resource/revision.ts";
import type { KindSlot } from "./kind-slot.ts";
import { checkedDraft, newObject } from "./object-rules.ts";
import { type Place, placeOf, readLive } from "./reads.ts";
import type { StorageContext } from "./storage-context.ts";
import type { StoredRecord } from "./stored.ts";
import { attemptChange, callOf, rehearseChange } from "./write-attempt.ts";
import { checkTtl, inVersion, leaseFor, validated } from "./write-checks.ts";

/** @throws ALREADY_EXISTS, INVALID_OBJECT, INVALID_ARGUMENT, NAMESPACE_NOT_FOUND, what guards refuse, OUTCOME_UNKNOWN */
export async function createObject(
  context: StorageContext,
  slot: KindSlot,
  draft: Draft<AnyResource>,
  options: CreateOptions,
  scope: CallScope,
): Promise<AnyResource> {
  checkTtl(options.ttlSeconds);
  const checked = checkedDraft(slot.definition, draft, "create");
  for (let tries = 1; ; tries++) {
    const planned = planCreate(context, slot, checked);
    try {
      return await createAt(context, slot, planned, options, scope);
    } catch (error) {
      const taken = error instanceof StoreError && error.code === "ALREADY_EXISTS";
      if (!taken || !planned.generated || tries >= limits.generateNameTriesMax) throw error;
    }
  }
}

export interface PlannedCreate {
  readonly place: Place;
  readonly object: AnyResource;
  /** The name was made up: another one may be tried. */
  readonly generated: boolean;
}

/** A checked draft with name, uid and time. @throws INVALID_OBJECT */
export function planCreate(context: StorageContext, slot: KindSlot, draft: AnyResource): PlannedCreate {
  const { name, generateName: base, namespace } = draft.metadata;
  const generated = name === undefined && base !== undefined;
  const at = { namespace, name: generated ? generateName(base, context.random) : name };
  let place: Place;
  try {
    place = placeOf(context, slot, at);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const { group, kind, resource } = slot.definition;
    throw new StoreError(
      "INVALID_OBJECT",
      `Cannot create ${resource}: ${error.message}`,
      { group, kind, errors: [{ field: "metadata", message: error.message }] },
      { cause: error },
    );
  }
  const object = assembledObject(context, slot, draft, { at: place.at });
  validated(slot, place, object, undefined);
  return { place, object, generated };
}

export interface CreateFacts {
  readonly at: Key;
}

/** The object a checked draft becomes, with what the store gives it. */
export function assembledObject(
  context: StorageContext,
  slot: KindSlot,
  draft: AnyResource,
  { at }: CreateFacts,
): AnyResource {
  const object = newObject(draft, {
    at,
    uid: randomUuid(context.random),
    nowMs: context.clock.nowMs(),
  });
  return slot.lifecycle === undefined ? object : slot.lifecycle.created(object);
}

/** ALREADY_EXISTS, with the version of what is there. */
export function alreadyExists(
  slot: KindSlot,
  { key, at }: Place,
  record: StoredRecord,
): StoreError<"ALREADY_EXISTS"> {
  return new StoreError(
    "ALREADY_EXISTS",
    `Cannot create ${slot.definition.resource} "${key}": it exists in version ${record.modRevision}`,
    { ...slot.subject(key, at), resourceVersion: formatResourceVersion(record.modRevision) },
  );
}

async function createAt(
  context: StorageContext,
  slot: KindSlot,
  { place, object }: PlannedCreate,
  options: CreateOptions,
  scope: CallScope,
): Promise<AnyResource> {
  if (options.dryRun === true) {
    const { record } = await readLive(context, slot, place, scope);
    if (record !== undefined) throw alreadyExists(slot, place, record);
    await rehearseChange(context, slot, { place, before: undefined, after: object, lease: 0n }, scope);
    return object;
  }
  const lease = await leaseFor(context, slot, options.ttlSeconds, undefined, callOf(scope));
  const change = { place, before: undefined, after: object, lease };
  const attempt = await attemptChange(context, slot, change, scope);
  if (attempt.outcome === "applied") return inVersion(object, attempt.revision);
  const { record } = attempt.state;
  invariant(record !== undefined, "a create is refused only by what is there");
  throw alreadyExists(slot, place, record);
}
