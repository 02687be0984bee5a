/**
 * What every write checks of the state it meets, and the lease the object will live on. Each error names the object
 * and says what was found and what was wanted.
 */
import type { Call } from "../../base/call.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { AnyResource, Key } from "../../resource/model/resource.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { notFound, subjectOf } from "../../resource/objects/read-errors.ts";
import { invalidObject } from "../../resource/objects/validate-object.ts";
import { assertPreconditions, type ParsedPreconditions } from "../../resource/options/preconditions.ts";
import type { KindSlot } from "../context/kind-slot.ts";
import { objectOf } from "../context/records.ts";
import { type Place, placeOf } from "../read/reads.ts";
import type { StoredRecord } from "../seam/stored.ts";

/** A state that is there, and its object: fresh, the caller's own. */
export interface Existing {
  readonly record: StoredRecord;
  readonly current: AnyResource;
}

/** @throws NOT_FOUND, CORRUPT_OBJECT */
export function existing(slot: KindSlot, place: Place, record: StoredRecord | undefined): Existing {
  if (record === undefined) throw notFound(slot.definition, place.at, place.key);
  return { record, current: objectOf(slot.definition, slot.codec, record) };
}

/** @throws PRECONDITION_FAILED */
export function checkPreconditions(
  slot: KindSlot,
  { key, at }: Place,
  preconditions: ParsedPreconditions,
  { record, current }: Existing,
): void {
  const live = { uid: current.metadata.uid, revision: record.modRevision };
  assertPreconditions(preconditions, live, `write ${slot.text(at)}`, slot.subject(key, at));
}

/** Preconditions are about an object that is there. @throws PRECONDITION_FAILED */
export function requireAbsent(
  slot: KindSlot,
  { key, at }: Place,
  { uid, revision }: ParsedPreconditions,
): void {
  const expected = uid ?? (revision === undefined ? undefined : formatResourceVersion(revision));
  if (expected === undefined) return;
  const field = uid === undefined ? "resourceVersion" : "uid";
  throw new StoreError(
    "PRECONDITION_FAILED",
    `Cannot create ${slot.text(at)}: there is no such object, expected one with ${field} "${expected}"`,
    { ...slot.subject(key, at), field, expected },
  );
}

/**
 * What a caller hands in must be made from the state it replaces: a uid or resourceVersion it carries says so.
 * @throws CONFLICT
 */
export function checkState(
  slot: KindSlot,
  { key, at }: Place,
  current: AnyResource,
  given: { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined },
): void {
  for (const field of ["uid", "resourceVersion"] as const) {
    const expected = given[field];
    const actual = current.metadata[field];
    if (expected === undefined || expected === actual) continue;
    throw new StoreError(
      "CONFLICT",
      `Cannot update ${slot.text(at)}: its ${field} is "${actual}", the object given has "${expected}"`,
      { ...slot.subject(key, at), expected, actual },
    );
  }
}

/** Where an object says it is. @throws INVALID_OBJECT: what is wrong is in the object, not in an argument */
export function placeOfObject(slot: KindSlot, at: Key): Place {
  try {
    return placeOf(slot, at);
  } catch (error) {
    if (!isStoreError(error, "INVALID_ARGUMENT")) throw error;
    const { argument } = error.details;
    throw invalidObject(`store ${slot.definition.resource}`, subjectOf(slot.definition, at), [
      { field: `metadata.${argument}`, message: error.message },
    ]);
  }
}

/**
 * The lease an object is written on: a share for `ttlSeconds` or the kind's default, else the one it has. So an
 * update without ttlSeconds keeps what is left of its time.
 */
export function leaseFor(
  slot: KindSlot,
  ttlSeconds: number | undefined,
  record: StoredRecord | undefined,
  call: Call,
): bigint | Promise<bigint> {
  const wanted = ttlSeconds ?? slot.definition.ttlSeconds;
  return wanted === undefined ? (record?.lease ?? 0n) : slot.context.etcd.leases.shared(wanted, call);
}

/**
 * Runs a write under a lease; once more under another one when etcd no longer knows the lease (it was revoked, or has
 * expired while it was shared): such a write is refused whole.
 */
export async function withLiveLease<T>(
  slot: KindSlot,
  prepare: () => Promise<{ readonly lease: bigint; readonly run: () => Promise<T> }>,
): Promise<T> {
  const { lease, run } = await prepare();
  try {
    return await run();
  } catch (error) {
    if (lease === 0n || !isStoreError(error, "NOT_FOUND")) throw error;
    slot.context.etcd.leases.forgetShared(lease);
    return (await prepare()).run();
  }
}

/** The object as it is, or was when removed, in a given version. */
export function inVersion(object: AnyResource, revision: bigint): AnyResource {
  object.metadata.resourceVersion = formatResourceVersion(revision);
  return object;
}
