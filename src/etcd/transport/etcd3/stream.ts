/**
 * A grpc-js call as `ByteDuplex`: requests messages one at a time and reads ahead only up to
 * `readAheadBytes`, so that a slow reader leaves the rest to HTTP/2 flow control, and so to etcd.
 *
 * States: open → ended (status known, perhaps unread messages) → drained. `cancel()` drops what is unread.
 */
import type { ChannelInterface as Channel, Metadata } from "@grpc/grpc-js";
import type { ByteDuplex, TransportFailure } from "../transport.ts";
import { grpcStatus } from "../transport.ts";

type GrpcCall = ReturnType<Channel["createCall"]>;
type GrpcStatus = { readonly code: number; readonly details: string };

/** Limit of read-ahead: one decode may overlap the next arrival, no more. */
const readAheadBytes = 1024 * 1024;

/** `write` returns false while this many messages are not yet accepted by grpc-js. */
const writeQueueMessages = 16;

interface PendingRead {
  readonly resolve: (message: Uint8Array | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

export class GrpcStream implements ByteDuplex {
  readonly #call: GrpcCall;
  readonly #signal: AbortSignal | undefined;
  readonly #failure: (status: GrpcStatus) => TransportFailure;
  readonly #ended: () => void;
  readonly #onAbort: (() => void) | undefined;

  readonly #arrived: Uint8Array[] = [];
  #arrivedBytes = 0;
  #reading = false;
  #established = false;
  #waiter: PendingRead | undefined;
  /** Set once: how the stream ended. `undefined` error: normally. */
  #end: { readonly error: unknown } | undefined;

  readonly #outgoing: Uint8Array[] = [];
  #sending = false;
  #halfClosed = false;
  #drainWaiters: (() => void)[] = [];

  constructor(
    call: GrpcCall,
    options: {
      readonly signal: AbortSignal | undefined;
      readonly failure: (status: GrpcStatus) => TransportFailure;
      /** Runs once, when the stream has ended for any reason. */
      readonly ended: () => void;
    },
  ) {
    this.#call = call;
    this.#signal = options.signal;
    this.#failure = options.failure;
    this.#ended = options.ended;
    if (this.#signal !== undefined) {
      this.#onAbort = () => {
        this.#finish({ error: this.#signal?.reason });
        this.#call.cancelWithStatus(grpcStatus.cancelled, "Aborted by the caller");
      };
    }
  }

  /** Whether the server has begun to answer. */
  get established(): boolean {
    return this.#established;
  }

  start(metadata: Metadata): void {
    if (this.#onAbort !== undefined) this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#call.start(metadata, {
      onReceiveMetadata: () => {
        this.#established = true;
      },
      onReceiveMessage: (message: Uint8Array | null) => {
        this.#reading = false;
        if (this.#end !== undefined || message === null) return;
        const waiter = this.#waiter;
        if (waiter === undefined) {
          this.#arrived.push(message);
          this.#arrivedBytes += message.byteLength;
        } else {
          this.#waiter = undefined;
          waiter.resolve(message);
        }
        this.#readAhead();
      },
      onReceiveStatus: (status) =>
        this.#finish({ error: status.code === grpcStatus.ok ? undefined : this.#failure(status) }),
    });
    this.#readAhead();
  }

  next(): Promise<Uint8Array | undefined> {
    const message = this.poll();
    if (message !== undefined) return Promise.resolve(message);
    if (this.#end !== undefined) {
      return this.#end.error === undefined ? Promise.resolve(undefined) : Promise.reject(this.#end.error);
    }
    if (this.#waiter !== undefined) return Promise.reject(new Error("next() is already pending"));
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#readAhead();
    });
  }

  poll(): Uint8Array | undefined {
    const message = this.#arrived.shift();
    if (message === undefined) return undefined;
    this.#arrivedBytes -= message.byteLength;
    this.#readAhead();
    return message;
  }

  write(message: Uint8Array): boolean {
    if (this.#end !== undefined || this.#halfClosed) return true;
    this.#outgoing.push(message);
    this.#send();
    return this.#outgoing.length < writeQueueMessages;
  }

  drained(): Promise<void> {
    if (this.#end !== undefined || this.#outgoing.length < writeQueueMessages) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  end(): void {
    if (this.#halfClosed) return;
    this.#halfClosed = true;
    if (!this.#sending && this.#end === undefined) this.#call.halfClose();
  }

  cancel(): void {
    if (this.#end !== undefined && this.#arrived.length === 0) return;
    this.#arrived.length = 0;
    this.#arrivedBytes = 0;
    this.#finish({ error: undefined });
    this.#call.cancelWithStatus(grpcStatus.cancelled, "Cancelled by the client");
  }

  /** Ends the stream with a failure made by the client. */
  fail(code: number, text: string): void {
    this.#call.cancelWithStatus(code, text);
    this.#finish({ error: this.#failure({ code, details: text }) });
  }

  #readAhead(): void {
    if (this.#reading || this.#end !== undefined) return;
    if (this.#arrivedBytes >= readAheadBytes && this.#waiter === undefined) return;
    this.#reading = true;
    this.#call.startRead();
  }

  /** One message at a time: until the connection is chosen, grpc-js can hold only one. */
  #send(): void {
    if (this.#sending || this.#end !== undefined) return;
    const message = this.#outgoing.shift();
    if (message === undefined) {
      if (this.#halfClosed) this.#call.halfClose();
      return;
    }
    this.#sending = true;
    this.#call.sendMessageWithContext(
      {
        callback: () => {
          this.#sending = false;
          if (this.#outgoing.length < writeQueueMessages) this.#wakeWriters();
          this.#send();
        },
      },
      Buffer.isBuffer(message)
        ? message
        : Buffer.from(message.buffer, message.byteOffset, message.byteLength),
    );
  }

  #wakeWriters(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const wake of waiters) wake();
  }

  #finish(end: { readonly error: unknown }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#outgoing.length = 0;
    this.#wakeWriters();
    this.#ended();
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter === undefined) return;
    if (end.error === undefined) waiter.resolve(undefined);
    else waiter.reject(end.error);
  }
}
