/**
 * Many independent fenced writes, packed into groups (write-groups.ts), one transaction each. A member that its group
 * certainly did not apply is written singly.
 *
 *   round of groups -> txn each --ok--> outcome of every member; refused, not by its key: singly
 *                                --session changed, or refused as a whole because of one member: singly
 *                                --lost--> one fence, then every member settled; not applied: singly
 *                                --no space--> every member settled; none applied: NO_SPACE, else the rest singly
 */
import { eachAtOnce } from "../../base/each-at-once.ts";
import { invariant, isStoreError, StoreError } from "../../errors.ts";
import type { FencedCall, FencedWrite, WriteOutcome } from "./fenced-write.ts";
import { outcomeUnknown, settleLost, settleNoSpace, type WriteContext } from "./lost-responses.ts";
import { refusedByKey, takeSessionKey, writeOne } from "./single-write.ts";
import { planGroups } from "./write-groups.ts";
import { WriteSpan } from "./write-span.ts";
import { groupTxn, isKeyChanged, readGroup } from "./write-txn.ts";

/** Groups in flight: two are past the knee; more only lengthen the queue in etcd. */
const groupsInFlight = 2;
/** Single writes in flight after a group was refused as a whole. */
const singlesInFlight = 16;

interface Member {
  readonly index: number;
  readonly write: FencedWrite;
}

type Outcomes = (WriteOutcome | StoreError | undefined)[];

/** @throws the signal's reason; every other failure is the outcome of its write */
export async function writeAll(
  context: WriteContext,
  writes: readonly FencedWrite[],
  given: FencedCall,
): Promise<readonly (WriteOutcome | StoreError)[]> {
  const { generation = context.etcd.history.generation, ...rest } = given;
  const call: FencedCall = { ...rest, generation };
  const outcomes: Outcomes = writes.map(() => undefined);
  for (const round of planGroups(writes, context.root)) {
    const singles: Member[] = [];
    await eachAtOnce(round, groupsInFlight, async (group) => {
      const members = group.members.flatMap((index): Member[] => {
        const write = writes[index];
        return write === undefined ? [] : [{ index, write }];
      });
      if (members.length === 1) singles.push(...members);
      else singles.push(...(await writeGroup(context, members, outcomes, call)));
    });
    await eachAtOnce(singles, singlesInFlight, async ({ index, write }) => {
      outcomes[index] = await writeSingle(context, write, call);
    });
  }
  return outcomes.map((outcome) => {
    invariant(outcome !== undefined, "every write of a round has an outcome");
    return outcome;
  });
}

async function writeSingle(
  context: WriteContext,
  write: FencedWrite,
  call: FencedCall,
): Promise<WriteOutcome | StoreError> {
  try {
    return await writeOne(context, write, new WriteSpan(context.etcd, call));
  } catch (error) {
    return storeErrorOrThrow(error);
  }
}

/** Fills in `outcomes`; returns the writes that are certainly not applied and must be written singly. */
async function writeGroup(
  context: WriteContext,
  members: readonly Member[],
  outcomes: Outcomes,
  call: FencedCall,
): Promise<readonly Member[]> {
  try {
    // A separate span that begins here: the call's time may have ended since earlier groups were stored.
    return await sendGroup(context, members, outcomes, new WriteSpan(context.etcd, call));
  } catch (error) {
    const failure = storeErrorOrThrow(error);
    // Refused as a whole, perhaps because of one member: a lease that is gone, a missing permission.
    if (!isStoreError(failure, "UNAVAILABLE", "DEADLINE", "NO_SPACE", "CLOSED", "UNAUTHENTICATED")) {
      return members;
    }
    for (const { index } of members) outcomes[index] = failure;
    return [];
  }
}

async function sendGroup(
  context: WriteContext,
  members: readonly Member[],
  outcomes: Outcomes,
  span: WriteSpan,
): Promise<readonly Member[]> {
  const { etcd, root, sessions, counters } = context;
  const { kv } = etcd;
  const writes = members.map(({ write }) => write);
  const [first] = writes;
  const what = first ?? { key: "nothing" };
  const sessionKey = sessions.ready() ?? (await takeSessionKey(context, span, what));
  span.refuseAfterRestore(what);
  const since = kv.highestRevision;
  const compared = sessionKey.revision;
  counters.groups++;
  const again: Member[] = [];
  let sent = false;
  try {
    const response = await kv.txn(groupTxn(writes, { root, sessionKey, since }), {
      signal: span.signal,
      timeoutMs: span.requestMs(what),
      refusalPatienceMs: span.refusalPatienceMs,
      lane: "bulk",
      onSend: () => (sent = true),
      doubtsRefusal: true,
    });
    const { session, answers } = readGroup(writes, response);
    if (answers === undefined) {
      counters.sessionRetries++;
      sessions.moved(sessionKey, session);
      return members;
    }
    for (const [at, member] of members.entries()) {
      const answer = answers[at];
      invariant(answer !== undefined, "every member has an answer");
      if (answer.outcome === "applied") outcomes[member.index] = answer;
      // Not its key but something else refuses it; the single write finds out what.
      else if (!isKeyChanged(member.write, answer.current)) again.push(member);
      else {
        try {
          outcomes[member.index] = await refusedByKey(context, member.write, answer, span);
        } catch (error) {
          outcomes[member.index] = storeErrorOrThrow(error);
        }
      }
    }
  } catch (error) {
    if (sent && span.isCutOff(error)) {
      for (const { index, write } of members) outcomes[index] = outcomeUnknown(context, write, error);
      return [];
    }
    if (!isStoreError(error, "OUTCOME_UNKNOWN", "NO_SPACE")) throw error;
    const revisionOf = async ({ write }: Member): Promise<bigint | undefined> => {
      if (isStoreError(error, "NO_SPACE")) return settleNoSpace(context, write, { since, span });
      const settled = await settleLost(context, write, { sessionKey, compared, since, span, cause: error });
      return settled.outcome === "applied" ? settled.revision : undefined;
    };
    await eachAtOnce(members, singlesInFlight, async (member) => {
      try {
        const revision = await revisionOf(member);
        if (revision === undefined) again.push(member);
        else outcomes[member.index] = { outcome: "applied", revision };
      } catch (failure) {
        outcomes[member.index] = storeErrorOrThrow(failure);
      }
    });
    // Nothing of it is stored: there was no space for the group, so there is none for its members.
    if (isStoreError(error, "NO_SPACE") && again.length === members.length) throw error;
  }
  return again;
}

/** The caller's abort reason and broken invariants are not outcomes of one write: they end the call. */
function storeErrorOrThrow(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  throw error;
}
