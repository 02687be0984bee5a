/** Whether a condition of a transaction holds for one key. */
import type { Compare, KeyValue } from "../etcd/ports/messages.ts";
import { toBytes } from "./key-index.ts";

export function compareHolds(compare: Compare, kv: KeyValue | undefined): boolean {
  if (compare.target === "value") {
    // An absent key has no value: every comparison by value fails.
    if (kv === undefined) return false;
    return orderHolds(compare.result, Buffer.compare(kv.value, toBytes(compare.operand)));
  }
  const actual =
    kv === undefined
      ? 0n
      : { mod: kv.modRevision, create: kv.createRevision, version: kv.version, lease: kv.lease }[
          compare.target
        ];
  return orderHolds(compare.result, actual < compare.operand ? -1 : actual > compare.operand ? 1 : 0);
}

function orderHolds(result: Compare["result"], order: number): boolean {
  if (result === "=") return order === 0;
  if (result === "!=") return order !== 0;
  return result === ">" ? order > 0 : order < 0;
}
