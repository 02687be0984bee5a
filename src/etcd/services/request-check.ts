/**
 * Refuses requests with an unknown option name before anything is sent: a misspelt `limit` or `rangeEnd` that is ignored
 * reads, or deletes, something else. Only names are checked; etcd checks the values.
 */
import { checkOptions, type NamesOf } from "../../base/text/known-options.ts";
import { quote } from "../../base/text/quote.ts";
import { invalidArgument } from "../../errors.ts";
import type {
  Compare,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  TxnOp,
  TxnRequest,
} from "../ports/messages.ts";

const rangeNames: NamesOf<RangeRequest> = {
  key: true,
  rangeEnd: true,
  limit: true,
  revision: true,
  sortOrder: true,
  sortTarget: true,
  serializable: true,
  keysOnly: true,
  countOnly: true,
  views: true,
  minModRevision: true,
  maxModRevision: true,
  minCreateRevision: true,
  maxCreateRevision: true,
};
const putNames: NamesOf<PutRequest> = {
  key: true,
  value: true,
  lease: true,
  prevKv: true,
  ignoreValue: true,
  ignoreLease: true,
};
const deleteNames: NamesOf<DeleteRangeRequest> = { key: true, rangeEnd: true, prevKv: true };
const compareNames: NamesOf<Compare> = {
  key: true,
  rangeEnd: true,
  result: true,
  target: true,
  operand: true,
};
const txnNames: NamesOf<TxnRequest> = { compare: true, success: true, failure: true };
const rangeOpNames = { type: true, range: true } as const;
const putOpNames = { type: true, put: true } as const;
const deleteOpNames = { type: true, delete: true } as const;
const txnOpNames = { type: true, txn: true } as const;

/** @throws INVALID_ARGUMENT */
export function checkRange(request: RangeRequest, action: string): void {
  checkOptions(request ?? null, action, rangeNames, "request");
}

/** @throws INVALID_ARGUMENT */
export function checkPut(request: PutRequest, action: string): void {
  checkOptions(request ?? null, action, putNames, "request");
}

/** @throws INVALID_ARGUMENT */
export function checkDelete(request: DeleteRangeRequest, action: string): void {
  checkOptions(request ?? null, action, deleteNames, "request");
}

/** Checks everything inside it, too. @throws INVALID_ARGUMENT */
export function checkTxn(request: TxnRequest, action: string): void {
  checkOptions(request ?? null, action, txnNames, "request");
  for (const compare of request.compare) checkOptions(compare ?? null, action, compareNames, "compare");
  for (const op of request.success) checkOp(op, action);
  for (const op of request.failure) checkOp(op, action);
}

function checkOp(op: TxnOp, action: string): void {
  // The tag names the only other property.
  const tag: unknown = op?.type;
  switch (op?.type) {
    case "range":
      checkOptions(op, action, rangeOpNames, "op");
      return checkRange(op.range, action);
    case "put":
      checkOptions(op, action, putOpNames, "op");
      return checkPut(op.put, action);
    case "delete":
      checkOptions(op, action, deleteOpNames, "op");
      return checkDelete(op.delete, action);
    case "txn":
      checkOptions(op, action, txnOpNames, "op");
      return checkTxn(op.txn, action);
    default:
      throw invalidArgument(
        "op.type",
        `Cannot ${action}: op.type is ${quote(tag)}, expected "range", "put", "delete" or "txn"`,
      );
  }
}
