/**
 * One attempt to change one object, from what is known of it to what became of it:
 *
 *   before, after ─► head ─► seal ─► size ─► guards ─► fenced write ─► applied │ refused: here is what is there
 *
 * The write is conditional on the version of `before` (or on absence). Guards' compares and operations ride in the
 * same transaction; each prepared part hears exactly once what became of it. A refusal for a guard's own reason is
 * prepared again here; a refusal because the object changed is the caller's to think about.
 */
import { Backoff } from "../base/backoff.ts";
import type { Call, CallScope } from "../base/call.ts";
import { untilAborted } from "../base/until-aborted.ts";
import { isStoreError, StoreError } from "../errors.ts";
import type { FencedWrite, WriteOutcome } from "../etcd/fenced-write.ts";
import type { Head } from "../resource/head.ts";
import { limits } from "../resource/limits.ts";
import type { AnyResource } from "../resource/resource.ts";
import type { KindSlot } from "./kind-slot.ts";
import type { Place, ReadState } from "./reads.ts";
import { openValue } from "./records.ts";
import type { StorageContext } from "./storage-context.ts";
import type { StoredRecord } from "./stored.ts";
import type { Change, GuardPart, PrepareOptions } from "./write-guard.ts";

/** Waits between tries when a guard's own keys changed under us, milliseconds. */
const guardWaits = { firstMs: 2, maxMs: 100 } as const;
const writeIdBytes = 16;

export interface ObjectChange {
  readonly place: Place;
  /** The state the write is conditional on; undefined: there must be no such object. */
  readonly before: StoredRecord | undefined;
  /** The object to be stored, complete; undefined: it is removed. */
  readonly after: AnyResource | undefined;
  /** The lease the object lives on; 0n for none. */
  readonly lease: bigint;
  /** No put may be sent: etcd is out of space, and this is a removal. */
  readonly pure?: boolean | undefined;
}

export type Attempt =
  | {
      readonly outcome: "applied";
      readonly revision: bigint;
    }
  | { readonly outcome: "changed"; readonly state: ReadState };

/** A change made ready: what is sent, and the parts of the guards that hear of it. */
export interface PreparedWrite {
  readonly change: ObjectChange;
  readonly write: FencedWrite;
  readonly parts: readonly GuardPart[];
}

/**
 * Carries out `change` unless the object is no longer as `before` says.
 * @throws what refuses the write (QUOTA_EXCEEDED, NAMESPACE_NOT_FOUND, TOO_LARGE, INVALID_OBJECT), OUTCOME_UNKNOWN, …
 */
export async function attemptChange(
  context: StorageContext,
  slot: KindSlot,
  change: ObjectChange,
  scope: CallScope,
): Promise<Attempt> {
  let backoff: Backoff | undefined;
  for (;;) {
    await context.watchStarts.settled(scope.signal);
    const prepared = await prepareWrite(context, slot, change, scope.rest());
    let outcome: WriteOutcome;
    try {
      outcome = await context.writes.write(prepared.write, scope.rest());
    } catch (error) {
      abandon(prepared.parts, fateOf(error, scope));
      throw error;
    }
    const attempt = await settleWrite(context, slot, prepared, outcome);
    if (attempt !== "again") return attempt;
    backoff ??= new Backoff(guardWaits, context.clock, context.random);
    await backoff.wait(scope.signal);
  }
}

/**
 * Seals and checks the change and asks every guard for its part.
 * @param grouped it is prepared together with writes that are not sent yet
 * @throws Postponed for a grouped write that must wait for others of its group
 */
export async function prepareWrite(
  context: StorageContext,
  slot: KindSlot,
  change: ObjectChange,
  call: Call,
  grouped = false,
): Promise<PreparedWrite> {
  const { place, before, after, lease, pure = false } = change;
  const writeId = context.random.bytes(writeIdBytes);
  const head = after === undefined ? undefined : slot.definition.headOf(after);
  const value =
    after === undefined || head === undefined
      ? undefined
      : await slot.codec.seal({ key: place.key, object: after, head, writeId });
  if (value !== undefined) checkSize(slot, place, value);
  const parts = await guardParts(context, changeFor(slot, change, head, value), { pure, grouped }, call);
  const write: FencedWrite = {
    key: place.key,
    guard: before?.modRevision ?? 0n,
    change:
      value === undefined ? { type: "delete" } : { type: "put", value, ...(lease === 0n ? {} : { lease }) },
    writeId,
    compares: parts.flatMap((part) => part.compares),
    ops: parts.flatMap((part) => part.ops),
    reads: parts.flatMap((part) => part.reads),
    ...(pure ? { pure } : {}),
  };
  return { change, write, parts };
}

/**
 * What the outcome of a prepared write means; tells every part. "again": a guard's own keys changed.
 * @param bulk what was written is not looked at again soon: it is not kept among the recent states
 * @throws a guard's refusal
 */
export async function settleWrite(
  context: StorageContext,
  slot: KindSlot,
  { change, write, parts }: PreparedWrite,
  outcome: WriteOutcome,
  bulk = false,
): Promise<Attempt | "again"> {
  const { place } = change;
  const { revision } = outcome;
  if (outcome.outcome === "applied") {
    for (const part of parts) part.applied(revision);
    if (write.change.type === "delete") context.recent.forget(place.key, revision);
    else if (!bulk) await remember(context, slot, change, write.change.value, revision);
    return { outcome: "applied", revision };
  }
  const { current } = outcome;
  let readsTaken = 0;
  const answers = parts.map((part) => {
    const reads = outcome.reads.slice(readsTaken, (readsTaken += part.reads.length));
    return part.refused(reads, revision);
  });
  if (current === undefined) context.recent.forget(place.key, revision);
  if ((current?.modRevision ?? 0n) !== write.guard) {
    const record = current === undefined ? undefined : await openValue(slot, place.key, place.at, current);
    if (record !== undefined) context.recent.keep(record);
    return { outcome: "changed", state: { record, revision } };
  }
  const refusal = answers.find((answer) => answer instanceof StoreError);
  if (refusal !== undefined) throw refusal;
  return "again";
}

/** Keeps what was just written for the next write of this key. It is stored: nothing that fails here is a failure of the write. */
async function remember(
  context: StorageContext,
  slot: KindSlot,
  { place, before, lease }: ObjectChange,
  value: Uint8Array,
  revision: bigint,
): Promise<void> {
  try {
    const createRevision = before?.createRevision ?? revision;
    const facts = { value, modRevision: revision, createRevision, lease };
    context.recent.keep(await openValue(slot, place.key, place.at, facts));
  } catch {
    context.recent.forget(place.key, revision);
  }
}

/** Asks the guards about a change without making it: for dry runs. @throws what refuses it */
export async function rehearseChange(
  context: StorageContext,
  slot: KindSlot,
  change: ObjectChange,
  scope: CallScope,
): Promise<void> {
  const { parts } = await prepareWrite(context, slot, change, scope.rest());
  abandon(parts, "not applied");
}

export function abandon(parts: readonly GuardPart[], fate: "not applied" | "unknown"): void {
  for (const part of parts) part.abandoned(fate);
}

async function guardParts(
  context: StorageContext,
  change: Change,
  options: PrepareOptions,
  call: Call,
): Promise<readonly GuardPart[]> {
  const parts: GuardPart[] = [];
  try {
    for (const guard of context.guards) {
      const prepared = guard.prepare(change, options, call);
      const part = prepared instanceof Promise ? await partInTime(prepared, call) : prepared;
      if (part !== undefined) parts.push(part);
    }
  } catch (error) {
    abandon(parts, "not applied");
    throw error;
  }
  return parts;
}

/** A guard asks etcd for all its callers at once: one caller's end does not wait for it, and its late part is given back. */
async function partInTime(
  prepared: Promise<GuardPart | undefined>,
  call: Call,
): Promise<GuardPart | undefined> {
  try {
    return await untilAborted(prepared, call.signal);
  } catch (error) {
    prepared.then(
      (part) => part?.abandoned("not applied"),
      () => undefined,
    );
    throw error;
  }
}

function changeFor(
  slot: KindSlot,
  { place, before, lease }: ObjectChange,
  head: Head | undefined,
  value: Uint8Array | undefined,
): Change {
  const { definition, codec } = slot;
  return {
    kind: definition,
    key: place.key,
    namespace: place.at.namespace,
    name: place.at.name,
    before:
      before?.value === undefined
        ? undefined
        : {
            // As it was stored, in whatever sense of its fields: that is what guards were told then.
            head: codec.head(before.value),
            storedBytes: before.value.storedBytes,
            lease: before.lease,
          },
    after:
      head === undefined || value === undefined ? undefined : { head, storedBytes: value.byteLength, lease },
  };
}

function checkSize(slot: KindSlot, { key, at }: Place, value: Uint8Array): void {
  const sizeBytes = value.byteLength + Buffer.byteLength(key);
  const limitBytes = limits.objectBytesMax;
  if (sizeBytes <= limitBytes) return;
  throw new StoreError(
    "TOO_LARGE",
    `Cannot store ${slot.definition.resource} "${key}": it takes ${sizeBytes} bytes in etcd, at most ${limitBytes} are allowed`,
    { ...slot.subject(key, at), sizeBytes, limitBytes },
  );
}

function fateOf(error: unknown, scope: CallScope): "not applied" | "unknown" {
  if (isStoreError(error, "OUTCOME_UNKNOWN")) return "unknown";
  // Given up by the caller while it was under way.
  return scope.signal?.aborted === true ? "unknown" : "not applied";
}
