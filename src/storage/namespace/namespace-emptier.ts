/**
 * Empties terminating namespaces, in the background of any process that has the store open, one process at a time.
 *
 *   markers? ─► lock (a key on a lease) ─► for each: count ─► delete, kind by kind ─► count again ─► remove
 *                                                     └─ nothing left ────────────────────────────►┘
 *
 * Nothing is kept in memory that matters: markers say what to do, counts how far it is, so a process that is killed
 * is followed by the next one as soon as its lease is over. Two at once would do no harm either, every delete is
 * conditional. Objects with finalizers are marked and waited for. Kinds that this process does not define are found
 * by their records. An object whose metadata cannot be read here (sealed under a key nobody gave, damaged) may have
 * finalizers: it stays, the namespace waits, and `StuckNamespaces` says for what. One object or namespace that fails is
 * no reason to leave the others.
 */

import { Backoff } from "../../base/backoff.ts";
import type { CallScope } from "../../base/call.ts";
import { eachAtOnce } from "../../base/each-at-once.ts";
import { textOfKey } from "../../base/text/text-of-key.ts";
import { BackgroundLoop } from "../../base/time/background-loop.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { KeyValue } from "../../etcd/ports/messages.ts";
import type { KeyRange } from "../../resource/model/key-range.ts";
import type { AnyResource, Key, Namespace } from "../../resource/model/resource.ts";
import { notFound } from "../../resource/objects/read-errors.ts";
import type { KindSlot } from "../context/kind-slot.ts";
import { rangePages, wholeWalk } from "../context/range-pages.ts";
import { headOf, objectOf, openRecord, storedHeadOf } from "../context/records.ts";
import type { StorageContext } from "../context/storage-context.ts";
import { WriteScope } from "../context/write-scope.ts";
import { placeOf, readLive } from "../read/reads.ts";
import { checkedDeleteOptions, deleteObject } from "../write/deletes.ts";
import { attemptChange } from "../write/write-attempt.ts";
import { runWritePlan } from "../write/write-loop.ts";
import { isHeldByOthers, saysTheSame, withRemaining } from "./namespace-lifecycle.ts";
import { NamespaceTermination } from "./namespace-termination.ts";
import type { StuckNamespaces } from "./stuck-namespaces.ts";

/** How often a process looks for markers left by others, milliseconds: a small read each. */
const idleMs = 5_000;
/** How often while there are some that another process is at, or that wait for finalizers. */
const waitingMs = { firstMs: 200, maxMs: 3_000 } as const;
/** Life of the lock after its holder was killed, seconds: soon enough taken over, long enough for a slow etcd. */
const lockTtlSeconds = 6;
/** Deletes under way at a time. */
const deletesMax = 16;
/** Between two reports of progress in the status, milliseconds. */
const reportMs = 1_000;

export interface EmptierParts {
  readonly context: StorageContext;
  readonly namespaces: KindSlot;
  /** Every namespaced kind there may be objects of: the open ones, and those on record. */
  readonly kinds: (signal: AbortSignal) => Promise<readonly KindSlot[]>;
  /** What terminating namespaces wait for, reported as it is found. */
  readonly stuck: StuckNamespaces;
}

/** Begins; `kick()` it when a namespace was marked here. */
export function startNamespaceEmptier(parts: EmptierParts): BackgroundLoop {
  const { clock, random } = parts.context;
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
  const { etcd, keys } = parts.context;
  const range = NamespaceTermination.markers(keys);
  const { kvs } = await etcd.kv.range({ key: range.key, rangeEnd: range.rangeEnd }, { signal });
  const nameOf = (marker: KeyValue): string => textOfKey(marker.key).slice(range.prefix.length);
  parts.stuck.keepOnly(kvs.map(nameOf));
  if (kvs.length === 0) return "none";
  await using lock = await takeLock(parts.context, signal);
  if (lock === undefined) return "waiting";
  let outcome: Outcome = "waiting";
  const held = AbortSignal.any([signal, lock.lost]);
  const slots = await parts.kinds(held);
  for (const marker of kvs) {
    const name = nameOf(marker);
    parts.stuck.begin();
    try {
      if (await emptyOne(parts, slots, name, marker, held)) outcome = "progress";
    } catch (error) {
      parts.stuck.tell(faultOfOne(error));
    } finally {
      parts.stuck.end(name);
    }
  }
  return outcome;
}

/** What is wrong with one namespace or object. @throws `error` when it is about etcd: the round ends, and is tried again */
function faultOfOne(error: unknown): string {
  if (!(error instanceof StoreError) || isStoreError(error, ...codesOfEtcd)) throw error;
  return error.message;
}

const codesOfEtcd = [
  "UNAVAILABLE",
  "DEADLINE",
  "OUTCOME_UNKNOWN",
  "NO_SPACE",
  "CLOSED",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
] as const;

interface Lock extends AsyncDisposable {
  readonly lost: AbortSignal;
}

/** Undefined while another process has it, or where nothing may be written. */
async function takeLock({ etcd, keys }: StorageContext, signal: AbortSignal): Promise<Lock | undefined> {
  const key = keys.bookkeeping("locks", "namespaces");
  const { kvs } = await etcd.kv.range({ key, keysOnly: true }, { signal });
  if (kvs.length > 0) return undefined;
  try {
    // With the lease the key goes, also when it is not known whether it was put.
    const lease = await etcd.leases.hold({ ttlSeconds: lockTtlSeconds }, { signal });
    let succeeded = false;
    try {
      ({ succeeded } = await etcd.kv.txn(
        {
          compare: [{ key, target: "create", result: "=", operand: 0n }],
          success: [{ type: "put", put: { key, value: "", lease: lease.id } }],
          failure: [],
        },
        { signal },
      ));
    } finally {
      if (!succeeded) await giveBack(lease);
    }
    return succeeded ? { lost: lease.lost, [Symbol.asyncDispose]: () => giveBack(lease) } : undefined;
  } catch (error) {
    // Out of space no lease is granted; deletes would still go, but somebody must free space first anyway.
    if (isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) return undefined;
    throw error;
  }
}

async function giveBack(lease: AsyncDisposable & { revoke(): Promise<void> }): Promise<void> {
  // A lease that cannot be revoked now ends by itself.
  await lease.revoke().catch(() => undefined);
  await lease[Symbol.asyncDispose]();
}

/** One pass over a namespace; true when something went. */
async function emptyOne(
  parts: EmptierParts,
  slots: readonly KindSlot[],
  name: string,
  marker: KeyValue,
  signal: AbortSignal,
): Promise<boolean> {
  const { context, namespaces } = parts;
  using scope = new WriteScope(context, { signal }, `empty namespace "${name}"`);
  const place = placeOf(context, namespaces, { name });
  const { record } = await readLive(context, namespaces, place, scope);
  const isTerminating =
    record !== undefined &&
    headOf(namespaces.definition, namespaces.codec, record).metadata.deletionTimestamp !== undefined;
  if (record === undefined || !isTerminating) {
    await dropMarker(context, textOfKey(marker.key), marker, place.key, record?.modRevision ?? 0n, signal);
    return true;
  }
  const report = new ProgressReport(parts, name, scope);
  await report.count(slots, signal);
  if (report.total > 0) {
    await report.tell();
    const before = report.total;
    for (const slot of slots) {
      if (report.of(slot) > 0) await emptyKind(parts, slot, name, report, scope);
    }
    await report.count(slots, signal);
    if (report.total > 0) {
      await report.tell();
      return report.total < before;
    }
  }
  return await removeNamespace(context, namespaces, { name }, scope);
}

async function emptyKind(
  { context, stuck }: EmptierParts,
  slot: KindSlot,
  namespace: string,
  report: ProgressReport,
  scope: CallScope,
): Promise<void> {
  const range = context.keys.range(slot.definition, namespace);
  const walk = wholeWalk(range);
  for await (const page of rangePages(context.etcd.kv, slot.sizer, walk, { signal: scope.signal })) {
    await eachAtOnce(page.kvs, deletesMax, async (kv) => {
      try {
        if (await removeKey(context, slot, kv, scope)) report.removed(slot);
      } catch (error) {
        stuck.tell(faultOfOne(error));
      }
    });
    await report.tellNowAndThen();
  }
}

/**
 * Deletes what is at a key as far as it may go now; true when it is gone.
 * @throws CORRUPT_OBJECT for an object of which it is unknown whether it may be removed
 */
async function removeKey(
  context: StorageContext,
  slot: KindSlot,
  kv: KeyValue,
  scope: CallScope,
): Promise<boolean> {
  const record = await openRecord(context.keys, slot, kv);
  if (record === undefined) return removeRaw(context, textOfKey(kv.key), kv.modRevision, scope);
  const at: Key = { namespace: record.namespace, name: record.name };
  const options = checkedDeleteOptions({ propagationPolicy: "Background" });
  try {
    const { metadata } = await deleteObject(context, slot, at, options, record, scope);
    return (metadata.finalizers?.length ?? 0) === 0 && (metadata.deletionGracePeriodSeconds ?? 0) === 0;
  } catch (error) {
    if (isStoreError(error, "NOT_FOUND")) return true;
    // A name only another kind's rule takes: its key is as good.
    if (!isStoreError(error, "CORRUPT_OBJECT", "INVALID_ARGUMENT", "INVALID_OBJECT")) throw error;
    // Its body may be of a version without conversion here: what its metadata says is enough.
    const { finalizers = [] } = storedHeadOf(slot.codec, record).metadata;
    if (finalizers.length > 0) throw error;
    return removeRaw(context, record.key, record.modRevision, scope);
  }
}

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
async function removeNamespace(
  context: StorageContext,
  slot: KindSlot,
  at: Key,
  scope: CallScope,
): Promise<boolean> {
  const place = placeOf(context, slot, at);
  const { record } = await readLive(context, slot, place, scope);
  if (record === undefined) return true;
  if (isHeldByOthers(objectOf(slot.definition, slot.codec, record))) return false;
  try {
    const change = { place, before: record, after: undefined, lease: record.lease };
    return (await attemptChange(context, slot, change, scope)).outcome === "applied";
  } catch (error) {
    // Something was created in it since, by a client that does not check the namespace.
    if (isStoreError(error, "CONFLICT")) return false;
    throw error;
  }
}

/** A marker without a terminating namespace means nothing: the object was removed, or recreated, by another client. */
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

/** What is left of a namespace, by kind, and its status. */
class ProgressReport {
  readonly #parts: EmptierParts;
  readonly #name: string;
  readonly #scope: CallScope;
  #left = new Map<string, number>();
  #toldMs: number;

  constructor(parts: EmptierParts, name: string, scope: CallScope) {
    this.#parts = parts;
    this.#name = name;
    this.#scope = scope;
    this.#toldMs = parts.context.clock.monotonicMs();
  }

  get total(): number {
    let total = 0;
    for (const count of this.#left.values()) total += count;
    return total;
  }

  of(slot: KindSlot): number {
    return this.#left.get(slot.definition.resource) ?? 0;
  }

  removed(slot: KindSlot): void {
    this.#left.set(slot.definition.resource, Math.max(0, this.of(slot) - 1));
  }

  async count(slots: readonly KindSlot[], signal: AbortSignal): Promise<void> {
    const { etcd, keys } = this.#parts.context;
    this.#left = new Map();
    await Promise.all(
      slots.map(async (slot) => {
        const { key, rangeEnd }: KeyRange = keys.range(slot.definition, this.#name);
        const { count } = await etcd.kv.range({ key, rangeEnd, countOnly: true }, { signal });
        // A kind that has moved is there twice, under two key paths.
        if (count > 0n) this.#left.set(slot.definition.resource, this.of(slot) + Number(count));
      }),
    );
  }

  async tellNowAndThen(): Promise<void> {
    if (this.#parts.context.clock.monotonicMs() - this.#toldMs >= reportMs) await this.tell();
  }

  /** Writes what is left into the namespace's status; out of space it stays untold. */
  async tell(): Promise<void> {
    const { context, namespaces: slot } = this.#parts;
    this.#toldMs = context.clock.monotonicMs();
    const remaining = Object.fromEntries([...this.#left].sort(([a], [b]) => (a < b ? -1 : 1)));
    const place = placeOf(context, slot, { name: this.#name });
    try {
      await runWritePlan(
        context,
        slot,
        {
          place,
          suggestion: undefined,
          dryRun: false,
          decide(record) {
            if (record === undefined) throw notFound(slot.definition, place.at, place.key);
            const current = objectOf(slot.definition, slot.codec, record);
            // Objects of this slot are namespaces: its kind is the built-in one.
            const next = withRemaining(current as Namespace, remaining) as unknown as AnyResource;
            return saysTheSame(current, next)
              ? { type: "unchanged", object: current }
              : { type: "put", object: next, lease: record.lease };
          },
        },
        this.#scope,
      );
    } catch (error) {
      if (!isStoreError(error, "NO_SPACE", "NOT_FOUND", "OUTCOME_UNKNOWN")) throw error;
    }
  }
}
