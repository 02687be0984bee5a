/**
 * A proxy that can hold one gRPC request in flight and release it long after its client has given up.
 *
 *   hold(text)   from now on nothing more gets through from client to server; frames are kept
 *   release()    of what was kept, everything up to the end of the request that holds `text` is passed to the server, without
 *                the client's cancellation; the connection is cut off behind it
 *
 * So a write that timed out is certainly applied afterwards, while a paused member does that only sometimes. It parses
 * only HTTP/2's frame headers; the client is idle when holding begins, so what is kept begins with a frame.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

const frameHeaderBytes = 9;
const rstStream = 3;

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  readonly kept: Buffer[];
}

export class HeldRequests implements AsyncDisposable {
  readonly url: string;
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  /** Text of the request to release; undefined: everything passes. */
  #text: string | undefined;

  private constructor(listener: Server, targetPort: number) {
    this.#listener = listener;
    this.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    listener.on("connection", (client) => this.#accept(client, targetPort));
  }

  static async start(targetPort: number): Promise<HeldRequests> {
    const listener = createServer();
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    return new HeldRequests(listener, targetPort);
  }

  hold(text: string): void {
    this.#text = text;
  }

  /** False when no request with the text was held, because its client has not sent it. */
  release(): boolean {
    const text = this.#text ?? "";
    this.#text = undefined;
    let found = false;
    for (const pair of this.#pairs) {
      const frames = framesOf(Buffer.concat(pair.kept));
      const last = frames.findIndex(({ bytes }) => bytes.includes(text));
      for (const { type, bytes } of frames.slice(0, last + 1))
        if (type !== rstStream) pair.server.write(bytes);
      if (last >= 0) found = true;
      // The client reconnects; the server's side stays open until it has handled the request.
      if (pair.kept.length > 0) pair.client.destroy();
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }

  #accept(client: Socket, targetPort: number): void {
    const server = connect(targetPort, "127.0.0.1");
    const pair: Pair = { client, server, kept: [] };
    this.#pairs.add(pair);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
    }
    client.on("data", (bytes: Buffer) => {
      if (this.#text === undefined && pair.kept.length === 0) server.write(bytes);
      else pair.kept.push(bytes);
    });
    server.on("data", (bytes: Buffer) => {
      if (!client.destroyed) client.write(bytes);
    });
    server.on("close", () => client.destroy());
    client.on("close", () => {
      if (pair.kept.length === 0) server.destroy();
    });
  }
}

function framesOf(bytes: Buffer): readonly { readonly type: number; readonly bytes: Buffer }[] {
  const frames: { type: number; bytes: Buffer }[] = [];
  for (let at = 0; at + frameHeaderBytes <= bytes.length; ) {
    const end = at + frameHeaderBytes + bytes.readUIntBE(at, 3);
    frames.push({ type: bytes.readUInt8(at + 3), bytes: bytes.subarray(at, end) });
    at = end;
  }
  return frames;
}
