/**
 * The client core, assembled: the endpoints and their admission, unary calls, streams, tokens, and what they count. See
 * `client.ts` for the contract.
 */
import { setMaxListeners } from "node:events";
import { Permits } from "../../base/permits.ts";
import type { Random } from "../../base/random.ts";
import type { Clock } from "../../base/time/clock.ts";
import { StoreError } from "../../errors.ts";
import type { EtcdCall } from "../ports/call.ts";
import type { EtcdStats } from "../ports/etcd.ts";
import type { Header } from "../ports/messages.ts";
import type { TransportFailure } from "../transport/transport.ts";
import { AnswerCheck } from "./answer-check.ts";
import { beginAttempt, restoredStream, unavailable } from "./call-attempt.ts";
import type {
  Client,
  ClientStream,
  RequestOptions,
  RestoreEvent,
  RetryDecision,
  Rpc,
  StreamSpec,
} from "./client.ts";
import { ClientCounters } from "./client-diagnostics.ts";
import type { ClientParts } from "./client-parts.ts";
import { ClientStreams, streamRpc } from "./client-streams.ts";
import type { ConnectionFault } from "./endpoints/connection-probe.ts";
import { EndpointAdmission } from "./endpoints/endpoint-admission.ts";
import { EndpointFaults } from "./endpoints/endpoint-faults.ts";
import { EndpointIdentity } from "./endpoints/endpoint-identity.ts";
import { type Endpoint, EndpointSet } from "./endpoints/endpoint-set.ts";
import { retryDecisionOf } from "./outcome-table.ts";
import { authenticateRpc, TokenSource } from "./token-source.ts";
import { UnaryCalls } from "./unary-calls.ts";

export interface ClientOptions {
  readonly endpoints: readonly Endpoint[];
  readonly auth?: { readonly username: string; readonly password: string } | undefined;
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Requests in flight; more wait in a queue. Default 128: beyond the knee of etcd's throughput. */
  readonly inFlightMax?: number | undefined;
  readonly allowFaultyVersions?: boolean | undefined;
  /** Finds out why an endpoint cannot be reached. */
  readonly probe?: ((endpoint: Endpoint) => Promise<ConnectionFault | undefined>) | undefined;
  /** Called with warnings about faulty versions and foreign clusters, and their code; default `process.emitWarning`. */
  readonly warn?: ((message: string, code?: string) => void) | undefined;
}

const inFlightDefault = 128;
export class EtcdClient implements Client {
  readonly clock: Clock;
  readonly random: Random;
  readonly requestTimeoutMs: number;
  readonly endpoints: readonly string[];
  readonly #parts: ClientParts;
  readonly #permits: Permits;
  readonly #closing = new AbortController();
  readonly #restoreListeners = new Set<(event: RestoreEvent) => void>();
  readonly #calls: UnaryCalls;
  readonly #streams: ClientStreams;

  constructor(options: ClientOptions) {
    // Every waiting call listens: hundreds are normal and not a leak.
    setMaxListeners(0, this.#closing.signal);
    this.clock = options.clock;
    this.random = options.random;
    this.requestTimeoutMs = options.requestTimeoutMs;
    this.endpoints = options.endpoints.map((endpoint) => endpoint.url);
    this.#permits = new Permits(options.inFlightMax ?? inFlightDefault, options.clock);
    const shared = {
      clock: options.clock,
      requestTimeoutMs: options.requestTimeoutMs,
      closing: this.#closing.signal,
      endpoints: new EndpointSet(options.endpoints, options.clock, options.random),
      answers: new AnswerCheck(options.endpoints),
      counters: new ClientCounters(),
    };
    const identity = new EndpointIdentity({
      ...shared,
      allowFaultyVersions: options.allowFaultyVersions ?? false,
      warn: options.warn ?? emitWarning,
      restored: (event) => {
        this.#streams.fail(restoredStream());
        for (const listener of [...this.#restoreListeners]) listener(event);
      },
    });
    const faults = new EndpointFaults({
      ...shared,
      username: options.auth?.username,
      probe: options.probe,
    });
    const admission = new EndpointAdmission({ ...shared, identity, faults });
    const tokens =
      options.auth &&
      new TokenSource({
        ...options.auth,
        clock: options.clock,
        authenticate: async (request) =>
          (await this.unary(authenticateRpc, request, undefined, { internal: true })).token,
      });
    this.#parts = { ...shared, identity, faults, admission, tokens };
    this.#calls = new UnaryCalls(this.#parts, this.#permits);
    this.#streams = new ClientStreams(this.#parts);
  }

  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  get authenticates(): boolean {
    return this.#parts.tokens !== undefined;
  }

  get generation(): number {
    return this.#parts.answers.generation;
  }

  get highestRevision(): bigint {
    return this.#parts.answers.highest;
  }

  unary<T extends { readonly header: Header }>(
    rpc: Rpc<T>,
    request: Uint8Array,
    call?: EtcdCall,
    options?: RequestOptions,
  ): Promise<T> {
    return this.#calls.unary(rpc, request, call, options);
  }

  openStream(spec: StreamSpec): Promise<ClientStream> {
    return this.#streams.open(spec);
  }

  decideRetry(failure: TransportFailure, action: string): RetryDecision {
    const endpoint = this.#parts.endpoints.find(failure.endpoint);
    const decision = retryDecisionOf(failure, action);
    if (decision.next === "refresh" && this.#parts.tokens === undefined) {
      return { next: "fail", error: decision.error };
    }
    if (endpoint !== undefined && decision.next === "retry") {
      this.#parts.endpoints.failed(endpoint, Number.POSITIVE_INFINITY);
    }
    return decision;
  }

  judgeHeader(url: string, header: Header, action: string): void {
    const endpoint = this.#parts.endpoints.find(url);
    if (endpoint === undefined) return;
    const verdict = this.#parts.answers.judge(endpoint, header, undefined, this.clock.monotonicMs());
    if (verdict.verdict === "good") return;
    this.#parts.identity.apply(endpoint, verdict);
    throw unavailable(action, verdict.reason, url);
  }

  async refreshToken(signal?: AbortSignal): Promise<void> {
    if (this.#parts.tokens === undefined) return;
    signal?.throwIfAborted();
    await this.#parts.tokens.refresh(this.#parts.tokens.metadata);
  }

  countReconnect(): void {
    this.#parts.counters.streamReconnects++;
  }

  onRestore(listener: (event: RestoreEvent) => void): () => void {
    this.#restoreListeners.add(listener);
    return () => this.#restoreListeners.delete(listener);
  }

  /**
   * Resolves when one endpoint has been identified and, with a password, has accepted it.
   * @throws UNAVAILABLE naming the cause, UNAUTHENTICATED, DEADLINE, the signal's reason
   */
  async connect(call: EtcdCall): Promise<void> {
    const attempt = beginAttempt({
      rpc: streamRpc,
      call: { ...call, refusalPatienceMs: 0 },
      startedMs: this.clock.monotonicMs(),
      requestTimeoutMs: this.requestTimeoutMs,
      generation: this.#parts.answers.generation,
    });
    attempt.endpoint = await this.#parts.admission.admit(attempt);
    if (this.#parts.tokens !== undefined)
      await this.#parts.admission.waitFor(this.#parts.tokens.refresh(undefined), attempt);
  }

  stats(): EtcdStats {
    const { latency, lastId: _, ...counted } = this.#parts.counters;
    return {
      ...counted,
      requests: { ...counted.requests },
      failures: { ...counted.failures },
      waiting: this.#permits.waiting,
      latency: latency.snapshot(),
      openStreams: this.#streams.size,
      waitingStreams: this.#parts.endpoints.all.reduce(
        (sum, { transport }) => sum + (transport.waitingStreams?.() ?? 0),
        0,
      ),
      restores: this.#parts.answers.generation,
      endpoints: this.#parts.endpoints.all.map(({ url, state, version }) => ({ url, state, version })),
    };
  }

  /** Connections to `url` lost so far: the next one may lead to another process. */
  losses(url: string): number {
    return this.#parts.endpoints.find(url)?.losses ?? 0;
  }

  /** The versions of the endpoints identified so far. */
  get versions(): readonly string[] {
    return this.#parts.endpoints.all
      .map((endpoint) => endpoint.version)
      .filter((version) => version !== undefined);
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const reason = new StoreError("CLOSED", "Cannot use the etcd client: it is closed", {
      what: "etcd client",
    });
    this.#closing.abort(reason);
    this.#permits.close(reason);
    this.#streams.fail(reason);
    await Promise.all(this.#parts.endpoints.all.map((endpoint) => endpoint.transport.close()));
  }
}

function emitWarning(message: string, code?: string): void {
  process.emitWarning(message, { type: "KeelsonWarning", ...(code === undefined ? {} : { code }) });
}
