/**
 * What etcd refuses about a transaction before it looks at any key: too many operations, empty keys, one key changed
 * twice (etcdserver/api/v3rpc/key.go: checkTxnRequest, checkIntervals).
 */
import type { TxnOp, TxnRequest } from "../etcd/ports.ts";
import { grpcStatus } from "../etcd/transport.ts";
import { type ByteRange, byteRange, contains, keyText, overlaps } from "./byte-range.ts";
import { EtcdRefusal, refusals } from "./refusal.ts";

/** etcd --max-txn-ops. */
const txnOpsMax = 128;

export function checkTxn(request: TxnRequest): void {
  checkCounts(request, txnOpsMax);
  changesOf(request.success);
  changesOf(request.failure);
}

function checkCounts(request: TxnRequest, opsMax: number): void {
  const ops = Math.max(request.compare.length, request.success.length, request.failure.length);
  if (ops > opsMax)
    throw new EtcdRefusal(grpcStatus.invalidArgument, "etcdserver: too many operations in txn request");
  if (request.compare.some((compare) => keyText(compare.key) === "")) throw refusals.emptyKey();
  for (const op of [...request.success, ...request.failure]) {
    if (op.type === "txn") checkCounts(op.txn, opsMax - ops);
    else if (
      keyText(op.type === "range" ? op.range.key : op.type === "put" ? op.put.key : op.delete.key) === ""
    ) {
      throw refusals.emptyKey();
    }
  }
}

interface Changes {
  readonly puts: ReadonlySet<string>;
  readonly deletes: readonly ByteRange[];
}

function changesOf(ops: readonly TxnOp[]): Changes {
  const deletes: ByteRange[] = ops.flatMap((op) =>
    op.type === "delete" ? [byteRange(op.delete.key, op.delete.rangeEnd)] : [],
  );
  const puts = new Set<string>();
  for (const op of ops) {
    if (op.type !== "txn") continue;
    const branches = [changesOf(op.txn.success), changesOf(op.txn.failure)];
    for (const branch of branches) {
      for (const put of branch.puts) refuseIf(puts.has(put) || deletes.some((range) => contains(range, put)));
      refuseIf(branch.deletes.some((range) => [...puts].some((put) => contains(range, put))));
    }
    // The two branches of one transaction exclude each other: they may change the same keys.
    for (const branch of branches) {
      for (const put of branch.puts) puts.add(put);
      deletes.push(
        ...branch.deletes.filter((range) => !deletes.some((known) => known !== range && equal(known, range))),
      );
    }
  }
  for (const op of ops) {
    if (op.type !== "put") continue;
    const key = keyText(op.put.key);
    refuseIf(puts.has(key) || deletes.some((range) => contains(range, key)));
    puts.add(key);
  }
  return { puts, deletes };
}

function equal(a: ByteRange, b: ByteRange): boolean {
  return overlaps(a, b) && a.start === b.start && a.end === b.end;
}

function refuseIf(duplicate: boolean): void {
  if (duplicate)
    throw new EtcdRefusal(grpcStatus.invalidArgument, "etcdserver: duplicate key given in txn request");
}
