/**
 * One fenced write, from its session key to its outcome.
 *
 *            +--------- session changed, or tombstone only: certainly not applied -------+
 *            v                                                                           |
 *   take a session key -> txn --ok--> applied   --not--> the key? else look: which compare failed? ---+--> refused
 *            ^             |
 *            |             +--lost--> fence the session key, settle (lost-responses.ts) -> applied | unknown
 *            +------------------------ not applied -------------------------+
 *                          |
 *                          +--no space--> settle without a fence: applied nevertheless | NO_SPACE
 *
 * A write is sent again only when the earlier one can certainly no longer apply.
 */
import type { Backoff } from "../../base/backoff.ts";
import { isStoreError } from "../../errors.ts";
import type { KeyValue } from "../ports/messages.ts";
import type { FencedWrite, WriteOutcome } from "./fenced-write.ts";
import {
  outcomeUnknown,
  settleLost,
  settleNoSpace,
  type WriteContext,
  writeBackoff,
} from "./lost-responses.ts";
import { isOwnPut } from "./write-records.ts";
import type { SessionKey } from "./write-sessions.ts";
import type { WriteSpan } from "./write-span.ts";
import {
  isKeyChanged,
  type Look,
  lookTxn,
  type MemberAnswer,
  readLook,
  readMember,
  singleTxn,
} from "./write-txn.ts";

/** @throws as `FencedWrites.write` */
export async function writeOne(
  context: WriteContext,
  write: FencedWrite,
  span: WriteSpan,
): Promise<WriteOutcome> {
  const { etcd, root, sessions, counters } = context;
  const { kv } = etcd;
  let backoff: Backoff | undefined;
  let since: bigint | undefined;
  for (;;) {
    const sessionKey = sessions.ready() ?? (await sessionKeyFor(context, write, span));
    span.refuseAfterRestore(write);
    // Read after the session is open: its header counts too, and a create sent from here on compares with it.
    since ??= kv.highestRevision;
    const compared = sessionKey?.revision ?? 0n;
    let answer: MemberAnswer;
    let sent = false;
    try {
      const timeoutMs = span.requestMs(write);
      const response = await kv.txn(singleTxn(write, { root, sessionKey, since }), {
        signal: span.signal,
        timeoutMs,
        refusalPatienceMs: span.refusalPatienceMs,
        onSend: () => (sent = true),
        doubtsRefusal: true,
      });
      answer = readMember(response, response.header.revision);
    } catch (error) {
      if (isStoreError(error, "OUTCOME_UNKNOWN")) {
        const settled = await settleLost(context, write, { sessionKey, compared, since, span, cause: error });
        if (settled.outcome === "applied") return { outcome: "applied", revision: settled.revision };
      } else if (isStoreError(error, "NO_SPACE")) {
        const revision = await settleNoSpace(context, write, { since, span });
        if (revision === undefined) throw error;
        return { outcome: "applied", revision };
      } else if (sent && span.isCutOff(error)) {
        throw outcomeUnknown(context, write, error);
      } else if (!span.mayTryAgain(error)) {
        throw error;
      }
      if (kv.highestRevision > since) since = kv.highestRevision;
      backoff ??= writeBackoff(etcd);
      await span.pause(backoff, write, error);
      continue;
    }
    if (answer.outcome === "applied") return answer;
    if (isKeyChanged(write, answer.current)) return refusedByKey(context, write, answer, span);
    const look = await lookAgain(context, write, sessionKey, span);
    const { revision, current, session, tombstone, reads } = look;
    if (isKeyChanged(write, current)) return refusedByKey(context, write, look, span);
    if (sessionKey !== undefined && session !== compared) {
      counters.sessionRetries++;
      sessions.moved(sessionKey, session);
      // The first change is another write's fence. If it repeats, something else changes our session key, so wait.
      if (backoff !== undefined) await span.pause(backoff, write);
      backoff ??= writeBackoff(etcd);
      continue;
    }
    if (write.guard === 0n && tombstone > since) {
      counters.graveRetries++;
      since = revision;
      if (span.leftMs() <= 0) throw span.deadline(write);
      continue;
    }
    return { outcome: "refused", revision, current, reads };
  }
}

/** Finds what other than the key refused the write. The write is not applied, so errors of this read are thrown unchanged. */
async function lookAgain(
  { etcd, root }: WriteContext,
  write: FencedWrite,
  sessionKey: SessionKey | undefined,
  span: WriteSpan,
): Promise<Look> {
  const { signal, refusalPatienceMs } = span;
  const call = { signal, timeoutMs: span.requestMs(write), refusalPatienceMs };
  const answer = await etcd.kv.txn(lookTxn(write, { root, sessionKey }), call);
  span.refuseAfterRestore(write);
  return readLook(write, { sessionKey }, answer);
}

/** The refusal of a write whose key does not match its guard. */
export async function refusedByKey(
  context: WriteContext,
  write: FencedWrite,
  { revision, current }: Pick<Look, "revision" | "current">,
  span: WriteSpan,
): Promise<WriteOutcome> {
  // The library below may send a request twice: grpc-js repeats what it believes to be refused.
  if (current !== undefined && (await isOwn(context, write, current, span))) {
    return { outcome: "applied", revision: current.modRevision };
  }
  return { outcome: "refused", revision, current, reads: undefined };
}

/** Whether this write itself, sent earlier, made the version that refuses it. @throws OUTCOME_UNKNOWN when that cannot be found out */
async function isOwn(
  context: WriteContext,
  write: FencedWrite,
  current: KeyValue,
  span: WriteSpan,
): Promise<boolean> {
  try {
    return await isOwnPut(write, current, context, span.signal);
  } catch (error) {
    span.throwIfAborted();
    throw outcomeUnknown(context, write, error);
  }
}

/** Deletes continue without a session key when etcd accepts no put to open one; only their guard then protects them. */
async function sessionKeyFor(
  context: WriteContext,
  write: FencedWrite,
  span: WriteSpan,
): Promise<SessionKey | undefined> {
  const canDoWithout = write.withoutPuts === true && write.guard !== 0n;
  if (canDoWithout && context.sessions.outOfSpace) return undefined;
  try {
    return await takeSessionKey(context, span, write);
  } catch (error) {
    if (canDoWithout && isStoreError(error, "NO_SPACE")) return undefined;
    throw error;
  }
}

/** Takes a session key, with retries within the call's time: nothing of the write has been sent yet. */
export async function takeSessionKey(
  { etcd, sessions }: WriteContext,
  span: WriteSpan,
  what: Pick<FencedWrite, "what" | "key">,
): Promise<SessionKey> {
  let backoff: Backoff | undefined;
  for (;;) {
    try {
      using scope = span.scope(what);
      return await sessions.take(scope.signal);
    } catch (error) {
      if (!span.mayTryAgain(error)) throw error;
      backoff ??= writeBackoff(etcd);
      await span.pause(backoff, what, error);
    }
  }
}
