/**
 * The transport seam over a `MemoryServer`: no sockets, time from the clock, and faults where a world wants them.
 *
 * Without faults every call is answered in a later microtask. A `Weather` says, per message, how late it is and
 * whether it is lost before or after the server saw it: the four things that can happen to a request.
 */
import type { Clock } from "../base/clock.ts";
import {
  type ByteDuplex,
  type ByteStream,
  grpcStatus,
  type MethodPath,
  type Transport,
  type TransportCall,
  type TransportFactory,
  TransportFailure,
} from "../etcd/transport.ts";
import type { MemoryServer } from "./memory-server.ts";
import { EtcdRefusal } from "./refusal.ts";

/** What becomes of one request; times in milliseconds. */
export interface Fate {
  /** Before the server sees it; above the call's own time: it is applied late, after the caller has given up. */
  readonly requestDelayMs?: number | undefined;
  readonly replyDelayMs?: number | undefined;
  /** "refused": never sent. "request lost", "reply lost": the connection breaks before or after the server's part. */
  readonly loss?: "refused" | "request lost" | "reply lost" | undefined;
}

export interface Weather {
  unary(method: MethodPath, endpoint: string): Fate;
  /** Asked for every message of a stream, both ways; "cut" breaks the stream. */
  stream(
    method: MethodPath,
    endpoint: string,
  ): { readonly delayMs?: number | undefined; readonly cut?: boolean | undefined };
}

const fair: Weather = { unary: () => ({}), stream: () => ({}) };

export function memoryTransport(server: () => MemoryServer, weather: Weather = fair): TransportFactory {
  return ({ endpoint, clock }) => new MemoryTransport(endpoint.url, server, weather, clock);
}

class MemoryTransport implements Transport {
  readonly endpoint: string;
  readonly #server: () => MemoryServer;
  readonly #weather: Weather;
  readonly #clock: Clock;
  readonly #open = new Set<MemoryStream>();
  #closed = false;

  constructor(endpoint: string, server: () => MemoryServer, weather: Weather, clock: Clock) {
    this.endpoint = endpoint;
    this.#server = server;
    this.#weather = weather;
    this.#clock = clock;
  }

  unary(method: MethodPath, request: Uint8Array, call: TransportCall = {}): Promise<Uint8Array> {
    const { signal, timeoutMs } = call;
    const fate = this.#weather.unary(method, this.endpoint);
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (this.#closed) return reject(this.#failure(grpcStatus.cancelled, "the client is closed", "unsent"));
      if (fate.loss === "refused")
        return reject(this.#failure(grpcStatus.unavailable, "connection refused", "unsent"));
      const bytes = request.slice();
      const end = (settle: () => void): void => {
        timer?.cancel();
        signal?.removeEventListener("abort", onAbort);
        settle();
      };
      const onAbort = (): void => end(() => reject(signal?.reason));
      const timer =
        timeoutMs === undefined
          ? undefined
          : this.#clock.setTimer(timeoutMs, () =>
              end(() => reject(this.#failure(grpcStatus.deadlineExceeded, "no answer in time", "sent"))),
            );
      signal?.addEventListener("abort", onAbort, { once: true });
      const lost = (): void =>
        end(() => reject(this.#failure(grpcStatus.unavailable, "connection reset", "sent")));
      this.#after(fate.requestDelayMs, () => {
        if (fate.loss === "request lost") return lost();
        let answer: () => void;
        try {
          const reply = this.#server().call(method, bytes);
          answer = () => resolve(reply);
        } catch (error) {
          answer = () => reject(this.#refusal(error));
        }
        if (fate.loss === "reply lost") return lost();
        this.#after(fate.replyDelayMs, () => end(answer));
      });
    });
  }

  serverStream(method: MethodPath, _request: Uint8Array, call: TransportCall = {}): ByteStream {
    const stream = this.#stream(method, call);
    stream.finish(
      this.#failure(grpcStatus.unimplemented, `method ${method} is not part of the in-memory etcd`, "sent"),
    );
    return stream;
  }

  bidi(method: MethodPath, call: TransportCall = {}): ByteDuplex {
    const stream = this.#stream(method, call);
    if (this.#closed) stream.finish(this.#failure(grpcStatus.cancelled, "the client is closed", "unsent"));
    return stream;
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const stream of this.#open)
      stream.finish(this.#failure(grpcStatus.cancelled, "the client is closed", "sent"));
    return Promise.resolve();
  }

  #stream(method: MethodPath, call: TransportCall): MemoryStream {
    const stream: MemoryStream = new MemoryStream({
      method,
      server: this.#server(),
      signal: call.signal,
      pass: (deliver) => {
        const { delayMs, cut } = this.#weather.stream(method, this.endpoint);
        if (cut) return stream.finish(this.#failure(grpcStatus.unavailable, "connection reset", "sent"));
        this.#after(delayMs, deliver);
      },
      refuse: (error) => this.#refusal(error),
      onEnd: () => this.#open.delete(stream),
    });
    this.#open.add(stream);
    return stream;
  }

  #after(delayMs: number | undefined, action: () => void): void {
    if (delayMs === undefined || delayMs <= 0) queueMicrotask(action);
    else this.#clock.setTimer(delayMs, action);
  }

  #refusal(error: unknown): TransportFailure {
    const [code, text] =
      error instanceof EtcdRefusal
        ? [error.code, error.message]
        : [grpcStatus.internal, `the in-memory etcd cannot read a message: ${String(error)}`];
    return new TransportFailure({ code, text, request: "sent", fromServer: true, endpoint: this.endpoint });
  }

  #failure(code: number, text: string, request: "sent" | "unsent"): TransportFailure {
    return new TransportFailure({ code, text, request, fromServer: false, endpoint: this.endpoint });
  }
}

interface MemoryStreamOptions {
  readonly method: MethodPath;
  readonly server: MemoryServer;
  readonly signal: AbortSignal | undefined;
  /** Lets one message through the weather: later, or never. */
  readonly pass: (deliver: () => void) => void;
  readonly refuse: (error: unknown) => TransportFailure;
  readonly onEnd: () => void;
}

class MemoryStream implements ByteDuplex {
  readonly #options: MemoryStreamOptions;
  readonly #inbox: Uint8Array[] = [];
  /** Messages on their way here, in order: a later one never overtakes. */
  #inFlight: Promise<void> = Promise.resolve();
  #end: { readonly failure: TransportFailure | undefined } | undefined;
  #aborted = false;
  #reader:
    | { resolve: (message: Uint8Array | undefined) => void; reject: (error: unknown) => void }
    | undefined;
  readonly #receive: (message: Uint8Array) => void;
  readonly #closeServerSide: () => void;
  readonly #onAbort = (): void => {
    this.#aborted = true;
    this.finish(undefined);
  };

  constructor(options: MemoryStreamOptions) {
    this.#options = options;
    const inbox = this.#inbox;
    const sink = {
      send: (reply: Uint8Array) => this.#arrive(reply),
      get unread() {
        return inbox.length;
      },
    };
    if (options.method === "/etcdserverpb.Watch/Watch") {
      const hub = options.server.openWatch(sink);
      this.#receive = (message) => hub.receive(message);
      this.#closeServerSide = () => hub.close();
    } else {
      this.#receive = (message) => sink.send(options.server.keepAlive(message));
      this.#closeServerSide = () => {};
    }
    if (options.signal?.aborted) this.#onAbort();
    else options.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  next(): Promise<Uint8Array | undefined> {
    const message = this.poll();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      if (this.#end !== undefined) this.#settle();
    });
  }

  poll(): Uint8Array | undefined {
    return this.#inbox.shift();
  }

  write(message: Uint8Array): boolean {
    const bytes = message.slice();
    if (this.#end === undefined) {
      this.#options.pass(() => {
        if (this.#end !== undefined) return;
        try {
          this.#receive(bytes);
        } catch (error) {
          this.finish(this.#options.refuse(error));
        }
      });
    }
    return true;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  end(): void {
    this.finish(undefined);
  }

  cancel(): void {
    this.#inbox.length = 0;
    this.finish(undefined);
  }

  finish(failure: TransportFailure | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { failure };
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#closeServerSide();
    this.#options.onEnd();
    this.#settle();
  }

  #arrive(reply: Uint8Array): void {
    const turn = new Promise<void>((resolve) => this.#options.pass(resolve));
    this.#inFlight = this.#inFlight
      .then(() => turn)
      .then(() => {
        if (this.#end !== undefined) return;
        const reader = this.#reader;
        this.#reader = undefined;
        if (reader === undefined) this.#inbox.push(reply);
        else reader.resolve(reply);
      });
  }

  #settle(): void {
    const reader = this.#reader;
    if (reader === undefined || this.#inbox.length > 0) return;
    this.#reader = undefined;
    if (this.#aborted) reader.reject(this.#options.signal?.reason);
    else if (this.#end?.failure === undefined) reader.resolve(undefined);
    else reader.reject(this.#end.failure);
  }
}
