/**
 * The transport seam over a `MemoryNode`: no sockets, time from the clock, and faults where a world wants them.
 *
 * Without faults every call is answered in a later microtask. A `Weather` says, per message, how late it is and
 * whether it is lost before or after the server saw it: the things that can happen to a request. What is on its way
 * to the server goes by the network's clock, what comes back by the client's: a client that is stopped receives nothing,
 * and what it had sent arrives all the same.
 */

import type { Clock, Timer } from "../base/time/clock.ts";
import { soon } from "../base/time/microtask.ts";
import {
  type ByteDuplex,
  type ByteStream,
  grpcStatus,
  type MethodPath,
  type Transport,
  type TransportCall,
  type TransportFactory,
  TransportFailure,
} from "../etcd/transport/transport.ts";
import { EtcdRefusal } from "./refusal.ts";
import type { HubStream, ReplySink } from "./watch-hub.ts";

/** Where the replies of one stream go, and how the server ends it. */
export interface StreamSink extends ReplySink {
  /** Ends the stream with the server's status; without one the connection breaks. */
  end(refusal: EtcdRefusal | undefined): void;
}

/** What answers at one endpoint: a `MemoryServer`, or a member of a cluster in a simulation. */
export interface MemoryNode {
  /** One unary call, answered at once or later. @throws EtcdRefusal with the server's status */
  call(method: MethodPath, request: Uint8Array): Uint8Array | Promise<Uint8Array>;
  openWatch(sink: StreamSink): HubStream;
  /** One message of a keepalive stream. */
  keepAlive(request: Uint8Array): Uint8Array;
  /**
   * The process that listens here now: with another one connections to the one before are lost, with what is under way on
   * them. Undefined: nobody listens. Absent: always the same.
   */
  peer?(): object | undefined;
}

/** Stands for the process of a node that has always the same. */
const onlyPeer = {};

/** What becomes of one request; times in milliseconds. */
export interface Fate {
  /** Before the server sees it; above the call's own time: it is applied late, after the caller has given up. */
  readonly requestDelayMs?: number | undefined;
  readonly replyDelayMs?: number | undefined;
  /**
   * "refused": never sent. "request lost", "reply lost": the connection breaks before or after the server's part.
   * "request swallowed", "reply swallowed": the same, without an error.
   */
  readonly loss?:
    | "refused"
    | "request lost"
    | "reply lost"
    | "request swallowed"
    | "reply swallowed"
    | undefined;
}

export interface Weather {
  unary(method: MethodPath, endpoint: string): Fate;
  /** Asked for every message of a stream. "cut" breaks it; "stalled": neither this message nor a later one arrives. */
  stream(
    method: MethodPath,
    endpoint: string,
    way: "out" | "in",
  ): { readonly delayMs?: number | undefined; readonly fate?: "cut" | "stalled" | undefined };
}

const fair: Weather = { unary: () => ({}), stream: () => ({}) };

/**
 * @param nodeAt who answers at an endpoint's address at this moment
 * @param network time of what is on its way to the server; default the client's own clock
 */
export function memoryTransport(
  nodeAt: (endpoint: string) => MemoryNode,
  weather: Weather = fair,
  network?: Clock,
): TransportFactory {
  return ({ endpoint: { url }, clock, onLost }) =>
    new MemoryTransport(url, () => nodeAt(url), weather, clock, network ?? clock, onLost);
}

class MemoryTransport implements Transport {
  readonly endpoint: string;
  readonly #node: () => MemoryNode;
  readonly #weather: Weather;
  readonly #clock: Clock;
  readonly #network: Clock;
  readonly #open = new Set<MemoryStream>();
  /** Calls that have not been answered, each by what ends it when the client closes. */
  readonly #calls = new Set<() => void>();
  readonly #onLost: (() => void) | undefined;
  /** At the other end of the open connection. */
  #peer: object | undefined;
  #closed = false;

  constructor(
    endpoint: string,
    node: () => MemoryNode,
    weather: Weather,
    clock: Clock,
    network: Clock,
    onLost: (() => void) | undefined,
  ) {
    this.endpoint = endpoint;
    this.#node = node;
    this.#weather = weather;
    this.#clock = clock;
    this.#network = network;
    this.#onLost = onLost;
  }

  unary(method: MethodPath, request: Uint8Array, call: TransportCall = {}): Promise<Uint8Array> {
    const { signal, timeoutMs } = call;
    const fate = this.#weather.unary(method, this.endpoint);
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (this.#closed) return reject(this.#failure(grpcStatus.cancelled, "the client is closed", "unsent"));
      if (fate.loss === "refused")
        return reject(this.#failure(grpcStatus.unavailable, "connection refused", "unsent"));
      const peer = this.#connect();
      if (peer instanceof TransportFailure) return reject(peer);
      const bytes = request.slice();
      let arriving: Timer | undefined;
      const end = (settle: () => void): void => {
        if (!this.#calls.delete(onClose)) return;
        timer?.cancel();
        arriving?.cancel();
        signal?.removeEventListener("abort", onAbort);
        settle();
      };
      const onAbort = (): void => end(() => reject(signal?.reason));
      const onClose = (): void =>
        end(() => reject(this.#failure(grpcStatus.cancelled, "the client is closed", "sent")));
      this.#calls.add(onClose);
      const timer =
        timeoutMs === undefined
          ? undefined
          : this.#clock.setTimer(timeoutMs, () =>
              end(() => reject(this.#failure(grpcStatus.deadlineExceeded, "no answer in time", "sent"))),
            );
      signal?.addEventListener("abort", onAbort, { once: true });
      const lost = (): void =>
        end(() => reject(this.#failure(grpcStatus.unavailable, "connection reset", "sent")));
      const answered = (answer: () => void): void => {
        // The caller may be gone.
        if (!this.#calls.has(onClose) || fate.loss === "reply swallowed") return;
        const settle = fate.loss === "request lost" || fate.loss === "reply lost" ? lost : () => end(answer);
        arriving = after(this.#clock, fate.replyDelayMs, settle);
      };
      after(this.#network, fate.requestDelayMs, () => {
        if (fate.loss === "request lost") return answered(lost);
        if (fate.loss === "request swallowed") return;
        if (this.#peerNow() !== peer) {
          return answered(() => {
            this.#lose(peer);
            reject(this.#failure(grpcStatus.unavailable, "connection reset", "sent"));
          });
        }
        let reply: Uint8Array | Promise<Uint8Array>;
        try {
          reply = this.#node().call(method, bytes);
        } catch (error) {
          return answered(() => reject(this.#refusal(error)));
        }
        if (reply instanceof Uint8Array) return answered(() => resolve(reply));
        reply.then(
          (late) => answered(() => resolve(late)),
          (error: unknown) => answered(() => reject(this.#refusal(error))),
        );
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
    for (const onClose of [...this.#calls]) onClose();
    for (const stream of this.#open)
      stream.finish(this.#failure(grpcStatus.cancelled, "the client is closed", "sent"));
    return Promise.resolve();
  }

  /** Whom what is sent now reaches. A connection whose other end is gone is noticed here, and the next one is another. */
  #connect(): object | TransportFailure {
    const now = this.#peerNow();
    if (this.#peer !== undefined && this.#peer !== now) {
      this.#lose(this.#peer);
      return this.#failure(grpcStatus.unavailable, "connection reset", "unsent");
    }
    if (now === undefined) return this.#failure(grpcStatus.unavailable, "connection refused", "unsent");
    this.#peer = now;
    return now;
  }

  #peerNow(): object | undefined {
    const node = this.#node();
    return node.peer === undefined ? onlyPeer : node.peer();
  }

  #lose(peer: object): void {
    if (this.#peer !== peer) return;
    this.#peer = undefined;
    this.#onLost?.();
  }

  #stream(method: MethodPath, call: TransportCall): MemoryStream {
    const peer = this.#connect();
    const stream: MemoryStream = new MemoryStream({
      method,
      node: this.#node,
      signal: call.signal,
      reaches: () => {
        if (this.#peerNow() === peer) return true;
        if (!(peer instanceof TransportFailure)) this.#lose(peer);
        return false;
      },
      pass: (way, deliver) => {
        const { delayMs, fate } = this.#weather.stream(method, this.endpoint, way);
        if (fate === "stalled") return;
        if (fate === "cut")
          return stream.finish(this.#failure(grpcStatus.unavailable, "connection reset", "sent"));
        if (way === "out") after(this.#network, delayMs, deliver);
        else stream.expect(this.#clock, delayMs, deliver);
      },
      refuse: (error) => this.#refusal(error),
      broken: () => this.#failure(grpcStatus.unavailable, "connection reset", "sent"),
      onEnd: () => this.#open.delete(stream),
    });
    this.#open.add(stream);
    if (peer instanceof TransportFailure) stream.finish(peer);
    return stream;
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

function after(clock: Clock, delayMs: number | undefined, action: () => void): Timer | undefined {
  if (delayMs !== undefined && delayMs > 0) return clock.setTimer(delayMs, action);
  soon(action);
  return undefined;
}

interface MemoryStreamOptions {
  readonly method: MethodPath;
  readonly node: () => MemoryNode;
  readonly signal: AbortSignal | undefined;
  /** Whether what was sent on it still comes to the process it was opened to. */
  readonly reaches: () => boolean;
  /** Lets one message through the weather: later, or never. */
  readonly pass: (way: "out" | "in", deliver: () => void) => void;
  readonly refuse: (error: unknown) => TransportFailure;
  readonly broken: () => TransportFailure;
  readonly onEnd: () => void;
}

class MemoryStream implements ByteDuplex {
  readonly #options: MemoryStreamOptions;
  readonly #inbox: Uint8Array[] = [];
  /** Timers of messages on their way here. */
  readonly #arriving = new Set<Timer>();
  /** Messages on their way here, in order: a later one never overtakes. */
  #inFlight: Promise<void> = Promise.resolve();
  #end: { readonly failure: TransportFailure | undefined } | undefined;
  /** The same for messages on their way to the server. */
  #outgoing: Promise<void> = Promise.resolve();
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
    const sink: StreamSink = {
      send: (reply: Uint8Array) => this.#arrive(reply),
      get unread() {
        return inbox.length;
      },
      end: (refusal) => this.finish(refusal === undefined ? options.broken() : options.refuse(refusal)),
    };
    if (options.method === "/etcdserverpb.Watch/Watch") {
      // The server hears of the stream with its first message.
      let hub: HubStream | undefined;
      this.#receive = (message) => {
        hub ??= options.node().openWatch(sink);
        hub.receive(message);
      };
      this.#closeServerSide = () => hub?.close();
    } else {
      this.#receive = (message) => sink.send(options.node().keepAlive(message));
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
    if (this.#end !== undefined) return true;
    const bytes = message.slice();
    const turn = new Promise<void>((resolve) => this.#options.pass("out", resolve));
    this.#outgoing = this.#outgoing
      .then(() => turn)
      .then(() => {
        if (this.#end !== undefined) return;
        if (!this.#options.reaches()) return this.finish(this.#options.broken());
        try {
          this.#receive(bytes);
        } catch (error) {
          this.finish(this.#options.refuse(error));
        }
      });
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

  /** A message comes in so long; not at all when the stream has ended by then. */
  expect(clock: Clock, delayMs: number | undefined, deliver: () => void): void {
    if (this.#end !== undefined) return;
    const timer = after(clock, delayMs, () => {
      if (timer !== undefined) this.#arriving.delete(timer);
      deliver();
    });
    if (timer !== undefined) this.#arriving.add(timer);
  }

  finish(failure: TransportFailure | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { failure };
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#closeServerSide();
    for (const timer of this.#arriving) timer.cancel();
    this.#options.onEnd();
    this.#settle();
  }

  #arrive(reply: Uint8Array): void {
    const turn = new Promise<void>((resolve) => this.#options.pass("in", resolve));
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
