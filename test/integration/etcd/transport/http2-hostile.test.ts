/** The HTTP/2 transport against peers that behave as no good server does: typed failures, bounded memory, no hang. */
import { describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../../../src/base/time/clock.ts";
import { frameFlag, frameType, setting } from "../../../../src/etcd/transport/http2/frames.ts";
import { http2Transport } from "../../../../src/etcd/transport/http2/transport-http2.ts";
import { grpcStatus, type Transport } from "../../../../src/etcd/transport/transport.ts";
import { transportFailureOf } from "../../../support/failures.ts";
import {
  frame,
  grpcReply,
  type PeerScript,
  settings,
  startPeer,
  trailers,
  uint32,
} from "../../../support/peers/scripted-peer.ts";
import { seededRandom } from "../../../support/seeded-random.ts";
import { ManualClock } from "../../../support/time/manual-clock.ts";
import { patientMs, until } from "../../../support/time/patience.ts";

const method = "/etcdserverpb.KV/Range";
const request = Buffer.from("hello");

function connect(
  port: number,
  keepaliveMs = 10_000,
  clock: Clock = systemClock,
): Transport & AsyncDisposable {
  const transport = http2Transport({
    endpoint: { url: `http://127.0.0.1:${port}`, secure: false, host: "127.0.0.1", port },
    keepaliveTimeMs: keepaliveMs,
    keepaliveTimeoutMs: keepaliveMs,
    clock,
    random: seededRandom(1),
  });
  return Object.assign(transport, { [Symbol.asyncDispose]: () => transport.close() });
}

/** Answers each complete request with `answer`. */
const answering = (answer: (streamId: number) => Buffer): PeerScript => ({
  onOpen: (connection) => connection.send(settings()),
  onData: (connection, streamId, _part, endStream) => {
    if (endStream) connection.send(answer(streamId));
  },
});

describe("http2 transport and a hostile peer", () => {
  test("a reply cut after any byte is a failure that may have been applied, never a hang or a wrong answer", async () => {
    const whole = Buffer.concat([
      settings([setting.maxConcurrentStreams, 10]),
      grpcReply(1, Buffer.from("world")),
    ]);
    let cut = 0;
    await using peer = await startPeer({
      onData: (connection, _streamId, _part, endStream) => {
        if (endStream) connection.socket.end(whole.subarray(0, cut));
      },
    });
    for (; cut < whole.length; cut++) {
      await using transport = connect(peer.port);
      const failure = await transportFailureOf(transport.unary(method, request, { timeoutMs: 20_000 }));
      expect([failure.code, failure.request, failure.fromServer], `cut at ${cut}`).toEqual([
        grpcStatus.unavailable,
        "sent",
        false,
      ]);
    }
    await using transport = connect(peer.port);
    expect(Buffer.from(await transport.unary(method, request, { timeoutMs: 20_000 })).toString()).toBe(
      "world",
    );
  });

  test.each([
    [
      "REFUSED_STREAM: not taken",
      (id: number) => frame(frameType.rstStream, 0, id, uint32(7)),
      grpcStatus.unavailable,
      "refused",
    ],
    [
      "RST_STREAM CANCEL",
      (id: number) => frame(frameType.rstStream, 0, id, uint32(8)),
      grpcStatus.cancelled,
      "sent",
    ],
    [
      "GOAWAY below the call: not taken",
      () => frame(frameType.goAway, 0, 0, Buffer.concat([uint32(0), uint32(0)])),
      grpcStatus.unavailable,
      "refused",
    ],
    [
      "GOAWAY too_many_pings",
      (id: number) => frame(frameType.goAway, 0, 0, Buffer.concat([uint32(id), uint32(11)])),
      grpcStatus.resourceExhausted,
      "sent",
    ],
    [
      "an HTTP error page",
      (id: number) => trailers(id, { ":status": "503", "content-type": "text/html" }),
      grpcStatus.unavailable,
      "sent",
    ],
    [
      "status OK without a message",
      (id: number) =>
        trailers(id, { ":status": "200", "content-type": "application/grpc", "grpc-status": "0" }),
      grpcStatus.internal,
      "sent",
    ],
    [
      "trailers without a status",
      (id: number) => trailers(id, { ":status": "200" }),
      grpcStatus.unknown,
      "sent",
    ],
    [
      "an undecodable header block",
      (id: number) => frame(frameType.headers, frameFlag.endHeaders, id, Buffer.of(0xff, 0xff)),
      grpcStatus.internal,
      "sent",
    ],
    [
      "garbage instead of frames",
      () => Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"),
      grpcStatus.internal,
      "sent",
    ],
    [
      "a window above 2^31-1",
      () => frame(frameType.windowUpdate, 0, 0, uint32(0x7fffffff)),
      grpcStatus.internal,
      "sent",
    ],
    [
      "DATA on a stream never opened",
      () => frame(frameType.data, 0, 99, Buffer.of(1)),
      grpcStatus.internal,
      "sent",
    ],
  ] as const)("%s", async (_name, answer, code, sent) => {
    await using peer = await startPeer(answering(answer));
    await using transport = connect(peer.port);
    const failure = await transportFailureOf(transport.unary(method, request, { timeoutMs: 20_000 }));
    expect([failure.code, failure.request]).toEqual([code, sent]);
  });

  test("a peer that is going away lets calls finish, and has no endless stream to wait for", async () => {
    let reset: number | undefined;
    await using peer = await startPeer({
      onOpen: (connection) => connection.send(settings()),
      onData: (connection, streamId, _part, endStream) => {
        if (!endStream) return;
        connection.send(frame(frameType.goAway, 0, 0, Buffer.concat([uint32(0x7fffffff), uint32(0)])));
        connection.send(grpcReply(streamId, Buffer.from("last")));
      },
      onRst: (_connection, streamId) => {
        reset = streamId;
      },
    });
    await using transport = connect(peer.port);
    const watch = transport.bidi(method, { lane: "stream" });
    watch.write(request);
    const call = transport.unary(method, request, { timeoutMs: 20_000, lane: "stream" });
    const failure = await transportFailureOf(watch.next());
    expect([failure.code, failure.request]).toEqual([grpcStatus.unavailable, "sent"]);
    expect(Buffer.from(await call).toString()).toBe("last");
    await until(() => reset === 1);
  });

  test.each([
    ["refuses the calls that are open", 0, "refused"],
    ["resets its streams that stay", 0x7fffffff, "sent"],
  ])(
    "a peer that is going away and %s gets none of those that wait for a place",
    async (_name, last, first) => {
      const begun: number[] = [];
      let leaves = false;
      await using peer = await startPeer({
        onOpen: (connection) => connection.send(settings([setting.maxConcurrentStreams, 1])),
        onHeaders: (_connection, streamId) => {
          begun.push(streamId);
        },
        onData: (connection, streamId, _part, endStream) => {
          if (leaves)
            connection.send(frame(frameType.goAway, 0, 0, Buffer.concat([uint32(last), uint32(0)])));
          else if (endStream) connection.send(grpcReply(streamId, Buffer.from("ok")));
        },
      });
      await using transport = connect(peer.port);
      await transport.unary(method, request);
      leaves = true;
      const watch = transport.bidi(method, { lane: "unary" });
      const waits = transportFailureOf(transport.unary(method, request));
      watch.write(request);
      expect([(await transportFailureOf(watch.next())).request, (await waits).request]).toEqual([
        first,
        "unsent",
      ]);
      expect(begun).toEqual([1, 3]);
    },
  );

  test("the server's own status comes with its text, decoded", async () => {
    await using peer = await startPeer(
      answering((id) =>
        trailers(id, {
          ":status": "200",
          "content-type": "application/grpc",
          "grpc-status": "9",
          "grpc-message": "lease%20%E2%9C%93",
        }),
      ),
    );
    await using transport = connect(peer.port);
    const failure = await transportFailureOf(transport.unary(method, request));
    expect([failure.code, failure.text, failure.fromServer]).toEqual([9, "lease ✓", true]);
  });

  test("the peer's stream limit is kept: calls wait their turn, and all are answered", async () => {
    let open = 0;
    let most = 0;
    let paired = false;
    const waiting: (() => void)[] = [];
    await using peer = await startPeer({
      onOpen: (connection) => connection.send(settings([setting.maxConcurrentStreams, 2])),
      onHeaders: () => {
        open++;
        most = Math.max(most, open);
      },
      onData: (connection, streamId, _part, endStream) => {
        if (!endStream) return;
        waiting.push(() => {
          open--;
          connection.send(grpcReply(streamId, Buffer.from("ok")));
        });
        // Two at a time are answered, and a third would have its chance to come meanwhile.
        if (!paired || waiting.length === 2) {
          setTimeout(() => {
            for (const answer of waiting.splice(0)) answer();
          }, 5);
        }
      },
    });
    await using transport = connect(peer.port);
    await transport.unary(method, request);
    paired = true;
    const replies = await Promise.all(Array.from({ length: 20 }, () => transport.unary(method, request)));
    expect(replies).toHaveLength(20);
    expect(most).toBe(2);
    expect(peer.connections()).toBe(1);
  });

  test("a call beside streams that stay does not wait for their places, with or without a deadline", async () => {
    await using peer = await startPeer({
      onOpen: (connection) => connection.send(settings([setting.maxConcurrentStreams, 1])),
      onData: (connection, streamId, _part, endStream) => {
        // The first connection carries a stream that never ends.
        if (endStream && connection.index > 0) connection.send(grpcReply(streamId, Buffer.from("ok")));
      },
    });
    await using transport = connect(peer.port);
    const stays = transport.serverStream(method, request, { lane: "bulk" });
    for (const call of [{}, { timeoutMs: patientMs }]) {
      const reply = await transport.unary(method, request, { lane: "bulk", ...call });
      expect(Buffer.from(reply).toString()).toBe("ok");
    }
    stays.cancel();
  });

  test("a tiny send window holds the request back until the peer grants more", async () => {
    const received: Buffer[] = [];
    const sizes: number[] = [];
    await using peer = await startPeer({
      onOpen: (connection) => connection.send(settings([setting.initialWindowSize, 10])),
      onData: (connection, streamId, part, endStream) => {
        received.push(part);
        sizes.push(part.length);
        if (endStream) return connection.send(grpcReply(streamId, Buffer.from("ok")));
        connection.send(frame(frameType.windowUpdate, 0, streamId, uint32(10)));
      },
    });
    await using transport = connect(peer.port);
    // The first call may leave before the peer's settings are known; the second keeps to them.
    await transport.unary(method, Buffer.alloc(1));
    received.length = 0;
    sizes.length = 0;
    const body = Buffer.from("0123456789".repeat(10));
    await transport.unary(method, body);
    expect(Buffer.concat(received).subarray(5).equals(body)).toBe(true);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
  });

  test("a silent peer: the call ends at its deadline, a PING follows, and without an answer the next call dials anew", async () => {
    let pings = 0;
    let asked = 0;
    await using peer = await startPeer({
      onOpen: (connection) => connection.send(settings()),
      onPing: () => pings++,
      onData: (connection, streamId, _part, endStream) => {
        // Its first connection answers once.
        if (endStream && (asked++ === 0 || connection.index > 0))
          connection.send(grpcReply(streamId, Buffer.from("ok")));
      },
    });
    const clock = new ManualClock();
    await using transport = connect(peer.port, 100, clock);
    await transport.unary(method, request);
    const late = transportFailureOf(transport.unary(method, request, { timeoutMs: 50 }));
    await until(() => asked === 2, "the call has arrived");
    expect(pings).toBe(0);
    await clock.advance(50);
    const failure = await late;
    expect([failure.code, failure.request]).toEqual([grpcStatus.deadlineExceeded, "sent"]);
    const breaking = transportFailureOf(transport.unary(method, request, { timeoutMs: 20_000 }));
    await until(() => asked === 3 && pings > 0, "a ping and the next call have arrived");
    await clock.advance(100);
    const broken = await breaking;
    expect([broken.code, broken.request]).toEqual([grpcStatus.unavailable, "sent"]);
    expect(broken.text).toContain("keepalive");
    expect(Buffer.from(await transport.unary(method, request)).toString()).toBe("ok");
    expect(peer.connections()).toBe(2);
  });

  test("a abandoned stream: the next call dials anew, a PING asks whether anybody is there, what else is open goes on", async () => {
    let pings = 0;
    let opened = 0;
    let answerLate = (): void => {};
    await using peer = await startPeer({
      onOpen: (connection) => connection.send(settings()),
      onPing: () => pings++,
      onData: (connection, streamId, _part, endStream) => {
        opened++;
        if (!endStream) return;
        const answer = (text: string): void => connection.send(grpcReply(streamId, Buffer.from(text)));
        if (connection.index > 0) answer("anew");
        else answerLate = () => answer("late");
      },
    });
    await using transport = connect(peer.port);
    const silent = transport.bidi(method, { lane: "stream" });
    silent.write(request);
    const slow = transport.unary(method, request, { timeoutMs: 20_000, lane: "stream" });
    await until(() => opened === 2);
    silent.abandon?.();
    expect(await silent.next()).toBeUndefined();
    expect(Buffer.from(await transport.unary(method, request, { lane: "stream" })).toString()).toBe("anew");
    await until(() => pings === 1);
    answerLate();
    expect(Buffer.from(await slow).toString()).toBe("late");
    expect(peer.connections()).toBe(2);
  });

  test("nobody listens: unsent, and calls within the back-off do not dial", async () => {
    const port = await (async () => {
      await using peer = await startPeer({});
      return peer.port;
    })();
    await using transport = connect(port);
    const failures = [];
    for (let i = 0; i < 20; i++) failures.push(await transportFailureOf(transport.unary(method, request)));
    expect(new Set(failures.map((failure) => `${failure.code} ${failure.request}`))).toEqual(
      new Set([`${grpcStatus.unavailable} unsent`]),
    );
  });

  test("a flood of control frames ends the connection", async () => {
    const pings = Buffer.concat(
      Array.from({ length: 20_000 }, () => frame(frameType.ping, 0, 0, Buffer.alloc(8))),
    );
    await using peer = await startPeer(answering(() => pings));
    await using transport = connect(peer.port);
    expect((await transportFailureOf(transport.unary(method, request))).code).toBe(grpcStatus.internal);
  });

  test("an aborted call rejects with the signal's reason and tells the peer; an aborted stream too", async () => {
    const resets: number[] = [];
    let hear = (): void => {};
    const heard = new Promise<void>((resolve) => {
      hear = resolve;
    });
    await using peer = await startPeer({
      onOpen: (connection) => connection.send(settings()),
      onData: () => hear(),
      onRst: (_connection, _streamId, code) => resets.push(code),
    });
    await using transport = connect(peer.port);
    const controller = new AbortController();
    const reason = new Error("enough");
    const unary = transport.unary(method, request, { signal: controller.signal });
    const stream = transport.bidi("/etcdserverpb.Watch/Watch", { signal: controller.signal });
    const ends = Promise.allSettled([unary, stream.next()]);
    await heard;
    controller.abort(reason);
    expect(await ends).toEqual([
      { status: "rejected", reason },
      { status: "rejected", reason },
    ]);
    await expect(transport.unary(method, request, { signal: controller.signal })).rejects.toBe(reason);
    await until(() => resets.length === 2, "both are reset");
    expect(resets).toEqual([8, 8]);
  });
});
