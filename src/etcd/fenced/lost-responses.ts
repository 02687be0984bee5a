/**
 * Finds the outcome of a write whose response was lost or is ambiguous: fence, then read (write-settlement.ts), within the
 * call's time.
 *
 *   no space             etcd applies the write that exceeds its quota and still answers "no space" (its quotaApplierV3). The
 *                        response has arrived, so there is nothing to fence: a read gives the outcome
 *   with a session key   fence the session key, then read the outcome
 *   without (a delete while etcd is out of space)   send the same delete again: its guard matches only once, so
 *                        either this one applies or the history shows what changed the key
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

/** State shared by every part of the write path. */
export interface WriteContext {
  readonly etcd: Etcd;
  readonly root: string;
  readonly sessions: WriteSessions;
  readonly counters: WriteCounters;
}

export interface Sent {
  readonly sessionKey: SessionKey | undefined;
  /** The session key's revision that the transaction compared. */
  readonly compared: bigint;
  /** A revision seen before it was sent. */
  readonly since: bigint;
  readonly span: WriteSpan;
  /** How the response was lost. */
  readonly cause: StoreError;
}

/** Waits between tries, milliseconds: an etcd without a leader has a new one within a second or two. */
const waits = { firstMs: 10, maxMs: 500 } as const;

export function writeBackoff({ clock, random }: Etcd): Backoff {
  return new Backoff(waits, clock, random);
}

/** @throws OUTCOME_UNKNOWN; the signal's reason when aborted */
export async function settleLost(
  context: WriteContext,
  write: FencedWrite,
  sent: Sent,
): Promise<Exclude<Settlement, { outcome: "unknown" }>> {
  const { counters, sessions } = context;
  const { sessionKey, compared, since, span } = sent;
  counters.unknown++;
  try {
    using scope = span.scope(write);
    let settled: Settlement;
    if (sessionKey === undefined) settled = await repeatDelete(context, write, { since, scope });
    else {
      await sessions.fence(sessionKey, compared, scope.signal);
      settled = await readOutcome(context, write, { since, scope });
    }
    // After a restore only presence is proof: a write that is missing here may have been applied in the replaced history.
    if (settled.outcome === "unknown" || (settled.outcome === "not applied" && span.isOutlived))
      throw sent.cause;
    if (settled.outcome === "applied") counters.settledApplied++;
    else counters.settledNotApplied++;
    return settled;
  } catch (error) {
    counters.unsettled++;
    span.throwIfAborted();
    throw outcomeUnknown(context, write, error);
  }
}

/**
 * The outcome of a write that etcd answered with NO_SPACE.
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
    const settled = await readOutcome(context, write, { since, scope });
    if (settled.outcome === "unknown") throw historyGone(write);
    if (settled.outcome === "not applied") return undefined;
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

async function readOutcome(
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
      if (succeeded) return { outcome: "applied", revision: header.revision };
      return await readOutcome(context, write, within);
    } catch (error) {
      scope.throwIfEnded();
      if (!isStoreError(error, "UNAVAILABLE", "DEADLINE", "OUTCOME_UNKNOWN")) throw error;
      await backoff.wait(scope.signal);
    }
  }
}

/** The error for a write that was sent when no time is left to find its outcome. */
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
