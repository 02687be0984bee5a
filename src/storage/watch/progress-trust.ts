/**
 * Whether linearizable reads may rely on etcd's progress notices: etcd's version-facts.ts says for which versions, and etcd's
 * grpc-proxy passes none on.
 */
import type { Call } from "../../base/call.ts";
import type { Etcd } from "../../etcd/ports/etcd.ts";
import { progressIsTrusted } from "../../etcd/versions/version-facts.ts";

/** True when every member asked so far answers progress requests truly, and nothing in between drops them. */
export async function progressIsReliable(
  etcd: Pick<Etcd, "serverVersion" | "behindGrpcProxy">,
  call: Call = {},
): Promise<boolean> {
  return progressIsTrusted(await etcd.serverVersion(call)) && !(await etcd.behindGrpcProxy(call));
}
