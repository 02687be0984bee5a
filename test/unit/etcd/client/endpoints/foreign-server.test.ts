/**
 * Other servers in place of etcd: kine, and one that knows none of its calls. The stand-in answers a status with the bytes of a real one (its pkg/server over its in-memory driver, told
 * to call itself 3.5.13). KEELSON_KINE=http://127.0.0.1:2379 runs the same against a real one.
 */
import { connectEtcd } from "keelson/etcd";
import { afterEach, expect, test, vi } from "vitest";
import { systemClock } from "../../../../../src/base/time/clock.ts";
import { openEtcd } from "../../../../../src/etcd/connect-etcd.ts";
import { grpcStatus } from "../../../../../src/etcd/transport/transport.ts";
import type { MemoryNode } from "../../../../../src/testing/memory-node.ts";
import { MemoryServer } from "../../../../../src/testing/memory-server.ts";
import { memoryTransport } from "../../../../../src/testing/memory-transport.ts";
import { EtcdRefusal } from "../../../../../src/testing/refusal.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const endpoint = "http://memory:2379";
const refused = {
  code: "UNAVAILABLE",
  message: expect.stringMatching(
    /it is kine.* that says etcd 3\.\d+\.\d+ and lacks leases.*transactions.*snapshots; expected an etcd/,
  ),
};

function unimplemented(): never {
  throw new EtcdRefusal(grpcStatus.unimplemented, "delete is not implemented by kine");
}

/** Empty header, version 3.5.13, 194 bytes; everything else is refused in kine's words. */
const kine: MemoryNode = {
  call(method) {
    if (method === "/etcdserverpb.Maintenance/Status")
      return Buffer.from("0a001206332e352e313318c201", "hex");
    return unimplemented();
  },
  openWatch: () => {
    throw new Error("no watch is opened on a server that is refused");
  },
  keepAlive: () => {
    throw new Error("no lease is kept alive on a server that is refused");
  },
};

test("connectEtcd() refuses kine at once, and says what is missing", async () => {
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const call = { endpoints: endpoint, allowFaultyVersions: true };
  await expect(
    openEtcd(
      call,
      memoryTransport(() => kine),
    ),
  ).rejects.toMatchObject(refused);
});

test("connectEtcd() refuses a server that does not know etcd's first request, and uses the etcd beside it", async () => {
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const server = new MemoryServer({ clock: systemClock });
  const webServer: MemoryNode = { ...kine, call: unimplemented };
  const transport = memoryTransport((url) => (url === endpoint ? webServer : server));
  await expect(openEtcd({ endpoints: endpoint }, transport)).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringMatching(/no call to report its status.*expected an etcd/),
  });
  const etcd = await openEtcd({ endpoints: [endpoint, "http://etcd:2379"] }, transport);
  await etcd.kv.put({ key: "a", value: "1" });
  await etcd.close();
  server.close();
});

test.runIf(process.env["KEELSON_KINE"] !== undefined)("a real kine is refused", async () => {
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const call = { endpoints: process.env["KEELSON_KINE"] ?? "" };
  await expect(connectEtcd(call)).rejects.toMatchObject(refused);
});
