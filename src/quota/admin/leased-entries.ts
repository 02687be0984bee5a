/**
 * Leased entries that a count creates and removes. An entry is on its object's lease, so etcd removes both at one
 * revision; one that another tool left by deleting its object alone would be given back twice.
 */
import type { CallScope } from "../../base/call.ts";
import { isStoreError } from "../../errors.ts";
import type { Kv } from "../../etcd/ports/kv.ts";
import type { TxnOp, TxnRequest } from "../../etcd/ports/messages.ts";
import { encodeAmounts } from "../model/ledger.ts";
import type { LedgerKeys } from "../model/quota-keys.ts";
import type { LeasedObject } from "./use-count.ts";

/** Entries created in one transaction: two operations each, within etcd's 128. */
const entriesPerTxn = 60;

/**
 * Creates the entries of `objects`, which have none. An object that has changed or is gone since it was counted is
 * skipped: its own write has charged it.
 */
export async function enterLeased(
  kv: Kv,
  keys: LedgerKeys,
  objects: readonly LeasedObject[],
  scope: CallScope,
): Promise<void> {
  const enter = ({ key, modRevision, lease, usage }: LeasedObject): TxnRequest => ({
    compare: [{ key, target: "mod", result: "=", operand: modRevision }],
    success: [{ type: "put", put: { key: keys.leased(key), value: encodeAmounts(usage), lease } }],
    failure: [],
  });
  for (let at = 0; at < objects.length; at += entriesPerTxn) {
    const group = objects.slice(at, at + entriesPerTxn);
    const txn = {
      compare: [],
      success: group.map((one): TxnOp => ({ type: "txn", txn: enter(one) })),
      failure: [],
    };
    await kv.txn(txn, scope.rest()).catch(async (error: unknown) => {
      if (!isStoreError(error, "NOT_FOUND", "OUTCOME_UNKNOWN")) throw error;
      // One expired lease fails the whole group. A lost response is retried: creating an entry twice has the same
      // effect as once.
      for (const one of group) {
        await kv.txn(enter(one), scope.rest()).catch((single: unknown) => {
          if (!isStoreError(single, "NOT_FOUND")) throw single;
        });
      }
    });
  }
}

/**
 * Removes the entries of `objects` that are still absent.
 * @returns the keys of those objects; not those whose response was lost: the next count finds out about them
 */
export async function removeEntries(
  kv: Kv,
  keys: LedgerKeys,
  objects: readonly string[],
  scope: CallScope,
): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const key of objects) {
    const txn: TxnRequest = {
      compare: [{ key, target: "create", result: "=", operand: 0n }],
      success: [{ type: "delete", delete: { key: keys.leased(key) } }],
      failure: [],
    };
    try {
      if ((await kv.txn(txn, scope.rest())).succeeded) removed.push(key);
    } catch (error) {
      if (!isStoreError(error, "OUTCOME_UNKNOWN")) throw error;
    }
  }
  return removed;
}
