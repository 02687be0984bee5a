/**
 * Our own transport: gRPC over a minimal HTTP/2 framing, one connection per lane, and more if the peer accepts no more
 * streams on it (lane-connections.ts).
 *
 * A call costs a header block that is mostly constant, two small frames in a buffer that is written once per turn,
 * and one callback; docs/adr has the figures. A lane dials when a call needs it.
 */
import { authorityOf } from "../dial-target.ts";
import {
  type ByteDuplex,
  type ByteStream,
  grpcStatus,
  type Lane,
  type MethodPath,
  type Transport,
  type TransportCall,
  type TransportFactory,
  TransportFailure,
  type TransportOptions,
} from "../transport.ts";
import { messagePrefix } from "./grpc-message.ts";
import { H2Stream } from "./h2-stream.ts";
import { encodeField, encodeLiteral } from "./hpack.ts";
import { LaneConnections, Losses } from "./lane-connections.ts";

/** `grpc-timeout` is rounded up to this, so that header blocks repeat; our own deadline stays exact. */
const timeoutStepMs = 100;

export const http2Transport: TransportFactory = (options) => new Http2Transport(options);

class Http2Transport implements Transport {
  readonly endpoint: string;
  readonly #options: TransportOptions;
  readonly #lanes = new Map<Lane, LaneConnections>();
  readonly #blocks: HeaderBlocks;
  readonly #lost: Losses;
  #closed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#lost = new Losses(options.onLost);
    this.endpoint = options.endpoint.url;
    this.#blocks = new HeaderBlocks(options);
  }

  unary(method: MethodPath, request: Uint8Array, call: TransportCall = {}): Promise<Uint8Array> {
    const { signal } = call;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const lane = this.#lane(call.lane ?? "unary");
      const onAbort = (): void => {
        // First, so that the stream's end below does not settle the call.
        reject(signal?.reason);
        stream.host.cancel(stream);
      };
      const stream = this.#stream(lane, method, call, {
        eager: true,
        onEnd: (ended) => {
          signal?.removeEventListener("abort", onAbort);
          const failure = ended.end?.failure;
          if (failure !== undefined) return reject(failure);
          const reply = ended.poll();
          if (reply !== undefined) return resolve(reply);
          reject(this.#failure(grpcStatus.internal, "status OK without a reply", "sent"));
        },
      });
      signal?.addEventListener("abort", onAbort, { once: true });
      stream.outbox.push(messagePrefix(request.length), request);
      stream.halfClosed = true;
      lane.start(stream);
    });
  }

  serverStream(method: MethodPath, request: Uint8Array, call: TransportCall = {}): ByteStream {
    const stream = this.#open(method, { lane: "stream", ...call });
    stream.write(request);
    stream.end();
    return stream;
  }

  bidi(method: MethodPath, call: TransportCall = {}): ByteDuplex {
    return this.#open(method, { lane: "stream", ...call });
  }

  waitingStreams(): number {
    let waiting = 0;
    for (const lane of this.#lanes.values()) waiting += lane.waiting;
    return waiting;
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const lane of this.#lanes.values()) lane.close();
    this.#lanes.clear();
    return Promise.resolve();
  }

  #open(method: MethodPath, call: TransportCall): ByteDuplex {
    const { signal } = call;
    const lane = this.#lane(call.lane ?? "stream");
    let aborted: { readonly reason: unknown } | undefined;
    const onAbort = (): void => {
      aborted = { reason: signal?.reason };
      stream.host.cancel(stream);
    };
    const stream = this.#stream(lane, method, call, {
      eager: false,
      onEnd: () => signal?.removeEventListener("abort", onAbort),
    });
    if (signal?.aborted) {
      aborted = { reason: signal.reason };
      stream.finish(undefined);
    } else {
      signal?.addEventListener("abort", onAbort, { once: true });
      lane.start(stream);
    }
    return {
      async next() {
        const message = await stream.next();
        if (message === undefined && aborted !== undefined) throw aborted.reason;
        return message;
      },
      poll: () => stream.poll(),
      cancel: () => stream.host.cancel(stream),
      abandon: () => stream.host.abandon(stream),
      write: (message) => stream.send(messagePrefix(message.length), message),
      drained: () => stream.drained(),
      end: () => stream.closeSending(),
    };
  }

  #stream(
    lane: LaneConnections,
    method: MethodPath,
    call: TransportCall,
    options: { eager: boolean; onEnd: (stream: H2Stream) => void },
  ): H2Stream {
    const { timeoutMs } = call;
    return new H2Stream({
      host: lane,
      block: this.#blocks.of(method, call),
      deadlineMs:
        timeoutMs === undefined ? Number.POSITIVE_INFINITY : this.#options.clock.monotonicMs() + timeoutMs,
      ...options,
    });
  }

  #lane(name: Lane): LaneConnections {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = new LaneConnections({ ...this.#options, spreads: name !== "unary", lost: this.#lost });
      if (this.#closed) lane.close();
      else this.#lanes.set(name, lane);
    }
    return lane;
  }

  #failure(code: number, text: string, request: "sent" | "unsent"): TransportFailure {
    return new TransportFailure({ code, text, request, fromServer: false, endpoint: this.endpoint });
  }
}

/** Request header blocks; keeps the last one of each method, since it usually repeats. */
class HeaderBlocks {
  readonly #fixed: Uint8Array;
  readonly #authority: string;
  readonly #scheme: string;
  readonly #methods = new Map<MethodPath, Uint8Array>();
  readonly #last = new Map<
    MethodPath,
    { timeout: number; metadata: TransportCall["metadata"]; block: Uint8Array }
  >();

  constructor({ endpoint }: TransportOptions) {
    this.#authority = authorityOf(endpoint);
    this.#scheme = endpoint.secure ? "https" : "http";
    this.#fixed = Buffer.concat([
      encodeLiteral("te", "trailers"),
      encodeLiteral("content-type", "application/grpc"),
      encodeLiteral("user-agent", "keelson"),
    ]);
  }

  of(method: MethodPath, { timeoutMs, metadata }: TransportCall): Uint8Array {
    const timeout =
      timeoutMs === undefined ? 0 : Math.max(1, Math.ceil(timeoutMs / timeoutStepMs)) * timeoutStepMs;
    const last = this.#last.get(method);
    if (last !== undefined && last.timeout === timeout && last.metadata === metadata) return last.block;
    const parts: Uint8Array[] = [this.#method(method)];
    // Eight digits at most (gRPC over HTTP/2, "TimeoutValue"): above 27 hours the server needs no deadline.
    if (timeout > 0 && timeout < 100_000_000) parts.push(encodeLiteral("grpc-timeout", `${timeout}m`));
    for (const [name, value] of Object.entries(metadata ?? {})) parts.push(encodeLiteral(name, value));
    const block = Buffer.concat(parts);
    this.#last.set(method, { timeout, metadata, block });
    return block;
  }

  #method(method: MethodPath): Uint8Array {
    let block = this.#methods.get(method);
    if (block === undefined) {
      block = Buffer.concat([
        encodeField(":method", "POST"),
        encodeField(":scheme", this.#scheme),
        encodeLiteral(":path", method),
        encodeLiteral(":authority", this.#authority),
        this.#fixed,
      ]);
      this.#methods.set(method, block);
    }
    return block;
  }
}
