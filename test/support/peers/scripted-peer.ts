/**
 * An HTTP/2 peer that says exactly what a test tells it to: for what no well-behaved server does.
 * It listens on loopback, parses what the client sends with the library's own parser and hands it to a script.
 */
import { createServer, type Socket } from "node:net";
import {
  FrameParser,
  type FrameSink,
  frameFlag,
  frameType,
  preface,
  putFrameHeader,
} from "../../../src/etcd/transport/http2/frames.ts";
import { messagePrefix } from "../../../src/etcd/transport/http2/grpc-message.ts";
import { encodeLiteral } from "../../../src/etcd/transport/http2/hpack.ts";

export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = new Uint8Array(0),
): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  putFrameHeader(bytes, 0, payload.length, type, flags, streamId);
  bytes.set(payload, 9);
  return bytes;
}

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

export function settings(...entries: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.concat(
    entries.map(([id, value]) => {
      const entry = Buffer.alloc(6);
      entry.writeUInt16BE(id, 0);
      entry.writeUInt32BE(value, 2);
      return entry;
    }),
  );
  return frame(frameType.settings, 0, 0, payload);
}

const fields = (headers: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat(Object.entries(headers).map(([name, value]) => encodeLiteral(name, value)));

/** A whole gRPC reply: headers, one message, trailers. */
export function grpcReply(streamId: number, message: Uint8Array, status = "0", text = ""): Buffer {
  return Buffer.concat([
    frame(
      frameType.headers,
      frameFlag.endHeaders,
      streamId,
      fields({ ":status": "200", "content-type": "application/grpc" }),
    ),
    frame(frameType.data, 0, streamId, Buffer.concat([messagePrefix(message.length), message])),
    trailers(streamId, { "grpc-status": status, "grpc-message": text }),
  ]);
}

export function trailers(streamId: number, headers: Readonly<Record<string, string>>): Buffer {
  return frame(frameType.headers, frameFlag.endHeaders | frameFlag.endStream, streamId, fields(headers));
}

/** What a script hears of one connection. */
export interface PeerConnection {
  readonly socket: Socket;
  readonly index: number;
  send(bytes: Uint8Array): void;
}

export interface PeerScript {
  onOpen?(connection: PeerConnection): void;
  onHeaders?(connection: PeerConnection, streamId: number): void;
  onData?(connection: PeerConnection, streamId: number, part: Buffer, endStream: boolean): void;
  onPing?(connection: PeerConnection, payload: Buffer, ack: boolean): void;
  onRst?(connection: PeerConnection, streamId: number, code: number): void;
}

export interface ScriptedPeer extends AsyncDisposable {
  readonly port: number;
  readonly connections: () => number;
}

export async function startPeer(script: PeerScript): Promise<ScriptedPeer> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    const connection: PeerConnection = { socket, index: count++, send: (bytes) => void socket.write(bytes) };
    const sink: FrameSink = {
      onData: (streamId, part, _flow, endStream) => script.onData?.(connection, streamId, part, endStream),
      onHeaders: (streamId, _block, endStream) => {
        script.onHeaders?.(connection, streamId);
        if (endStream) script.onData?.(connection, streamId, Buffer.alloc(0), true);
      },
      onRstStream: (streamId, code) => script.onRst?.(connection, streamId, code),
      onSettings: () => {},
      onSettingsAck: () => {},
      onPing: (payload, ack) => script.onPing?.(connection, payload, ack),
      onGoAway: () => {},
      onWindowUpdate: () => {},
      onProtocolError: (code, text) =>
        socket.destroy(new Error(`the client sent a bad frame: ${code} ${text}`)),
    };
    const parser = new FrameParser(sink);
    let greeted = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      if (greeted.length >= preface.length) return parser.push(chunk);
      greeted = Buffer.concat([greeted, chunk]);
      if (greeted.length >= preface.length) parser.push(greeted.subarray(preface.length));
    });
    script.onOpen?.(connection);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the peer has no port");
  return {
    port: address.port,
    connections: () => count,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
