/**
 * `memoryEtcd`: an etcd for unit tests of what is built on keelson. The client is the real one (retry, watch and lease
 * code included) over an in-memory server; nothing is listened on, nothing outlives the process.
 */

import { type Clock, systemClock } from "../base/clock.ts";
import { checkOptions } from "../base/known-options.ts";
import { openEtcdAtOnce } from "../etcd/connect-etcd.ts";
import type { Etcd } from "../etcd/ports/ports.ts";
import { MemoryServer } from "./memory-server.ts";
import { memoryTransport } from "./memory-transport.ts";

/** Never dialled: endpoints are names here. */
const endpoint = "http://memory:2379";

/**
 * An empty etcd of its own, closed with the client. Keys, transactions, watches, compaction and leases behave as those
 * of a single etcd 3.5 member; users, snapshots and moving the leader are refused as Unimplemented (INVALID_ARGUMENT
 * or UNAVAILABLE by the port's own table).
 * @param options.clock time for leases, deadlines and back-off; default the system's
 */
export function memoryEtcd(options: { readonly clock?: Clock | undefined } = {}): Etcd {
  checkOptions(options, "make an etcd in memory", { clock: true });
  const clock = options.clock ?? systemClock;
  const server = new MemoryServer({ clock });
  const etcd = openEtcdAtOnce(
    { endpoints: endpoint, clock },
    memoryTransport(() => server),
  );
  const close = async (): Promise<void> => {
    await etcd.close();
    server.close();
  };
  return { ...etcd, close, [Symbol.asyncDispose]: close };
}
