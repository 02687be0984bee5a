/**
 * Fenced writes as etcd transactions, and their answers read back. Pure; `fenced-writes.ts` sends them.
 *
 *   one write     compare: guard, session, tombstone, the caller's | success | failure: key, session, tombstone, reads
 *   many writes   compare: session | success: one nested transaction a write, then the tombstones of its deletes and the record
 *                                  | failure: session
 *
 * In a group the tombstones stand outside the members, since a key may be put once in a whole transaction; one that is
 * written although its delete was refused only makes a create in that bucket try once more.
 */
import { invariant } from "../../errors.ts";
import type {
  Compare,
  KeyValue,
  RangeResponse,
  TxnOp,
  TxnOpResponse,
  TxnRequest,
  TxnResponse,
} from "../ports/messages.ts";
import type { FencedWrite } from "./fenced-write.ts";
import { tombstoneKey, tombstoneValue } from "./tombstones.ts";
import { writeRecord, writeRecordKey } from "./write-records.ts";

export interface TxnContext {
  readonly root: string;
  /** Undefined: a delete that must do without. */
  readonly slot: { readonly key: string; readonly revision: bigint } | undefined;
  /** A create compares that nothing in its bucket was deleted after this revision. */
  readonly since: bigint;
}

export type MemberAnswer =
  | { readonly outcome: "applied"; readonly revision: bigint }
  | {
      readonly outcome: "refused";
      readonly revision: bigint;
      readonly current: KeyValue | undefined;
      /** Mod revision of the session key, 0n when it is gone or was not compared. */
      readonly session: bigint;
      /** Mod revision of the bucket, 0n when nothing in it was ever deleted or it was not compared. */
      readonly tombstone: bigint;
      readonly reads: readonly RangeResponse[];
    };

export function singleTxn(write: FencedWrite, { root, slot, since }: TxnContext): TxnRequest {
  const member = memberTxn(write, { root, since });
  const compare: Compare[] = [...member.compare];
  const failure: TxnOp[] = [...member.failure];
  const success: TxnOp[] = [...member.success];
  if (slot !== undefined) {
    compare.push(modIs(slot.key, slot.revision));
    failure.push({ type: "range", range: { key: slot.key, keysOnly: true } });
  }
  if (leavesTombstone(write)) {
    success.push({
      type: "put",
      put: { key: tombstoneKey(root, write.key), value: tombstoneValue([write.writeId]) },
    });
  }
  success.push(...recordOf([write], root));
  return { compare, success, failure };
}

/** The record of the writes whose values carry no id: at most one put. */
function recordOf(writes: readonly FencedWrite[], root: string): readonly TxnOp[] {
  const value = writeRecord(writes);
  return value === undefined ? [] : [{ type: "put", put: { key: writeRecordKey(root), value } }];
}

export function readSingle(write: FencedWrite, response: TxnResponse, fenced: boolean): MemberAnswer {
  const answer = readMember(write, response, response.header.revision);
  if (answer.outcome === "applied" || !fenced) return answer;
  return { ...answer, session: modOf(response.responses.at(-1)) };
}

export function groupTxn(
  writes: readonly FencedWrite[],
  context: TxnContext & { readonly slot: NonNullable<TxnContext["slot"]> },
): TxnRequest {
  const { root, slot } = context;
  const tombstones = new Map<string, Uint8Array[]>();
  for (const write of writes.filter(leavesTombstone)) {
    const key = tombstoneKey(root, write.key);
    const ids = tombstones.get(key);
    if (ids === undefined) tombstones.set(key, [write.writeId]);
    else ids.push(write.writeId);
  }
  return {
    compare: [modIs(slot.key, slot.revision)],
    success: [
      ...writes.map((write): TxnOp => ({ type: "txn", txn: memberTxn(write, context) })),
      ...[...tombstones].map(
        ([key, ids]): TxnOp => ({ type: "put", put: { key, value: tombstoneValue(ids) } }),
      ),
      ...recordOf(writes, root),
    ],
    failure: [{ type: "range", range: { key: slot.key, keysOnly: true } }],
  };
}

/** `answers` is undefined when the session had moved: then no member was looked at. */
export function readGroup(
  writes: readonly FencedWrite[],
  response: TxnResponse,
): { readonly session: bigint; readonly answers: readonly MemberAnswer[] | undefined } {
  if (!response.succeeded) return { session: modOf(response.responses[0]), answers: undefined };
  const answers = writes.map((write, at) => {
    const member = response.responses[at];
    invariant(member?.type === "txn", "a group's answers are its members', in order");
    return readMember(write, member.txn, response.header.revision);
  });
  return { session: 0n, answers };
}

/** Operations a member takes of a transaction's 128: the larger of its compares and its branches. */
export function memberCost(write: FencedWrite): number {
  // As memberTxn puts them together: the guard or the key, the tombstone of a create, the caller's.
  const own = write.guard === 0n ? 2 : 1;
  return Math.max(
    own + (write.compares?.length ?? 0),
    1 + (write.ops?.length ?? 0),
    own + (write.reads?.length ?? 0),
  );
}

/** Whether the write leaves a tombstone. */
export function leavesTombstone(write: FencedWrite): boolean {
  return write.change.type === "delete" && write.withoutPuts !== true;
}

/** Guard, tombstone and the caller's parts, without the session. Failure: key, tombstone (of a create), reads. */
function memberTxn(write: FencedWrite, { root, since }: Pick<TxnContext, "root" | "since">): TxnRequest {
  const { key, guard, change } = write;
  const compare: Compare[] = [modIs(key, guard)];
  const failure: TxnOp[] = [{ type: "range", range: { key } }];
  if (guard === 0n) {
    const tombstone = tombstoneKey(root, key);
    compare.push({ key: tombstone, target: "mod", result: "<", operand: since + 1n });
    failure.push({ type: "range", range: { key: tombstone, keysOnly: true } });
  }
  compare.push(...(write.compares ?? []));
  failure.push(...(write.reads ?? []).map((range): TxnOp => ({ type: "range", range })));
  const own: TxnOp =
    change.type === "put"
      ? { type: "put", put: { key, value: change.value, lease: change.lease } }
      : { type: "delete", delete: { key } };
  return { compare, success: [own, ...(write.ops ?? [])], failure };
}

function readMember(write: FencedWrite, response: TxnResponse, revision: bigint): MemberAnswer {
  if (response.succeeded) return { outcome: "applied", revision };
  const [key, ...rest] = response.responses;
  const created = write.guard === 0n;
  const from = created ? 1 : 0;
  const reads = rest.slice(from, from + (write.reads?.length ?? 0)).map((answer) => {
    invariant(answer.type === "range", "the failure branch holds reads only");
    return answer.range;
  });
  return {
    outcome: "refused",
    revision,
    current: key?.type === "range" ? key.range.kvs[0] : undefined,
    session: 0n,
    tombstone: created ? modOf(rest[0]) : 0n,
    reads,
  };
}

function modIs(key: string, operand: bigint): Compare {
  return { key, target: "mod", result: "=", operand };
}

function modOf(answer: TxnOpResponse | undefined): bigint {
  return answer?.type === "range" ? (answer.range.kvs[0]?.modRevision ?? 0n) : 0n;
}
