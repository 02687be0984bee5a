/**
 * A TCP proxy in front of one port, for faults of the network: what etcd and a client see is decided here.
 *
 *   ok          passes bytes
 *   blackhole   swallows bytes in both directions, sockets stay open (half-open connection)
 *   half-open   as blackhole, and connections of that time stay dead after it: a router has forgotten them
 *   stall       holds bytes back in both directions and passes them on afterwards: a cable pulled for a while
 *   swallow     passes requests, swallows answers: the server acts, the client never hears
 *   delay       passes bytes after `delayMs`
 *   drop        accepts and at once closes new connections; open ones go too
 *   reset       as drop, with RST
 *   throttle    at most `bytesPerSecond` from server to client
 *   half-close  ends the server-to-client half of every connection
 *
 * `forget(text)` lets the connections go dead over which the client has said `text`, as half-open does with all.
 * `cutAfterBytes(n)` resets each later connection after n bytes from the server; `cut()` resets all now.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export type ProxyMode =
  | {
      readonly mode: "ok" | "blackhole" | "half-open" | "stall" | "swallow" | "drop" | "reset" | "half-close";
    }
  | { readonly mode: "delay"; readonly delayMs: number }
  | { readonly mode: "throttle"; readonly bytesPerSecond: number };

/** Of what a client has sent this much is remembered: its first requests. */
const saidCharsMax = 16_384;

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Bytes the server may still send before the pair is cut. */
  budget: number;
  /** Nothing passes any more, whatever the mode. */
  dead: boolean;
  /** What the client has sent, for `forget`. */
  said: string;
}

export class TcpProxy implements AsyncDisposable {
  /** `http://127.0.0.1:<port>` of the proxy. */
  readonly url: string;
  readonly port: number;
  readonly #listener: Server;
  #targetPort: number;
  readonly #pairs = new Set<Pair>();
  #mode: ProxyMode = { mode: "ok" };
  #budget = Number.POSITIVE_INFINITY;
  #accepted = 0;
  #cuts = 0;
  #bytesFromServer = 0;
  /** Settles when a stall ends. */
  #stalled: { readonly over: Promise<void>; readonly end: () => void } | undefined;

  private constructor(listener: Server, targetPort: number) {
    this.#listener = listener;
    this.#targetPort = targetPort;
    this.port = (listener.address() as AddressInfo).port;
    this.url = `http://127.0.0.1:${this.port}`;
    listener.on("connection", (client) => this.#accept(client));
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const listener = createServer({ allowHalfOpen: true });
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    return new TcpProxy(listener, targetPort);
  }

  get accepted(): number {
    return this.#accepted;
  }
  get cuts(): number {
    return this.#cuts;
  }
  get connections(): number {
    return this.#pairs.size;
  }
  get bytesFromServer(): number {
    return this.#bytesFromServer;
  }

  /** New connections go to another port, e.g. of a restarted member. */
  retarget(targetPort: number): void {
    this.#targetPort = targetPort;
  }

  set(mode: ProxyMode): void {
    this.#mode = mode;
    if (mode.mode === "stall") this.#stalled ??= stall();
    else {
      this.#stalled?.end();
      this.#stalled = undefined;
    }
    for (const pair of this.#pairs) {
      if (mode.mode === "half-open") pair.dead = true;
      else if (mode.mode === "drop") this.#end(pair, false);
      else if (mode.mode === "reset") this.#end(pair, true);
      else if (mode.mode === "half-close") pair.client.end();
    }
  }

  /** A router forgets the open connections whose client has sent `text`. @returns how many */
  forget(text: string): number {
    const known = [...this.#pairs].filter((pair) => pair.said.includes(text));
    for (const pair of known) pair.dead = true;
    return known.length;
  }

  /** Every connection accepted from now on is reset after `bytes` bytes from the server; Infinity ends that. */
  cutAfterBytes(bytes: number): void {
    this.#budget = bytes;
  }

  /** Resets every open connection. */
  cut(): void {
    for (const pair of this.#pairs) this.#end(pair, true);
  }

  async close(): Promise<void> {
    this.#listener.close();
    this.#stalled?.end();
    for (const pair of this.#pairs) this.#end(pair, false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #accept(client: Socket): void {
    this.#accepted++;
    if (this.#mode.mode === "drop" || this.#mode.mode === "reset") {
      client.on("error", () => {});
      if (this.#mode.mode === "reset") client.resetAndDestroy();
      else client.destroy();
      return;
    }
    const server = connect({ host: "127.0.0.1", port: this.#targetPort, allowHalfOpen: true });
    const dead = this.#mode.mode === "half-open";
    const pair: Pair = { client, server, budget: this.#budget, dead, said: "" };
    this.#pairs.add(pair);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => this.#end(pair, true));
      socket.on("close", () => this.#end(pair, false));
    }
    client.on("end", () => server.end());
    server.on("end", () => client.end());
    client.on("data", (bytes: Buffer) => {
      if (pair.said.length < saidCharsMax) pair.said += bytes.toString("latin1");
      void this.#forward(pair, client, server, bytes);
    });
    server.on("data", (bytes: Buffer) => {
      this.#bytesFromServer += bytes.length;
      pair.budget -= bytes.length;
      if (pair.budget < 0) this.#end(pair, true);
      else if (this.#mode.mode !== "swallow") void this.#forward(pair, server, client, bytes);
    });
  }

  async #forward(pair: Pair, from: Socket, to: Socket, bytes: Buffer): Promise<void> {
    if (this.#stalled !== undefined) {
      from.pause();
      await this.#stalled.over;
    }
    const mode = this.#mode;
    if (mode.mode === "blackhole" || pair.dead) {
      from.resume();
      return;
    }
    if (mode.mode === "delay") {
      from.pause();
      await pause(mode.delayMs);
    } else if (mode.mode === "throttle" && from === pair.server) {
      from.pause();
      await pause((bytes.length / mode.bytesPerSecond) * 1000);
    }
    if (to.destroyed) return;
    if (!to.write(bytes)) {
      from.pause();
      to.once("drain", () => from.resume());
    } else from.resume();
  }

  #end(pair: Pair, reset: boolean): void {
    if (!this.#pairs.delete(pair)) return;
    if (reset) this.#cuts++;
    for (const socket of [pair.client, pair.server]) {
      if (reset) socket.resetAndDestroy();
      else socket.destroy();
    }
  }
}

function stall(): { readonly over: Promise<void>; readonly end: () => void } {
  let end = (): void => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { over, end };
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
