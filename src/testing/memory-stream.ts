/**
 * One stream of the in-memory transport: messages arrive in order in each direction, each with the delay that the
 * weather sets, and the reader sees the end once.
 */
import type { Clock, Timer } from "../base/time/clock.ts";
import { soon } from "../base/time/microtask.ts";
import type { ByteDuplex, MethodPath, TransportFailure } from "../etcd/transport/transport.ts";
import type { MemoryNode, StreamSink } from "./memory-node.ts";
import type { HubStream } from "./watch-hub.ts";

/** Runs `action` after the delay, or in a later microtask without one. */
export function after(clock: Clock, delayMs: number | undefined, action: () => void): Timer | undefined {
  if (delayMs !== undefined && delayMs > 0) return clock.setTimer(delayMs, action);
  soon(action);
  return undefined;
}

interface MemoryStreamOptions {
  readonly method: MethodPath;
  readonly node: () => MemoryNode;
  readonly signal: AbortSignal | undefined;
  /** Whether messages still reach the process that the stream was opened to. */
  readonly reaches: () => boolean;
  /** Delivers one message according to the weather: later, or never. */
  readonly pass: (way: "out" | "in", deliver: () => void) => void;
  readonly refuse: (error: unknown) => TransportFailure;
  readonly broken: () => TransportFailure;
  readonly onEnd: () => void;
}

export class MemoryStream implements ByteDuplex {
  readonly #options: MemoryStreamOptions;
  readonly #inbox: Uint8Array[] = [];
  /** Timers of messages in flight to the client. */
  readonly #arriving = new Set<Timer>();
  /** Messages in flight to the client, in order: none overtakes another. */
  #inFlight: Promise<void> = Promise.resolve();
  #end: { readonly failure: TransportFailure | undefined } | undefined;
  /** The same for messages in flight to the server. */
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
      // The server learns of the stream with its first message.
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

  /** Delivers a message after the delay, unless the stream has ended by then. */
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
