/** A client core whose streams the test speaks for, on a clock of the test's own. */

import { StoreError } from "../../../src/errors.ts";
import type {
  Client,
  ClientStream,
  RestoreEvent,
  RetryDecision,
  Rpc,
  StreamSpec,
} from "../../../src/etcd/client/client.ts";
import type { Header } from "../../../src/etcd/ports/messages.ts";
import type { TransportFailure } from "../../../src/etcd/transport/transport.ts";
import { seededRandom } from "../seeded-random.ts";
import { ManualClock } from "../time/manual-clock.ts";

export class ScriptedStream implements ClientStream {
  readonly endpoint: string;
  readonly spec: StreamSpec;
  readonly written: { readonly message: Uint8Array; readonly atMs: number }[] = [];
  reportedUnhealthy: string | undefined;
  over = false;
  readonly #clock: ManualClock;
  readonly #messages: (Uint8Array | Error)[] = [];
  #waiting: { resolve(message: Uint8Array | undefined): void; reject(error: unknown): void } | undefined;

  constructor(endpoint: string, spec: StreamSpec, clock: ManualClock) {
    this.endpoint = endpoint;
    this.spec = spec;
    this.#clock = clock;
  }

  /** What the server says next, or how the stream fails. */
  say(message: Uint8Array | Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#messages.push(message);
    else if (message instanceof Error) waiting.reject(message);
    else waiting.resolve(message);
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.over) return undefined;
    const message = this.#messages.shift();
    if (message instanceof Error) throw message;
    return message ?? new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }
  poll(): Uint8Array | undefined {
    return undefined;
  }
  write(message: Uint8Array): boolean {
    this.written.push({ message, atMs: this.#clock.monotonicMs() });
    return true;
  }
  cancel(): void {
    this.over = true;
    this.#waiting?.resolve(undefined);
    this.#waiting = undefined;
  }
  abandon(): void {
    this.cancel();
  }

  reportUnhealthy(reason: string): void {
    this.reportedUnhealthy = reason;
    this.cancel();
  }
}

export class ScriptedClient implements Client {
  readonly clock = new ManualClock();
  readonly random = seededRandom(1);
  readonly requestTimeoutMs = 5000;
  readonly closing = new AbortController();
  readonly signal = this.closing.signal;
  generation = 0;
  readonly highestRevision = 0n;
  readonly endpoints: readonly string[] = ["http://127.0.0.1:1", "http://127.0.0.1:2"];
  readonly streams: ScriptedStream[] = [];
  reconnects = 0;
  refreshes = 0;
  /** What a stream's failure means. */
  decision: RetryDecision = {
    next: "retry",
    error: new StoreError("UNAVAILABLE", "scripted", { retryAfterMs: 1 }),
  };
  /** Why no stream can be opened; undefined: they can. */
  refusal: StoreError | undefined;
  /** Streams asked for. */
  asked = 0;
  /** Answers of unary requests, already encoded. */
  answer: (path: string) => Uint8Array = (path) => {
    throw new Error(`${path} is not part of this test`);
  };
  #restored: ((event: RestoreEvent) => void) | undefined;

  async unary<T extends { readonly header: Header }>(rpc: Rpc<T>): Promise<T> {
    return rpc.decode(this.answer(rpc.path));
  }
  async openStream(spec: StreamSpec): Promise<ClientStream> {
    spec.signal?.throwIfAborted();
    this.signal.throwIfAborted();
    this.asked++;
    if (this.refusal !== undefined) throw this.refusal;
    const endpoint = this.endpoints.find((url) => url !== spec.avoid) ?? "";
    const stream = new ScriptedStream(endpoint, spec, this.clock);
    this.streams.push(stream);
    return stream;
  }
  judgeHeader(): void {}
  authenticates = true;
  /** What fetching a token anew fails with. */
  refreshFailure: Error | undefined;

  decideRetry(_failure: TransportFailure): RetryDecision {
    return this.decision;
  }
  async refreshToken(): Promise<void> {
    this.refreshes++;
    if (this.refreshFailure !== undefined) throw this.refreshFailure;
  }
  countReconnect(): void {
    this.reconnects++;
  }
  onRestore(listener: (event: RestoreEvent) => void): () => void {
    this.#restored = listener;
    return () => {};
  }

  restore(): void {
    this.generation++;
    this.#restored?.({ generation: 1, reason: "revision-fell", before: 9n, clusterId: 1n });
  }

  /** The `at`-th stream opened; -1 for the last. */
  stream(at: number): ScriptedStream {
    const found = this.streams.at(at);
    if (found === undefined) throw new Error(`no stream ${at} of ${this.streams.length}`);
    return found;
  }
}
