/**
 * Fenced writes over the ports: one transaction a write, settled when its answer is lost.
 *
 *   compare   mod(key) = guard, mod(session) = s, a create: mod(grave) <= R, the caller's
 *   success   put or delete, a delete: put grave, the caller's
 *   failure   key, session, grave as they are, the caller's reads
 *
 *            +--------- session moved, grave alone: certainly not applied ----------+
 *            v                                                                      |
 *   take a slot -> txn --ok--> applied            --not--> which compare failed? ---+--> refused
 *            ^      |
 *            |      +--lost--> fence the slot -> settle (write-settlement.ts) -> applied | unknown
 *            +------------------------ not applied -------------------------+
 *
 * A request gets at most half of the time that is left, so that settling has the rest. Nothing is ever sent again
 * before it is certain that the earlier one can no longer apply.
 */
import { Backoff } from "../base/backoff.ts";
import { type Call, CallScope } from "../base/call.ts";
import { quote } from "../base/quote.ts";
import { invalidArgument, isStoreError, StoreError } from "../errors.ts";
import type { FencedWrite, FencedWriteStats, FencedWrites, WriteOutcome } from "./fenced-write.ts";
import { graveKey, graveValue } from "./graves.ts";
import type { Compare, Etcd, KeyValue } from "./ports.ts";
import { type GroupPlan, planGroups } from "./write-groups.ts";
import { type Slot, WriteSessions } from "./write-sessions.ts";
import { type Settlement, settleWrite } from "./write-settlement.ts";
import { groupTxn, type MemberAnswer, readGroup, readSingle, singleTxn } from "./write-txn.ts";

/** A call without a bound of its own: one request, and twice its time to settle it. */
const defaultCallRequests = 3;
/** Groups of one `writeMany` under way at a time: two are past the knee, more only lengthen the queue in etcd. */
const groupsInFlight = 2;
/** Single writes of one `writeMany` under way at a time, after a group was refused as a whole. */
const singlesInFlight = 16;

/** @param options.root bookkeeping root without a slash at the end, e.g. "/keelson/registry" */
export function createFencedWrites(options: { readonly etcd: Etcd; readonly root: string }): FencedWrites {
  return new FencedWriter(options.etcd, options.root);
}

type Counters = { -readonly [K in keyof FencedWriteStats]: FencedWriteStats[K] };

/** The time and the end of one call; cheap, since nearly every call makes one round trip and is done. */
interface Span {
  readonly call: Call;
  readonly deadlineMs: number;
  /** Highest revision seen when it began: only a restore makes it fall. */
  readonly highest: bigint;
}

class FencedWriter implements FencedWrites {
  readonly #etcd: Etcd;
  readonly #root: string;
  readonly #sessions: WriteSessions;
  readonly #counters: Counters = {
    writes: 0,
    unknown: 0,
    settledApplied: 0,
    settledNotApplied: 0,
    unsettled: 0,
    sessionRetries: 0,
    graveRetries: 0,
    sessions: 0,
    fences: 0,
    groups: 0,
  };
  #underWay = 0;
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor(etcd: Etcd, root: string) {
    this.#etcd = etcd;
    this.#root = root;
    this.#sessions = new WriteSessions(etcd, root);
  }

  async write(write: FencedWrite, call: Call = {}): Promise<WriteOutcome> {
    this.#counters.writes++;
    return this.#tracked(() => this.#write(write, this.#span(call)));
  }

  async writeMany(
    writes: readonly FencedWrite[],
    call: Call = {},
  ): Promise<readonly (WriteOutcome | StoreError)[]> {
    this.#counters.writes += writes.length;
    return this.#tracked(() => this.#writeMany(writes, call));
  }

  async bury(key: string, call: Call = {}): Promise<Awaited<ReturnType<FencedWrites["bury"]>>> {
    return this.#tracked(() => this.#bury(key, this.#span(call)));
  }

  stats(): FencedWriteStats {
    return { ...this.#counters, sessions: this.#sessions.opened, fences: this.#sessions.fences };
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
      await this.#sessions.close();
    })();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #tracked<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) {
      throw new StoreError("CLOSED", "Cannot write: the store is closed", { what: "store" });
    }
    this.#underWay++;
    try {
      return await work();
    } finally {
      if (--this.#underWay === 0) this.#idle?.();
    }
  }

  #span(call: Call): Span {
    const timeoutMs = call.timeoutMs ?? defaultCallRequests * this.#etcd.requestTimeoutMs;
    if (!(timeoutMs > 0)) {
      throw invalidArgument(
        "timeoutMs",
        `Cannot write: timeoutMs is ${timeoutMs}, expected a number above 0`,
      );
    }
    call.signal?.throwIfAborted();
    return {
      call,
      deadlineMs: this.#etcd.clock.monotonicMs() + timeoutMs,
      highest: this.#etcd.kv.highestRevision,
    };
  }

  async #write(write: FencedWrite, span: Span): Promise<WriteOutcome> {
    const { kv } = this.#etcd;
    const txnFor = (slot: Slot | undefined, since: bigint) =>
      singleTxn(write, { root: this.#root, slot, since });
    let backoff: Backoff | undefined;
    let since: bigint | undefined;
    for (;;) {
      const slot = this.#sessions.ready() ?? (await this.#takeSlot(span, write));
      this.#refuseAfterRestore(span, write.key);
      // What the session's opening has shown counts as well: a create sent from here on compares with it.
      since ??= kv.highestRevision;
      const compared = slot?.revision ?? 0n;
      let answer: MemberAnswer;
      try {
        const timeoutMs = this.#requestMs(span, write.key);
        const response = await kv.txn(txnFor(slot, since), { signal: span.call.signal, timeoutMs });
        answer = readSingle(write, response, slot !== undefined);
      } catch (error) {
        if (isStoreError(error, "OUTCOME_UNKNOWN")) {
          const settled = await this.#settle(write, { slot, compared, since, span, cause: error });
          if (settled.fate === "applied") return { outcome: "applied", revision: settled.revision };
        } else if (!this.#mayTryAgain(error, span)) {
          throw error;
        }
        since = maxRevision(since, kv.highestRevision);
        backoff ??= this.#backoff();
        await this.#pause(backoff, span, error);
        continue;
      }
      if (answer.outcome === "applied") return answer;
      const { session, grave } = answer;
      if (slot !== undefined && session !== compared) {
        this.#counters.sessionRetries++;
        this.#sessions.moved(slot, session);
        // The first time it is another write's fence; should it go on, something else changes our key.
        if (backoff !== undefined) await this.#pause(backoff, span);
        backoff ??= this.#backoff();
        continue;
      }
      if (write.guard === 0n && grave > since && answer.current === undefined) {
        this.#counters.graveRetries++;
        since = answer.revision;
        if (this.#leftMs(span) <= 0) throw this.#deadline(write.key);
        continue;
      }
      return { outcome: "refused", revision: answer.revision, current: answer.current, reads: answer.reads };
    }
  }

  /** Deletes go on without a slot when etcd takes no put to open one: their guard alone must do. */
  async #takeSlot(span: Span, write: FencedWrite): Promise<Slot | undefined> {
    const canDoWithout = write.pure === true && write.guard !== 0n;
    if (canDoWithout && this.#sessions.outOfSpace) return undefined;
    using scope = this.#scope(span, write.key);
    try {
      return await this.#sessions.take(scope.signal);
    } catch (error) {
      if (canDoWithout && isStoreError(error, "NO_SPACE")) return undefined;
      throw error;
    }
  }

  async #settle(
    write: FencedWrite,
    sent: {
      readonly slot: Slot | undefined;
      readonly compared: bigint;
      readonly since: bigint;
      readonly span: Span;
      readonly cause: StoreError;
    },
  ): Promise<Settlement> {
    this.#counters.unknown++;
    const { slot, compared, since, span } = sent;
    try {
      using scope = this.#scope(span, write.key);
      let settled: Settlement;
      if (slot === undefined) settled = await this.#settleByGuard(write, since, scope);
      else {
        await this.#sessions.fence(slot, compared, scope.signal);
        settled = await this.#readFate(write, since, scope);
      }
      if (settled.fate === "unknown") throw sent.cause;
      if (settled.fate === "applied") this.#counters.settledApplied++;
      else this.#counters.settledNotApplied++;
      return settled;
    } catch (error) {
      this.#counters.unsettled++;
      if (span.call.signal?.aborted === true) throw span.call.signal.reason;
      throw this.#outcomeUnknown(write, error);
    }
  }

  async #readFate(write: FencedWrite, since: bigint, scope: CallScope): Promise<Settlement> {
    const backoff = this.#backoff();
    for (;;) {
      try {
        return await settleWrite(write, { etcd: this.#etcd, root: this.#root, since, signal: scope.signal });
      } catch (error) {
        scope.throwIfEnded();
        if (!isStoreError(error, "UNAVAILABLE", "DEADLINE")) throw error;
        await backoff.wait(scope.signal);
      }
    }
  }

  /**
   * Without a session key: the same delete once more. Its guard can be used up only once, so either this one applies
   * or what has used it up is in the history.
   */
  async #settleByGuard(write: FencedWrite, since: bigint, scope: CallScope): Promise<Settlement> {
    const backoff = this.#backoff();
    for (;;) {
      try {
        const txn = singleTxn(write, { root: this.#root, slot: undefined, since });
        const { header, succeeded } = await this.#etcd.kv.txn(txn, { signal: scope.signal });
        if (succeeded) return { fate: "applied", revision: header.revision };
        return await this.#readFate(write, since, scope);
      } catch (error) {
        scope.throwIfEnded();
        if (!isStoreError(error, "UNAVAILABLE", "DEADLINE", "OUTCOME_UNKNOWN")) throw error;
        await backoff.wait(scope.signal);
      }
    }
  }

  async #bury(key: string, span: Span): Promise<Awaited<ReturnType<FencedWrites["bury"]>>> {
    const { kv, random } = this.#etcd;
    const absent: Compare = { key, target: "create", result: "=", operand: 0n };
    const backoff = this.#backoff();
    for (;;) {
      try {
        // Repeating it changes nothing, so a lost answer needs no settling.
        const { header, succeeded, responses } = await kv.txn(
          {
            compare: [absent],
            success: [
              {
                type: "put",
                put: { key: graveKey(this.#root, key), value: graveValue([random.bytes(16)]) },
              },
            ],
            failure: [{ type: "range", range: { key } }],
          },
          { signal: span.call.signal, timeoutMs: this.#requestMs(span, key) },
        );
        const revision = header.revision;
        if (succeeded) return { outcome: "absent", revision, final: true };
        const current = firstKv(responses[0]);
        if (current !== undefined) return { outcome: "present", revision, current };
      } catch (error) {
        if (isStoreError(error, "NO_SPACE", "PERMISSION_DENIED")) {
          const { header, kvs } = await kv.range(
            { key },
            { signal: span.call.signal, timeoutMs: this.#requestMs(span, key) },
          );
          const [current] = kvs;
          if (current !== undefined) return { outcome: "present", revision: header.revision, current };
          return { outcome: "absent", revision: header.revision, final: false };
        }
        if (!isStoreError(error, "OUTCOME_UNKNOWN") && !this.#mayTryAgain(error, span)) throw error;
        await this.#pause(backoff, span, error);
      }
    }
  }

  async #writeMany(
    writes: readonly FencedWrite[],
    call: Call,
  ): Promise<readonly (WriteOutcome | StoreError)[]> {
    const outcomes: (WriteOutcome | StoreError | undefined)[] = writes.map(() => undefined);
    const singles: number[] = [];
    for (const round of planGroups(writes, this.#root)) {
      await eachWithLimit(round, groupsInFlight, async (group) => {
        const [first] = group.members;
        if (group.members.length === 1 && first !== undefined) singles.push(first);
        else singles.push(...(await this.#writeGroup(writes, group, outcomes, this.#span(call))));
      });
      await eachWithLimit(singles.splice(0), singlesInFlight, async (index) => {
        const write = writes[index];
        if (write === undefined) return;
        outcomes[index] = await this.#write(write, this.#span(call)).catch(storeErrorOrThrow);
      });
    }
    return outcomes.map((outcome) => {
      if (outcome === undefined) throw new Error("every write of a round has an outcome");
      return outcome;
    });
  }

  /** Fills in `outcomes`; returns those that are certainly not applied and must go singly. */
  async #writeGroup(
    writes: readonly FencedWrite[],
    group: GroupPlan,
    outcomes: (WriteOutcome | StoreError | undefined)[],
    span: Span,
  ): Promise<readonly number[]> {
    const members = group.members.flatMap((index) => {
      const write = writes[index];
      return write === undefined ? [] : [{ index, write }];
    });
    const [first] = members;
    const { kv } = this.#etcd;
    const failAll = (error: StoreError): readonly number[] => {
      for (const { index } of members) outcomes[index] = error;
      return [];
    };
    if (first === undefined) return [];
    const again: number[] = [];
    try {
      const slot = this.#sessions.ready() ?? (await this.#takeSlot(span, { ...first.write, pure: false }));
      this.#refuseAfterRestore(span, first.write.key);
      if (slot === undefined) return group.members;
      const since = kv.highestRevision;
      const compared = slot.revision;
      const txn = groupTxn(
        members.map(({ write }) => write),
        { root: this.#root, slot, since },
      );
      this.#counters.groups++;
      try {
        const timeoutMs = this.#requestMs(span, first.write.key);
        const response = await kv.txn(txn, { signal: span.call.signal, timeoutMs, lane: "bulk" });
        const { session, answers } = readGroup(
          members.map(({ write }) => write),
          response,
        );
        if (answers === undefined) {
          this.#counters.sessionRetries++;
          this.#sessions.moved(slot, session);
          return group.members;
        }
        for (const [at, { index, write }] of members.entries()) {
          const answer = answers[at];
          if (answer === undefined) again.push(index);
          else if (answer.outcome === "applied") outcomes[index] = answer;
          else if (write.guard === 0n && answer.grave > since && answer.current === undefined)
            again.push(index);
          else {
            const { revision, current, reads } = answer;
            outcomes[index] = { outcome: "refused", revision, current, reads };
          }
        }
        return again;
      } catch (error) {
        if (!isStoreError(error, "OUTCOME_UNKNOWN")) throw error;
        await eachWithLimit(members, singlesInFlight, async ({ index, write }) => {
          try {
            const settled = await this.#settle(write, { slot, compared, since, span, cause: error });
            if (settled.fate === "applied") {
              outcomes[index] = { outcome: "applied", revision: settled.revision };
            } else again.push(index);
          } catch (failure) {
            outcomes[index] = storeErrorOrThrow(failure);
          }
        });
        return again;
      }
    } catch (error) {
      const failure = storeErrorOrThrow(error);
      // The group as a whole was refused, perhaps for one member's sake (a lease that is gone, a right that is missing).
      if (!isStoreError(failure, "UNAVAILABLE", "DEADLINE", "NO_SPACE", "CLOSED", "UNAUTHENTICATED")) {
        return group.members;
      }
      return failAll(failure);
    }
  }

  #scope(span: Span, key: string): CallScope {
    const timeoutMs = Math.max(1, this.#leftMs(span));
    return new CallScope({ signal: span.call.signal, timeoutMs }, this.#etcd.clock, `write ${quote(key)}`);
  }

  #leftMs(span: Span): number {
    return span.deadlineMs - this.#etcd.clock.monotonicMs();
  }

  /** Half of what is left, the client's own bound at most. @throws DEADLINE when nothing is left */
  #requestMs(span: Span, key: string): number {
    const leftMs = this.#leftMs(span);
    if (leftMs <= 0) throw this.#deadline(key);
    return Math.min(this.#etcd.requestTimeoutMs, leftMs / 2);
  }

  #mayTryAgain(error: unknown, span: Span): boolean {
    return isStoreError(error, "UNAVAILABLE", "DEADLINE") && this.#leftMs(span) > 0;
  }

  /** Waits before the next try. @throws `error`, or DEADLINE, when the call's time would be over */
  async #pause(backoff: Backoff, span: Span, error?: unknown): Promise<void> {
    const waitMs = backoff.next();
    if (this.#leftMs(span) <= waitMs) {
      throw isStoreError(error, "UNAVAILABLE", "DEADLINE") ? error : this.#deadline("", error);
    }
    await this.#etcd.clock.sleep(waitMs, span.call.signal);
  }

  #backoff(): Backoff {
    return new Backoff({ firstMs: 10, maxMs: 500 }, this.#etcd.clock, this.#etcd.random);
  }

  /** Guards read before a restore may fit other content after it. @throws UNAVAILABLE */
  #refuseAfterRestore(span: Span, key: string): void {
    if (this.#etcd.kv.highestRevision >= span.highest) return;
    throw new StoreError(
      "UNAVAILABLE",
      `Cannot write ${quote(key)}: etcd was restored while the call was under way`,
      {
        retryAfterMs: 100,
        reason: "restored",
      },
    );
  }

  #deadline(key: string, cause?: unknown): StoreError {
    const subject = key === "" ? "" : ` ${quote(key)}`;
    return new StoreError(
      "DEADLINE",
      `Cannot write${subject}: no answer in time, and it was not applied`,
      {},
      cause === undefined ? {} : { cause },
    );
  }

  #outcomeUnknown(write: FencedWrite, cause: unknown): StoreError {
    return new StoreError(
      "OUTCOME_UNKNOWN",
      `Cannot say whether ${quote(write.key)} was written: etcd's answer was lost and could not be found out in time`,
      {
        writeId: Buffer.from(write.writeId).toString("hex"),
        key: write.key,
        guard: `${write.guard}`,
        lastRevision: `${this.#etcd.kv.highestRevision}`,
      },
      { cause },
    );
  }
}

function firstKv(response: import("./ports.ts").TxnOpResponse | undefined): KeyValue | undefined {
  return response?.type === "range" ? response.range.kvs[0] : undefined;
}

function maxRevision(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** An abort's own reason and broken promises are not outcomes of one write: they end the call. */
function storeErrorOrThrow(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  throw error;
}

async function eachWithLimit<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
