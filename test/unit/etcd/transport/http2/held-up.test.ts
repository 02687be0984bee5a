/**
 * A process that was held up (stopped, starved, a long collection) past a deadline or a keepalive: what lies in its
 * socket by then is read before anything is given up.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { CallScope } from "../../../../../src/base/call.ts";
import { systemRandom } from "../../../../../src/base/random.ts";
import { frameFlag, frameType } from "../../../../../src/etcd/transport/http2/frames.ts";
import { http2Transport } from "../../../../../src/etcd/transport/http2/transport-http2.ts";
import { grpcStatus, type Transport } from "../../../../../src/etcd/transport/transport.ts";
import {
  frame,
  grpcReply,
  type PeerConnection,
  type PeerScript,
  settings,
  startPeer,
} from "../../../../support/peers/scripted-peer.ts";
import { StalledClock } from "../../../../support/time/stalled-clock.ts";

const path = "/etcdserverpb.KV/Range";
const timeoutMs = 5_000;
const keepaliveTimeMs = 10_000;
const keepaliveTimeoutMs = 5_000;

async function connected(
  script: PeerScript,
): Promise<{ clock: StalledClock; transport: Transport; connections: () => number } & AsyncDisposable> {
  const clock = new StalledClock();
  const peer = await startPeer({ onOpen: (connection) => connection.send(settings()), ...script });
  const endpoint = {
    url: `http://127.0.0.1:${peer.port}`,
    secure: false,
    host: "127.0.0.1",
    port: peer.port,
  };
  const transport = http2Transport({
    endpoint,
    keepaliveTimeMs,
    keepaliveTimeoutMs,
    clock,
    random: systemRandom,
  });
  return {
    clock,
    transport,
    connections: peer.connections,
    async [Symbol.asyncDispose]() {
      await transport.close();
      await peer[Symbol.asyncDispose]();
    },
  };
}

/** Sends `bytes` and blocks this thread until the system has surely put them into the other socket, unread. */
function sendUnread(connection: PeerConnection, bytes: Uint8Array): void {
  connection.send(bytes);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
}

/** What the peer is asked, one promise a request. */
function asking(): { script: PeerScript; asked: Promise<{ connection: PeerConnection; streamId: number }> } {
  let tell: (asked: { connection: PeerConnection; streamId: number }) => void = () => {};
  const asked = new Promise<{ connection: PeerConnection; streamId: number }>((resolve) => {
    tell = resolve;
  });
  return {
    asked,
    script: {
      onData: (connection, streamId, _part, endStream) => {
        if (endStream) tell({ connection, streamId });
      },
    },
  };
}

test("an answer that lies in the socket when the deadline is found passed is the call's answer", async () => {
  const { script, asked } = asking();
  await using peer = await connected(script);
  const answer = peer.transport.unary(path, Buffer.from("?"), { timeoutMs });
  const { connection, streamId } = await asked;
  await nextTurn();
  sendUnread(connection, grpcReply(streamId, Buffer.from("answer")));
  peer.clock.holdUp(timeoutMs * 4);
  expect(Buffer.from(await answer).toString()).toBe("answer");
});

test("a call nobody has answered ends at its deadline all the same", async () => {
  const { script, asked } = asking();
  await using peer = await connected(script);
  const answer = peer.transport.unary(path, Buffer.from("?"), { timeoutMs });
  await asked;
  await nextTurn();
  peer.clock.holdUp(timeoutMs * 4);
  await expect(answer).rejects.toMatchObject({ code: grpcStatus.deadlineExceeded, request: "sent" });
});

test("a whole call's time, found passed, leaves what lies in the socket to be read first", async () => {
  const { script, asked } = asking();
  await using peer = await connected(script);
  using scope = new CallScope({ timeoutMs }, peer.clock, "read");
  const answer = peer.transport.unary(path, Buffer.from("?"), { signal: scope.signal });
  const { connection, streamId } = await asked;
  await nextTurn();
  sendUnread(connection, grpcReply(streamId, Buffer.from("answer")));
  peer.clock.holdUp(timeoutMs * 4);
  expect(Buffer.from(await answer).toString()).toBe("answer");
});

test("a connection whose PING was answered while the process was held up goes on", async () => {
  let pinged: (connection: PeerConnection) => void = () => {};
  const ping = new Promise<PeerConnection>((resolve) => {
    pinged = resolve;
  });
  let opened: () => void = () => {};
  const open = new Promise<void>((resolve) => {
    opened = resolve;
  });
  await using peer = await connected({
    onHeaders: () => opened(),
    onPing: (connection, _payload, ack) => {
      if (!ack) pinged(connection);
    },
    onData: (connection, streamId, _part, endStream) => {
      if (endStream) connection.send(grpcReply(streamId, Buffer.from("answer")));
    },
  });
  const stream = peer.transport.bidi("/etcdserverpb.Watch/Watch", { lane: "unary" });
  await open;
  await nextTurn();
  peer.clock.holdUp(keepaliveTimeMs);
  const connection = await ping;
  await nextTurn();
  sendUnread(connection, frame(frameType.ping, frameFlag.ack, 0, Buffer.alloc(8)));
  peer.clock.holdUp(keepaliveTimeoutMs * 4);
  // Some turns later, when a connection given up would have been replaced.
  for (let turn = 0; turn < 5; turn++) await nextTurn();
  expect(Buffer.from(await peer.transport.unary(path, Buffer.from("?"))).toString()).toBe("answer");
  expect(peer.connections()).toBe(1);
  stream.cancel();
});

test("a connection whose PING nobody has answered is given up", async () => {
  let pinged: () => void = () => {};
  const ping = new Promise<void>((resolve) => {
    pinged = resolve;
  });
  let opened: () => void = () => {};
  const open = new Promise<void>((resolve) => {
    opened = resolve;
  });
  await using peer = await connected({ onHeaders: () => opened(), onPing: () => pinged() });
  const stream = peer.transport.bidi("/etcdserverpb.Watch/Watch");
  const end = stream.next();
  end.catch(() => {});
  await open;
  await nextTurn();
  peer.clock.holdUp(keepaliveTimeMs);
  await ping;
  await nextTurn();
  peer.clock.holdUp(keepaliveTimeoutMs * 4);
  await expect(end).rejects.toMatchObject({ code: grpcStatus.unavailable });
});

test("a request that was gathered and has not left when its time is found passed may be answered: it counts as sent", async () => {
  const taken: number[] = [];
  let first: () => void = () => {};
  const asked = new Promise<void>((resolve) => {
    first = resolve;
  });
  let second: () => void = () => {};
  const leftAfterAll = new Promise<void>((resolve) => {
    second = resolve;
  });
  await using peer = await connected({
    onData: (_connection, streamId, _part, endStream) => {
      if (!endStream) return;
      taken.push(streamId);
      if (taken.length === 1) first();
      else second();
    },
  });
  const early = peer.transport.unary(path, Buffer.from("?"), { timeoutMs });
  early.catch(() => {});
  await asked;
  await nextTurn();
  // The deadlines are looked at in the next turn, before what this turn gathers is written.
  peer.clock.holdUp(timeoutMs);
  const late = peer.transport.unary(path, Buffer.from("!"), { timeoutMs: 1 });
  peer.clock.holdUp(timeoutMs);
  await expect(late).rejects.toMatchObject({ code: grpcStatus.deadlineExceeded, request: "sent" });
  await leftAfterAll;
  expect(taken).toHaveLength(2);
});
