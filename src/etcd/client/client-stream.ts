/**
 * A stream as the client hands it out: counted, reported, and, when the client itself ends it (closed, restored),
 * ended with the client's error rather than the transport's.
 */
import type { StoreError } from "../../errors.ts";
import { type ByteDuplex, type ByteStream, TransportFailure } from "../transport/transport.ts";
import type { ClientStream } from "./client.ts";

export interface StreamOwner {
  /** A message has arrived. */
  received(bytes: number): void;
  sent(bytes: number): void;
  /** The owner of the stream found the endpoint silent. */
  reportedUnhealthy(): void;
  /** Once, at the end. */
  ended(facts: { readonly outcome: string; readonly messages: number; readonly bytes: number }): void;
}

export class TrackedStream implements ClientStream {
  readonly endpoint: string;
  readonly #stream: ByteStream;
  readonly #duplex: ByteDuplex | undefined;
  readonly #owner: StreamOwner;
  #messages = 0;
  #bytes = 0;
  #over = false;
  #error: StoreError | undefined;

  constructor(endpoint: string, stream: ByteStream, duplex: ByteDuplex | undefined, owner: StreamOwner) {
    this.endpoint = endpoint;
    this.#stream = stream;
    this.#duplex = duplex;
    this.#owner = owner;
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.#error !== undefined) throw this.#error;
    try {
      const message = await this.#stream.next();
      if (this.#error !== undefined) throw this.#error;
      if (message === undefined) this.#finish("OK");
      else this.#count(message);
      return message;
    } catch (error) {
      if (this.#error !== undefined) throw this.#error;
      this.#finish(error instanceof TransportFailure ? `gRPC ${error.code}` : "ABORTED");
      throw error;
    }
  }

  poll(): Uint8Array | undefined {
    if (this.#error !== undefined) return undefined;
    const message = this.#stream.poll();
    if (message !== undefined) this.#count(message);
    return message;
  }

  write(message: Uint8Array): boolean {
    if (this.#over || this.#duplex === undefined) return true;
    this.#owner.sent(message.byteLength);
    return this.#duplex.write(message);
  }

  cancel(): void {
    this.#stream.cancel();
    this.#finish("CANCELLED");
  }

  abandon(): void {
    if (!this.#over) this.#stream.abandon?.();
    this.cancel();
  }

  reportUnhealthy(): void {
    this.#owner.reportedUnhealthy();
    this.cancel();
  }

  /** Ends it with the client's own error. */
  fail(error: StoreError): void {
    if (this.#over) return;
    this.#error = error;
    this.#stream.cancel();
    this.#finish(error.code);
  }

  #count(message: Uint8Array): void {
    this.#messages++;
    this.#bytes += message.byteLength;
    this.#owner.received(message.byteLength);
  }

  #finish(outcome: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#owner.ended({ outcome, messages: this.#messages, bytes: this.#bytes });
  }
}
