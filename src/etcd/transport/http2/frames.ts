/**
 * HTTP/2 frames (RFC 9113 section 4 and 6): constants, the parser of received frames, the layout of sent ones.
 *
 *   +-----------------------------------------------+
 *   | length (24) | type (8) | flags (8) | id (32)   |  9 bytes, big endian
 *   +-----------------------------------------------+
 *   | payload (length)                               |
 *
 * The parser passes DATA on piece by piece as it arrives, so a large body is never copied together here; every other
 * frame is small and is passed on whole. Limits are checked before anything is stored.
 */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const frameFlag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** RFC 9113 section 7. */
export const h2Error = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
} as const;

export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
} as const;

export const frameHeaderBytes = 9;
/** Largest payload we accept: RFC 9113's default, which we do not increase. */
export const frameBytesMax = 16_384;
/** A header block in one HEADERS and its CONTINUATIONs, bytes on the wire. */
export const headerBlockBytesMax: number = 64 * 1024;
export const windowBytesMax: number = 2 ** 31 - 1;
export const defaultWindowBytes = 65_535;

export const preface: Uint8Array = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** Receives the parser's output; a returned error ends the connection with that code. */
export interface FrameSink {
  /** Part of a DATA payload without padding; `flowBytes` counts against flow control, padding included. */
  onData(streamId: number, part: Buffer, flowBytes: number, endStream: boolean): void;
  /** A whole header block. */
  onHeaders(streamId: number, block: Buffer, endStream: boolean): void;
  onRstStream(streamId: number, code: number): void;
  onSettings(entries: readonly (readonly [number, number])[]): void;
  onSettingsAck(): void;
  onPing(payload: Buffer, ack: boolean): void;
  onGoAway(lastStreamId: number, code: number, text: string): void;
  onWindowUpdate(streamId: number, increment: number): void;
  onProtocolError(code: number, text: string): void;
}

const none: Buffer = Buffer.alloc(0);

export class FrameParser {
  readonly #sink: FrameSink;
  /** Bytes of an incomplete header or control frame. */
  #rest: Buffer = none;
  /** The DATA frame whose payload is arriving. */
  #data: { streamId: number; leftBytes: number; padBytes: number; endStream: boolean } | undefined;
  /** The header block that CONTINUATION frames complete. */
  #block: { streamId: number; parts: Buffer[]; bytes: number; endStream: boolean } | undefined;
  #failed = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Parses a chunk of the socket. The chunk is kept no longer than the sink keeps its parts. */
  push(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = none;
    while (!this.#failed && bytes.length > 0) {
      if (this.#data !== undefined) {
        bytes = this.#takeData(this.#data, bytes);
        continue;
      }
      if (bytes.length < frameHeaderBytes) break;
      const length = bytes.readUIntBE(0, 3);
      const type = bytes[3] ?? 0;
      const flags = bytes[4] ?? 0;
      const streamId = bytes.readUInt32BE(5) & 0x7fffffff;
      if (length > frameBytesMax)
        return this.#fail(h2Error.frameSize, `frame of ${length} bytes, at most ${frameBytesMax} allowed`);
      if (
        this.#block !== undefined &&
        (type !== frameType.continuation || streamId !== this.#block.streamId)
      ) {
        return this.#fail(h2Error.protocol, "a header block is interrupted by another frame");
      }
      if (type === frameType.data) {
        const padded = (flags & frameFlag.padded) !== 0;
        if (streamId === 0) return this.#fail(h2Error.protocol, "DATA on stream 0");
        if (padded && bytes.length < frameHeaderBytes + 1 && length > 0) break;
        const padBytes = padded ? (bytes[frameHeaderBytes] ?? 0) : 0;
        if (padded && padBytes + 1 > length)
          return this.#fail(h2Error.protocol, "padding longer than its frame");
        const overhead = padded ? padBytes + 1 : 0;
        this.#data = {
          streamId,
          leftBytes: length - overhead,
          padBytes,
          endStream: (flags & frameFlag.endStream) !== 0,
        };
        bytes = bytes.subarray(frameHeaderBytes + (padded ? 1 : 0));
        if (overhead > 0) this.#sink.onData(streamId, none, overhead, false);
        if (this.#data.leftBytes === 0) this.#finishData(this.#data);
        continue;
      }
      if (bytes.length < frameHeaderBytes + length) break;
      const payload = bytes.subarray(frameHeaderBytes, frameHeaderBytes + length);
      bytes = bytes.subarray(frameHeaderBytes + length);
      this.#takeFrame(type, flags, streamId, payload);
    }
    if (!this.#failed && bytes.length > 0) this.#rest = bytes;
  }

  #takeData(
    data: { streamId: number; leftBytes: number; padBytes: number; endStream: boolean },
    bytes: Buffer,
  ): Buffer {
    if (data.leftBytes > 0) {
      const part = bytes.length > data.leftBytes ? bytes.subarray(0, data.leftBytes) : bytes;
      data.leftBytes -= part.length;
      const last = data.leftBytes === 0 && data.padBytes === 0;
      if (last) this.#data = undefined;
      this.#sink.onData(data.streamId, part, part.length, last && data.endStream);
      return bytes.subarray(part.length);
    }
    const skipped = Math.min(bytes.length, data.padBytes);
    data.padBytes -= skipped;
    if (data.padBytes === 0) this.#finishData(data);
    return bytes.subarray(skipped);
  }

  #finishData(data: { streamId: number; padBytes: number; endStream: boolean }): void {
    if (data.padBytes > 0) return;
    this.#data = undefined;
    if (data.endStream) this.#sink.onData(data.streamId, none, 0, true);
  }

  #takeFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    switch (type) {
      case frameType.headers: {
        if (streamId === 0) return this.#fail(h2Error.protocol, "HEADERS on stream 0");
        let block = payload;
        if ((flags & frameFlag.padded) !== 0) {
          const padBytes = block[0] ?? 0;
          if (padBytes + 1 > block.length)
            return this.#fail(h2Error.protocol, "padding longer than its frame");
          block = block.subarray(1, block.length - padBytes);
        }
        if ((flags & frameFlag.priority) !== 0) {
          if (block.length < 5) return this.#fail(h2Error.frameSize, "HEADERS shorter than its priority");
          block = block.subarray(5);
        }
        const endStream = (flags & frameFlag.endStream) !== 0;
        if ((flags & frameFlag.endHeaders) !== 0) return this.#sink.onHeaders(streamId, block, endStream);
        this.#block = { streamId, parts: [Buffer.from(block)], bytes: block.length, endStream };
        return;
      }
      case frameType.continuation: {
        const open = this.#block;
        if (open === undefined) return this.#fail(h2Error.protocol, "CONTINUATION without HEADERS");
        open.bytes += payload.length;
        if (open.bytes > headerBlockBytesMax || open.parts.length > headerBlockBytesMax / 64) {
          return this.#fail(h2Error.enhanceYourCalm, `header block above ${headerBlockBytesMax} bytes`);
        }
        open.parts.push(Buffer.from(payload));
        if ((flags & frameFlag.endHeaders) === 0) return;
        this.#block = undefined;
        return this.#sink.onHeaders(streamId, Buffer.concat(open.parts), open.endStream);
      }
      case frameType.rstStream:
        if (payload.length !== 4 || streamId === 0)
          return this.#fail(h2Error.frameSize, "RST_STREAM is malformed");
        return this.#sink.onRstStream(streamId, payload.readUInt32BE(0));
      case frameType.settings: {
        if (streamId !== 0 || payload.length % 6 !== 0)
          return this.#fail(h2Error.frameSize, "SETTINGS is malformed");
        if ((flags & frameFlag.ack) !== 0) return this.#sink.onSettingsAck();
        const entries: [number, number][] = [];
        for (let at = 0; at < payload.length; at += 6)
          entries.push([payload.readUInt16BE(at), payload.readUInt32BE(at + 2)]);
        return this.#sink.onSettings(entries);
      }
      case frameType.ping:
        if (payload.length !== 8 || streamId !== 0) return this.#fail(h2Error.frameSize, "PING is malformed");
        return this.#sink.onPing(payload, (flags & frameFlag.ack) !== 0);
      case frameType.goAway:
        if (payload.length < 8 || streamId !== 0) return this.#fail(h2Error.frameSize, "GOAWAY is malformed");
        return this.#sink.onGoAway(
          payload.readUInt32BE(0) & 0x7fffffff,
          payload.readUInt32BE(4),
          payload.subarray(8, 8 + 256).toString("latin1"),
        );
      case frameType.windowUpdate: {
        if (payload.length !== 4) return this.#fail(h2Error.frameSize, "WINDOW_UPDATE is malformed");
        return this.#sink.onWindowUpdate(streamId, payload.readUInt32BE(0) & 0x7fffffff);
      }
      case frameType.pushPromise:
        return this.#fail(h2Error.protocol, "PUSH_PROMISE though push is off");
      default:
        // PRIORITY and unknown types are ignored (RFC 9113 4.1).
        return;
    }
  }

  #fail(code: number, text: string): void {
    this.#failed = true;
    this.#rest = none;
    this.#sink.onProtocolError(code, text);
  }
}

/** Writes a frame header at `at`. */
export function putFrameHeader(
  into: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  into.writeUIntBE(length, at, 3);
  into[at + 3] = type;
  into[at + 4] = flags;
  into.writeUInt32BE(streamId, at + 5);
}
