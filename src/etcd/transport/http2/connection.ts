/**
 * One HTTP/2 connection to a gRPC server, made for many calls, small frames and exact reports of how calls end.
 *
 *   dialling --SETTINGS out--> open --GOAWAY | silence | id space used--> retiring --last stream--> closed
 *                                \------------- reset, protocol error, PING unanswered ------------> closed
 *
 * It handles flow control in both directions, the peer's stream limit and keepalive, and reports for every failed call
 * whether its request can have been sent: "unsent" only while its bytes are still here, "refused" if the peer reports that it
 * did not process it (GOAWAY above its last stream, REFUSED_STREAM).
 */
import type { Socket } from "node:net";
import type { Clock } from "../../../base/time/clock.ts";
import { grpcStatus, type RequestReach, type TransportFailure } from "../transport.ts";
import { EarliestDeadline } from "./earliest-deadline.ts";
import {
  defaultWindowBytes,
  FrameParser,
  type FrameSink,
  frameBytesMax,
  frameFlag,
  frameType,
  h2Error,
  preface,
  setting,
  windowBytesMax,
} from "./frames.ts";
import { messagePrefixBytes } from "./grpc-message.ts";
import type { H2Stream, StreamHost } from "./h2-stream.ts";
import { HeaderDecoder } from "./hpack.ts";
import { Keepalive } from "./keepalive.ts";
import { Output } from "./output.ts";
import { httpFailure, localFailure, resetFailure, trailersFailure } from "./stream-status.ts";

/** Unread bytes a stream may hold before the peer must wait. A paused reader costs no more than this and one message. */
const streamWindowBytes = 1024 * 1024;
/** For all streams together: large enough that only the stream windows limit. */
const connectionWindowBytes = 64 * 1024 * 1024;
/** Stream ids are 31 bits and odd; a connection retires well before the last one. */
const streamIdMax = 2 ** 30;
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
  readonly #clock: Clock;
  readonly #socket: Socket;
  readonly #output: Output;
  readonly #parser: FrameParser;
  readonly #headers = new HeaderDecoder();
  readonly #options: ConnectionOptions;
  readonly #streams = new Map<number, H2Stream>();
  /** Calls that wait for a place under the peer's stream limit. */
  #queue: H2Stream[] = [];
  /** Streams whose payload waits for send window. */
  readonly #blocked = new Set<H2Stream>();
  #nextId = 1;
  /** Undefined until the peer's first SETTINGS. */
  #peerStreamsMax: number | undefined;
  #peerInitialWindow = defaultWindowBytes;
  #peerFrameBytes = frameBytesMax;
  #sendWindow = defaultWindowBytes;
  /** Received on the connection and not yet granted again. */
  #receivedBytes = 0;
  /** Received per stream and not yet granted again; small grants are combined. */
  readonly #owed = new Map<H2Stream, number>();
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
    this.#clock = options.clock;
    this.#socket = options.socket;
    this.#output = new Output(options.socket);
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
    this.#sendPreface();
  }

  get usable(): boolean {
    return !this.#retiring && this.#closed === undefined;
  }

  get openStreams(): number {
    return this.#streams.size + this.#queue.length;
  }

  /** Calls that wait for a place. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Streams the peer accepts at a time; undefined until it has reported it. */
  get streamsMax(): number | undefined {
    return this.#peerStreamsMax;
  }

  /** Whether a call begun now, as far as is known, does not have to wait for another one's end. */
  get hasRoom(): boolean {
    return this.usable && (this.#peerStreamsMax === undefined || this.openStreams < this.#peerStreamsMax);
  }

  /** Starts a call; it may wait for a place first. */
  start(stream: H2Stream): void {
    stream.host = this;
    if (this.#closed !== undefined)
      return stream.finish(this.#failure(grpcStatus.unavailable, this.#closed, "unsent"));
    this.#deadlines.expect(stream.deadlineMs);
    if (this.#streams.size >= this.#streamsNow) {
      this.#queue.push(stream);
      return;
    }
    this.#open(stream);
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
    const streams = [...this.#streams.values(), ...this.#queue];
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
    this.#queue = [];
    this.#blocked.clear();
    this.#owed.clear();
    this.#socket.destroySoon();
    streams.forEach((stream, index) => {
      stream.finish(failures[index]);
    });
    this.#options.onClosed(reason, this.#heard);
  }

  // --- StreamHost: called by streams --------------------------------------------------------------

  grant(stream: H2Stream, bytes: number): void {
    if (stream.id === 0 || stream.end !== undefined) return;
    const owed = (this.#owed.get(stream) ?? 0) + bytes;
    if (owed < streamWindowBytes / 4) {
      this.#owed.set(stream, owed);
      return;
    }
    this.#owed.delete(stream);
    this.#windowUpdate(stream.id, owed);
  }

  pump(stream: H2Stream): void {
    if (stream.id === 0 || stream.endSent || stream.end !== undefined) return;
    const { outbox } = stream;
    while (outbox.length > 0) {
      const payload = outbox[0];
      if (payload === undefined) break;
      const room = Math.min(stream.sendWindowBytes, this.#sendWindow, this.#peerFrameBytes);
      if (room <= 0 && payload.length > 0) {
        this.#blocked.add(stream);
        return;
      }
      // A prefix and its message leave in one frame if they fit, without being concatenated first.
      const next = payload.length <= messagePrefixBytes ? outbox[1] : undefined;
      const joined = next !== undefined && payload.length + next.length <= room;
      const part = joined ? next : payload.length <= room ? payload : payload.subarray(0, room);
      if (joined) outbox.splice(0, 2);
      else if (part.length === payload.length) outbox.shift();
      else outbox[0] = payload.subarray(room);
      const last = stream.halfClosed && outbox.length === 0;
      const bytes = joined ? payload.length + part.length : part.length;
      this.#sendWindow -= bytes;
      stream.sendWindowBytes -= bytes;
      const flags = last ? frameFlag.endStream : 0;
      this.#output.frame(frameType.data, flags, stream.id, part, joined ? payload : undefined);
      if (last) stream.endSent = true;
    }
    this.#blocked.delete(stream);
    if (stream.halfClosed && !stream.endSent) {
      stream.endSent = true;
      this.#output.frame(frameType.data, frameFlag.endStream, stream.id, nothing);
    }
    stream.wakeDrained();
  }

  cancel(stream: H2Stream): void {
    if (stream.end !== undefined) return;
    if (stream.id === 0) this.#queue = this.#queue.filter((queued) => queued !== stream);
    else this.#reset(stream.id, h2Error.cancel);
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
    this.#receivedBytes += flowBytes;
    if (this.#receivedBytes > connectionWindowBytes / 4) {
      this.#windowUpdate(0, this.#receivedBytes);
      this.#receivedBytes = 0;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      if (streamId >= this.#nextId || streamId % 2 === 0)
        this.onProtocolError(h2Error.protocol, "DATA on a stream never opened");
      return;
    }
    const fault = stream.takeData(part, flowBytes);
    if (fault !== undefined) {
      this.#reset(streamId, h2Error.cancel);
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
    const status = headers.get(":status");
    if (status?.startsWith("1")) return;
    stream.headers = headers;
    if (status === "200" && (headers.get("content-type") ?? "").startsWith("application/grpc")) return;
    this.#reset(streamId, h2Error.cancel);
    this.#end(stream, httpFailure(this.endpoint, headers));
  }

  onRstStream(streamId: number, code: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined || this.#flooded()) return;
    this.#end(stream, resetFailure(this.endpoint, code));
  }

  onSettings(entries: readonly (readonly [number, number])[]): void {
    if (this.#flooded()) return;
    for (const [id, value] of entries) {
      if (id === setting.maxConcurrentStreams) this.#peerStreamsMax = value;
      if (id === setting.maxFrameSize) {
        if (value < frameBytesMax || value > 2 ** 24 - 1)
          return this.onProtocolError(h2Error.protocol, `SETTINGS_MAX_FRAME_SIZE ${value}`);
        this.#peerFrameBytes = value;
      }
      if (id === setting.initialWindowSize) {
        if (value > windowBytesMax)
          return this.onProtocolError(h2Error.flowControl, `SETTINGS_INITIAL_WINDOW_SIZE ${value}`);
        const change = value - this.#peerInitialWindow;
        this.#peerInitialWindow = value;
        for (const stream of this.#streams.values()) stream.sendWindowBytes += change;
      }
    }
    this.#output.frame(frameType.settings, frameFlag.ack, 0, nothing);
    // A peer that does not send it sets no limit (RFC 9113, 6.5.2).
    this.#peerStreamsMax ??= Number.POSITIVE_INFINITY;
    this.#admit();
    this.#pumpBlocked();
    if (this.#queue.length > 0) this.#options.onFull?.(this.#queue.splice(0));
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
    for (const [id, stream] of [...this.#streams]) {
      if (id > lastStreamId) this.#end(stream, this.#failure(grpcStatus.unavailable, reason, "refused"));
      // It would never end by itself (a watch), and the server waits for it before it exits: etcd 3.5.30 for 7 s.
      else if (!stream.halfClosed) this.#end(stream, this.#failure(grpcStatus.unavailable, reason, "sent"));
    }
    for (const stream of this.#queue.splice(0))
      stream.finish(this.#failure(grpcStatus.unavailable, reason, "unsent"));
    if (code !== h2Error.none)
      return this.destroy(reason, calm ? grpcStatus.resourceExhausted : grpcStatus.unavailable);
    this.#closeIfDone();
  }

  onWindowUpdate(streamId: number, increment: number): void {
    if (streamId === 0) {
      this.#sendWindow += increment;
      if (increment === 0 || this.#sendWindow > windowBytesMax) {
        return this.onProtocolError(h2Error.flowControl, `WINDOW_UPDATE of ${increment} bytes`);
      }
      return this.#pumpBlocked();
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    stream.sendWindowBytes += increment;
    if (increment === 0 || stream.sendWindowBytes > windowBytesMax) {
      this.#reset(streamId, h2Error.flowControl);
      return this.#end(
        stream,
        this.#failure(grpcStatus.internal, `WINDOW_UPDATE of ${increment} bytes`, "sent"),
      );
    }
    this.pump(stream);
  }

  onProtocolError(code: number, text: string): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(code, 4);
    this.#output.frame(frameType.goAway, 0, 0, payload);
    this.#output.flush();
    this.destroy(`HTTP/2 protocol error: ${text}`, grpcStatus.internal);
  }

  // --- inside -------------------------------------------------------------------------------------

  #sendPreface(): void {
    this.#output.raw(preface);
    const entries: readonly (readonly [number, number])[] = [
      [setting.headerTableSize, 0],
      [setting.enablePush, 0],
      [setting.initialWindowSize, streamWindowBytes],
    ];
    const payload = Buffer.alloc(entries.length * 6);
    entries.forEach(([id, value], index) => {
      payload.writeUInt16BE(id, index * 6);
      payload.writeUInt32BE(value, index * 6 + 2);
    });
    this.#output.frame(frameType.settings, 0, 0, payload);
    this.#windowUpdate(0, connectionWindowBytes - defaultWindowBytes);
  }

  #open(stream: H2Stream): void {
    stream.id = this.#nextId;
    this.#nextId += 2;
    stream.sendWindowBytes = this.#peerInitialWindow;
    this.#streams.set(stream.id, stream);
    const bare = stream.halfClosed && stream.outbox.length === 0;
    this.#output.frame(
      frameType.headers,
      frameFlag.endHeaders | (bare ? frameFlag.endStream : 0),
      stream.id,
      stream.block,
    );
    stream.headersMark = this.#output.takenBytes;
    if (bare) stream.endSent = true;
    this.pump(stream);
    if (this.#nextId > streamIdMax) this.retire();
  }

  get #streamsNow(): number {
    return this.#peerStreamsMax ?? (this.#options.onFull === undefined ? Number.POSITIVE_INFINITY : 1);
  }

  #admit(): void {
    while (this.#queue.length > 0 && this.#streams.size < this.#streamsNow) {
      const stream = this.#queue.shift();
      if (stream !== undefined) this.#open(stream);
    }
  }

  #pumpBlocked(): void {
    for (const stream of this.#blocked) {
      if (this.#sendWindow <= 0) return;
      this.pump(stream);
    }
  }

  #left(stream: H2Stream): boolean {
    return stream.headersMark <= this.#output.writtenBytes;
  }

  #end(stream: H2Stream, failure: TransportFailure | undefined): void {
    // The server answered before it read the whole request: the reset announces that the rest will not come.
    if (!stream.endSent && stream.id !== 0) this.#reset(stream.id, h2Error.none);
    this.#remove(stream);
    stream.finish(failure);
  }

  #remove(stream: H2Stream): void {
    this.#streams.delete(stream.id);
    this.#blocked.delete(stream);
    this.#owed.delete(stream);
    this.#admit();
    this.#closeIfDone();
    if (this.usable) this.#options.onRoom();
  }

  #closeIfDone(): void {
    if (!this.#retiring || this.openStreams > 0 || this.#closed !== undefined) return;
    this.#output.flush();
    this.destroy("connection retired");
  }

  #failure(code: number, text: string, request: RequestReach): TransportFailure {
    return localFailure(this.endpoint, code, text, request);
  }

  #reset(streamId: number, code: number): void {
    const payload = Buffer.allocUnsafe(4);
    payload.writeUInt32BE(code, 0);
    this.#output.frame(frameType.rstStream, 0, streamId, payload);
  }

  #windowUpdate(streamId: number, bytes: number): void {
    const payload = Buffer.allocUnsafe(4);
    payload.writeUInt32BE(bytes, 0);
    this.#output.frame(frameType.windowUpdate, 0, streamId, payload);
  }

  #flooded(): boolean {
    this.#controlFrames++;
    if (this.#controlFrames <= controlFloodMax) return false;
    this.onProtocolError(h2Error.enhanceYourCalm, `${controlFloodMax} control frames without a reply`);
    return true;
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    let silent = false;
    for (const stream of [...this.#streams.values(), ...this.#queue]) {
      if (stream.deadlineMs > nowMs) {
        nextMs = Math.min(nextMs, stream.deadlineMs);
        continue;
      }
      // Frames already gathered are still written, before the reset: only a call that waits for a place has sent nothing.
      const sent = stream.id !== 0;
      if (stream.id === 0) this.#queue = this.#queue.filter((queued) => queued !== stream);
      else this.#reset(stream.id, h2Error.cancel);
      silent ||= sent && !stream.answered;
      this.#streams.delete(stream.id);
      this.#blocked.delete(stream);
      this.#owed.delete(stream);
      stream.finish(
        this.#failure(grpcStatus.deadlineExceeded, "no answer in time", sent ? "sent" : "unsent"),
      );
    }
    this.#deadlines.expect(nextMs);
    // A peer that answered nothing may be gone: ping now instead of at the next keepalive.
    if (silent && this.#closed === undefined) this.#keepalive.ask();
    this.#admit();
    this.#closeIfDone();
  }
}

const nothing: Uint8Array = new Uint8Array(0);
const pingPayload: Uint8Array = Buffer.from("keelson!", "latin1");
