/**
 * The client core: see `client.ts` for the contract.
 *
 * One request, step by step:
 *   admit (in-flight limit) → choose an endpoint, wait its rest out → send → judge the answer or the failure →
 *   hand over, or go on elsewhere while the call has time and the request may be repeated
 *
 * A request that cannot finish is not begun: ended calls fail before anything is sent.
 */
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { invalidArgument, StoreError } from "../errors.ts";
import type {
  Client,
  ClientStream,
  Judgement,
  RequestOptions,
  RestoreEvent,
  Rpc,
  StreamSpec,
} from "./client.ts";
import { type Endpoint, EndpointSet } from "./endpoint-set.ts";
import { judgementOf, outcomeOf, storeErrorOf } from "./outcome-table.ts";
import type { EtcdCall, EtcdStats, Header } from "./ports.ts";
import { grpcStatus, TransportFailure } from "./transport.ts";
import { WireError } from "./wire/reader.ts";

export interface ClientOptions {
  readonly endpoints: readonly Endpoint[];
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** A call without a bound of its own is not begun anew after this many request times. */
const unboundedCallRequests = 2;

/** A request that had less than this says nothing about the endpoint when it times out. */
const tellingTimeoutMs = 1_000;

export class EtcdClient implements Client {
  readonly clock: Clock;
  readonly random: Random;
  readonly requestTimeoutMs: number;
  readonly endpoints: readonly string[];
  readonly #endpoints: EndpointSet;
  readonly #closing = new AbortController();
  readonly #restoreListeners = new Set<(event: RestoreEvent) => void>();
  readonly #streams = new Set<ClientStream>();
  readonly #requests: Record<string, number> = {};
  readonly #failures: Record<string, number> = {};
  #retries = 0;
  #inFlight = 0;
  #bytesSent = 0;
  #bytesReceived = 0;
  #reconnects = 0;
  #generation = 0;
  #highest = 0n;

  constructor(options: ClientOptions) {
    this.clock = options.clock;
    this.random = options.random;
    this.requestTimeoutMs = options.requestTimeoutMs;
    this.#endpoints = new EndpointSet(options.endpoints, options.clock, options.random);
    this.endpoints = options.endpoints.map((endpoint) => endpoint.url);
  }

  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  get generation(): number {
    return this.#generation;
  }

  get highestRevision(): bigint {
    return this.#highest;
  }

  async unary<T extends { readonly header: Header }>(
    rpc: Rpc<T>,
    request: Uint8Array,
    call?: EtcdCall,
    options?: RequestOptions,
  ): Promise<T> {
    const { signal, timeoutMs, endpoint: pinned } = call ?? {};
    const requestTimeoutMs = call?.requestTimeoutMs ?? this.requestTimeoutMs;
    if (timeoutMs !== undefined && !(timeoutMs > 0)) {
      throw invalidArgument(
        "timeoutMs",
        `Cannot ${rpc.action}: timeoutMs is ${timeoutMs}, expected a number above 0`,
      );
    }
    signal?.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    const startedMs = this.clock.monotonicMs();
    const endMs = startedMs + (timeoutMs ?? requestTimeoutMs * unboundedCallRequests);
    let avoid: Endpoint | undefined;
    let last: StoreError | undefined;
    for (;;) {
      const endpoint = await this.#endpointFor(pinned, avoid, endMs, signal, last, rpc.action);
      const sentMs = this.clock.monotonicMs();
      const requestMs = Math.min(requestTimeoutMs, endMs - sentMs);
      if (requestMs <= 0) throw last ?? deadline(rpc.action, timeoutMs);
      this.#count(this.#requests, rpc.path);
      this.#bytesSent += request.byteLength;
      this.#inFlight++;
      try {
        const reply = await endpoint.transport.unary(rpc.path, request, {
          signal,
          timeoutMs: requestMs,
          lane: call?.lane ?? rpc.lane,
        });
        this.#bytesReceived += reply.byteLength;
        this.#endpoints.answered(endpoint);
        const answer = rpc.decode(reply);
        if (rpc.judged && answer.header.revision > this.#highest) this.#highest = answer.header.revision;
        return answer;
      } catch (error) {
        if (error instanceof WireError) throw undecodable(rpc, error, endpoint, options);
        if (!(error instanceof TransportFailure)) throw error;
        this.#count(this.#failures, rpc.path);
        const outcome = outcomeOf(error);
        this.#noteFailure(endpoint, error, sentMs, requestMs);
        last = storeErrorOf(error, {
          action: rpc.action,
          effect: rpc.effect,
          key: keyText(options?.key),
          timeoutMs: requestMs,
        });
        const repeatable = rpc.effect !== "write" || outcome.fate === "not-applied";
        if (!repeatable || outcome.retry === "never" || options?.once === true) throw last;
        if (outcome.retry === "refresh") throw last;
        if (this.clock.monotonicMs() >= endMs) throw last;
        avoid = endpoint;
        this.#retries++;
      } finally {
        this.#inFlight--;
      }
    }
  }

  async openStream(spec: StreamSpec): Promise<ClientStream> {
    spec.signal?.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    const avoid = spec.avoid === undefined ? undefined : this.#endpoints.find(spec.avoid);
    const endpoint = await this.#endpointFor(
      spec.endpoint,
      avoid,
      Number.POSITIVE_INFINITY,
      spec.signal,
      undefined,
      "open a stream",
    );
    this.#count(this.#requests, spec.path);
    const options = {
      signal: spec.signal,
      lane: spec.lane,
      metadata: spec.requireLeader === true ? { hasleader: "true" } : undefined,
    };
    const sending = spec.request === undefined ? endpoint.transport.bidi(spec.path, options) : undefined;
    const duplex = sending ?? endpoint.transport.serverStream(spec.path, spec.request ?? noBytes, options);
    const sentMs = this.clock.monotonicMs();
    const client = this;
    const opened: ClientStream = {
      endpoint: endpoint.url,
      async next() {
        try {
          const message = await duplex.next();
          if (message !== undefined) {
            client.#bytesReceived += message.byteLength;
            client.#endpoints.answered(endpoint);
          } else {
            client.#streams.delete(opened);
            client.#closing.signal.throwIfAborted();
          }
          return message;
        } catch (error) {
          client.#streams.delete(opened);
          client.#closing.signal.throwIfAborted();
          throw error;
        }
      },
      poll() {
        const message = duplex.poll();
        if (message !== undefined) client.#bytesReceived += message.byteLength;
        return message;
      },
      write(message) {
        client.#bytesSent += message.byteLength;
        return sending?.write(message) ?? true;
      },
      drained: () => sending?.drained() ?? Promise.resolve(),
      end: () => sending?.end(),
      cancel() {
        client.#streams.delete(opened);
        duplex.cancel();
      },
      condemn() {
        client.#endpoints.failed(endpoint, sentMs);
        opened.cancel();
      },
    };
    this.#streams.add(opened);
    return opened;
  }

  judge(failure: TransportFailure, action: string): Judgement {
    const endpoint = this.#endpoints.find(failure.endpoint);
    const judgement = judgementOf(failure, action);
    if (endpoint !== undefined && judgement.verdict === "retry") {
      this.#endpoints.failed(endpoint, this.clock.monotonicMs());
    }
    return judgement;
  }

  async refreshToken(): Promise<void> {}

  countReconnect(): void {
    this.#reconnects++;
  }

  onRestore(listener: (event: RestoreEvent) => void): () => void {
    this.#restoreListeners.add(listener);
    return () => this.#restoreListeners.delete(listener);
  }

  stats(): EtcdStats {
    return {
      requests: { ...this.#requests },
      failures: { ...this.#failures },
      retries: this.#retries,
      inFlight: this.#inFlight,
      bytesSent: this.#bytesSent,
      bytesReceived: this.#bytesReceived,
      openStreams: this.#streams.size,
      streamReconnects: this.#reconnects,
      endpoints: this.#endpoints.all.map(({ url, state, version }) => ({ url, state, version })),
    };
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(
      new StoreError("CLOSED", "Cannot use the etcd client: it is closed", { what: "etcd client" }),
    );
    for (const stream of [...this.#streams]) stream.cancel();
    await Promise.all(this.#endpoints.all.map((endpoint) => endpoint.transport.close()));
  }

  async #endpointFor(
    pinned: string | undefined,
    avoid: Endpoint | undefined,
    endMs: number,
    signal: AbortSignal | undefined,
    last: StoreError | undefined,
    action: string,
  ): Promise<Endpoint> {
    if (pinned !== undefined) {
      const endpoint = this.#endpoints.find(pinned);
      if (endpoint === undefined) {
        throw invalidArgument(
          "endpoint",
          `Cannot ${action}: endpoint is "${pinned}", expected one of this client's: ${this.endpoints.join(", ")}`,
        );
      }
      const restMs = avoid === undefined ? 0 : endpoint.restUntilMs - this.clock.monotonicMs();
      if (restMs > 0) await this.#rest(restMs, endMs, signal, last);
      return endpoint;
    }
    for (;;) {
      const choice = this.#endpoints.choose(avoid);
      if (choice === undefined) {
        throw (
          last ??
          new StoreError("UNAVAILABLE", `Cannot ${action}: every endpoint is quarantined`, {
            retryAfterMs: 1_000,
          })
        );
      }
      if (choice.waitMs === 0) return choice.endpoint;
      await this.#rest(choice.waitMs, endMs, signal, last);
    }
  }

  async #rest(
    waitMs: number,
    endMs: number,
    signal: AbortSignal | undefined,
    last: StoreError | undefined,
  ): Promise<void> {
    if (last !== undefined && this.clock.monotonicMs() + waitMs >= endMs) throw last;
    const either = signal === undefined ? this.signal : AbortSignal.any([signal, this.signal]);
    await this.clock.sleep(waitMs, either);
  }

  #noteFailure(endpoint: Endpoint, failure: TransportFailure, sentMs: number, requestMs: number): void {
    if (failure.fromServer && failure.code !== grpcStatus.unavailable) {
      this.#endpoints.answered(endpoint);
      return;
    }
    if (failure.code === grpcStatus.deadlineExceeded && requestMs < tellingTimeoutMs) return;
    this.#endpoints.failed(endpoint, sentMs);
  }

  #count(counter: Record<string, number>, path: string): void {
    counter[path] = (counter[path] ?? 0) + 1;
  }
}

const noBytes = new Uint8Array(0);

function keyText(key: RequestOptions["key"]): string | undefined {
  if (key === undefined || typeof key === "string") return key;
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("utf8");
}

function deadline(action: string, timeoutMs: number | undefined): StoreError {
  return new StoreError("DEADLINE", `Cannot ${action}: no answer within ${timeoutMs} ms`, { timeoutMs });
}

function undecodable(
  rpc: Rpc<{ readonly header: Header }>,
  error: WireError,
  endpoint: Endpoint,
  options: RequestOptions | undefined,
): StoreError {
  const text = `the answer of endpoint "${endpoint.url}" is damaged: ${error.message}`;
  if (rpc.effect === "write") {
    return new StoreError(
      "OUTCOME_UNKNOWN",
      `Cannot tell whether the request to ${rpc.action} was applied: ${text}`,
      { writeId: "", key: keyText(options?.key) ?? "" },
      { cause: error },
    );
  }
  return new StoreError(
    "UNAVAILABLE",
    `Cannot ${rpc.action}: ${text}`,
    { retryAfterMs: 1_000, endpoint: endpoint.url },
    { cause: error },
  );
}
