/**
 * One HTTP/2 stream as a gRPC call: what is queued to send, what has arrived, how it ended.
 *
 *   open --(trailers | RST | GOAWAY | connection lost | deadline | cancel)--> ended, once
 *
 * The stream has no socket: the connection feeds it and drains its queue. Receive window is granted again at once for
 * bytes of an incomplete message, for complete messages only when they are read: that is back-pressure.
 */
import type { TransportFailure } from "../transport.ts";
import { MessageAssembler } from "./grpc-message.ts";

/** The methods of a connection that a stream calls. */
export interface StreamHost {
  grant(stream: H2Stream, bytes: number): void;
  pump(stream: H2Stream): void;
  cancel(stream: H2Stream): void;
  /** Cancels the stream, and accepts no more calls on the same connection. */
  abandon(stream: H2Stream): void;
}

export interface StreamEnd {
  readonly failure: TransportFailure | undefined;
}

export class H2Stream {
  /** 0 until the connection has assigned an id. */
  id = 0;
  /** The lane while it dials, then the connection. */
  host: StreamHost;
  /** Header block of the request. */
  readonly block: Uint8Array;
  /** When the call's time ends, monotonic; Infinity for none. */
  readonly deadlineMs: number;
  /** Payloads that wait for flow control, in order: prefixes, messages, or the rest of one. */
  readonly outbox: Uint8Array[] = [];
  /** The request side is complete: the last payload carries END_STREAM. */
  halfClosed = false;
  endSent = false;
  sendWindowBytes = 0;
  /** `Output.takenBytes` after the HEADERS: the request has left when that many bytes are written. */
  headersMark: number = Number.POSITIVE_INFINITY;
  /** Whether anything has arrived on this stream. */
  answered = false;
  end: StreamEnd | undefined;
  headers: ReadonlyMap<string, string> | undefined;
  readonly #assembler: MessageAssembler;
  readonly #inbox: Uint8Array[] = [];
  #inboxHead = 0;
  #reader: ((message: Uint8Array | undefined) => void) | undefined;
  #readerFailed: ((failure: TransportFailure) => void) | undefined;
  #drained: (() => void)[] = [];
  /** Bytes received and not yet granted again. */
  #heldBytes = 0;
  /** Window is granted at once: for unary calls, which always read everything. */
  readonly #eager: boolean;
  readonly #onEnd: ((stream: H2Stream) => void) | undefined;

  constructor(options: {
    host: StreamHost;
    block: Uint8Array;
    deadlineMs: number;
    eager: boolean;
    onEnd?: ((stream: H2Stream) => void) | undefined;
  }) {
    this.host = options.host;
    this.block = options.block;
    this.deadlineMs = options.deadlineMs;
    this.#eager = options.eager;
    this.#onEnd = options.onEnd;
    this.#assembler = new MessageAssembler((message) => this.#deliver(message));
  }

  /** Called by the connection with a part of the body. Returns a description of the error, if any. */
  takeData(part: Buffer, flowBytes: number): string | undefined {
    this.answered = true;
    if (this.end !== undefined) return undefined;
    const fault = part.length === 0 ? undefined : this.#assembler.push(part);
    this.#heldBytes += flowBytes;
    this.#release();
    return fault;
  }

  /** Called by the connection at the end; later calls are ignored. */
  finish(failure: TransportFailure | undefined): void {
    if (this.end !== undefined) return;
    this.end = { failure };
    this.outbox.length = 0;
    this.#wakeWriters();
    this.#onEnd?.(this);
    if (this.#inboxHead < this.#inbox.length || this.#reader === undefined) return;
    const [reader, failed] = [this.#reader, this.#readerFailed];
    this.#reader = undefined;
    this.#readerFailed = undefined;
    if (failure === undefined) reader(undefined);
    else failed?.(failure);
  }

  poll(): Uint8Array | undefined {
    if (this.#inboxHead === this.#inbox.length) return undefined;
    const message = this.#inbox[this.#inboxHead];
    this.#inboxHead++;
    if (this.#inboxHead === this.#inbox.length) {
      this.#inbox.length = 0;
      this.#inboxHead = 0;
    }
    this.#unreadBytes -= message?.length ?? 0;
    this.#release();
    return message;
  }

  next(): Promise<Uint8Array | undefined> {
    const message = this.poll();
    if (message !== undefined) return Promise.resolve(message);
    if (this.end !== undefined) {
      return this.end.failure === undefined ? Promise.resolve(undefined) : Promise.reject(this.end.failure);
    }
    return new Promise((resolve, reject) => {
      this.#reader = resolve;
      this.#readerFailed = reject;
    });
  }

  /** Queues a message behind its prefix; false when more than the peer's window is waiting. */
  send(prefix: Uint8Array, message: Uint8Array): boolean {
    if (this.end !== undefined || this.halfClosed) return true;
    this.outbox.push(prefix, message);
    this.host.pump(this);
    return this.outbox.length === 0;
  }

  /** No more payloads will follow. */
  closeSending(): void {
    if (this.halfClosed) return;
    this.halfClosed = true;
    this.host.pump(this);
  }

  drained(): Promise<void> {
    if (this.outbox.length === 0 || this.end !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Called by the connection after it has emptied the outbox. */
  wakeDrained(): void {
    if (this.#drained.length > 0) this.#wakeWriters();
  }

  #unreadBytes = 0;

  #deliver(message: Uint8Array): void {
    if (this.#reader !== undefined) {
      const reader = this.#reader;
      this.#reader = undefined;
      this.#readerFailed = undefined;
      reader(message);
      return;
    }
    this.#unreadBytes += message.length;
    this.#inbox.push(message);
  }

  /** Grants window for bytes that unread messages do not hold. */
  #release(): void {
    const keep = this.#eager ? 0 : Math.min(this.#heldBytes, this.#unreadBytes);
    const bytes = this.#heldBytes - keep;
    if (bytes === 0) return;
    this.#heldBytes = keep;
    this.host.grant(this, bytes);
  }

  #wakeWriters(): void {
    const waiting = this.#drained;
    this.#drained = [];
    for (const wake of waiting) wake();
  }
}
