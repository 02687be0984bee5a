/**
 * Users and roles that change while a client with a right password works: each change makes every token too old, and several
 * may fall into one call. The call's time is the bound, and a right password is never UNAUTHENTICATED.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../../src/base/time/clock.ts";
import { isStoreError } from "../../../../src/errors.ts";
import { openEtcdAtOnce } from "../../../../src/etcd/connect-etcd.ts";
import type { Etcd } from "../../../../src/etcd/ports/etcd.ts";
import { grpcStatus, TransportFailure } from "../../../../src/etcd/transport/transport.ts";
import { authenticateResponse } from "../../../../src/etcd/wire/auth.ts";
import type { MemoryNode } from "../../../../src/testing/memory-node.ts";
import { MemoryServer } from "../../../../src/testing/memory-server.ts";
import { memoryTransport } from "../../../../src/testing/memory-transport.ts";

const endpoint = "http://memory:2379";
const header = { clusterId: 0n, memberId: 0n, revision: 0n, raftTerm: 0n };

describe.each(["etcdserver: revision of auth store is old", "etcdserver: invalid auth token"])(
  "%s",
  (text) => {
    let server: MemoryServer;
    let etcd: Etcd;
    /** Requests still to be refused. */
    let stale: number;
    let tokens: number;

    beforeEach(() => {
      stale = 0;
      tokens = 0;
      server = new MemoryServer({ clock: systemClock });
      const node: MemoryNode = {
        call(method, request) {
          if (method === "/etcdserverpb.Auth/Authenticate") {
            return authenticateResponse.encode({ header, token: `token-${++tokens}` });
          }
          if (stale > 0 && method.startsWith("/etcdserverpb.KV/")) {
            stale--;
            throw new TransportFailure({
              code: grpcStatus.invalidArgument,
              text,
              request: "sent",
              fromServer: true,
              endpoint,
            });
          }
          return server.call(method, request);
        },
        openWatch: (sink) => server.openWatch(sink),
        keepAlive: (request) => server.keepAlive(request),
      };
      const auth = { username: "app", password: "right", allowPlaintext: true };
      etcd = openEtcdAtOnce(
        { endpoints: endpoint, auth },
        memoryTransport(() => node),
      );
    });
    afterEach(async () => {
      await etcd.close();
      server.close();
    });

    test("a write goes on through any number of changes while it has time", async () => {
      stale = 9;
      await etcd.kv.put({ key: "a", value: "1" }, { timeoutMs: 30_000 });
      expect((await etcd.kv.range({ key: "a" })).kvs[0]?.version).toBe(1n);
      expect(tokens).toBeGreaterThanOrEqual(10);
    });

    test("when they never end the call ends by its time, and does not blame the password", async () => {
      stale = Number.POSITIVE_INFINITY;
      for (const call of [{ timeoutMs: 200 }, { signal: AbortSignal.timeout(200) }]) {
        const error = await etcd.kv.put({ key: "a", value: "1" }, call).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if ("signal" in call) expect(error).toBe(call.signal.reason);
        else expect(isStoreError(error, "UNAVAILABLE", "DEADLINE"), String(error)).toBe(true);
      }
      stale = 0;
      expect((await etcd.kv.range({ key: "a" })).count).toBe(0n);
    });
  },
);
