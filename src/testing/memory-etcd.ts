/**
 * `memoryEtcd`: an etcd for unit tests of what is built on keelson. The client is the real one (retry, watch and lease
 * code included) over an in-memory server; nothing is listened on, nothing outlives the process.
 */

import { checkOptions, type NamesOf } from "../base/text/known-options.ts";
import { quote } from "../base/text/quote.ts";
import { type Clock, systemClock } from "../base/time/clock.ts";
import { invalidArgument } from "../errors.ts";
import { openEtcdAtOnce } from "../etcd/connect-etcd.ts";
import type { Etcd } from "../etcd/ports/etcd.ts";
import { MemoryServer } from "./memory-server.ts";
import { memoryTransport } from "./memory-transport.ts";

/** What `memoryEtcd` takes. */
export interface MemoryEtcdOptions {
  /** Time for leases, deadlines and back-off; default the system's. */
  readonly clock?: Clock | undefined;
  /**
   * What it says it is, and whose order of checks it follows: from 3.6 on the first operation of a transaction that cannot be done
   * is the one that is told. Default "3.5.30".
   */
  readonly version?: string | undefined;
}

const memoryNames: NamesOf<MemoryEtcdOptions> = { clock: true, version: true };

/** Never dialled: endpoints are names here. */
const endpoint = "http://memory:2379";

/**
 * An empty etcd of its own, closed with the client. Keys, transactions, watches, compaction and leases behave as those
 * of a single etcd member of `version`; users, snapshots and moving the leader are refused as Unimplemented
 * (INVALID_ARGUMENT or UNAVAILABLE by the port's own table).
 * @throws INVALID_ARGUMENT
 *
 *
 * @example
 * ```ts
 * import { test } from "node:test";
 * import { createStore } from "keelson";
 * import { memoryEtcd } from "keelson/testing";
 *
 * test("a new store has the namespace default", async () => {
 *   await using etcd = memoryEtcd();
 *   await using store = await createStore({ etcd, kinds: [] });
 *   await store.namespaces.get({ name: "default" });
 * });
 * ```
 */
export function memoryEtcd(options: MemoryEtcdOptions = {}): Etcd {
  checkOptions(options, "make an etcd in memory", memoryNames);
  const { clock = systemClock, version } = options;
  if (version !== undefined && (typeof version !== "string" || !/^3\.[456]\.\d+$/.test(version))) {
    throw invalidArgument(
      "version",
      `Cannot make an etcd in memory: version is ${quote(version)}, expected one of 3.4, 3.5 or 3.6 such as "3.6.0"`,
    );
  }
  const server = new MemoryServer({ clock, version });
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
