/**
 * What every write checks of the state it meets and of the object it is about to store: preconditions, identity,
 * corruption, the kind's own rules, and the lease the object will live on.
 */
import type { Call } from "../base/call.ts";
import { invalidArgument, StoreError } from "../errors.ts";
import type { Preconditions } from "../resource/contract.ts";
import { limits } from "../resource/limits.ts";
import type { AnyResource } from "../resource/resource.ts";
import { formatResourceVersion, parseResourceVersion } from "../resource/revision.ts";
import type { KindSlot } from "./kind-slot.ts";
import { notFound, type Place } from "./reads.ts";
import { objectOf } from "./records.ts";
import type { StorageContext } from "./storage-context.ts";
import type { StoredRecord } from "./stored.ts";

/** @throws INVALID_ARGUMENT for preconditions that cannot be met by any object */
export function checkPreconditions(preconditions: Preconditions | undefined): void {
  if (preconditions === undefined) return;
  const { uid, resourceVersion } = preconditions;
  if (uid !== undefined && (typeof uid !== "string" || uid === "")) {
    throw invalidArgument("preconditions.uid", "Cannot write: preconditions.uid is no uid");
  }
  if (resourceVersion !== undefined) parseResourceVersion(resourceVersion, "preconditions.resourceVersion");
}

/** @throws INVALID_ARGUMENT for a time to live that etcd cannot keep */
export function checkTtl(ttlSeconds: number | undefined): void {
  if (ttlSeconds === undefined) return;
  const { ttlSecondsMin, ttlSecondsMax } = limits;
  if (Number.isSafeInteger(ttlSeconds) && ttlSeconds >= ttlSecondsMin && ttlSeconds <= ttlSecondsMax) return;
  throw invalidArgument(
    "ttlSeconds",
    `Cannot write: ttlSeconds is ${ttlSeconds}, expected whole seconds from ${ttlSecondsMin} to ${ttlSecondsMax}`,
  );
}

/** The object of a state that must be there. @throws NOT_FOUND, CORRUPT_OBJECT */
export function existing(slot: KindSlot, place: Place, record: StoredRecord | undefined): AnyResource {
  if (record === undefined) throw notFound(slot, place);
  return objectOf(slot.definition, slot.codec, record);
}

/** @throws PRECONDITION_FAILED */
export function meetPreconditions(
  slot: KindSlot,
  { key, at }: Place,
  preconditions: Preconditions | undefined,
  current: AnyResource,
): void {
  for (const field of ["uid", "resourceVersion"] as const) {
    const expected = preconditions?.[field];
    const actual = current.metadata[field];
    if (expected === undefined || expected === actual) continue;
    throw new StoreError(
      "PRECONDITION_FAILED",
      `Cannot write ${slot.definition.resource} "${key}": its ${field} is "${actual}", the precondition wants "${expected}"`,
      { ...slot.subject(key, at), field, expected, actual },
    );
  }
}

/** CONFLICT: the object is not the one, or not in the version, that the caller has changed. */
export function conflict(
  slot: KindSlot,
  { key, at }: Place,
  facts: { readonly expected: string; readonly actual: string; readonly field: "uid" | "resourceVersion" },
): StoreError<"CONFLICT"> {
  const { expected, actual, field } = facts;
  return new StoreError(
    "CONFLICT",
    `Cannot write ${slot.definition.resource} "${key}": its ${field} is "${actual}", the object given has "${expected}"`,
    { ...slot.subject(key, at), expected, actual },
  );
}

/** The kind's own rules. @throws INVALID_OBJECT */
export function validated(
  slot: KindSlot,
  { key, at }: Place,
  next: AnyResource,
  current: AnyResource | undefined,
): void {
  const errors = slot.definition.validate(next, current);
  const [first] = errors;
  if (first === undefined) return;
  throw new StoreError(
    "INVALID_OBJECT",
    `Cannot store ${slot.definition.resource} "${key}": ${first.field}: ${first.message}`,
    { ...slot.subject(key, at), errors },
  );
}

/**
 * The lease an object is written on: a fresh share for `ttlSeconds` or the kind's default, else the one it has.
 * So an update without ttlSeconds keeps what is left of its time.
 */
export async function leaseFor(
  context: StorageContext,
  slot: KindSlot,
  ttlSeconds: number | undefined,
  record: StoredRecord | undefined,
  call: Call,
): Promise<bigint> {
  const wanted = ttlSeconds ?? slot.definition.ttlSeconds;
  return wanted === undefined ? (record?.lease ?? 0n) : context.etcd.leases.shared(wanted, call);
}

/** The last state of something removed, or what was written, in a given version. */
export function inVersion(object: AnyResource, revision: bigint): AnyResource {
  object.metadata.resourceVersion = formatResourceVersion(revision);
  return object;
}
