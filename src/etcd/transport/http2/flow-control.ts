/**
 * What the streams of one connection send and receive, under flow control (RFC 9113 section 5.2).
 *
 *   sending:   outbox of a stream --as far as its window, the connection's window and the frame size reach--> output
 *              the rest waits: the stream is blocked until the peer grants more
 *   receiving: bytes that the reader has taken are granted again, combined into few WINDOW_UPDATEs
 *
 * The connection reports what arrives and which streams have ended; nothing is called back.
 */
import { sendWindowUpdate } from "./control-frames.ts";
import {
  defaultWindowBytes,
  frameBytesMax,
  frameFlag,
  frameType,
  h2Error,
  setting,
  windowBytesMax,
} from "./frames.ts";
import { messagePrefixBytes } from "./grpc-message.ts";
import type { H2Stream } from "./h2-stream.ts";
import type { Output } from "./output.ts";

/** Unread bytes a stream may hold before the peer must wait. A paused reader costs no more than this and one message. */
export const streamWindowBytes: number = 1024 * 1024;
/** For all streams together: large enough that only the stream windows limit. */
export const connectionWindowBytes: number = 64 * 1024 * 1024;

const nothing: Uint8Array = new Uint8Array(0);

export class FlowControl {
  readonly #output: Output;
  /** What the peer grants to a new stream. */
  #initialBytes = defaultWindowBytes;
  #frameBytes = frameBytesMax;
  #sendWindow = defaultWindowBytes;
  /** Streams whose payload waits for send window. */
  readonly #blocked = new Set<H2Stream>();
  /** Received on the connection and not yet granted again. */
  #receivedBytes = 0;
  /** Received per stream and not yet granted again; small grants are combined. */
  readonly #owed = new Map<H2Stream, number>();

  constructor(output: Output) {
    this.#output = output;
  }

  /** Sends the HEADERS of a stream that has just got its id, and what its windows permit of its outbox. */
  begin(stream: H2Stream): void {
    stream.sendWindowBytes = this.#initialBytes;
    const bare = stream.halfClosed && stream.outbox.length === 0;
    const flags = frameFlag.endHeaders | (bare ? frameFlag.endStream : 0);
    this.#output.frame(frameType.headers, flags, stream.id, stream.block);
    stream.headersMark = this.#output.takenBytes;
    if (bare) stream.endSent = true;
    this.pump(stream);
  }

  /** Sends as much of the stream's outbox as the windows permit. */
  pump(stream: H2Stream): void {
    if (stream.id === 0 || stream.endSent || stream.end !== undefined) return;
    const { outbox } = stream;
    while (outbox.length > 0) {
      const payload = outbox[0];
      if (payload === undefined) break;
      const room = Math.min(stream.sendWindowBytes, this.#sendWindow, this.#frameBytes);
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

  pumpBlocked(): void {
    for (const stream of this.#blocked) {
      if (this.#sendWindow <= 0) return;
      this.pump(stream);
    }
  }

  /**
   * Applies the peer's frame size and initial window. The windows of `streams` change with it.
   *
   * @returns the protocol error, if there is one
   */
  applySettings(
    entries: readonly (readonly [number, number])[],
    streams: readonly H2Stream[],
  ): { readonly code: number; readonly text: string } | undefined {
    for (const [id, value] of entries) {
      if (id === setting.maxFrameSize) {
        if (value < frameBytesMax || value > 2 ** 24 - 1)
          return { code: h2Error.protocol, text: `SETTINGS_MAX_FRAME_SIZE ${value}` };
        this.#frameBytes = value;
      }
      if (id === setting.initialWindowSize) {
        if (value > windowBytesMax)
          return { code: h2Error.flowControl, text: `SETTINGS_INITIAL_WINDOW_SIZE ${value}` };
        const change = value - this.#initialBytes;
        this.#initialBytes = value;
        for (const stream of streams) stream.sendWindowBytes += change;
      }
    }
    return undefined;
  }

  /** The peer grants window to one stream, or to the connection. @returns false for an increment that it may not send */
  extend(stream: H2Stream | undefined, increment: number): boolean {
    const window =
      stream === undefined ? (this.#sendWindow += increment) : (stream.sendWindowBytes += increment);
    return increment > 0 && window <= windowBytesMax;
  }

  /** DATA has arrived, on whichever stream; the connection's window is granted again at once. */
  received(bytes: number): void {
    this.#receivedBytes += bytes;
    if (this.#receivedBytes <= connectionWindowBytes / 4) return;
    sendWindowUpdate(this.#output, 0, this.#receivedBytes);
    this.#receivedBytes = 0;
  }

  /** The stream's reader no longer holds `bytes`. */
  grant(stream: H2Stream, bytes: number): void {
    if (stream.id === 0 || stream.end !== undefined) return;
    const owed = (this.#owed.get(stream) ?? 0) + bytes;
    if (owed < streamWindowBytes / 4) {
      this.#owed.set(stream, owed);
      return;
    }
    this.#owed.delete(stream);
    sendWindowUpdate(this.#output, stream.id, owed);
  }

  /** The stream has ended. */
  forget(stream: H2Stream): void {
    this.#blocked.delete(stream);
    this.#owed.delete(stream);
  }

  clear(): void {
    this.#blocked.clear();
    this.#owed.clear();
  }
}
