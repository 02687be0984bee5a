/**
 * The transport seam over a `MemoryNode`: no sockets, time from the clock, and faults where a simulation injects them.
 *
 * Without faults every call is answered in a later microtask. A `Weather` decides, per message, its delay and whether
 * it is lost before or after the server saw it. Messages to the server use the network's clock, messages to the client
 * the client's clock: a stopped client receives nothing, but the messages it has sent still arrive.
 */

import type { Clock, Timer } from "../base/time/clock.ts";
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
import type { MemoryNode } from "./memory-node.ts";
import { after, MemoryStream } from "./memory-stream.ts";
import { EtcdRefusal } from "./refusal.ts";

/** The process of a node that never changes. */
const onlyPeer = {};

/** The delivery of one request; times in milliseconds. */
export interface Delivery {
  /**
   * Delay before the server sees it. If it exceeds the call's timeout, the server applies the request after the caller
   * has given up.
   */
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
  unary(method: MethodPath, endpoint: string): Delivery;
  /** Called for every message of a stream. "cut" breaks it; "stalled": neither this message nor a later one arrives. */
  stream(
    method: MethodPath,
    endpoint: string,
    way: "out" | "in",
  ): { readonly delayMs?: number | undefined; readonly loss?: "cut" | "stalled" | undefined };
}

const fair: Weather = { unary: () => ({}), stream: () => ({}) };

/**
 * @param nodeAt the node at an endpoint's address at this moment
 * @param network clock of messages to the server; default the client's own clock
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
  /** Pending calls, each as the function that ends it when the client closes. */
  readonly #calls = new Set<() => void>();
  readonly #onLost: (() => void) | undefined;
  /** The process at the other end of the open connection. */
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
    const delivery = this.#weather.unary(method, this.endpoint);
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (this.#closed) return reject(this.#failure(grpcStatus.cancelled, "the client is closed", "unsent"));
      if (delivery.loss === "refused")
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
        // The caller may have given up.
        if (!this.#calls.has(onClose) || delivery.loss === "reply swallowed") return;
        const settle =
          delivery.loss === "request lost" || delivery.loss === "reply lost" ? lost : () => end(answer);
        arriving = after(this.#clock, delivery.replyDelayMs, settle);
      };
      after(this.#network, delivery.requestDelayMs, () => {
        if (delivery.loss === "request lost") return answered(lost);
        if (delivery.loss === "request swallowed") return;
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

  /**
   * The process that receives what is sent now. A connection whose peer has gone is detected here, and the next call
   * opens a new one.
   */
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
        const { delayMs, loss } = this.#weather.stream(method, this.endpoint, way);
        if (loss === "stalled") return;
        if (loss === "cut")
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
