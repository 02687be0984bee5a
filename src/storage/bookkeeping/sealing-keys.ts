/**
 * Records of the encryption keys that values of a kind were sealed under, below the bookkeeping root:
 *
 *   sealing/<resource>/<key id>      the key's check value, put before this process seals the first value under it
 *
 * A key with the same id and other bytes is refused: another process could never read values sealed under it.
 *
 * When a recorded key is no longer configured, the stored values are searched for it. While a value is still sealed
 * under it the kind is not opened, because those objects could never be read again. When none is, its record is
 * removed.
 */
import { isWrapping, type Transform } from "../../codec/sealing/transform.ts";
import { sealedUnder } from "../../codec/value-dependencies.ts";
import { invalidArgument, isStoreError } from "../../errors.ts";
import type { EtcdCall } from "../../etcd/ports/call.ts";
import type { Kv } from "../../etcd/ports/kv.ts";
import type { KeySpace } from "../../resource/model/keys.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { rangePages, wholeWalk } from "../context/range-pages.ts";
import { openRecord } from "../context/records.ts";
import type { StorageContext } from "../context/storage-context.ts";
import { sealingKeyRecord } from "./value-references.ts";

export interface SealedKind {
  readonly handle: KindHandle;
  readonly transform: Transform | undefined;
}

/**
 * Compares the recorded keys with the configured ones, and records today's.
 * @returns the kinds that may have values in another form than today's: under another key, or not sealed
 * @throws INVALID_ARGUMENT "transforms": a dropped key still seals objects, with their number
 */
export async function checkSealingKeys(
  context: StorageContext,
  kinds: readonly SealedKind[],
  signal: AbortSignal | undefined,
): Promise<readonly KindHandle[]> {
  const { etcd, keys } = context;
  const unsettled: KindHandle[] = [];
  const recorded = await recordedSealingKeys(etcd.kv, keys, { signal });
  for (const kind of kinds) {
    const { resource } = kind.handle.definition;
    const ids = recorded.get(resource) ?? [];
    for (const id of ids) await refuseOther(kind, id, signal);
    await refuseDropped(kind, ids, signal);
    const { handle, transform } = kind;
    if (transform === undefined || transform.mode === "unseal") {
      if (ids.length > 0) unsettled.push(handle);
      continue;
    }
    const keyId = isWrapping(transform) ? transform.currentKeyId : (await transform.sealingKey()).keyId;
    if (ids.length !== 1 || ids[0] !== keyId) unsettled.push(handle);
    if (ids.includes(keyId)) {
      context.references.keyIsRecorded(resource, keyId);
      continue;
    }
    const own = transform.checkValue?.(keyId);
    if (own !== undefined) context.references.checkBy(resource, keyId, own);
    await context.references.recordKey(resource, keyId, { signal });
    // Another process may have recorded its own key first.
    await refuseOther(kind, keyId, signal);
  }
  return unsettled;
}

/** Ids of the recorded keys, by resource. */
export async function recordedSealingKeys(
  kv: Pick<Kv, "range">,
  keys: KeySpace,
  call: EtcdCall,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { key, rangeEnd, prefix } = keys.bookkeepingRange("sealing");
  const { kvs } = await kv.range({ key, rangeEnd, keysOnly: true }, call);
  const found = new Map<string, string[]>();
  for (const kv0 of kvs) {
    const [resource = "", id] = Buffer.from(kv0.key).toString().slice(prefix.length).split("/");
    if (id === undefined) continue;
    found.set(resource, [...(found.get(resource) ?? []), decodeURIComponent(id)]);
  }
  return found;
}

/** @throws INVALID_ARGUMENT when the key recorded under `id` has other bytes than ours */
async function refuseOther(kind: SealedKind, id: string, signal: AbortSignal | undefined): Promise<void> {
  const { handle, transform } = kind;
  const { context } = handle;
  const { resource } = handle.definition;
  const own = transform?.checkValue?.(id);
  if (own === undefined) return;
  context.references.checkBy(resource, id, own);
  const key = sealingKeyRecord(context.keys, resource, id);
  const [kv] = (await context.etcd.kv.range({ key }, { signal })).kvs;
  if (kv === undefined) return;
  const recorded = Buffer.from(kv.value).toString();
  if (recorded === own) return;
  // A record without a check value is from an older version: a value proves the key, and the record then gets one.
  const isOther = recorded !== "" || (await opensNone(handle, id, signal));
  if (isOther) {
    throw invalidArgument(
      "transforms",
      `Cannot open kind "${resource}": key "${id}" has other bytes than the key of that id that its objects are sealed under: give a new key an id of its own`,
    );
  }
  const compare = [{ key, target: "mod", result: "=", operand: kv.modRevision } as const];
  const success = [{ type: "put", put: { key, value: own } } as const];
  await context.etcd.kv.txn({ compare, success, failure: [] }, { signal }).catch(unlessReadOnly);
}

/** Whether values are sealed under `id`, and whether the first of them fails to open here. */
async function opensNone(handle: KindHandle, id: string, signal: AbortSignal | undefined): Promise<boolean> {
  const { etcd } = handle.context;
  for await (const page of rangePages(etcd.kv, handle.sizer, wholeWalk(handle.range), { signal })) {
    for (const kv of page.kvs) {
      if (sealedUnder(kv.value) !== id) continue;
      const record = await openRecord(handle, kv, { part: "head" });
      if (record !== undefined) return record.corrupt !== undefined;
    }
  }
  return false;
}

async function refuseDropped(
  { handle, transform }: SealedKind,
  recorded: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  // A transform that does not know its keys (a key service) manages them itself.
  const dropped = recorded.filter((id) => transform === undefined || transform.knows?.(id) === false);
  if (dropped.length === 0) return;
  const counts = await countSealed(handle, dropped, signal);
  const { resource } = handle.definition;
  for (const id of dropped) {
    const count = counts.get(id) ?? 0;
    if (count > 0) {
      throw invalidArgument(
        "transforms",
        `Cannot open kind "${resource}": key "${id}" still seals ${count} of its objects: keep it among the keys, rewrite the kind, then drop it`,
      );
    }
    await forget(handle.context, sealingKeyRecord(handle.context.keys, resource, id), signal);
  }
}

async function countSealed(
  handle: KindHandle,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map(ids.map((id) => [id, 0]));
  const walk = wholeWalk(handle.range);
  for await (const page of rangePages(handle.context.etcd.kv, handle.sizer, walk, { signal })) {
    for (const { value } of page.kvs) {
      const id = sealedUnder(value);
      const count = id === undefined ? undefined : counts.get(id);
      if (id !== undefined && count !== undefined) counts.set(id, count + 1);
    }
  }
  return counts;
}

/** A store without write permission still opens, for reads. */
async function forget({ etcd }: StorageContext, key: string, signal: AbortSignal | undefined): Promise<void> {
  await etcd.kv.deleteRange({ key }, { signal }).catch(unlessReadOnly);
}

function unlessReadOnly(error: unknown): void {
  // A lost response does no harm: the next store to open corrects the record.
  if (!isStoreError(error, "NO_SPACE", "PERMISSION_DENIED", "OUTCOME_UNKNOWN")) throw error;
}
