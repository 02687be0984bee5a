/** `lock`: one holder at a time among all processes over one etcd, `etcdctl lock` included. */
import type { Etcd } from "../ports/etcd.ts";
import { type Turn, type TurnOptions, takeTurn } from "./turn.ts";

/**
 * Waits in line for the lock `name` and holds it until disposed of.
 *
 * A lock alone does not stop a process that stands still and wakes up late: end work by `lost`, and put `fence` among the
 * compares of transactions that must not happen under another's turn.
 *
 * @throws INVALID_ARGUMENT · DEADLINE (`timeoutMs`) or the signal's reason while it waits; the line is left then
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
