/** `lock`: one holder at a time among all processes over one etcd, `etcdctl lock` included. */
import type { Etcd } from "../ports/etcd.ts";
import { type Turn, type TurnOptions, takeTurn } from "./turn.ts";

/**
 * Waits for the lock `name` and holds it until disposed of.
 *
 * A lock alone does not stop a process that pauses and resumes late: end the work by `lost`, and put `fence` among the
 * compares of transactions that must not apply during another holder's turn.
 *
 * @throws INVALID_ARGUMENT · DEADLINE (`timeoutMs`) or the signal's reason while waiting; the claim then leaves the queue
 * @example
 * ```ts
 * import { type Etcd, lock } from "keelson/etcd";
 *
 * async function once(etcd: Etcd, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
 *   await using held = await lock(etcd, "jobs/rebuild", { ttlSeconds: 10 });
 *   await work(held.lost);
 * }
 * ```
 */
export async function lock(etcd: Etcd, name: string, options: TurnOptions = {}): Promise<Turn> {
  return await takeTurn(etcd, name, "", options, "take the lock");
}
