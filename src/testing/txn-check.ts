/**
 * Checks that etcd makes on a transaction before it reads any key: too many operations, empty keys, one key changed
 * twice (etcdserver/api/v3rpc/key.go: checkTxnRequest, checkIntervals).
 */
import type { TxnOp, TxnRequest } from "../etcd/ports/messages.ts";
import { grpcStatus } from "../etcd/transport/transport.ts";
import { type ByteRange, byteRange, contains, keyText } from "./byte-range.ts";
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

/** In etcd's order, its gap included: a nested delete is not checked against puts of earlier transactions. */
function changesOf(ops: readonly TxnOp[]): Changes {
  const deletes: ByteRange[] = ops.flatMap((op) =>
    op.type === "delete" ? [byteRange(op.delete.key, op.delete.rangeEnd)] : [],
  );
  const isDeleted = (key: string): boolean => deletes.some((range) => contains(range, key));
  const puts = new Set<string>();
  for (const op of ops) {
    if (op.type !== "txn") continue;
    const [then, otherwise] = [changesOf(op.txn.success), changesOf(op.txn.failure)];
    for (const key of then.puts) refuseIf(puts.has(key) || isDeleted(key));
    // The two branches exclude each other: they may change the same keys.
    for (const key of otherwise.puts) refuseIf(puts.has(key) || isDeleted(key));
    for (const key of [...then.puts, ...otherwise.puts]) puts.add(key);
    deletes.push(...then.deletes, ...otherwise.deletes);
  }
  for (const op of ops) {
    if (op.type !== "put") continue;
    const key = keyText(op.put.key);
    refuseIf(puts.has(key) || isDeleted(key));
    puts.add(key);
  }
  return { puts, deletes };
}

function refuseIf(duplicate: boolean): void {
  if (duplicate)
    throw new EtcdRefusal(grpcStatus.invalidArgument, "etcdserver: duplicate key given in txn request");
}
