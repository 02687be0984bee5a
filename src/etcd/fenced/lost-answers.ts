/**
 * A write whose answer was lost, or does not tell, carried to a known end: fence, then read (write-settlement.ts), within
 * the call's time.
 *
 *   no space         the write that goes over etcd's quota is applied and answered "no space" (its quotaApplierV3). The
 *                    answer has come, so there is nothing to fence: what is read now is what became of it
 *   with a session key      change its session key for certain, then read what became of the write
 *   without (a delete while etcd is out of space)   the same delete once more: its guard can be used up only once, so
 *                    either this one applies or what has used it up is in the history
 */
import { Backoff } from "../../base/backoff.ts";
import type { CallScope } from "../../base/call.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { Etcd } from "../ports/etcd.ts";
import { type FencedWrite, type FencedWriteStats, textOfWrite } from "./fenced-write.ts";
import type { SessionKey, WriteSessions } from "./write-sessions.ts";
import { type Settlement, settleWrite } from "./write-settlement.ts";
import type { WriteSpan } from "./write-span.ts";
import { singleTxn } from "./write-txn.ts";

export type WriteCounters = { -readonly [K in keyof FencedWriteStats]: FencedWriteStats[K] };

/** What every part of the write path works with. */
export interface WriteContext {
  readonly etcd: Etcd;
  readonly root: string;
  readonly sessions: WriteSessions;
  readonly counters: WriteCounters;
}

export interface Sent {
  readonly sessionKey: SessionKey | undefined;
  /** The session key's revision the transaction compared. */
  readonly compared: bigint;
  /** A revision seen before it was sent. */
  readonly since: bigint;
  readonly span: WriteSpan;
  /** How the answer was lost. */
  readonly cause: StoreError;
}

/** Waits between tries, milliseconds: an etcd between two leaders is back within a second or two. */
const waits = { firstMs: 10, maxMs: 500 } as const;

export function writeBackoff({ clock, random }: Etcd): Backoff {
  return new Backoff(waits, clock, random);
}

/** @throws OUTCOME_UNKNOWN; the signal's reason when aborted */
export async function settleLost(
  context: WriteContext,
  write: FencedWrite,
  sent: Sent,
): Promise<Exclude<Settlement, { fate: "unknown" }>> {
  const { counters, sessions } = context;
  const { sessionKey, compared, since, span } = sent;
  counters.unknown++;
  try {
    using scope = span.scope(write);
    let settled: Settlement;
    if (sessionKey === undefined) settled = await repeatDelete(context, write, { since, scope });
    else {
      await sessions.fence(sessionKey, compared, scope.signal);
      settled = await readFate(context, write, { since, scope });
    }
    // After a restore only presence says something: what is not in this history may have been, or not, in the other.
    if (settled.fate === "unknown" || (settled.fate === "not applied" && span.isOutlived)) throw sent.cause;
    if (settled.fate === "applied") counters.settledApplied++;
    else counters.settledNotApplied++;
    return settled;
  } catch (error) {
    counters.unsettled++;
    span.throwIfAborted();
    throw outcomeUnknown(context, write, error);
  }
}

/**
 * What became of a write that etcd answered with NO_SPACE.
 * @returns the revision at which it was applied; undefined: it was not
 * @throws OUTCOME_UNKNOWN; the signal's reason when aborted
 */
export async function settleNoSpace(
  context: WriteContext,
  write: FencedWrite,
  { since, span }: Pick<Sent, "since" | "span">,
): Promise<bigint | undefined> {
  const { counters } = context;
  try {
    using scope = span.scope(write);
    const settled = await readFate(context, write, { since, scope });
    if (settled.fate === "unknown") throw historyGone(write);
    if (settled.fate === "not applied") return undefined;
    counters.noSpaceApplied++;
    return settled.revision;
  } catch (error) {
    counters.unsettled++;
    span.throwIfAborted();
    throw outcomeUnknown(context, write, error);
  }
}

function historyGone(write: FencedWrite): StoreError {
  return new StoreError("EXPIRED", `Cannot read the history of ${textOfWrite(write)}: it is compacted`, {
    reason: "compacted",
  });
}

interface Within {
  readonly since: bigint;
  readonly scope: CallScope;
}

async function readFate(
  { etcd, root }: WriteContext,
  write: FencedWrite,
  { since, scope }: Within,
): Promise<Settlement> {
  const backoff = writeBackoff(etcd);
  for (;;) {
    try {
      return await settleWrite(write, { etcd, root, since, signal: scope.signal });
    } catch (error) {
      scope.throwIfEnded();
      if (!isStoreError(error, "UNAVAILABLE", "DEADLINE")) throw error;
      await backoff.wait(scope.signal);
    }
  }
}

async function repeatDelete(context: WriteContext, write: FencedWrite, within: Within): Promise<Settlement> {
  const { etcd, root } = context;
  const { since, scope } = within;
  const backoff = writeBackoff(etcd);
  for (;;) {
    try {
      const txn = singleTxn(write, { root, sessionKey: undefined, since });
      const { header, succeeded } = await etcd.kv.txn(txn, { signal: scope.signal });
      if (succeeded) return { fate: "applied", revision: header.revision };
      return await readFate(context, write, within);
    } catch (error) {
      scope.throwIfEnded();
      if (!isStoreError(error, "UNAVAILABLE", "DEADLINE", "OUTCOME_UNKNOWN")) throw error;
      await backoff.wait(scope.signal);
    }
  }
}

/** For a write that was sent, when there is no time left to find out. */
export function outcomeUnknown({ etcd }: WriteContext, write: FencedWrite, cause: unknown): StoreError {
  return new StoreError(
    "OUTCOME_UNKNOWN",
    `Cannot say whether ${textOfWrite(write)} was written: etcd's answer did not tell, and it could not be found out in time`,
    {
      writeId: Buffer.from(write.writeId).toString("hex"),
      key: write.key,
      guard: `${write.guard}`,
      lastRevision: `${etcd.kv.highestRevision}`,
    },
    { cause },
  );
}
