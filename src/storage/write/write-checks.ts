/**
 * The checks that every write makes on the current state, and the lease of the object. Each error names the object
 * and says what was found and what was wanted.
 */
import type { Call } from "../../base/call.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { AnyResource, Key } from "../../resource/model/resource.ts";
import { formatResourceVersion } from "../../resource/model/revision.ts";
import { notFound, subjectOf } from "../../resource/objects/read-errors.ts";
import { invalidObject } from "../../resource/objects/validate-object.ts";
import { assertPreconditions, type ParsedPreconditions } from "../../resource/options/preconditions.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { objectOf } from "../context/records.ts";
import { type Place, placeOf } from "../read/reads.ts";
import type { StoredRecord } from "../seam/stored.ts";

/** An existing state and its object: a new copy, owned by the caller. */
export interface Existing {
  readonly record: StoredRecord;
  readonly current: AnyResource;
}

/** @throws NOT_FOUND, CORRUPT_OBJECT */
export function existing(handle: KindHandle, place: Place, record: StoredRecord | undefined): Existing {
  if (record === undefined) throw notFound(handle.definition, place.at, place.key);
  return { record, current: objectOf(handle.definition, handle.codec, record) };
}

/** @throws PRECONDITION_FAILED */
export function checkPreconditions(
  handle: KindHandle,
  { key, at }: Place,
  preconditions: ParsedPreconditions,
  { record, current }: Existing,
): void {
  const live = { uid: current.metadata.uid, revision: record.modRevision };
  assertPreconditions(preconditions, live, `write ${handle.text(at)}`, handle.subject(key, at));
}

/** Preconditions require an existing object. @throws PRECONDITION_FAILED */
export function requireAbsent(
  handle: KindHandle,
  { key, at }: Place,
  { uid, revision }: ParsedPreconditions,
): void {
  const expected = uid ?? (revision === undefined ? undefined : formatResourceVersion(revision));
  if (expected === undefined) return;
  const field = uid === undefined ? "resourceVersion" : "uid";
  throw new StoreError(
    "PRECONDITION_FAILED",
    `Cannot create ${handle.text(at)}: there is no such object, expected one with ${field} "${expected}"`,
    { ...handle.subject(key, at), field, expected },
  );
}

/**
 * A caller's object must be derived from the state that it replaces: its uid and resourceVersion, if set, must match.
 * @throws CONFLICT
 */
export function checkState(
  handle: KindHandle,
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
      `Cannot update ${handle.text(at)}: its ${field} is "${actual}", the object given has "${expected}"`,
      { ...handle.subject(key, at), expected, actual },
    );
  }
}

/** The coordinates in an object. @throws INVALID_OBJECT: the fault is in the object, not in an argument */
export function placeOfObject(handle: KindHandle, at: Key): Place {
  try {
    return placeOf(handle, at);
  } catch (error) {
    if (!isStoreError(error, "INVALID_ARGUMENT")) throw error;
    const { argument } = error.details;
    throw invalidObject(`store ${handle.definition.resource}`, subjectOf(handle.definition, at), [
      { field: `metadata.${argument}`, message: error.message },
    ]);
  }
}

/**
 * The lease of a written object: a shared one for `ttlSeconds` or the kind's default, else the present one. So an
 * update without ttlSeconds keeps the remaining time.
 */
export function leaseFor(
  handle: KindHandle,
  ttlSeconds: number | undefined,
  record: StoredRecord | undefined,
  call: Call,
): bigint | Promise<bigint> {
  const wanted = ttlSeconds ?? handle.definition.ttlSeconds;
  return wanted === undefined ? (record?.lease ?? 0n) : handle.context.etcd.leases.shared(wanted, call);
}

/**
 * Runs a write under a lease, and once more under another lease when etcd no longer has the first (it was revoked, or
 * expired while it was shared): etcd refuses such a write as a whole.
 */
export async function withLiveLease<T>(
  handle: KindHandle,
  prepare: () => Promise<{ readonly lease: bigint; readonly run: () => Promise<T> }>,
): Promise<T> {
  const { lease, run } = await prepare();
  try {
    return await run();
  } catch (error) {
    if (lease === 0n || !isStoreError(error, "NOT_FOUND")) throw error;
    handle.context.etcd.leases.forgetShared(lease);
    return (await prepare()).run();
  }
}

/** The object with a given version, as it is now or as it was when removed. */
export function inVersion(object: AnyResource, revision: bigint): AnyResource {
  object.metadata.resourceVersion = formatResourceVersion(revision);
  return object;
}
