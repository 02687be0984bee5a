/**
 * Encodes fenced writes as etcd transactions and decodes the responses. Pure; `fenced-writes.ts` sends them.
 *
 *   one write     compare: guard, tombstone, the caller's, session | success | failure: key
 *   a look        what else may have refused it, at one revision: key, session, tombstone, the caller's reads
 *   many writes   compare: session | success: one nested transaction per write, then the tombstones of its deletes and the record
 *                                  | failure: session
 *
 * In a group the tombstones are outside the members, since a key may be put once in a whole transaction. A tombstone
 * written although its delete was refused only makes a create in that bucket try once more.
 */
import { invariant } from "../../errors.ts";
import type {
  Compare,
  KeyValue,
  RangeRequest,
  RangeResponse,
  TxnOp,
  TxnRequest,
  TxnResponse,
} from "../ports/messages.ts";
import type { FencedWrite } from "./fenced-write.ts";
import { tombstoneKey, tombstoneValue } from "./tombstones.ts";
import { isRecorded, writeRecord, writeRecordKey } from "./write-records.ts";

export interface TxnContext {
  readonly root: string;
  /** Undefined: a delete that is sent without a session key. */
  readonly sessionKey: { readonly key: string; readonly revision: bigint } | undefined;
  /** A create compares that nothing in its bucket was deleted after this revision. */
  readonly since: bigint;
}

/** What the transaction reports of one write. */
export type MemberAnswer =
  | { readonly outcome: "applied"; readonly revision: bigint }
  | {
      readonly outcome: "refused";
      readonly revision: bigint;
      readonly current: KeyValue | undefined;
    };

/** The result of the read after a refusal that the key does not explain. */
export interface Look {
  readonly revision: bigint;
  readonly current: KeyValue | undefined;
  /** Mod revision of the session key, 0n when it is gone or was not compared. */
  readonly session: bigint;
  /** Mod revision of the bucket, 0n when nothing in it was ever deleted or it was not compared. */
  readonly tombstone: bigint;
  readonly reads: readonly RangeResponse[];
}

export function singleTxn(write: FencedWrite, context: TxnContext): TxnRequest {
  const { root, sessionKey } = context;
  const { compare, success, failure } = memberTxn(write, context);
  if (sessionKey !== undefined) compare.push(modIs(sessionKey.key, sessionKey.revision));
  if (leavesTombstone(write)) {
    success.push({
      type: "put",
      put: { key: tombstoneKey(root, write.key), value: tombstoneValue([write.writeId]) },
    });
  }
  if (isRecorded(write)) success.push(...recordOf([write], root));
  return { compare, success, failure };
}

/** The record of the writes whose values carry no id: at most one put. */
function recordOf(writes: readonly FencedWrite[], root: string): readonly TxnOp[] {
  const value = writeRecord(writes);
  return value === undefined ? [] : [{ type: "put", put: { key: writeRecordKey(root), value } }];
}

/** Whether the key does not match the write's guard, which alone explains a refusal. */
export function isKeyChanged({ guard }: FencedWrite, current: KeyValue | undefined): boolean {
  return (current?.modRevision ?? 0n) !== guard;
}

/** Reads at one revision everything that may have refused the write. */
export function lookTxn(write: FencedWrite, { root, sessionKey }: Omit<TxnContext, "since">): TxnRequest {
  const ranges: RangeRequest[] = [{ key: write.key }];
  if (sessionKey !== undefined) ranges.push({ key: sessionKey.key, keysOnly: true });
  if (write.guard === 0n) ranges.push({ key: tombstoneKey(root, write.key), keysOnly: true });
  ranges.push(...(write.reads ?? []));
  return { compare: [], success: ranges.map((range): TxnOp => ({ type: "range", range })), failure: [] };
}

export function readLook(
  write: FencedWrite,
  { sessionKey }: Pick<TxnContext, "sessionKey">,
  { header, responses }: TxnResponse,
): Look {
  const answers = responses.map((answer) => {
    invariant(answer.type === "range", "a look holds reads only");
    return answer.range;
  });
  const [own, ...rest] = answers;
  const session = sessionKey === undefined ? 0n : modOf(rest.shift());
  const tombstone = write.guard === 0n ? modOf(rest.shift()) : 0n;
  return { revision: header.revision, current: own?.kvs[0], session, tombstone, reads: rest };
}

export function groupTxn(
  writes: readonly FencedWrite[],
  context: TxnContext & { readonly sessionKey: NonNullable<TxnContext["sessionKey"]> },
): TxnRequest {
  const { root, sessionKey } = context;
  const tombstones = new Map<string, Uint8Array[]>();
  for (const write of writes.filter(leavesTombstone)) {
    const key = tombstoneKey(root, write.key);
    const ids = tombstones.get(key);
    if (ids === undefined) tombstones.set(key, [write.writeId]);
    else ids.push(write.writeId);
  }
  return {
    compare: [modIs(sessionKey.key, sessionKey.revision)],
    success: [
      ...writes.map((write): TxnOp => ({ type: "txn", txn: memberTxn(write, context) })),
      ...[...tombstones].map(
        ([key, ids]): TxnOp => ({ type: "put", put: { key, value: tombstoneValue(ids) } }),
      ),
      ...recordOf(writes, root),
    ],
    failure: [{ type: "range", range: { key: sessionKey.key, keysOnly: true } }],
  };
}

/** `answers` is undefined when the session had changed: then no member was evaluated. */
export function readGroup(
  writes: readonly FencedWrite[],
  response: TxnResponse,
): { readonly session: bigint; readonly answers: readonly MemberAnswer[] | undefined } {
  if (!response.succeeded) {
    const [session] = response.responses;
    return { session: modOf(session?.type === "range" ? session.range : undefined), answers: undefined };
  }
  const answers = writes.map((_, at) => {
    const member = response.responses[at];
    invariant(member?.type === "txn", "a group's answers are its members', in order");
    return readMember(member.txn, response.header.revision);
  });
  return { session: 0n, answers };
}

/** Operations that a member uses of a transaction's 128: the largest of its compares and branches. */
export function memberCost(write: FencedWrite): number {
  // In memberTxn's order: the guard, the tombstone of a create, the caller's.
  const own = write.guard === 0n ? 2 : 1;
  return Math.max(own + (write.compares?.length ?? 0), 1 + (write.ops?.length ?? 0));
}

/** Whether the write leaves a tombstone. */
export function leavesTombstone(write: FencedWrite): boolean {
  return write.change.type === "delete" && write.withoutPuts !== true;
}

/**
 * Guard, tombstone and the caller's parts, without the session. A refusal returns the key alone, which explains nearly
 * every refusal; only then `lookTxn` reads what else may have refused the write.
 */
function memberTxn(
  write: FencedWrite,
  { root, since }: Pick<TxnContext, "root" | "since">,
): { compare: Compare[]; success: TxnOp[]; failure: TxnOp[] } {
  const { key, guard, change, compares, ops } = write;
  const compare: Compare[] = [modIs(key, guard)];
  if (guard === 0n) {
    compare.push({ key: tombstoneKey(root, key), target: "mod", result: "<", operand: since + 1n });
  }
  if (compares !== undefined) compare.push(...compares);
  const own: TxnOp =
    change.type === "put"
      ? { type: "put", put: { key, value: change.value, lease: change.lease } }
      : { type: "delete", delete: { key } };
  const success: TxnOp[] = [own];
  if (ops !== undefined) success.push(...ops);
  return { compare, success, failure: [{ type: "range", range: { key } }] };
}

/** Decodes the response to `singleTxn`, or to a member of a group. */
export function readMember(response: TxnResponse, revision: bigint): MemberAnswer {
  if (response.succeeded) return { outcome: "applied", revision };
  const [key] = response.responses;
  return { outcome: "refused", revision, current: key?.type === "range" ? key.range.kvs[0] : undefined };
}

function modIs(key: string, operand: bigint): Compare {
  return { key, target: "mod", result: "=", operand };
}

function modOf(answer: RangeResponse | undefined): bigint {
  return answer?.kvs[0]?.modRevision ?? 0n;
}
