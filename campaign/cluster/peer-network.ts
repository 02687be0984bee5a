/**
 * The network between members: a proxy in front of each peer port that identifies the caller.
 *
 * etcd members name themselves on every peer connection ("X-Server-From: <member id>"), and keep connections to
 * themselves, so a connection's first request labels it for good. That makes cuts of single links possible, also one-way,
 * without network namespaces. Messages from A to B travel on two kinds of connection:
 *
 *   B dials A and reads a stream       bytes from server to client, at A's proxy, caller B
 *   A dials B and posts                bytes from client to server, at B's proxy, caller A
 *
 * A cut link stalls: bytes stay in the sockets' buffers and arrive after the heal, late and in order, as TCP does it.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

interface PeerConnection {
  /** Index of the member behind the proxy. */
  readonly owner: number;
  /** Id of the member that dialled, in hex; undefined before its first request, and for probes, which have none. */
  caller: string | undefined;
  readonly client: Socket;
  readonly server: Socket;
}

/** A request's head is shorter than this; a connection without an id by then has none. */
const headBytesMax = 4096;
const callerHeader = /^x-server-from:\s*([0-9a-f]+)/im;

export class PeerNetwork implements AsyncDisposable {
  readonly #listeners: Server[] = [];
  readonly #ports: number[] = [];
  readonly #connections = new Set<PeerConnection>();
  /** `from>to` of links that are cut. */
  readonly #cut = new Set<string>();
  /** Member ids as in the header. */
  #members = new Map<string, number>();

  /** The URL at which other members reach the member's peer port. */
  async advertise(index: number, peerPort: number): Promise<string> {
    this.#ports[index] = peerPort;
    const listener = createServer({ allowHalfOpen: true }, (client) => this.#accept(index, client));
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    this.#listeners.push(listener);
    return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  }

  /** The members' ids; links can be cut only once they are set. */
  learn(ids: readonly bigint[]): void {
    this.#members = new Map(ids.map((id, index) => [id.toString(16), index]));
  }

  /** Messages from one member to another stop, in this direction only. */
  cut(from: number, to: number): void {
    this.#cut.add(`${from}>${to}`);
    this.#apply();
  }

  heal(from: number, to: number): void {
    this.#cut.delete(`${from}>${to}`);
    this.#apply();
  }

  /** Resets every peer connection of the member; the members dial again at once. */
  reset(index: number): void {
    for (const connection of this.#connections) {
      if (connection.owner === index || this.#callerOf(connection) === index) this.#end(connection, true);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    for (const connection of this.#connections) this.#end(connection, false);
  }

  #accept(owner: number, client: Socket): void {
    const server = connect({ host: "127.0.0.1", port: this.#ports[owner] ?? 0, allowHalfOpen: true });
    const connection: PeerConnection = { owner, caller: undefined, client, server };
    this.#connections.add(connection);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => this.#end(connection, true));
      socket.on("close", () => this.#end(connection, false));
    }
    client.on("end", () => server.end());
    server.on("end", () => client.end());
    let head = "";
    client.on("data", (bytes: Buffer) => {
      if (connection.caller === undefined && head.length < headBytesMax) {
        head += bytes.toString("latin1");
        connection.caller = callerHeader.exec(head)?.[1];
        // The current bytes still pass: they are the request that opens the stream.
        if (connection.caller !== undefined) this.#apply(connection);
      }
      this.#pass(connection, server, bytes);
    });
    server.on("data", (bytes: Buffer) => this.#pass(connection, client, bytes));
  }

  #pass(connection: PeerConnection, to: Socket, bytes: Buffer): void {
    if (to.destroyed || to.write(bytes)) return;
    const from = to === connection.client ? connection.server : connection.client;
    from.pause();
    to.once("drain", () => this.#apply(connection));
  }

  #apply(only?: PeerConnection): void {
    for (const connection of only === undefined ? this.#connections : [only]) {
      const { owner, client, server } = connection;
      const caller = this.#callerOf(connection);
      const stalled = (from: number, to: number): boolean => this.#cut.has(`${from}>${to}`);
      const [up, down] =
        caller === undefined ? [false, false] : [stalled(caller, owner), stalled(owner, caller)];
      if (up) client.pause();
      else if (!server.writableNeedDrain) client.resume();
      if (down) server.pause();
      else if (!client.writableNeedDrain) server.resume();
    }
  }

  #callerOf({ caller }: PeerConnection): number | undefined {
    return caller === undefined ? undefined : this.#members.get(caller);
  }

  #end(connection: PeerConnection, reset: boolean): void {
    if (!this.#connections.delete(connection)) return;
    for (const socket of [connection.client, connection.server]) {
      if (reset) socket.resetAndDestroy();
      else socket.destroy();
    }
  }
}
