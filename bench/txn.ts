/**
 * The cost in etcd of each part of a create's transaction, and of writes of several kinds in one transaction. The
 * transactions are built up from a bare put, over the same client, 64 in flight, values of 1 KiB: the difference
 * between two rows is the cost of the added part. docs/adr/0011-tail-and-fill.md draws the conclusions.
 */
import {
  type Compare,
  connectEtcd,
  type Kv,
  startLocalEtcd,
  type TxnOp,
  type TxnRequest,
} from "keelson/etcd";
import { type LoadFigures, measureByTurns, readable } from "./measure/load.ts";
import { watchOthers } from "./measure/machine.ts";
import { unproved } from "./measure/turns.ts";

export interface TxnRow extends LoadFigures {
  /** Operations count written objects, not transactions. */
  readonly work: string;
  readonly note?: string;
}

export interface TxnBenchOptions {
  /** Milliseconds per row; default 3,000. */
  readonly timeMs?: number | undefined;
  /** The first is taken; default 64. */
  readonly inFlight?: readonly number[] | undefined;
}

export const small: TxnBenchOptions = { timeMs: 60, inFlight: [4] };

const value = new Uint8Array(1_024).fill(0x61);
const session = "/keelson/bench/sessions/0123456789abcdef";
const tombstone = "/keelson/bench/tombstones/17";
const namespace = "/registry/namespaces/default";
/** Kinds of which one transaction has an object each. */
const kinds = [2, 4, 8] as const;

export async function run(options: TxnBenchOptions = {}): Promise<readonly TxnRow[]> {
  const { timeMs = 3_000, inFlight: [inFlight = 64] = [] } = options;
  await using server = await startLocalEtcd({ extraArgs: ["--quota-backend-bytes", String(4 * 2 ** 30)] });
  await using etcd = await connectEtcd({ endpoints: server.endpoints });
  const { kv } = etcd;
  const modOf = async (key: string): Promise<bigint> => (await kv.put({ key, value })).header.revision;
  const facts = {
    session: await modOf(session),
    tombstone: await modOf(tombstone),
    namespace: await modOf(namespace),
  };
  let made = 0;
  const nextKey = (kind = 0): string => `/registry/kind-${kind}/default/object-${made++}`;
  const parts: readonly (readonly [string, (key: string) => TxnRequest])[] = [
    ["put in a transaction", (key) => txn(key, [])],
    ["+ compare: the key is absent", (key) => txn(key, [absent(key)])],
    ["+ compare: nothing deleted in its bucket", (key) => txn(key, [absent(key), deleted(facts.tombstone)])],
    [
      "+ compare: the session",
      (key) => txn(key, [absent(key), deleted(facts.tombstone), is(session, facts.session)]),
    ],
    ["+ compare: the namespace", (key) => txn(key, create(key, facts))],
    [
      "+ reads of the refusal: all of a create",
      (key) => ({ ...txn(key, create(key, facts)), failure: reads(key) }),
    ],
  ];
  const loads = [
    { name: "put", inFlight, step: async () => one(kv.put({ key: nextKey(), value })) },
    ...parts.map(([name, request]) => ({
      name,
      inFlight,
      step: async () => one(applied(kv, request(nextKey()))),
    })),
    ...kinds.map((count) => ({
      name: `${count} kinds in a transaction, an object of each`,
      inFlight: Math.max(1, Math.floor(inFlight / count)),
      step: async () => {
        await applied(kv, {
          compare: [is(session, facts.session)],
          success: Array.from({ length: count }, (_, kind): TxnOp => {
            const key = nextKey(kind);
            const compare = [absent(key), deleted(facts.tombstone), is(namespace, facts.namespace)];
            return { type: "txn", txn: { ...txn(key, compare), failure: reads(key) } };
          }),
          failure: [],
        });
        return count;
      },
    })),
  ];
  const others = watchOthers([server.pid]);
  const figures = await measureByTurns(loads, { timeMs, etcdPid: server.pid });
  const note = unproved(others());
  return figures.map((row, at) => ({ work: loads[at]?.name ?? "", ...readable(row), ...note }));
}

async function one(written: Promise<unknown>): Promise<number> {
  await written;
  return 1;
}

/** @throws Error when it is refused, because then another transaction would be measured */
async function applied(kv: Kv, request: TxnRequest): Promise<void> {
  const { succeeded } = await kv.txn(request);
  if (!succeeded) throw new Error("A transaction of the bench was refused");
}

function txn(key: string, compare: readonly Compare[]): TxnRequest {
  return { compare, success: [{ type: "put", put: { key, value } }], failure: [] };
}

function create(
  key: string,
  facts: { readonly session: bigint; readonly tombstone: bigint; readonly namespace: bigint },
): readonly Compare[] {
  return [absent(key), deleted(facts.tombstone), is(session, facts.session), is(namespace, facts.namespace)];
}

function reads(key: string): readonly TxnOp[] {
  const keysOnly = [tombstone, session, namespace].map(
    (read): TxnOp => ({ type: "range", range: { key: read, keysOnly: true } }),
  );
  return [{ type: "range", range: { key } }, ...keysOnly];
}

const is = (key: string, operand: bigint): Compare => ({ key, target: "mod", result: "=", operand });
const absent = (key: string): Compare => is(key, 0n);
const deleted = (revision: bigint): Compare => ({
  key: tombstone,
  target: "mod",
  result: "<",
  operand: revision + 1n,
});
