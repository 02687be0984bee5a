/**
 * create: a draft becomes an object, exactly once. With generateName the store generates a name, and another one when
 * it is taken.
 */
import type { CallScope } from "../../base/call.ts";
import { invariant, isStoreError, StoreError } from "../../errors.ts";
import type { CreateOptions } from "../../resource/contract/write-options.ts";
import { limits } from "../../resource/model/limits.ts";
import { copyPlainData } from "../../resource/model/plain-data.ts";
import type { AnyResource, Draft } from "../../resource/model/resource.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { objectForCreate } from "../../resource/objects/metadata.ts";
import { validateDraft, validateForStorage } from "../../resource/objects/validate-object.ts";
import { parseCreateOptions } from "../../resource/options/write-options.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { type Place, readLive } from "../read/reads.ts";
import type { StoredRecord } from "../seam/stored.ts";
import { attemptChange, type ChangeResult, dryRunChange } from "./write-attempt.ts";
import { inVersion, leaseFor, placeOfObject, withLiveLease } from "./write-checks.ts";

/**
 * @throws ALREADY_EXISTS, INVALID_OBJECT, INVALID_ARGUMENT, NAMESPACE_NOT_FOUND, refusals of guards, OUTCOME_UNKNOWN
 */
export async function createObject(
  handle: KindHandle,
  given: Draft<AnyResource>,
  createOptions: CreateOptions,
  scope: CallScope,
): Promise<AnyResource> {
  const options = parseCreateOptions(createOptions);
  const draft = validateDraft(handle.definition, given);
  // The store keeps a copy anyway; another copy is needed where a generated name is tried again later.
  const copy = draft.metadata.name === undefined ? copyPlainData(draft) : draft;
  for (let tries = 1; ; tries++) {
    const planned = planCreate(handle, copy);
    try {
      return await createAt(handle, planned, options, scope);
    } catch (error) {
      const again = planned.generated && tries < limits.generateNameTriesMax;
      if (!again || !isStoreError(error, "ALREADY_EXISTS")) throw error;
    }
  }
}

export interface PlannedCreate {
  readonly place: Place;
  readonly object: AnyResource;
  /** The name was generated: another one may be tried. */
  readonly generated: boolean;
}

/** The object that a checked draft becomes, and its key. @throws INVALID_OBJECT */
export function planCreate(handle: KindHandle, draft: Draft<AnyResource>): PlannedCreate {
  const object = objectFromDraft(handle, draft);
  const { namespace, name } = object.metadata;
  const place = placeOfObject(handle, { namespace, name });
  return { place, object, generated: draft.metadata.name === undefined };
}

/**
 * The object to store for a checked draft, with the fields that the store sets.
 * @throws INVALID_OBJECT by the kind's own rules
 */
export function objectFromDraft(handle: KindHandle, draft: Draft<AnyResource>): AnyResource {
  const { clock, random } = handle.context;
  const made = objectForCreate(handle.definition, draft, { nowMs: clock.nowMs(), random }) as AnyResource;
  const object = handle.lifecycle === undefined ? made : handle.lifecycle.created(made);
  object.metadata.resourceVersion = "";
  validateForStorage(handle.definition, object);
  return object;
}

/** ALREADY_EXISTS, with the version of the existing object. */
export function alreadyExists(
  handle: KindHandle,
  { key, at }: Place,
  record: StoredRecord,
): StoreError<"ALREADY_EXISTS"> {
  return new StoreError(
    "ALREADY_EXISTS",
    `Cannot create ${handle.text(at)}: it exists in version ${record.modRevision}`,
    { ...handle.subject(key, at), resourceVersion: formatResourceVersion(record.modRevision) },
  );
}

async function createAt(
  handle: KindHandle,
  { place, object }: PlannedCreate,
  options: ReturnType<typeof parseCreateOptions>,
  scope: CallScope,
): Promise<AnyResource> {
  if (options.dryRun) {
    const { record } = await readLive(handle, place, scope);
    if (record !== undefined) throw alreadyExists(handle, place, record);
    await dryRunChange(handle, { place, before: undefined, after: object, lease: 0n }, scope);
    // As in Kubernetes: an object that was not stored has no version.
    const { resourceVersion: _, ...metadata } = object.metadata;
    return { ...object, metadata: metadata as typeof object.metadata };
  }
  const run = (lease: bigint): Promise<ChangeResult> =>
    attemptChange(handle, { place, before: undefined, after: object, lease }, scope);
  const isLeased = (options.ttlSeconds ?? handle.definition.ttlSeconds) !== undefined;
  const attempt = isLeased
    ? await withLiveLease(handle, async () => {
        const lease = await leaseFor(handle, options.ttlSeconds, undefined, scope.rest());
        return { lease, run: () => run(lease) };
      })
    : await run(0n);
  if (attempt.outcome === "applied") return inVersion(object, attempt.revision);
  const { record } = attempt.state;
  invariant(record !== undefined, "a create is refused only by what is there");
  throw alreadyExists(handle, place, record);
}
