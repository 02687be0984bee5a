/**
 * The transport of our own: gRPC over HTTP/2 framing made for exactly this job, one connection per lane.
 *
 * A call costs a header block that is mostly a constant, two small frames in a buffer that leaves once per turn,
 * and one callback; see docs/adr for the figures. A lane dials when a call needs it; after a failed dial calls
 * fail at once until the back-off is over, so a dead endpoint costs its callers no time and the network no storm.
 */
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { setReadingTimer } from "../../../base/reading-timer.ts";
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
import { Connection } from "./connection.ts";
import { EarliestDeadline } from "./earliest-deadline.ts";
import { messagePrefix } from "./grpc-message.ts";
import { H2Stream, type StreamHost } from "./h2-stream.ts";
import { encodeField, encodeLiteral } from "./hpack.ts";

/** A TCP and TLS handshake that takes longer than this is given up. */
const dialTimeoutMs = 5000;
/** Pause after the first failed dial; it doubles, jittered, up to the largest. */
const dialBackoffMinMs = 50;
const dialBackoffMaxMs = 3000;
/** `grpc-timeout` is rounded up to this, so that header blocks repeat; our own deadline stays exact. */
const timeoutStepMs = 100;

export const http2Transport: TransportFactory = (options) => new Http2Transport(options);

class Http2Transport implements Transport {
  readonly endpoint: string;
  readonly #options: TransportOptions;
  readonly #lanes = new Map<Lane, LaneConnection>();
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
        // First, so that the end of the stream below cannot speak for the call.
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
      forsake: () => stream.host.forsake(stream),
      write: (message) => stream.send(messagePrefix(message.length), message),
      drained: () => stream.drained(),
      end: () => stream.closeSending(),
    };
  }

  #stream(
    lane: LaneConnection,
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

  #lane(name: Lane): LaneConnection {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = new LaneConnection(this.#options, this.#lost);
      if (this.#closed) lane.close();
      else this.#lanes.set(name, lane);
    }
    return lane;
  }

  #failure(code: number, text: string, request: "sent" | "unsent"): TransportFailure {
    return new TransportFailure({ code, text, request, fromServer: false, endpoint: this.endpoint });
  }
}

/** Request header blocks; the last one of each method is kept, since it mostly comes again. */
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
    const host = isIP(endpoint.host) === 6 ? `[${endpoint.host}]` : endpoint.host;
    this.#authority = `${host}:${endpoint.port}`;
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

/** Connections to the endpoint that were lost, over all lanes: each may mean that another process answers from now on. */
class Losses {
  readonly #onLost: (() => void) | undefined;
  count = 0;

  constructor(onLost: (() => void) | undefined) {
    this.#onLost = onLost;
  }

  add(): void {
    this.count++;
    this.#onLost?.();
  }
}

/** A lane's connection: dialled on demand, replaced when it retires, backed off when it cannot be had. */
class LaneConnection implements StreamHost {
  readonly #options: TransportOptions;
  readonly #lost: Losses;
  #current: Connection | undefined;
  readonly #all = new Set<Connection>();
  #dialing:
    | {
        readonly socket: Socket;
        readonly waiting: Set<H2Stream>;
        /** A call's deadline holds while it waits for the dial, too. */
        readonly deadlines: EarliestDeadline;
        readonly giveUp: (reason: string) => void;
      }
    | undefined;
  #failures = 0;
  #retryAtMs = 0;
  #lastReason = "";
  #closed = false;
  readonly endpoint: string;

  constructor(options: TransportOptions, lost: Losses) {
    this.#options = options;
    this.#lost = lost;
    this.endpoint = options.endpoint.url;
  }

  start(stream: H2Stream): void {
    if (this.#closed) return stream.finish(this.#failure(grpcStatus.cancelled, "the client is closed"));
    if (this.#current?.usable) return this.#current.start(stream);
    if (this.#dialing === undefined) {
      if (this.#options.clock.monotonicMs() < this.#retryAtMs) {
        return stream.finish(this.#failure(grpcStatus.unavailable, this.#lastReason));
      }
      this.#dial();
    }
    this.#dialing?.waiting.add(stream);
    this.#dialing?.deadlines.expect(stream.deadlineMs);
  }

  cancel(stream: H2Stream): void {
    this.#dialing?.waiting.delete(stream);
    stream.finish(undefined);
  }

  /** No connection stands yet that could be forsaken. */
  forsake(stream: H2Stream): void {
    this.cancel(stream);
  }

  /** Nothing has arrived yet. */
  grant(): void {}

  /** What is queued goes out when the connection stands. */
  pump(): void {}

  close(): void {
    this.#closed = true;
    this.#dialing?.giveUp("the client is closed");
    for (const connection of this.#all) connection.destroy("the client is closed", grpcStatus.cancelled);
    this.#all.clear();
  }

  #dial(): void {
    const { endpoint, tls, clock } = this.#options;
    const target = { host: endpoint.host, port: endpoint.port };
    const socket = endpoint.secure
      ? connectTls({
          ...target,
          ALPNProtocols: ["h2"],
          ...(tls?.ca === undefined ? {} : { ca: pem(tls.ca) }),
          ...(tls?.cert === undefined ? {} : { cert: pem(tls.cert) }),
          ...(tls?.key === undefined ? {} : { key: pem(tls.key) }),
          ...serverName(tls?.serverName, endpoint.host),
          rejectUnauthorized: tls?.insecureSkipVerify !== true,
        })
      : connectTcp(target);
    const waiting = new Set<H2Stream>();
    const lostBefore = this.#lost.count;
    const deadlines = new EarliestDeadline(clock, () => deadlines.expect(this.#endDue(waiting)));
    const giveUp = (reason: string): void => {
      if (this.#dialing?.socket !== socket) return;
      this.#dialing = undefined;
      timer.cancel();
      deadlines.close();
      socket.destroy();
      this.#backOff(reason);
      for (const stream of waiting)
        stream.finish(this.#failure(this.#closed ? grpcStatus.cancelled : grpcStatus.unavailable, reason));
    };
    const timer = setReadingTimer(clock, dialTimeoutMs, () =>
      giveUp(`no connection within ${dialTimeoutMs} ms`),
    );
    this.#dialing = { socket, waiting, deadlines, giveUp };
    const onError = (error: NodeJS.ErrnoException): void =>
      giveUp(error.message === "" ? (error.code ?? "cannot connect") : error.message);
    socket.once("error", onError);
    socket.once("close", () => giveUp("the server closed the connection while it was being made"));
    socket.once(endpoint.secure ? "secureConnect" : "connect", () => {
      if (this.#dialing?.socket !== socket) return;
      timer.cancel();
      deadlines.close();
      this.#dialing = undefined;
      socket.removeListener("error", onError);
      socket.setNoDelay(true);
      this.#adopt(socket, waiting, lostBefore);
    });
  }

  #adopt(socket: Socket, waiting: ReadonlySet<H2Stream>, lostBefore: number): void {
    const connection = new Connection({
      socket,
      endpoint: this.endpoint,
      clock: this.#options.clock,
      keepaliveTimeMs: this.#options.keepaliveTimeMs,
      keepaliveTimeoutMs: this.#options.keepaliveTimeoutMs,
      onHeard: () => {
        this.#failures = 0;
        this.#retryAtMs = 0;
      },
      onRetire: () => {
        if (this.#current === connection) this.#current = undefined;
        this.#lost.add();
      },
      onClosed: (reason, heard) => {
        this.#all.delete(connection);
        // Broken off before a word from the peer (TLS alert, no HTTP/2): as good as a failed dial.
        if (!heard) this.#backOff(reason);
      },
    });
    this.#all.add(connection);
    this.#current = connection;
    // Meant for the process that was there when they began; this may be its successor, which has not said who it is.
    const meantForAnother = lostBefore !== this.#lost.count;
    for (const stream of waiting) {
      if (stream.end !== undefined) continue;
      if (meantForAnother)
        stream.finish(this.#failure(grpcStatus.unavailable, "another connection was lost"));
      else connection.start(stream);
    }
  }

  /** Ends the calls whose time is over while there is no connection. @returns the next deadline */
  #endDue(waiting: Set<H2Stream>): number {
    const nowMs = this.#options.clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const stream of [...waiting]) {
      if (stream.deadlineMs > nowMs) nextMs = Math.min(nextMs, stream.deadlineMs);
      else {
        waiting.delete(stream);
        stream.finish(this.#failure(grpcStatus.deadlineExceeded, "no connection in time"));
      }
    }
    return nextMs;
  }

  #backOff(reason: string): void {
    this.#lastReason = reason;
    const ceilingMs = Math.min(dialBackoffMaxMs, dialBackoffMinMs * 2 ** this.#failures);
    this.#failures++;
    this.#retryAtMs =
      this.#options.clock.monotonicMs() + ceilingMs * (0.5 + this.#options.random.float() / 2);
  }

  #failure(code: number, text: string): TransportFailure {
    return new TransportFailure({
      code,
      text,
      request: "unsent",
      fromServer: false,
      endpoint: this.endpoint,
    });
  }
}

function pem(value: string | Uint8Array): string | Buffer {
  return typeof value === "string" ? value : Buffer.from(value);
}

/** SNI must be a name (RFC 6066 3); an address is verified against the certificate's addresses. */
function serverName(name: string | undefined, host: string): { servername?: string } {
  if (name !== undefined) return { servername: name };
  return isIP(host) === 0 ? { servername: host } : {};
}
