/**
 * What every Transport does, as a suite over an adapter: the same text runs for etcd3's connections, for our own HTTP/2, for
 * the in-memory transport and for whatever comes. It speaks to an etcd directly and over roads that break.
 */
import { afterAll, beforeAll, describe, expect, test as vitestTest } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { systemClock } from "../../src/base/time/clock.ts";
import { parseEndpoint } from "../../src/etcd/client/endpoints/endpoint-address.ts";
import {
  grpcStatus,
  type MethodPath,
  type Transport,
  type TransportFactory,
} from "../../src/etcd/transport/transport.ts";
import {
  decodePutResponse,
  decodeRangeResponse,
  encodePutRequest,
  encodeRangeRequest,
  encodeTxnRequest,
} from "../../src/etcd/wire/kv.ts";
import { snapshotResponse } from "../../src/etcd/wire/maintenance.ts";
import { decodeWatchReply, encodeWatchMessage } from "../../src/etcd/wire/watch.ts";
import { transportFailureOf } from "../support/failures.ts";
import { withTimeEnough } from "../support/time/patience.ts";
import { type Link, type TransportNetwork, tcpNetwork, type Unserved } from "./transport-network.ts";

const range: MethodPath = "/etcdserverpb.KV/Range";
const put: MethodPath = "/etcdserverpb.KV/Put";
const watch: MethodPath = "/etcdserverpb.Watch/Watch";
const snapshot: MethodPath = "/etcdserverpb.Maintenance/Snapshot";

/**
 * @param network where it plays; default a real etcd behind TCP proxies
 * @param unserved cases that the adapter cannot serve: skipped, and the reason stands in their names
 */
export function transportContract(
  name: string,
  factory: TransportFactory,
  network: () => Promise<TransportNetwork> = tcpNetwork,
  unserved: Unserved = {},
): void {
  describe(`transport ${name}`, () => {
    const missing = new Set(Object.keys(unserved));
    const test = (title: string, run: () => Promise<void>): void => {
      const reason = unserved[title];
      missing.delete(title);
      if (reason === undefined) vitestTest(title, run);
      else vitestTest.skip(`${title} (skipped: ${reason})`, run);
    };
    let net: TransportNetwork;
    /** Shared by what leaves it as it was. */
    let shared: Link;
    const open = (url: string): Transport & AsyncDisposable => {
      const transport = factory({
        endpoint: parseEndpoint(url, false),
        keepaliveTimeMs: 10_000,
        keepaliveTimeoutMs: 5_000,
        clock: systemClock,
        random: systemRandom,
      });
      return Object.assign(transport, { [Symbol.asyncDispose]: () => transport.close() });
    };
    /** All its lanes connected: a dial ends after some seconds, and an etcd that stands still for longer is no fault of the transport's. */
    const connected = async (url: string): Promise<Transport & AsyncDisposable> => {
      const transport = open(url);
      for (const lane of ["unary", "stream", "bulk"] as const) {
        for (let tries = 0; ; tries++) {
          try {
            await transport.unary(range, encodeRangeRequest({ key: "a" }), { timeoutMs: 30_000, lane });
            break;
          } catch (error) {
            if (tries === 20) throw error;
            await systemClock.sleep(50);
          }
        }
      }
      return transport;
    };
    const direct = (): Promise<Transport & AsyncDisposable> => connected(net.url);
    beforeAll(async () => {
      net = await network();
      shared = await net.link();
    });
    afterAll(async () => {
      await shared[Symbol.asyncDispose]();
      await net[Symbol.asyncDispose]();
    });

    test("unary() carries a request and its reply", async () => {
      await using transport = await direct();
      await transport.unary(put, encodePutRequest({ key: "unary", value: "value" }));
      const reply = decodeRangeResponse(await transport.unary(range, encodeRangeRequest({ key: "unary" })));
      expect(reply.kvs.map((kv) => Buffer.from(kv.value).toString())).toEqual(["value"]);
    });

    test("unary() answers many calls at once, each with its own reply", async () => {
      await using transport = await direct();
      const answers = await Promise.all(
        Array.from({ length: 300 }, async (_, i) => {
          await transport.unary(put, encodePutRequest({ key: `many/${i}`, value: `${i}` }));
          const reply = await transport.unary(range, encodeRangeRequest({ key: `many/${i}` }));
          return Buffer.from(decodeRangeResponse(reply).kvs[0]?.value ?? []).toString();
        }),
      );
      expect(answers).toEqual(Array.from({ length: 300 }, (_, i) => `${i}`));
    });

    test("unary() carries a megabyte up and twenty down", async () => {
      await using transport = await direct();
      const value = Buffer.alloc(1024 * 1024, 1);
      for (let i = 0; i < 20; i++) await transport.unary(put, encodePutRequest({ key: `big/${i}`, value }));
      const request = encodeRangeRequest({ key: "big/", rangeEnd: "big0" });
      const { kvs } = decodeRangeResponse(await transport.unary(range, request, { lane: "bulk" }));
      expect(kvs.length).toBe(20);
      expect(kvs.every((kv) => kv.value.length === value.length)).toBe(true);
    });

    test("a refusal comes with the server's code and text, from the server, sent", async () => {
      await using transport = await direct();
      const failure = await transportFailureOf(
        transport.unary(put, encodePutRequest({ key: "", value: "" })),
      );
      expect(failure).toMatchObject({
        code: grpcStatus.invalidArgument,
        text: "etcdserver: key is not provided",
        request: "sent",
        fromServer: true,
        endpoint: net.url,
      });
    });

    test("an unknown method is unimplemented, from the server", async () => {
      await using transport = await direct();
      const failure = await transportFailureOf(
        transport.unary("/etcdserverpb.KV/Nothing", new Uint8Array(0)),
      );
      expect(failure).toMatchObject({ code: grpcStatus.unimplemented, fromServer: true });
    });

    test("nobody listening is unavailable and unsent", async () => {
      await using transport = open(await net.nobody());
      const failure = await transportFailureOf(
        transport.unary(put, encodePutRequest({ key: "a", value: "" }), { timeoutMs: 20_000 }),
      );
      expect(failure).toMatchObject({ code: grpcStatus.unavailable, request: "unsent", fromServer: false });
    });

    test("a swallowed answer is a deadline of the client's making, sent", async () => {
      await using swallowing = await net.link();
      await using transport = await connected(swallowing.url);
      swallowing.swallow();
      const failure = await withTimeEnough(400, async (timeoutMs) => {
        const before = swallowing.bytesFromServer;
        const request = encodePutRequest({ key: "swallowed", value: "1" });
        const failed = await transportFailureOf(transport.unary(put, request, { timeoutMs }));
        // Its time was over before it left: nobody has heard of it.
        return failed.request === "unsent" && swallowing.bytesFromServer === before ? undefined : failed;
      });
      expect(failure).toMatchObject({
        code: grpcStatus.deadlineExceeded,
        request: "sent",
        fromServer: false,
      });
    });

    test("a connection cut under a call is a failure of the client's making, sent", async () => {
      await using cutting = await net.link();
      await using transport = await connected(cutting.url);
      cutting.swallow();
      const call = transportFailureOf(
        transport.unary(put, encodePutRequest({ key: "cut", value: "1" }), { timeoutMs: 20_000 }),
      );
      const before = cutting.bytesFromServer;
      while (cutting.bytesFromServer === before) await new Promise(setImmediate);
      cutting.cut();
      expect(await call).toMatchObject({ request: "sent", fromServer: false });
    });

    test("a call after a cut reaches the server over a new connection", async () => {
      await using transport = await connected(shared.url);
      shared.cut();
      let answer: Uint8Array | undefined;
      for (let tries = 0; tries < 100 && answer === undefined; tries++) {
        answer = await transport
          .unary(range, encodeRangeRequest({ key: "a" }), { timeoutMs: 5_000 })
          .catch(async () => {
            await systemClock.sleep(50);
            return undefined;
          });
      }
      expect(answer).toBeDefined();
    });

    test("an aborted call rejects with the signal's reason and nothing is sent for an aborted signal", async () => {
      await using swallowing = await net.link();
      await using transport = await connected(swallowing.url);
      swallowing.swallow();
      const reason = new Error("enough");
      const controller = new AbortController();
      const call = transport.unary(range, encodeRangeRequest({ key: "a" }), { signal: controller.signal });
      controller.abort(reason);
      await expect(call).rejects.toBe(reason);
      await expect(
        transport.unary(put, encodePutRequest({ key: "never", value: "" }), {
          signal: AbortSignal.abort(reason),
        }),
      ).rejects.toBe(reason);
      swallowing.pass();
      await using other = await direct();
      const reply = await other.unary(range, encodeRangeRequest({ key: "never" }));
      expect(decodeRangeResponse(reply).kvs).toEqual([]);
    });

    test("metadata reaches the server", async () => {
      await using transport = await direct();
      // A member that has its leader takes this; that tokens arrive is proved where auth is on.
      const reply = await transport.unary(range, encodeRangeRequest({ key: "a" }), {
        metadata: { hasleader: "true" },
      });
      expect(decodeRangeResponse(reply).header.revision).toBeGreaterThan(0n);
    });

    test("a server stream gives every message in order and then ends", async () => {
      await using transport = await direct();
      const stream = transport.serverStream(snapshot, new Uint8Array(0), { lane: "bulk" });
      let bytes = 0;
      let remaining = -1n;
      for (let message = await stream.next(); message !== undefined; message = await stream.next()) {
        const chunk = snapshotResponse.decode(message);
        bytes += chunk.blob.length;
        remaining = chunk.remainingBytes;
      }
      expect(remaining).toBe(0n);
      expect(bytes % 512).toBe(32);
      expect(await stream.next()).toBeUndefined();
    });

    test("a server stream that is not read holds the server back, and loses nothing", async () => {
      await using throttled = await net.link();
      await using transport = await connected(throttled.url);
      await using writer = await direct();
      const value = Buffer.alloc(1_000_000, 3);
      const stream = transport.bidi(watch);
      stream.write(
        encodeWatchMessage({
          type: "create",
          create: { key: "flood/", rangeEnd: "flood0", watchId: 1n, fragment: true },
        }),
      );
      expect(decodeWatchReply((await stream.next()) ?? new Uint8Array(0)).created).toBe(true);
      for (let i = 0; i < 60; i++) await writer.unary(put, encodePutRequest({ key: `flood/${i}`, value }));
      // 60 MB are on offer; what has come through is bounded by the flow-control window and the buffers around it.
      expect(throttled.bytesFromServer).toBeLessThan(45_000_000);
      const keys: string[] = [];
      while (keys.length < 60) {
        const message = await stream.next();
        if (message === undefined) break;
        for (const event of decodeWatchReply(message).events) keys.push(Buffer.from(event.kv.key).toString());
      }
      expect(keys).toEqual(Array.from({ length: 60 }, (_, i) => `flood/${i}`));
      stream.cancel();
    });

    test("bidi() carries messages both ways; cancel() resolves a pending next()", async () => {
      await using transport = await direct();
      const stream = transport.bidi(watch, { metadata: { hasleader: "true" } });
      stream.write(
        encodeWatchMessage({ type: "create", create: { key: "bidi", watchId: 7n, fragment: true } }),
      );
      const created = decodeWatchReply((await stream.next()) ?? new Uint8Array(0));
      expect(created).toMatchObject({ created: true, watchId: 7n });
      const reply = await transport.unary(put, encodePutRequest({ key: "bidi", value: "1" }));
      const event = decodeWatchReply((await stream.next()) ?? new Uint8Array(0));
      expect(event.events[0]?.kv.modRevision).toBe(decodePutResponse(reply).header.revision);
      const pending = stream.next();
      stream.cancel();
      stream.cancel();
      expect(await pending).toBeUndefined();
      expect(stream.poll()).toBeUndefined();
    });

    test("many messages written at once arrive in order", async () => {
      await using transport = await direct();
      const stream = transport.bidi(watch);
      for (let i = 1; i <= 200; i++) {
        const create = { key: `m/${i}`, watchId: BigInt(i), fragment: true };
        if (!stream.write(encodeWatchMessage({ type: "create", create }))) await stream.drained();
      }
      const ids: bigint[] = [];
      while (ids.length < 200) {
        ids.push(decodeWatchReply((await stream.next()) ?? new Uint8Array(0)).watchId);
      }
      expect(ids).toEqual(Array.from({ length: 200 }, (_, i) => BigInt(i + 1)));
      stream.cancel();
    });

    test("an aborted stream rejects with the signal's reason", async () => {
      await using transport = await direct();
      const reason = new Error("enough");
      const controller = new AbortController();
      const stream = transport.bidi(watch, { signal: controller.signal });
      const pending = stream.next();
      controller.abort(reason);
      await expect(pending).rejects.toBe(reason);
    });

    test("a stream cut in the middle fails, sent, of the client's making", async () => {
      await using transport = await connected(shared.url);
      const stream = transport.bidi(watch);
      stream.write(
        encodeWatchMessage({ type: "create", create: { key: "cut", watchId: 1n, fragment: true } }),
      );
      await stream.next();
      const pending = transportFailureOf(stream.next());
      shared.cut();
      expect(await pending).toMatchObject({ request: "sent", fromServer: false });
    });

    test("close() ends calls and streams with code CANCELLED, twice is fine", async () => {
      await using swallowing = await net.link();
      const transport = await connected(swallowing.url);
      swallowing.swallow();
      const call = transportFailureOf(transport.unary(range, encodeRangeRequest({ key: "a" })));
      const stream = transportFailureOf(transport.bidi(watch).next());
      await transport.close();
      await transport.close();
      expect(await call).toMatchObject({ code: grpcStatus.cancelled, fromServer: false });
      expect(await stream).toMatchObject({ code: grpcStatus.cancelled, fromServer: false });
      const late = await transportFailureOf(
        (async () => transport.unary(put, encodePutRequest({ key: "late", value: "" })))(),
      );
      expect(late.request).toBe("unsent");
    });

    test("a transaction with too many operations is refused whole", async () => {
      await using transport = await direct();
      const success = Array.from({ length: 129 }, (_, i) => ({
        type: "put" as const,
        put: { key: `ops/${i}`, value: "" },
      }));
      const failure = await transportFailureOf(
        transport.unary("/etcdserverpb.KV/Txn", encodeTxnRequest({ compare: [], success, failure: [] })),
      );
      expect(failure).toMatchObject({ code: grpcStatus.invalidArgument, fromServer: true });
    });

    vitestTest("what is not served is part of the suite", () => {
      expect([...missing]).toEqual([]);
    });
  });
}
