/**
 * Empties terminating namespaces in the background of any process that has the store open, one process at a time.
 *
 *   markers? ─► lock (a key on a lease) ─► for each: count ─► delete, kind by kind ─► count again ─► remove
 *                                                     └─ nothing left ────────────────────────────►┘
 *
 * No necessary state is in memory: markers say what to do and counts show the progress, so the next process takes
 * over from a killed one as soon as its lease ends. Two at once would do no harm, because every delete is
 * conditional. Objects with finalizers are marked and waited for. Kinds that this process does not define are found
 * by their records. An object whose metadata is unreadable here (sealed under a missing key, damaged) may have
 * finalizers: it stays, the namespace waits, and `StuckNamespaces` reports the reason. One failing object or
 * namespace does not stop the others.
 */

import { Backoff } from "../../base/backoff.ts";
import type { CallScope } from "../../base/call.ts";
import { eachAtOnce } from "../../base/each-at-once.ts";
import { textOfKey } from "../../base/text/text-of-key.ts";
import { BackgroundLoop } from "../../base/time/background-loop.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { KeyValue } from "../../etcd/ports/messages.ts";
import type { Key } from "../../resource/model/resource.ts";
import { etcdCodes } from "../context/etcd-codes.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { rangePages, wholeWalk } from "../context/range-pages.ts";
import { headOf, objectOf, openRecord, storedHeadOf } from "../context/records.ts";
import type { StorageContext } from "../context/storage-context.ts";
import { WriteScope } from "../context/write-scope.ts";
import { placeOf, readLive } from "../read/reads.ts";
import type { StoredRecord } from "../seam/stored.ts";
import { checkedDeleteOptions, deleteObject } from "../write/deletes.ts";
import { attemptChange } from "../write/write-attempt.ts";
import { takeEmptierLock } from "./emptier-lock.ts";
import { isHeldByOthers } from "./namespace-lifecycle.ts";
import { NamespaceProgress } from "./namespace-progress.ts";
import { NamespaceTermination } from "./namespace-termination.ts";
import type { StuckNamespaces } from "./stuck-namespaces.ts";

/** Interval at which a process looks for markers of other processes, milliseconds: a small read each. */
const idleMs = 5_000;
/** Interval while another process is emptying a namespace, or a namespace waits for finalizers. */
const waitingMs = { firstMs: 200, maxMs: 3_000 } as const;
/** Deletes under way at a time. */
const deletesMax = 16;

export interface EmptierParts {
  readonly namespaces: KindHandle;
  /** Every namespaced kind that may have objects: the open ones and the recorded ones. */
  readonly kinds: (signal: AbortSignal) => Promise<readonly KindHandle[]>;
  /** What terminating namespaces wait for, reported when it is found. */
  readonly stuck: StuckNamespaces;
}

/** Starts the loop; `kick()` it when a namespace was marked here. */
export function startNamespaceEmptier(parts: EmptierParts): BackgroundLoop {
  const { clock, random } = parts.namespaces.context;
  const backoff = new Backoff(waitingMs, clock, random);
  return BackgroundLoop.start(clock, {
    failureWaitMs: idleMs,
    async round(signal) {
      const outcome = await emptyMarked(parts, signal);
      if (outcome !== "waiting") backoff.reset();
      return outcome === "none" ? idleMs : outcome === "progress" ? 1 : backoff.next();
    },
  });
}

type Outcome = "none" | "progress" | "waiting";

async function emptyMarked(parts: EmptierParts, signal: AbortSignal): Promise<Outcome> {
  const { etcd, keys } = parts.namespaces.context;
  const range = NamespaceTermination.markers(keys);
  const { kvs } = await etcd.kv.range({ key: range.key, rangeEnd: range.rangeEnd }, { signal });
  const nameOf = (marker: KeyValue): string => textOfKey(marker.key).slice(range.prefix.length);
  parts.stuck.keepOnly(kvs.map(nameOf));
  if (kvs.length === 0) return "none";
  await using lock = await takeEmptierLock(parts.namespaces.context, signal);
  if (lock === undefined) return "waiting";
  let outcome: Outcome = "waiting";
  const held = AbortSignal.any([signal, lock.lost]);
  const handles = await parts.kinds(held);
  for (const marker of kvs) {
    const name = nameOf(marker);
    parts.stuck.begin();
    try {
      if (await emptyOne(parts, handles, name, marker, held)) outcome = "progress";
    } catch (error) {
      parts.stuck.tell(faultOfOne(error));
    } finally {
      parts.stuck.end(name);
    }
  }
  return outcome;
}

/** Reports a fault of one namespace or object. @throws `error` when it is about etcd: the round ends and is retried */
function faultOfOne(error: unknown): string {
  if (!(error instanceof StoreError) || isStoreError(error, ...etcdCodes)) throw error;
  return error.message;
}

/** One pass over a namespace; true when something was deleted. */
async function emptyOne(
  parts: EmptierParts,
  handles: readonly KindHandle[],
  name: string,
  marker: KeyValue,
  signal: AbortSignal,
): Promise<boolean> {
  const { namespaces } = parts;
  const { context } = namespaces;
  using scope = new WriteScope(context, { signal }, `empty namespace "${name}"`);
  const place = placeOf(namespaces, { name });
  const { record } = await readLive(namespaces, place, scope);
  const isTerminating =
    record !== undefined &&
    headOf(namespaces.definition, namespaces.codec, record).metadata.deletionTimestamp !== undefined;
  if (record === undefined || !isTerminating) {
    await dropMarker(context, textOfKey(marker.key), marker, place.key, record?.modRevision ?? 0n, signal);
    return true;
  }
  const report = new NamespaceProgress(namespaces, name, scope);
  await report.count(handles, signal);
  if (report.total > 0) {
    await report.write();
    const before = report.total;
    for (const handle of handles) {
      if (report.of(handle) > 0) await emptyKind(parts, handle, name, report, scope);
    }
    await report.count(handles, signal);
    if (report.total > 0) {
      await report.write();
      return report.total < before;
    }
  }
  return await removeNamespace(namespaces, { name }, scope);
}

async function emptyKind(
  { stuck }: EmptierParts,
  handle: KindHandle,
  namespace: string,
  report: NamespaceProgress,
  scope: CallScope,
): Promise<void> {
  const { etcd, keys } = handle.context;
  const walk = wholeWalk(keys.range(handle.definition, namespace));
  for await (const page of rangePages(etcd.kv, handle.sizer, walk, { signal: scope.signal })) {
    await eachAtOnce(page.kvs, deletesMax, async (kv) => {
      try {
        if (await removeKey(handle, kv, scope)) report.removed(handle);
      } catch (error) {
        stuck.tell(faultOfOne(error));
      }
    });
    await report.writeWhenDue();
  }
}

/**
 * Deletes the object at a key as far as possible now; true when it is gone.
 * @throws CORRUPT_OBJECT for an object that may have finalizers but cannot be read
 */
async function removeKey(handle: KindHandle, kv: KeyValue, scope: CallScope): Promise<boolean> {
  const record = await openRecord(handle, kv);
  if (record === undefined) return removeRaw(handle.context, textOfKey(kv.key), kv.modRevision, scope);
  const at: Key = { namespace: record.namespace, name: record.name };
  const options = checkedDeleteOptions({ propagationPolicy: "Background" });
  try {
    const { metadata } = await deleteObject(handle, at, options, record, scope);
    return (metadata.finalizers?.length ?? 0) === 0 && (metadata.deletionGracePeriodSeconds ?? 0) === 0;
  } catch (error) {
    if (isStoreError(error, "NOT_FOUND")) return true;
    // A name that only another kind's rule accepts: the key serves as well.
    if (!isStoreError(error, "CORRUPT_OBJECT", "INVALID_ARGUMENT", "INVALID_OBJECT")) throw error;
    // This process may have no conversion for the version of its body: its metadata is enough.
    const { finalizers = [] } = storedHeadOf(handle.codec, record).metadata;
    if (finalizers.length > 0) throw error;
    return removeRecord(handle, record, at, scope);
  }
}

/** Includes the guards' parts: the deletion also releases the object's charge. */
async function removeRecord(
  handle: KindHandle,
  record: StoredRecord,
  at: Key,
  scope: CallScope,
): Promise<boolean> {
  const place = { key: record.key, at };
  const change = { place, before: record, after: undefined, lease: record.lease };
  const { outcome } = await attemptChange(handle, change, scope).catch((error: unknown) => {
    if (!isStoreError(error, "NO_SPACE")) throw error;
    return attemptChange(handle, { ...change, withoutPuts: true }, scope);
  });
  return outcome === "applied";
}

/** A key in a kind's range that is not one of its objects: nothing counts it. */
async function removeRaw(
  context: StorageContext,
  key: string,
  guard: bigint,
  scope: CallScope,
): Promise<boolean> {
  const writeId = context.random.bytes(16);
  const change = { type: "delete" } as const;
  const outcome = await context.writes.write({ key, guard, change, writeId }, scope.restForWrite());
  context.recent.forget(key, outcome.revision);
  return outcome.outcome === "applied";
}

/** True when the namespace is gone. */
async function removeNamespace(handle: KindHandle, at: Key, scope: CallScope): Promise<boolean> {
  const place = placeOf(handle, at);
  const { record } = await readLive(handle, place, scope);
  if (record === undefined) return true;
  if (isHeldByOthers(objectOf(handle.definition, handle.codec, record))) return false;
  try {
    const change = { place, before: record, after: undefined, lease: record.lease };
    return (await attemptChange(handle, change, scope)).outcome === "applied";
  } catch (error) {
    // A client that does not check the namespace has created an object in it since.
    if (isStoreError(error, "CONFLICT")) return false;
    throw error;
  }
}

/** A marker without a terminating namespace is void: another client has removed or recreated the namespace. */
async function dropMarker(
  { etcd }: StorageContext,
  key: string,
  marker: KeyValue,
  namespaceKey: string,
  namespaceRevision: bigint,
  signal: AbortSignal,
): Promise<void> {
  await etcd.kv.txn(
    {
      compare: [
        { key, target: "mod", result: "=", operand: marker.modRevision },
        { key: namespaceKey, target: "mod", result: "=", operand: namespaceRevision },
      ],
      success: [{ type: "delete", delete: { key } }],
      failure: [],
    },
    { signal },
  );
}
