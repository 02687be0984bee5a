/**
 * The client core: see `client.ts` for the contract.
 *
 * One call, step by step:
 *   admit (in-flight limit) → choose an endpoint, wait for its back-off, identify it on first use → send →
 *   judge the answer (answer-check) or the failure (outcome-table) → hand over, or continue elsewhere while the
 *   call has time and the request may be repeated
 *
 * A request that cannot finish is not sent: ended calls fail before that. The usual path allocates the promise, the
 * call's own state and what the transport needs, but no timer and no AbortController.
 */
import { setMaxListeners } from "node:events";
import { Permits } from "../../base/permits.ts";
import type { Random } from "../../base/random.ts";
import type { Clock } from "../../base/time/clock.ts";
import { isStoreError, StoreError } from "../../errors.ts";
import type { EtcdCall } from "../ports/call.ts";
import type { EtcdStats } from "../ports/etcd.ts";
import type { Header } from "../ports/messages.ts";
import { TransportFailure } from "../transport/transport.ts";
import { statusResponse } from "../wire/maintenance.ts";
import { WireError } from "../wire/reader.ts";
import { AnswerCheck, type Verdict } from "./answer-check.ts";
import {
  beginAttempt,
  type CallAttempt,
  checkCall,
  damaged,
  deadlineError,
  restoredError,
  restoredStream,
  restoredText,
  unavailable,
  unknownOutcome,
} from "./call-attempt.ts";
import type {
  Client,
  ClientStream,
  RequestOptions,
  RestoreEvent,
  RetryDecision,
  Rpc,
  StreamSpec,
} from "./client.ts";
import { LatencyHistogram, requestChannel, streamChannel } from "./client-diagnostics.ts";
import { TrackedStream } from "./client-stream.ts";
import type { ConnectionFault } from "./connection-probe.ts";
import { EndpointAdmission, statusPath } from "./endpoint-admission.ts";
import { type Endpoint, EndpointSet } from "./endpoint-set.ts";
import { meaningOf, retryDecisionOf } from "./outcome-table.ts";
import { authenticateRpc, TokenSource } from "./token-source.ts";

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
/** Waits before another token for a call whose new token was refused as well: etcd's users are changing. */
const refreshWaits = { firstMs: 10, maxMs: 500 } as const;
const noBytes = new Uint8Array(0);

export class EtcdClient implements Client {
  readonly clock: Clock;
  readonly random: Random;
  readonly requestTimeoutMs: number;
  readonly endpoints: readonly string[];
  readonly #endpoints: EndpointSet;
  readonly #answers: AnswerCheck;
  readonly #permits: Permits;
  readonly #tokens: TokenSource | undefined;
  readonly #admission: EndpointAdmission;
  readonly #closing = new AbortController();
  readonly #restoreListeners = new Set<(event: RestoreEvent) => void>();
  readonly #streams = new Set<TrackedStream>();

  readonly #requests: Record<string, number> = {};
  readonly #failures: Record<string, number> = {};
  readonly #latency = new LatencyHistogram();
  #retries = 0;
  #inFlight = 0;
  #bytesSent = 0;
  #bytesReceived = 0;
  #reconnects = 0;
  #lastId = 0;

  constructor(options: ClientOptions) {
    // Every waiting call listens: hundreds are normal and not a leak.
    setMaxListeners(0, this.#closing.signal);
    this.clock = options.clock;
    this.random = options.random;
    this.requestTimeoutMs = options.requestTimeoutMs;
    this.#endpoints = new EndpointSet(options.endpoints, options.clock, options.random);
    this.#answers = new AnswerCheck(options.endpoints);
    this.#permits = new Permits(options.inFlightMax ?? inFlightDefault, options.clock);
    this.#admission = new EndpointAdmission({
      endpoints: this.#endpoints,
      answers: this.#answers,
      clock: options.clock,
      requestTimeoutMs: options.requestTimeoutMs,
      closing: this.#closing.signal,
      username: options.auth?.username,
      allowFaultyVersions: options.allowFaultyVersions ?? false,
      probe: options.probe,
      warn: options.warn ?? emitWarning,
      identified: (outcome) => this.#count(outcome === "sent" ? this.#requests : this.#failures, statusPath),
      restored: (event) => {
        for (const stream of [...this.#streams]) stream.fail(restoredStream());
        for (const listener of [...this.#restoreListeners]) listener(event);
      },
    });
    this.endpoints = options.endpoints.map((endpoint) => endpoint.url);
    if (options.auth !== undefined) {
      this.#tokens = new TokenSource({
        ...options.auth,
        clock: options.clock,
        authenticate: async (request) =>
          (await this.unary(authenticateRpc, request, undefined, { internal: true })).token,
      });
    }
  }

  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  get authenticates(): boolean {
    return this.#tokens !== undefined;
  }

  get generation(): number {
    return this.#answers.generation;
  }

  get highestRevision(): bigint {
    return this.#answers.highest;
  }

  async unary<T extends { readonly header: Header }>(
    rpc: Rpc<T>,
    request: Uint8Array,
    call?: EtcdCall,
    options?: RequestOptions,
  ): Promise<T> {
    const startedMs = this.clock.monotonicMs();
    const requestTimeoutMs = call?.requestTimeoutMs ?? this.requestTimeoutMs;
    if (call !== undefined) checkCall(call, rpc.action);
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
    const { generation } = this.#answers;
    const attempt = beginAttempt({ rpc, call, options, startedMs, requestTimeoutMs, generation });
    const internal = options?.internal === true;
    if (!internal && !this.#permits.tryTake()) {
      await this.#permits.take(attempt.endMs - startedMs, call?.signal, () =>
        deadlineError(attempt, "no turn"),
      );
    }
    this.#inFlight++;
    const id = requestChannel.hasSubscribers ? ++this.#lastId : 0;
    if (id !== 0) {
      requestChannel.publish({ phase: "start", id, method: rpc.path, bytesSent: request.byteLength });
    }
    let outcome = "OK";
    try {
      return await this.#run(rpc, request, attempt, requestTimeoutMs);
    } catch (error) {
      outcome = isStoreError(error) ? error.code : "ABORTED";
      throw error;
    } finally {
      this.#inFlight--;
      if (!internal) this.#permits.give();
      const durationMs = this.clock.monotonicMs() - startedMs;
      this.#latency.add(durationMs);
      if (id !== 0) {
        requestChannel.publish({
          phase: "end",
          id,
          method: rpc.path,
          endpoint: attempt.endpoint?.url,
          durationMs,
          outcome,
          bytesSent: request.byteLength,
          bytesReceived: attempt.received,
        });
      }
    }
  }

  async #run<T extends { readonly header: Header }>(
    rpc: Rpc<T>,
    request: Uint8Array,
    attempt: CallAttempt,
    requestTimeoutMs: number,
  ): Promise<T> {
    const { call, options } = attempt;
    const signal = call?.signal;
    for (;;) {
      const endpoint = this.#admission.admitNow(attempt) ?? (await this.#admission.admit(attempt));
      attempt.endpoint = endpoint;
      let metadata: Readonly<Record<string, string>> | undefined;
      if (this.#tokens !== undefined && options?.internal !== true) {
        if (this.#tokens.metadata === undefined)
          await this.#admission.waitFor(this.#tokens.refresh(undefined), attempt);
        metadata = this.#tokens.metadata;
      }
      signal?.throwIfAborted();
      // Its connection was lost while the token was fetched.
      if (!endpoint.identified) continue;
      const sentMs = this.clock.monotonicMs();
      const requestMs = Math.min(requestTimeoutMs, attempt.endMs - sentMs);
      if (requestMs <= 0) throw await this.#admission.giveUp(attempt);
      attempt.requestMs = requestMs;
      const floor = this.#answers.highest;
      const { statuses } = this.#answers.log;
      this.#count(this.#requests, rpc.path);
      this.#bytesSent += request.byteLength;
      call?.onSend?.();
      let answer: T;
      try {
        const reply = await endpoint.transport.unary(rpc.path, request, {
          signal,
          timeoutMs: requestMs,
          metadata,
          lane: call?.lane ?? rpc.lane,
        });
        this.#bytesReceived += reply.byteLength;
        attempt.received = reply.byteLength;
        this.#endpoints.answered(endpoint);
        answer = rpc.decode(reply);
      } catch (error) {
        this.#count(this.#failures, rpc.path);
        if (error instanceof WireError) throw damaged(attempt, endpoint, error);
        if (!(error instanceof TransportFailure)) throw error;
        this.#admission.noteFailure(endpoint, error, sentMs, requestMs);
        attempt.last = error;
        await this.#afterFailure(attempt, endpoint, error, metadata);
        continue;
      }
      const verdict = this.#answers.judge(
        endpoint,
        answer.header,
        rpc.judged ? floor : undefined,
        this.clock.monotonicMs(),
      );
      if (verdict.verdict === "good" && attempt.generation === this.#answers.generation) {
        if (rpc.judged) this.#answers.log.answered(answer.header.revision, statuses);
        call?.onHeader?.(answer.header);
        return answer;
      }
      this.#admission.apply(endpoint, verdict);
      attempt.last = this.#refusal(attempt, endpoint, verdict);
      if (rpc.effect === "write" || attempt.generation !== this.#answers.generation) throw attempt.last;
      if (this.clock.monotonicMs() >= attempt.endMs) throw attempt.last;
      attempt.avoid = endpoint;
      this.#retries++;
    }
  }

  /** Returns when the request may be sent again. @throws the caller's error otherwise */
  async #afterFailure(
    attempt: CallAttempt,
    endpoint: Endpoint,
    failure: TransportFailure,
    metadata: Readonly<Record<string, string>> | undefined,
  ): Promise<void> {
    const { rpc, call } = attempt;
    const meaning = meaningOf(failure, call?.doubtsRefusal);
    const repeatable = rpc.effect !== "write" || meaning.outcome === "not-applied";
    if (this.#closing.signal.aborted && repeatable) throw this.#closing.signal.reason;
    if (!repeatable || meaning.retry === "never") throw await this.#admission.giveUp(attempt);
    if (attempt.generation !== this.#answers.generation) throw restoredError(attempt);
    if (this.clock.monotonicMs() >= attempt.endMs) throw await this.#admission.giveUp(attempt);
    if (meaning.retry === "refresh") {
      if (this.#tokens === undefined) throw await this.#admission.giveUp(attempt);
      // A wrong password is reported when the token is fetched. With a right one the call's time is the limit:
      // each change of a user or role invalidates every earlier token.
      if (attempt.refreshes++ > 0) await this.#admission.pause(refreshWait(attempt.refreshes), attempt);
      if (attempt.options?.internal !== true)
        await this.#admission.waitFor(this.#tokens.refresh(metadata), attempt);
    } else {
      attempt.avoid = endpoint;
      // The server is busy: try again later rather than at once.
      if (failure.fromServer) this.#endpoints.rest(endpoint);
    }
    this.#retries++;
  }

  async openStream(spec: StreamSpec): Promise<ClientStream> {
    spec.signal?.throwIfAborted();
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
    const attempt = beginAttempt({
      rpc: streamRpc,
      call: { signal: spec.signal, endpoint: spec.endpoint },
      startedMs: this.clock.monotonicMs(),
      requestTimeoutMs: this.requestTimeoutMs,
      generation: this.#answers.generation,
      avoid: spec.avoid === undefined ? undefined : this.#endpoints.find(spec.avoid),
    });
    let endpoint = await this.#admission.admit(attempt);
    while (this.#tokens !== undefined && this.#tokens.metadata === undefined) {
      await this.#admission.waitFor(this.#tokens.refresh(undefined), attempt);
      endpoint = await this.#admission.admit(attempt);
    }
    spec.signal?.throwIfAborted();
    this.#count(this.#requests, spec.path);
    const token = this.#tokens?.metadata;
    const options = {
      signal: spec.signal,
      lane: spec.lane,
      metadata: spec.requireLeader === true ? { ...token, hasleader: "true" } : token,
    };
    const duplex = spec.request === undefined ? endpoint.transport.bidi(spec.path, options) : undefined;
    const source = duplex ?? endpoint.transport.serverStream(spec.path, spec.request ?? noBytes, options);
    const openedMs = this.clock.monotonicMs();
    const id = streamChannel.hasSubscribers ? ++this.#lastId : 0;
    const common = { id, method: spec.path, endpoint: endpoint.url };
    if (id !== 0) streamChannel.publish({ ...common, phase: "open" });
    const stream = new TrackedStream(endpoint.url, source, duplex, {
      received: (bytes) => {
        this.#bytesReceived += bytes;
        this.#endpoints.answered(endpoint);
      },
      sent: (bytes) => {
        this.#bytesSent += bytes;
      },
      reportedUnhealthy: () => this.#endpoints.failed(endpoint, Number.POSITIVE_INFINITY),
      ended: ({ outcome, messages, bytes }) => {
        this.#streams.delete(stream);
        if (id === 0) return;
        const durationMs = this.clock.monotonicMs() - openedMs;
        streamChannel.publish({
          ...common,
          phase: "end",
          durationMs,
          outcome,
          messages,
          bytesReceived: bytes,
        });
      },
    });
    this.#streams.add(stream);
    return stream;
  }

  decideRetry(failure: TransportFailure, action: string): RetryDecision {
    const endpoint = this.#endpoints.find(failure.endpoint);
    const decision = retryDecisionOf(failure, action);
    if (decision.next === "refresh" && this.#tokens === undefined) {
      return { next: "fail", error: decision.error };
    }
    if (endpoint !== undefined && decision.next === "retry") {
      this.#endpoints.failed(endpoint, Number.POSITIVE_INFINITY);
    }
    return decision;
  }

  judgeHeader(url: string, header: Header, action: string): void {
    const endpoint = this.#endpoints.find(url);
    if (endpoint === undefined) return;
    const verdict = this.#answers.judge(endpoint, header, undefined, this.clock.monotonicMs());
    if (verdict.verdict === "good") return;
    this.#admission.apply(endpoint, verdict);
    throw unavailable(action, verdict.reason, url);
  }

  async refreshToken(signal?: AbortSignal): Promise<void> {
    if (this.#tokens === undefined) return;
    signal?.throwIfAborted();
    await this.#tokens.refresh(this.#tokens.metadata);
  }

  countReconnect(): void {
    this.#reconnects++;
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
      generation: this.#answers.generation,
    });
    attempt.endpoint = await this.#admission.admit(attempt);
    if (this.#tokens !== undefined) await this.#admission.waitFor(this.#tokens.refresh(undefined), attempt);
  }

  stats(): EtcdStats {
    return {
      requests: { ...this.#requests },
      failures: { ...this.#failures },
      retries: this.#retries,
      inFlight: this.#inFlight,
      waiting: this.#permits.waiting,
      latency: this.#latency.snapshot(),
      bytesSent: this.#bytesSent,
      bytesReceived: this.#bytesReceived,
      openStreams: this.#streams.size,
      waitingStreams: this.#endpoints.all.reduce(
        (sum, { transport }) => sum + (transport.waitingStreams?.() ?? 0),
        0,
      ),
      streamReconnects: this.#reconnects,
      restores: this.#answers.generation,
      endpoints: this.#endpoints.all.map(({ url, state, version }) => ({ url, state, version })),
    };
  }

  /** Connections to `url` lost so far: the next one may lead to another process. */
  losses(url: string): number {
    return this.#endpoints.find(url)?.losses ?? 0;
  }

  /** Lowest version among the endpoints identified; undefined before the first. */
  get versions(): readonly string[] {
    return this.#endpoints.all.map((endpoint) => endpoint.version).filter((version) => version !== undefined);
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const reason = new StoreError("CLOSED", "Cannot use the etcd client: it is closed", {
      what: "etcd client",
    });
    this.#closing.abort(reason);
    this.#permits.close(reason);
    for (const stream of [...this.#streams]) stream.fail(reason);
    await Promise.all(this.#endpoints.all.map((endpoint) => endpoint.transport.close()));
  }

  #refusal(attempt: CallAttempt, endpoint: Endpoint, verdict: Verdict): StoreError {
    const { rpc, options } = attempt;
    const reason = verdict.verdict === "good" ? restoredText : verdict.reason;
    return rpc.effect === "write"
      ? unknownOutcome(rpc.action, reason, options)
      : unavailable(rpc.action, reason, endpoint.url);
  }

  #count(counter: Record<string, number>, path: string): void {
    counter[path] = (counter[path] ?? 0) + 1;
  }
}

function refreshWait(refreshes: number): number {
  return Math.min(refreshWaits.maxMs, refreshWaits.firstMs * 2 ** (refreshes - 2));
}

/** The `Rpc` of a stream where a request is expected: opening one changes nothing. */
const streamRpc: Rpc<{ readonly header: Header }> = {
  path: statusPath,
  effect: "read",
  judged: false,
  lane: "stream",
  action: "reach etcd",
  decode: statusResponse.decode,
};

function emitWarning(message: string, code?: string): void {
  process.emitWarning(message, { type: "KeelsonWarning", ...(code === undefined ? {} : { code }) });
}
