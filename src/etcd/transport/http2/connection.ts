/**
 * One HTTP/2 connection to a gRPC server, made for many calls, small frames and exact reports of how calls end.
 *
 *   dialling --SETTINGS out--> open --GOAWAY | silence | id space used--> retiring --last stream--> closed
 *                                \------------- reset, protocol error, PING unanswered ------------> closed
 *
 * It acts on each frame that arrives and each call that ends; windows are in flow-control, the peer's stream limit in
 * stream-table. For every failed call it reports whether the request can have been sent: "unsent" only while its bytes are
 * still here, "refused" if the peer reports that it did not process it (GOAWAY above its last stream, REFUSED_STREAM).
 */
import type { Socket } from "node:net";
import type { Clock } from "../../../base/time/clock.ts";
import { grpcStatus, type RequestReach, type TransportFailure } from "../transport.ts";
import { sendGoAway, sendPreface, sendReset } from "./control-frames.ts";
import { EarliestDeadline } from "./earliest-deadline.ts";
import { connectionWindowBytes, FlowControl, streamWindowBytes } from "./flow-control.ts";
import { FrameParser, type FrameSink, frameFlag, frameType, h2Error, setting } from "./frames.ts";
import type { H2Stream, StreamHost } from "./h2-stream.ts";
import { HeaderDecoder } from "./hpack.ts";
import { Keepalive } from "./keepalive.ts";
import { Output } from "./output.ts";
import { headersFailure, localFailure, resetFailure, trailersFailure } from "./stream-status.ts";
import { StreamTable } from "./stream-table.ts";

/** PINGs, SETTINGS and RST_STREAMs that a peer may make us answer between two reads that carry data. */
const controlFloodMax = 10_000;

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly endpoint: string;
  readonly clock: Clock;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  /** The connection accepts no new streams: the owner dials another one for the next call. */
  readonly onRetire: () => void;
  readonly onClosed: (reason: string, heard: boolean) => void;
  /** The peer's first bytes have arrived. */
  readonly onHeard: () => void;
  /** A call has ended, so another one may fit. */
  readonly onRoom: () => void;
  /**
   * For a lane with long-lived calls (watches): only one call begins before the peer has reported how many it accepts, and
   * the calls that then do not fit are passed on. Absent: calls begin at once, and wait here for places.
   */
  readonly onFull?: ((streams: readonly H2Stream[]) => void) | undefined;
}

export class Connection implements StreamHost, FrameSink {
  readonly endpoint: string;
  readonly #socket: Socket;
  readonly #output: Output;
  readonly #parser: FrameParser;
  readonly #headers = new HeaderDecoder();
  readonly #options: ConnectionOptions;
  readonly #flow: FlowControl;
  readonly #streams: StreamTable;
  #controlFrames = 0;
  readonly #keepalive: Keepalive;
  readonly #deadlines: EarliestDeadline;
  /** The peer has sent something. */
  #heard = false;
  #retiring = false;
  #closed: string | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.endpoint = options.endpoint;
    this.#socket = options.socket;
    this.#output = new Output(options.socket);
    this.#flow = new FlowControl(this.#output);
    this.#streams = new StreamTable(options.onFull === undefined ? Number.POSITIVE_INFINITY : 1);
    this.#parser = new FrameParser(this);
    this.#deadlines = new EarliestDeadline(options.clock, () => this.#expire());
    this.#keepalive = new Keepalive({
      clock: options.clock,
      timeMs: options.keepaliveTimeMs,
      timeoutMs: options.keepaliveTimeoutMs,
      isBusy: () => this.openStreams > 0,
      ping: () => this.#output.frame(frameType.ping, 0, 0, pingPayload),
      onDead: (quietMs) => this.destroy(`no sign of life for ${Math.round(quietMs)} ms (keepalive)`),
    });
    const socket = options.socket;
    socket.on("data", (chunk: Buffer) => {
      this.#keepalive.heard();
      if (!this.#heard) {
        this.#heard = true;
        options.onHeard();
      }
      this.#parser.push(chunk);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const alert = !this.#heard && (error.code ?? "").startsWith("ERR_SSL_");
      this.destroy(error.message, grpcStatus.unavailable, alert);
    });
    socket.on("close", () => this.destroy("connection closed"));
    socket.on("end", () => this.destroy("connection closed by the server"));
    sendPreface(this.#output, streamWindowBytes, connectionWindowBytes);
  }

  get usable(): boolean {
    return !this.#retiring && this.#closed === undefined;
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  /** Calls that wait for a place. */
  get waiting(): number {
    return this.#streams.waiting;
  }

  /** Streams the peer accepts at a time; undefined until it has reported it. */
  get streamsMax(): number | undefined {
    return this.#streams.limit;
  }

  /** Whether a call begun now, as far as is known, does not have to wait for another one's end. */
  get hasRoom(): boolean {
    return this.usable && (this.streamsMax === undefined || this.openStreams < this.streamsMax);
  }

  /** Starts a call; it may wait for a place first. */
  start(stream: H2Stream): void {
    stream.host = this;
    if (this.#closed !== undefined)
      return stream.finish(this.#failure(grpcStatus.unavailable, this.#closed, "unsent"));
    this.#deadlines.expect(stream.deadlineMs);
    if (this.#streams.hasPlace) this.#open(stream);
    else this.#streams.wait(stream);
  }

  /** Accepts no new streams; the connection ends with its last one. */
  retire(): void {
    if (this.#retiring) return;
    this.#retiring = true;
    this.#options.onRetire();
    this.#closeIfDone();
  }

  /**
   * Ends everything at once with status UNAVAILABLE (or `code`).
   * `refusedUnread`: the peer broke off the connection before it read anything (a TLS alert).
   */
  destroy(reason: string, code: number = grpcStatus.unavailable, refusedUnread = false): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    const streams = this.#streams.all();
    const failures = streams.map((stream) =>
      this.#failure(code, reason, this.#left(stream) && !refusedUnread ? "sent" : "unsent"),
    );
    this.#output.close();
    this.#keepalive.close();
    this.#deadlines.close();
    if (!this.#retiring) {
      this.#retiring = true;
      this.#options.onRetire();
    }
    this.#streams.clear();
    this.#flow.clear();
    this.#socket.destroySoon();
    streams.forEach((stream, index) => {
      stream.finish(failures[index]);
    });
    this.#options.onClosed(reason, this.#heard);
  }

  // --- StreamHost: called by streams --------------------------------------------------------------

  grant(stream: H2Stream, bytes: number): void {
    this.#flow.grant(stream, bytes);
  }

  pump(stream: H2Stream): void {
    this.#flow.pump(stream);
  }

  cancel(stream: H2Stream): void {
    if (stream.end !== undefined) return;
    if (stream.id !== 0) sendReset(this.#output, stream.id, h2Error.cancel);
    this.#remove(stream);
    stream.finish(undefined);
  }

  abandon(stream: H2Stream): void {
    this.cancel(stream);
    this.#keepalive.ask();
    this.retire();
  }

  // --- FrameSink: what arrives --------------------------------------------------------------------

  onData(streamId: number, part: Buffer, flowBytes: number, endStream: boolean): void {
    this.#controlFrames = 0;
    this.#flow.received(flowBytes);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      if (!this.#streams.wasOpened(streamId))
        this.onProtocolError(h2Error.protocol, "DATA on a stream never opened");
      return;
    }
    const fault = stream.takeData(part, flowBytes);
    if (fault !== undefined) {
      sendReset(this.#output, streamId, h2Error.cancel);
      return this.#end(stream, this.#failure(grpcStatus.internal, fault, "sent"));
    }
    if (endStream)
      this.#end(
        stream,
        this.#failure(grpcStatus.internal, "the server ended the stream without a status", "sent"),
      );
  }

  onHeaders(streamId: number, block: Buffer, endStream: boolean): void {
    const headers = this.#headers.decode(block);
    if (headers === undefined)
      return this.onProtocolError(h2Error.compression, "a header block cannot be decoded");
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    this.#controlFrames = 0;
    stream.answered = true;
    if (endStream) return this.#end(stream, trailersFailure(this.endpoint, stream.headers, headers));
    if (stream.headers !== undefined) return;
    if (headers.get(":status")?.startsWith("1")) return;
    stream.headers = headers;
    const failure = headersFailure(this.endpoint, headers);
    if (failure === undefined) return;
    sendReset(this.#output, streamId, h2Error.cancel);
    this.#end(stream, failure);
  }

  onRstStream(streamId: number, code: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined || this.#flooded()) return;
    this.#end(stream, resetFailure(this.endpoint, code));
  }

  onSettings(entries: readonly (readonly [number, number])[]): void {
    if (this.#flooded()) return;
    for (const [id, value] of entries) if (id === setting.maxConcurrentStreams) this.#streams.limit = value;
    const fault = this.#flow.applySettings(entries, this.#streams.all());
    if (fault !== undefined) return this.onProtocolError(fault.code, fault.text);
    this.#output.frame(frameType.settings, frameFlag.ack, 0, nothing);
    // A peer that does not send it sets no limit (RFC 9113, 6.5.2).
    this.#streams.limit ??= Number.POSITIVE_INFINITY;
    this.#admit();
    this.#flow.pumpBlocked();
    if (this.waiting > 0) this.#options.onFull?.(this.#streams.takeWaiting());
  }

  onSettingsAck(): void {
    this.#flooded();
  }

  onPing(payload: Buffer, ack: boolean): void {
    if (ack || this.#flooded()) return;
    this.#output.frame(frameType.ping, frameFlag.ack, 0, payload);
  }

  onGoAway(lastStreamId: number, code: number, text: string): void {
    this.retire();
    const calm = code === h2Error.enhanceYourCalm;
    const reason = calm ? "Bandwidth exhausted" : `the server is going away${text === "" ? "" : `: ${text}`}`;
    // Before the others end: a place that becomes free would give them a stream that the peer ignores.
    for (const stream of this.#streams.takeWaiting())
      stream.finish(this.#failure(grpcStatus.unavailable, reason, "unsent"));
    for (const stream of this.#streams.opened()) {
      if (stream.id > lastStreamId)
        this.#end(stream, this.#failure(grpcStatus.unavailable, reason, "refused"));
      // It would never end by itself (a watch), and the server waits for it before it exits: etcd 3.5.30 for 7 s.
      else if (!stream.halfClosed) this.#end(stream, this.#failure(grpcStatus.unavailable, reason, "sent"));
    }
    if (code !== h2Error.none)
      return this.destroy(reason, calm ? grpcStatus.resourceExhausted : grpcStatus.unavailable);
    this.#closeIfDone();
  }

  onWindowUpdate(streamId: number, increment: number): void {
    const stream = this.#streams.get(streamId);
    if (streamId !== 0 && stream === undefined) return;
    const allowed = this.#flow.extend(stream, increment);
    const fault = `WINDOW_UPDATE of ${increment} bytes`;
    if (stream === undefined) {
      if (!allowed) return this.onProtocolError(h2Error.flowControl, fault);
      return this.#flow.pumpBlocked();
    }
    if (allowed) return this.#flow.pump(stream);
    sendReset(this.#output, streamId, h2Error.flowControl);
    this.#end(stream, this.#failure(grpcStatus.internal, fault, "sent"));
  }

  onProtocolError(code: number, text: string): void {
    sendGoAway(this.#output, code);
    this.destroy(`HTTP/2 protocol error: ${text}`, grpcStatus.internal);
  }

  // --- inside -------------------------------------------------------------------------------------

  #open(stream: H2Stream): void {
    this.#streams.open(stream);
    this.#flow.begin(stream);
    if (this.#streams.idsUsedUp) this.retire();
  }

  #admit(): void {
    for (;;) {
      const stream = this.#streams.admitted();
      if (stream === undefined) return;
      this.#open(stream);
    }
  }

  #left(stream: H2Stream): boolean {
    return stream.headersMark <= this.#output.writtenBytes;
  }

  #end(stream: H2Stream, failure: TransportFailure | undefined): void {
    // The server answered before it read the whole request: the reset announces that the rest will not come.
    if (!stream.endSent && stream.id !== 0) sendReset(this.#output, stream.id, h2Error.none);
    this.#remove(stream);
    stream.finish(failure);
  }

  #remove(stream: H2Stream): void {
    this.#forget(stream);
    this.#admit();
    this.#closeIfDone();
    if (this.usable) this.#options.onRoom();
  }

  #forget(stream: H2Stream): void {
    this.#streams.remove(stream);
    this.#flow.forget(stream);
  }

  #closeIfDone(): void {
    if (!this.#retiring || this.openStreams > 0 || this.#closed !== undefined) return;
    this.#output.flush();
    this.destroy("connection retired");
  }

  #failure(code: number, text: string, request: RequestReach): TransportFailure {
    return localFailure(this.endpoint, code, text, request);
  }

  #flooded(): boolean {
    this.#controlFrames++;
    if (this.#controlFrames <= controlFloodMax) return false;
    this.onProtocolError(h2Error.enhanceYourCalm, `${controlFloodMax} control frames without a reply`);
    return true;
  }

  #expire(): void {
    let silent = false;
    for (const stream of this.#deadlines.due(this.#streams.all())) {
      // Frames already gathered are still written, before the reset: only a call that waits for a place has sent nothing.
      const sent = stream.id !== 0;
      if (sent) sendReset(this.#output, stream.id, h2Error.cancel);
      silent ||= sent && !stream.answered;
      this.#forget(stream);
      stream.finish(
        this.#failure(grpcStatus.deadlineExceeded, "no answer in time", sent ? "sent" : "unsent"),
      );
    }
    // A peer that answered nothing may be gone: ping now instead of at the next keepalive.
    if (silent && this.#closed === undefined) this.#keepalive.ask();
    this.#admit();
    this.#closeIfDone();
  }
}

const nothing: Uint8Array = new Uint8Array(0);
const pingPayload: Uint8Array = Buffer.from("keelson!", "latin1");
