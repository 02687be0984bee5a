/**
 * One connection to an HTTP/1.1 server, a minimal client, because the bench shares its machine with the servers.
 * Responses are counted, and kept only on request.
 */
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

export interface Target {
  readonly port: number;
  readonly isTls: boolean;
  /** Bearer token. */
  readonly token?: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

type Waiting = { resolve(answer: Answer): void; reject(error: unknown): void };

export class Connection {
  readonly #socket: Socket;
  readonly #headers: string;
  readonly #keep: boolean;
  #waiting: Waiting | undefined;
  /** The bytes of an incomplete head. */
  #rest: Buffer = Buffer.alloc(0);
  #status = 0;
  /** Remaining bytes of a body; undefined: no head yet. */
  #left: number | undefined;
  #isChunked = false;
  #parts: Buffer[] = [];
  #onWatched: ((bytes: Buffer) => void) | undefined;

  /** @param keep false: bodies are counted and dropped */
  static async open(target: Target, keep: boolean): Promise<Connection> {
    const socket = target.isTls
      ? connectTls({ host: "127.0.0.1", port: target.port, rejectUnauthorized: false })
      : connect(target.port, "127.0.0.1");
    socket.setNoDelay(true);
    await new Promise<void>((resolve, reject) => {
      socket.once(target.isTls ? "secureConnect" : "connect", resolve);
      socket.once("error", reject);
    });
    return new Connection(socket, target, keep);
  }

  private constructor(socket: Socket, { token }: Target, keep: boolean) {
    this.#socket = socket;
    this.#keep = keep;
    this.#headers = `host: localhost\r\naccept: application/json\r\n${token === undefined ? "" : `authorization: Bearer ${token}\r\n`}`;
    const fail = (error?: Error): void => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.reject(error ?? new Error("the connection ended"));
    };
    socket.on("error", fail);
    socket.on("close", () => fail());
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
  }

  request(method: string, path: string, body?: string): Promise<Answer> {
    const content =
      body === undefined
        ? ""
        : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
    this.#socket.write(`${method} ${path} HTTP/1.1\r\n${this.#headers}${content}\r\n${body ?? ""}`);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** A watch: `onBytes` receives the raw body, including chunk frames. Resolves when the head has arrived. */
  async watch(path: string, onBytes: (bytes: Buffer) => void): Promise<void> {
    this.#onWatched = onBytes;
    const { status, body } = await this.request("GET", path);
    if (status !== 200) throw new Error(`${path}: ${status} ${body.toString("utf8")}`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    if (this.#onWatched !== undefined && this.#left !== undefined) return this.#onWatched(bytes);
    let rest = this.#rest.byteLength === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#rest = Buffer.alloc(0);
    if (this.#left === undefined) {
      const end = rest.indexOf("\r\n\r\n");
      if (end < 0) {
        this.#rest = rest;
        return;
      }
      this.#readHead(rest.toString("latin1", 0, end));
      rest = rest.subarray(end + 4);
      if (this.#onWatched !== undefined && this.#status === 200) {
        this.#finish();
        this.#left = 0;
        if (rest.byteLength > 0) this.#onWatched(rest);
        return;
      }
    }
    if (this.#isChunked) this.#takeChunks(rest);
    else this.#takeCounted(rest);
  }

  #readHead(head: string): void {
    this.#status = Number(head.slice(9, 12));
    this.#isChunked = /\r\ntransfer-encoding: *chunked/i.test(head);
    this.#left = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    this.#parts = [];
  }

  #takeCounted(bytes: Buffer): void {
    this.#left = (this.#left ?? 0) - bytes.byteLength;
    if (this.#keep) this.#parts.push(bytes);
    if (this.#left <= 0) this.#finish();
  }

  /** `#left` is the rest of a chunk and its line end, bytes; 0 before a chunk's head. */
  #takeChunks(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.byteLength) {
      if (this.#left === 0) {
        const end = bytes.indexOf("\r\n", at);
        if (end < 0) {
          this.#rest = bytes.subarray(at);
          return;
        }
        const size = Number.parseInt(bytes.toString("latin1", at, end), 16);
        at = end + 2;
        if (size === 0) return this.#finish();
        this.#left = size + 2;
      }
      const take = Math.min(this.#left ?? 0, bytes.byteLength - at);
      if (this.#keep)
        this.#parts.push(bytes.subarray(at, at + Math.max(0, Math.min(take, (this.#left ?? 0) - 2))));
      this.#left = (this.#left ?? 0) - take;
      at += take;
    }
  }

  #finish(): void {
    const answer = { status: this.#status, body: Buffer.concat(this.#parts) };
    this.#left = undefined;
    this.#parts = [];
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }
}
