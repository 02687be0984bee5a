/**
 * One attempt to change one object, from its known state to the outcome:
 *
 *   before, after ─► head ─► seal ─► size ─► guards ─► fenced write ─► applied │ refused: here is what is there
 *
 * The write is conditional on the version of `before` (or on absence). Guards' compares and operations join the same
 * transaction; each prepared part gets the outcome exactly once. A write that a guard's own keys refused is prepared
 * again here; a write refused because the object changed is left to the caller.
 */
import { Backoff } from "../../base/backoff.ts";
import type { Call, CallScope } from "../../base/call.ts";
import { untilAborted } from "../../base/until-aborted.ts";
import { carriesWriteId } from "../../codec/form/envelope.ts";
import type { MaybePromise } from "../../codec/form/value.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { FencedWrite, WriteOutcome } from "../../etcd/fenced/fenced-write.ts";
import type { RangeResponse, TxnResponse } from "../../etcd/ports/messages.ts";
import type { Head } from "../../resource/model/head.ts";
import { limits } from "../../resource/model/limits.ts";
import type { KindHandle } from "../context/kind-handle.ts";
import { openValue } from "../context/records.ts";
import type { StorageContext } from "../context/storage-context.ts";
import type { Place, ReadState } from "../read/reads.ts";
import type { StoredRecord } from "../seam/stored.ts";
import type { Change, GuardPart, PrepareOptions, WriteGuard } from "../seam/write-guard.ts";
import { amountsOf, changeFor, type ObjectChange, recordedAmounts, sideBefore } from "./change-sides.ts";
import { headToStore, isDeletionStep, keepsAmounts } from "./head-to-store.ts";

/** Wait between tries when a guard's own keys changed, milliseconds. */
const guardWaits = { firstMs: 2, maxMs: 100 } as const;
const writeIdBytes = 16;

export type ChangeResult =
  | {
      readonly outcome: "applied";
      readonly revision: bigint;
    }
  | { readonly outcome: "changed"; readonly state: ReadState };

/** A prepared change: the request, and the parts of the guards that get its outcome. */
export interface PreparedWrite {
  readonly change: ObjectChange;
  readonly write: FencedWrite;
  readonly parts: readonly GuardPart[];
  /** The amounts that it records beside the value. */
  readonly charged: Head["amounts"] | undefined;
}

/**
 * Carries out `change` unless the object no longer is in the state `before`.
 * @throws refusals of the write (QUOTA_EXCEEDED, NAMESPACE_NOT_FOUND, TOO_LARGE, INVALID_OBJECT), OUTCOME_UNKNOWN, …
 */
export async function attemptChange(
  handle: KindHandle,
  change: ObjectChange,
  scope: CallScope,
): Promise<ChangeResult> {
  const { context } = handle;
  let backoff: Backoff | undefined;
  for (;;) {
    const starts = context.watchStarts.settled(scope.signal);
    if (starts !== undefined) await starts;
    const prepared = await prepareWrite(handle, change, scope.rest());
    let outcome: WriteOutcome;
    try {
      outcome = await context.writes.write(prepared.write, scope.restForWrite());
    } catch (error) {
      abandon(prepared.parts, outcomeOf(error, scope));
      throw error;
    }
    const settling = settleWrite(handle, prepared, outcome);
    const attempt = settling instanceof Promise ? await settling : settling;
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
  handle: KindHandle,
  change: ObjectChange,
  call: Call,
  grouped = false,
): Promise<PreparedWrite> {
  const { place, before, after, lease, convert, withoutPuts = false } = change;
  const writeId = handle.context.random.bytes(writeIdBytes);
  const isDeletion = isDeletionStep(handle, before, after);
  const was = sideBefore(handle, change);
  const kept =
    after !== undefined && was !== undefined && keepsAmounts(handle, isDeletion)
      ? await amountsOf(was, call)
      : undefined;
  const head = after === undefined ? undefined : headToStore(handle, after, kept);
  const sealed =
    after === undefined || head === undefined
      ? undefined
      : handle.codec.seal({ key: place.key, object: after, head, writeId, replaces: before?.value, convert });
  const value = sealed instanceof Promise ? await sealed : sealed;
  if (value !== undefined) checkSize(handle, place, value);
  const asked = guardParts(
    handle.context,
    changeFor(handle, change, isDeletion, was, head, value),
    { withoutPuts, grouped, dryRun: change.isDryRun === true },
    call,
  );
  const others = asked instanceof Promise ? await asked : asked;
  const parts =
    value === undefined || change.isDryRun ? others : await withReferences(handle, value, others, call);
  const recorded = recordedAmounts(handle, change, head, kept, others);
  const write: FencedWrite = {
    key: place.key,
    what: () => handle.text(place.at),
    guard: before?.modRevision ?? change.unread?.modRevision ?? 0n,
    change:
      value === undefined ? { type: "delete" } : { type: "put", value, ...(lease === 0n ? {} : { lease }) },
    writeId,
    ...(value === undefined || carriesWriteId(value) ? {} : { unmarked: true }),
    compares: all(parts, (part) => part.compares),
    ops: [...all(parts, (part) => part.ops), ...recorded.ops],
    reads: all(parts, (part) => part.reads),
    ...(withoutPuts ? { withoutPuts } : {}),
  };
  return { change, write, parts, charged: recorded.charged };
}

/**
 * Handles the outcome of a prepared write and passes it to every part. "again": a guard's own keys changed.
 * @param bulk the object is not expected to be used soon: it is not kept among the recent states
 * @throws a guard's refusal
 */
export function settleWrite(
  handle: KindHandle,
  prepared: PreparedWrite,
  outcome: WriteOutcome,
  bulk = false,
): MaybePromise<ChangeResult | "again"> {
  if (outcome.outcome === "refused") return settleRefused(handle, prepared, outcome);
  const { change, write, parts, charged } = prepared;
  for (const part of parts) part.applied(outcome.revision);
  if (write.change.type === "delete") handle.context.recent.forget(change.place.key, outcome.revision);
  else if (!bulk) {
    const remembered = remember(handle, change, write.change.value, charged, outcome.revision);
    if (remembered !== undefined) return remembered.then(() => outcome);
  }
  return outcome;
}

async function settleRefused(
  handle: KindHandle,
  { change, parts }: PreparedWrite,
  outcome: Extract<WriteOutcome, { outcome: "refused" }>,
): Promise<ChangeResult | "again"> {
  const { context } = handle;
  const { place } = change;
  const { current, revision } = outcome;
  if (current === undefined) context.recent.forget(place.key, revision);
  if (outcome.reads === undefined) {
    abandon(parts, "not applied");
    const record = current === undefined ? undefined : await openValue(handle, place.key, place.at, current);
    if (record !== undefined) context.recent.keep(record);
    return { outcome: "changed", state: { record, revision } };
  }
  passRefusal(parts, outcome.reads, revision);
  return "again";
}

/** A guard's own keys changed: each part gets what it asked to be read. @throws a guard's refusal */
function passRefusal(parts: readonly GuardPart[], reads: readonly RangeResponse[], revision: bigint): void {
  let readsTaken = 0;
  const answers = parts.map((part) =>
    part.refused(reads.slice(readsTaken, (readsTaken += part.reads.length)), revision),
  );
  const refusal = answers.find((answer) => answer instanceof StoreError);
  if (refusal !== undefined) throw refusal;
}

/**
 * Keeps the written state for the next write of this key. It is stored: a failure here is not a failure of the write.
 */
function remember(
  handle: KindHandle,
  { place, before, lease }: ObjectChange,
  value: Uint8Array,
  charged: Head["amounts"] | undefined,
  revision: bigint,
): Promise<void> | undefined {
  const { context } = handle;
  const keep = (record: StoredRecord): void =>
    context.recent.keep(charged === undefined ? record : { ...record, charged });
  const forget = (): void => context.recent.forget(place.key, revision);
  const createRevision = before?.createRevision ?? revision;
  const facts = { value, modRevision: revision, createRevision, lease };
  try {
    const opened = openValue(handle, place.key, place.at, facts);
    if (opened instanceof Promise) return opened.then(keep).catch(forget);
    keep(opened);
  } catch {
    forget();
  }
  return undefined;
}

/**
 * Asks the guards about a change without making it: for dry runs. What guards remember lets nothing pass: a
 * transaction without operations checks their compares, as the write's own would.
 * @throws a guard's refusal
 */
export async function dryRunChange(
  handle: KindHandle,
  change: ObjectChange,
  scope: CallScope,
): Promise<void> {
  const { clock, random, etcd } = handle.context;
  const backoff = new Backoff(guardWaits, clock, random);
  for (;;) {
    const { parts } = await prepareWrite(handle, { ...change, isDryRun: true }, scope.rest());
    const compare = all(parts, (part) => part.compares);
    if (compare.length === 0) return abandon(parts, "not applied");
    const failure = all(parts, (part) => part.reads).map((range) => ({ type: "range", range }) as const);
    let answer: TxnResponse;
    try {
      const { signal } = scope;
      answer = await etcd.kv.txn({ compare, success: [], failure }, { signal });
    } catch (error) {
      abandon(parts, "not applied");
      throw error;
    }
    if (answer.succeeded) return abandon(parts, "not applied");
    const reads = answer.responses.flatMap((response) => (response.type === "range" ? [response.range] : []));
    passRefusal(parts, reads, answer.header.revision);
    await backoff.wait(scope.signal);
  }
}

export function abandon(parts: readonly GuardPart[], outcome: "not applied" | "unknown"): void {
  for (const part of parts) part.abandoned(outcome);
}

/** The guards' parts, synchronously when no guard has to ask etcd. */
function guardParts(
  context: StorageContext,
  change: Change,
  options: PrepareOptions,
  call: Call,
): readonly GuardPart[] | Promise<readonly GuardPart[]> {
  const parts: GuardPart[] = [];
  const { guards } = context;
  try {
    for (let at = 0; at < guards.length; at++) {
      const prepared = guards[at]?.prepare(change, options, call);
      if (prepared instanceof Promise) {
        return waitForParts(parts, prepared, guards.slice(at + 1), change, options, call);
      }
      if (prepared !== undefined) parts.push(prepared);
    }
  } catch (error) {
    abandon(parts, "not applied");
    throw error;
  }
  return parts;
}

/** As `guardParts`, from the first guard that has to ask. */
async function waitForParts(
  parts: GuardPart[],
  asked: Promise<GuardPart | undefined>,
  rest: readonly WriteGuard[],
  change: Change,
  options: PrepareOptions,
  call: Call,
): Promise<readonly GuardPart[]> {
  try {
    const part = await partInTime(asked, call);
    if (part !== undefined) parts.push(part);
    for (const guard of rest) {
      const prepared = guard.prepare(change, options, call);
      const next = prepared instanceof Promise ? await partInTime(prepared, call) : prepared;
      if (next !== undefined) parts.push(next);
    }
  } catch (error) {
    abandon(parts, "not applied");
    throw error;
  }
  return parts;
}

/** The guards' parts, and the part for the records that the value depends on. */
function withReferences(
  handle: KindHandle,
  value: Uint8Array,
  parts: readonly GuardPart[],
  call: Call,
): readonly GuardPart[] | Promise<readonly GuardPart[]> {
  const found = handle.context.references.partFor(handle, value, call);
  if (!(found instanceof Promise)) return found === undefined ? parts : [...parts, found];
  return found.then(
    (part) => (part === undefined ? parts : [...parts, part]),
    (error: unknown) => {
      abandon(parts, "not applied");
      throw error;
    },
  );
}

/** The combined contribution of the parts, in their order. */
function all<T>(parts: readonly GuardPart[], of: (part: GuardPart) => readonly T[]): readonly T[] {
  const found: T[] = [];
  for (const part of parts) for (const one of of(part)) found.push(one);
  return found;
}

/**
 * A guard asks etcd once for all its callers: when one caller ends early, the request continues, and its late part is
 * abandoned.
 */
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

function checkSize(handle: KindHandle, { key, at }: Place, value: Uint8Array): void {
  const sizeBytes = value.byteLength + Buffer.byteLength(key);
  const limitBytes = limits.objectBytesMax;
  if (sizeBytes <= limitBytes) return;
  throw new StoreError(
    "TOO_LARGE",
    `Cannot store ${handle.text(at)}: it takes ${sizeBytes} bytes in etcd, at most ${limitBytes} are allowed`,
    { ...handle.subject(key, at), sizeBytes, limitBytes },
  );
}

function outcomeOf(error: unknown, scope: CallScope): "not applied" | "unknown" {
  if (isStoreError(error, "OUTCOME_UNKNOWN")) return "unknown";
  // The caller gave up while the part was being prepared.
  return scope.signal?.aborted === true ? "unknown" : "not applied";
}
