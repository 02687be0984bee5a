/**
 * kine in place of etcd. The stand-in answers a status with the bytes of a real one (its pkg/server over its in-memory driver, told
 * to call itself 3.5.13). KEELSON_KINE=http://127.0.0.1:2379 runs the same against a real one.
 */
import { connectEtcd } from "keelson/etcd";
import { afterEach, expect, test, vi } from "vitest";
import { openEtcd } from "../../../../src/etcd/connect-etcd.ts";
import { grpcStatus, TransportFailure } from "../../../../src/etcd/transport/transport.ts";
import type { MemoryNode } from "../../../../src/testing/memory-node.ts";
import { memoryTransport } from "../../../../src/testing/memory-transport.ts";

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

/** Empty header, version 3.5.13, 194 bytes; everything else is refused in kine's words. */
const kine: MemoryNode = {
  call(method) {
    if (method === "/etcdserverpb.Maintenance/Status")
      return Buffer.from("0a001206332e352e313318c201", "hex");
    throw new TransportFailure({
      code: grpcStatus.unimplemented,
      text: "delete is not implemented by kine",
      request: "sent",
      fromServer: true,
      endpoint,
    });
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

test.runIf(process.env["KEELSON_KINE"] !== undefined)("a real kine is refused", async () => {
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const call = { endpoints: process.env["KEELSON_KINE"] ?? "" };
  await expect(connectEtcd(call)).rejects.toMatchObject(refused);
});
