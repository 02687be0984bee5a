/** For what takes a ready connection from untyped callers. */
import { invalidArgument } from "../../errors.ts";
import type { Etcd } from "./etcd.ts";

/** @throws INVALID_ARGUMENT "etcd" for what is no connection */
export function checkEtcd(etcd: Etcd | undefined, action: string): void {
  if (typeof etcd?.kv?.txn === "function") return;
  throw invalidArgument("etcd", `Cannot ${action}: etcd is no connection, expected what connectEtcd() gives`);
}
