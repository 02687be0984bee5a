/**
 * Refuses requests with an unknown option name before anything is sent: a misspelt `limit` or `rangeEnd` that is ignored
 * reads, or deletes, something else. Names and types are checked; etcd checks the values.
 */
import { checkOptions, type KnownNames, type NamesOf } from "../../base/text/known-options.ts";
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
  key: "bytes",
  rangeEnd: "bytes",
  limit: "count",
  revision: "bigint",
  sortOrder: ["none", "ascend", "descend"],
  sortTarget: ["key", "version", "create", "mod", "value"],
  serializable: "boolean",
  keysOnly: "boolean",
  countOnly: "boolean",
  views: "boolean",
  minModRevision: "bigint",
  maxModRevision: "bigint",
  minCreateRevision: "bigint",
  maxCreateRevision: "bigint",
};
const putNames: NamesOf<PutRequest> = {
  key: "bytes",
  value: "bytes",
  lease: "bigint",
  prevKv: "boolean",
  ignoreValue: "boolean",
  ignoreLease: "boolean",
};
const deleteNames: NamesOf<DeleteRangeRequest> = { key: "bytes", rangeEnd: "bytes", prevKv: "boolean" };
const compareNames: NamesOf<Compare> = {
  key: "bytes",
  rangeEnd: "bytes",
  result: ["=", "!=", ">", "<"],
  target: ["version", "create", "mod", "lease", "value"],
  operand: true,
};
const numberOperand = { operand: "bigint" } as const;
/** What a compare's target is compared with. */
const operandNames: Readonly<Record<Compare["target"], KnownNames>> = {
  version: numberOperand,
  create: numberOperand,
  mod: numberOperand,
  lease: numberOperand,
  value: { operand: "bytes" },
};
const txnNames: NamesOf<TxnRequest> = { compare: "array", success: "array", failure: "array" };
const rangeOpNames = { type: true, range: "object" } as const;
const putOpNames = { type: true, put: "object" } as const;
const deleteOpNames = { type: true, delete: "object" } as const;
const txnOpNames = { type: true, txn: "object" } as const;

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
  for (const compare of request.compare) {
    checkOptions(compare ?? null, action, compareNames, "compare");
    checkOptions({ operand: compare.operand }, action, operandNames[compare.target], "compare");
  }
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
