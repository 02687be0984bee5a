/**
 * Whether linearizable reads may rely on etcd's progress notices: etcd's version-facts.ts says in which versions, and
 * etcd's grpc-proxy forwards none.
 */
import type { Call } from "../../base/call.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import { progressIsTrusted } from "../../etcd/versions/version-facts.ts";

/** True when every member asked so far responds correctly to progress requests, and nothing in between drops them. */
export async function progressIsReliable(
  etcd: Pick<Etcd, "serverVersion" | "behindGrpcProxy">,
  call: Call = {},
): Promise<boolean> {
  return progressIsTrusted(await etcd.serverVersion(call)) && !(await etcd.behindGrpcProxy(call));
}
