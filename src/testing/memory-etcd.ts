/**
 * `memoryEtcd`: an etcd for unit tests of code that uses keelson. It is the real client (retry, watch and lease code
 * included) over an in-memory server; it opens no port, and nothing outlives the process.
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
   * The version that it reports and whose order of checks it follows: from 3.6 on, a transaction fails with the error
   * of its first impossible operation. Default "3.5.30".
   */
  readonly version?: string | undefined;
}

const memoryNames: NamesOf<MemoryEtcdOptions> = { clock: "clock", version: "text" };

/** Never dialled: endpoints are only names here. */
const endpoint = "http://memory:2379";

/**
 * Creates an empty etcd, which is closed with the client. Keys, transactions, watches, compaction and leases behave as
 * those of a single etcd member of `version`; users, snapshots and moving the leader are refused as Unimplemented
 * (INVALID_ARGUMENT or UNAVAILABLE by the port's table).
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
