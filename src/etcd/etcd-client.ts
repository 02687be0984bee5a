/**
 * The client core: see `client.ts` for the contract.
 *
 * One call, step by step:
 *   admit (in-flight limit) → choose an endpoint, wait its rest out, greet it if it is new → send →
 *   judge the answer (cluster-guard) or the failure (outcome-table) → hand over, or go on elsewhere while the
 *   call has time and the request may be repeated
 *
 * A request that cannot finish is not begun: ended calls fail before anything is sent. The usual path allocates
 * the promise, the call's own state and what the transport needs; no timer and no AbortController of ours.
 */
import { setMaxListeners } from "node:events";
import type { Clock } from "../base/clock.ts";
import { Permits } from "../base/permits.ts";
import type { Random } from "../base/random.ts";
import { invalidArgument, isStoreError, StoreError } from "../errors.ts";
import type {
  Client,
  ClientStream,
  Judgement,
  RequestOptions,
  RestoreEvent,
  Rpc,
  StreamSpec,
} from "./client.ts";
import { LatencyHistogram, requestChannel, streamChannel } from "./client-diagnostics.ts";
import { TrackedStream } from "./client-stream.ts";
import { ClusterGuard, type Verdict } from "./cluster-guard.ts";
import { type Endpoint, EndpointSet } from "./endpoint-set.ts";
import { judgementOf, outcomeOf, storeErrorOf } from "./outcome-table.ts";
import type { EtcdCall, EtcdStats, Header } from "./ports.ts";
import { authenticateRpc, TokenSource } from "./token-source.ts";
import { grpcStatus, TransportFailure } from "./transport.ts";
import { refusalOf, warningOf } from "./version-check.ts";
import { type StatusResponse, statusResponse } from "./wire/maintenance.ts";
import { WireError } from "./wire/reader.ts";

export interface ClientOptions {
  readonly endpoints: readonly Endpoint[];
  readonly auth?: { readonly username: string; readonly password: string } | undefined;
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Requests on their way at once; more wait in line. Default 128: past the knee of etcd's throughput. */
  readonly inFlightMax?: number | undefined;
  readonly allowFaultyVersions?: boolean | undefined;
  /** Finds out why an endpoint cannot be reached. */
  readonly probe?: ((endpoint: Endpoint) => Promise<string | undefined>) | undefined;
  /** Told about faulty versions and strangers; default `process.emitWarning`. */
  readonly warn?: ((message: string) => void) | undefined;
}

const inFlightDefault = 128;
/** A call without a bound of its own is not begun anew after this many request times. */
const unboundedCallRequests = 2;
/** A request that had less than this says nothing about the endpoint when it times out. */
const tellingTimeoutMs = 1_000;
/** An endpoint that does not say who it is within this is passed over. */
const greetingTimeoutMs = 2_000;
/** A call fetches a token at most this often: refused again and again, it is not the token. */
const tokenRefreshesMax = 3;
/** How long a failing call waits to learn why an endpoint cannot be reached. */
const probeWaitMs = 1_000;
/** What a probe found is good for this long. */
const probeFreshMs = 5_000;

const statusPath = "/etcdserverpb.Maintenance/Status";
const noBytes = new Uint8Array(0);

/** One call on its way, over all its tries. */
interface Try {
  readonly rpc: Rpc<{ readonly header: Header }>;
  readonly call: EtcdCall | undefined;
  readonly options: RequestOptions | undefined;
  readonly endMs: number;
  readonly generation: number;
  avoid: Endpoint | undefined;
  /** Why the last try failed. */
  last: TransportFailure | StoreError | undefined;
  /** What the last request was given, for the message of a timeout. */
  requestMs: number;
  refreshes: number;
  endpoint: Endpoint | undefined;
}

export class EtcdClient implements Client {
  readonly clock: Clock;
  readonly random: Random;
  readonly requestTimeoutMs: number;
  readonly endpoints: readonly string[];
  readonly #endpoints: EndpointSet;
  readonly #guard: ClusterGuard;
  readonly #permits: Permits;
  readonly #tokens: TokenSource | undefined;
  readonly #allowFaultyVersions: boolean;
  readonly #probe: ClientOptions["probe"];
  readonly #probes = new Map<
    Endpoint,
    { readonly atMs: number; readonly reason: Promise<string | undefined> }
  >();
  readonly #warn: (message: string) => void;
  readonly #warned = new Set<string>();
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
    // Every call that waits listens: hundreds are usual, and no leak.
    setMaxListeners(0, this.#closing.signal);
    this.clock = options.clock;
    this.random = options.random;
    this.requestTimeoutMs = options.requestTimeoutMs;
    this.#endpoints = new EndpointSet(options.endpoints, options.clock, options.random);
    this.#guard = new ClusterGuard(options.endpoints);
    this.#permits = new Permits(options.inFlightMax ?? inFlightDefault, options.clock);
    this.#allowFaultyVersions = options.allowFaultyVersions ?? false;
    this.#probe = options.probe;
    this.#warn = options.warn ?? ((message) => process.emitWarning(message, "KeelsonWarning"));
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

  get generation(): number {
    return this.#guard.generation;
  }

  get highestRevision(): bigint {
    return this.#guard.highest;
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
    const endMs = startedMs + (call?.timeoutMs ?? requestTimeoutMs * unboundedCallRequests);
    const attempt: Try = {
      rpc,
      call,
      options,
      endMs,
      generation: this.#guard.generation,
      avoid: undefined,
      last: undefined,
      requestMs: requestTimeoutMs,
      refreshes: 0,
      endpoint: undefined,
    };
    const internal = options?.internal === true;
    if (!internal && !this.#permits.tryTake()) {
      await this.#permits.take(endMs - startedMs, call?.signal, () => deadlineError(attempt, "no turn"));
    }
    this.#inFlight++;
    const id = requestChannel.hasSubscribers ? ++this.#lastId : 0;
    if (id !== 0) {
      requestChannel.publish({ phase: "start", id, method: rpc.path, bytesSent: request.byteLength });
    }
    let outcome = "OK";
    const receivedBefore = this.#bytesReceived;
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
          bytesReceived: outcome === "OK" ? this.#bytesReceived - receivedBefore : 0,
        });
      }
    }
  }

  async #run<T extends { readonly header: Header }>(
    rpc: Rpc<T>,
    request: Uint8Array,
    attempt: Try,
    requestTimeoutMs: number,
  ): Promise<T> {
    const { call, options } = attempt;
    const signal = call?.signal;
    for (;;) {
      const endpoint = await this.#endpointFor(attempt);
      attempt.endpoint = endpoint;
      let metadata: Readonly<Record<string, string>> | undefined;
      if (this.#tokens !== undefined && options?.internal !== true) {
        if (this.#tokens.metadata === undefined)
          await this.#waitFor(this.#tokens.refresh(undefined), attempt);
        metadata = this.#tokens.metadata;
      }
      signal?.throwIfAborted();
      const sentMs = this.clock.monotonicMs();
      const requestMs = Math.min(requestTimeoutMs, attempt.endMs - sentMs);
      if (requestMs <= 0) throw await this.#giveUp(attempt);
      attempt.requestMs = requestMs;
      const floor = this.#guard.highest;
      this.#count(this.#requests, rpc.path);
      this.#bytesSent += request.byteLength;
      let answer: T;
      try {
        const reply = await endpoint.transport.unary(rpc.path, request, {
          signal,
          timeoutMs: requestMs,
          metadata,
          lane: call?.lane ?? rpc.lane,
        });
        this.#bytesReceived += reply.byteLength;
        this.#endpoints.answered(endpoint);
        answer = rpc.decode(reply);
      } catch (error) {
        this.#count(this.#failures, rpc.path);
        if (error instanceof WireError) throw damaged(attempt, endpoint, error);
        if (!(error instanceof TransportFailure)) throw error;
        this.#noteFailure(endpoint, error, sentMs, requestMs);
        attempt.last = error;
        await this.#afterFailure(attempt, endpoint, error, metadata);
        continue;
      }
      const verdict = this.#guard.judge(
        endpoint,
        answer.header,
        rpc.judged ? floor : undefined,
        this.clock.monotonicMs(),
      );
      if (verdict.verdict === "good" && attempt.generation === this.#guard.generation) return answer;
      this.#heed(endpoint, verdict);
      attempt.last = this.#refusal(attempt, endpoint, verdict);
      if (rpc.effect === "write" || attempt.generation !== this.#guard.generation) throw attempt.last;
      if (this.clock.monotonicMs() >= attempt.endMs) throw attempt.last;
      attempt.avoid = endpoint;
      this.#retries++;
    }
  }

  /** Returns when the request may be sent again. @throws what the caller gets */
  async #afterFailure(
    attempt: Try,
    endpoint: Endpoint,
    failure: TransportFailure,
    metadata: Readonly<Record<string, string>> | undefined,
  ): Promise<void> {
    const { rpc } = attempt;
    const outcome = outcomeOf(failure);
    const repeatable = rpc.effect !== "write" || outcome.fate === "not-applied";
    if (this.#closing.signal.aborted && repeatable) throw this.#closing.signal.reason;
    if (!repeatable || outcome.retry === "never") throw await this.#giveUp(attempt);
    if (attempt.generation !== this.#guard.generation) throw restoredError(attempt);
    if (this.clock.monotonicMs() >= attempt.endMs) throw await this.#giveUp(attempt);
    if (outcome.retry === "refresh") {
      if (this.#tokens === undefined || attempt.options?.internal === true) throw await this.#giveUp(attempt);
      if (attempt.refreshes++ === tokenRefreshesMax) throw await this.#giveUp(attempt);
      await this.#waitFor(this.#tokens.refresh(metadata), attempt);
    } else {
      attempt.avoid = endpoint;
      // It answered that it is busy: come back later rather than at once.
      if (failure.fromServer) this.#endpoints.rest(endpoint);
    }
    this.#retries++;
  }

  async openStream(spec: StreamSpec): Promise<ClientStream> {
    spec.signal?.throwIfAborted();
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
    const attempt: Try = {
      rpc: { ...streamRpc, path: spec.path },
      call: { signal: spec.signal, endpoint: spec.endpoint },
      options: undefined,
      endMs: this.clock.monotonicMs() + this.requestTimeoutMs * unboundedCallRequests,
      generation: this.#guard.generation,
      avoid: spec.avoid === undefined ? undefined : this.#endpoints.find(spec.avoid),
      last: undefined,
      requestMs: this.requestTimeoutMs,
      refreshes: 0,
      endpoint: undefined,
    };
    const endpoint = await this.#endpointFor(attempt);
    if (this.#tokens !== undefined && this.#tokens.metadata === undefined) {
      await this.#waitFor(this.#tokens.refresh(undefined), attempt);
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
      condemned: () => this.#endpoints.failed(endpoint, Number.POSITIVE_INFINITY),
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

  judge(failure: TransportFailure, action: string): Judgement {
    const endpoint = this.#endpoints.find(failure.endpoint);
    const judgement = judgementOf(failure, action);
    if (judgement.verdict === "refresh" && this.#tokens === undefined) {
      return { verdict: "fail", error: judgement.error };
    }
    if (endpoint !== undefined && judgement.verdict === "retry") {
      this.#endpoints.failed(endpoint, Number.POSITIVE_INFINITY);
    }
    return judgement;
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
   * Resolves when one endpoint has said who it is and, with a password, has taken it.
   * @throws UNAVAILABLE naming the cause, UNAUTHENTICATED, DEADLINE, the signal's reason
   */
  async connect(call: EtcdCall): Promise<void> {
    const attempt: Try = {
      rpc: streamRpc,
      call,
      options: undefined,
      endMs: this.clock.monotonicMs() + (call.timeoutMs ?? this.requestTimeoutMs * unboundedCallRequests),
      generation: this.#guard.generation,
      avoid: undefined,
      last: undefined,
      requestMs: this.requestTimeoutMs,
      refreshes: 0,
      endpoint: undefined,
    };
    attempt.endpoint = await this.#endpointFor(attempt);
    if (this.#tokens !== undefined) await this.#waitFor(this.#tokens.refresh(undefined), attempt);
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
      streamReconnects: this.#reconnects,
      restores: this.#guard.generation,
      endpoints: this.#endpoints.all.map(({ url, state, version }) => ({ url, state, version })),
    };
  }

  /** Lowest version among the endpoints greeted; undefined before the first. */
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

  // ---- endpoints ------------------------------------------------------------------------------------

  /** An endpoint that has rested and said who it is. @throws what the caller gets when there is none in time */
  async #endpointFor(attempt: Try): Promise<Endpoint> {
    const { call } = attempt;
    if (call?.endpoint !== undefined) return this.#pinned(attempt, call.endpoint);
    for (;;) {
      if (this.#endpoints.anyQuarantined) this.#revisitQuarantined();
      const choice = this.#endpoints.choose(attempt.avoid);
      if (choice === undefined) {
        const asking = this.#endpoints.all.find((endpoint) => endpoint.greeting !== undefined)?.greeting;
        if (asking === undefined) throw this.#allQuarantined(attempt);
        await this.#waitFor(settled(asking), attempt);
        continue;
      }
      const { endpoint, waitMs } = choice;
      if (waitMs > 0) {
        await this.#rest(waitMs, attempt);
        continue;
      }
      if (endpoint.greeted || (await this.#greeted(endpoint, attempt))) return endpoint;
    }
  }

  async #pinned(attempt: Try, url: string): Promise<Endpoint> {
    const endpoint = this.#endpoints.find(url);
    if (endpoint === undefined) {
      throw invalidArgument(
        "endpoint",
        `Cannot ${attempt.rpc.action}: endpoint is "${url}", expected one of this client's: ${this.endpoints.join(", ")}`,
      );
    }
    for (;;) {
      if (attempt.last !== undefined) {
        const restMs = endpoint.restUntilMs - this.clock.monotonicMs();
        if (restMs > 0) await this.#rest(restMs, attempt);
      }
      if (endpoint.greeted || (await this.#greeted(endpoint, attempt))) return endpoint;
      if (endpoint.state === "quarantined") throw this.#allQuarantined(attempt);
    }
  }

  /** False when it could not say who it is, or is not one of ours; `attempt.last` then says why. */
  async #greeted(endpoint: Endpoint, attempt: Try): Promise<boolean> {
    endpoint.greeting ??= this.#greet(endpoint).finally(() => {
      endpoint.greeting = undefined;
    });
    try {
      await this.#waitFor(endpoint.greeting, attempt);
    } catch (error) {
      if (!(error instanceof TransportFailure)) throw error;
      attempt.last = error;
      if (outcomeOf(error).retry === "never") throw await this.#giveUp(attempt);
      if (this.clock.monotonicMs() >= attempt.endMs) throw await this.#giveUp(attempt);
    }
    if (attempt.generation !== this.#guard.generation) throw restoredError(attempt);
    return endpoint.greeted;
  }

  /** Asks the member for its version and cluster, which needs no rights. @throws TransportFailure when it cannot be reached */
  async #greet(endpoint: Endpoint): Promise<void> {
    const sentMs = this.clock.monotonicMs();
    const timeoutMs = Math.min(greetingTimeoutMs, this.requestTimeoutMs);
    let status: StatusResponse;
    try {
      this.#count(this.#requests, statusPath);
      const reply = await endpoint.transport.unary(statusPath, noBytes, { timeoutMs, lane: "unary" });
      status = statusResponse.decode(reply);
    } catch (error) {
      this.#count(this.#failures, statusPath);
      if (error instanceof WireError) {
        this.#endpoints.failed(endpoint, sentMs);
        throw new TransportFailure({
          code: grpcStatus.internal,
          text: `the status is damaged: ${error.message}`,
          request: "unsent",
          fromServer: false,
          endpoint: endpoint.url,
        });
      }
      if (!(error instanceof TransportFailure)) throw error;
      if (error.fromServer && error.code !== grpcStatus.unavailable) {
        // It speaks, and will not say more: an etcd that wants a token for this too.
        endpoint.greeted = true;
        this.#endpoints.release(endpoint);
        this.#endpoints.answered(endpoint);
        return;
      }
      this.#endpoints.failed(endpoint, sentMs);
      throw unsent(error);
    }
    endpoint.version = status.version;
    const faulty = this.#allowFaultyVersions ? undefined : refusalOf(status.version);
    if (faulty !== undefined) return this.#quarantine(endpoint, faulty);
    const warning = warningOf(status.version);
    if (warning !== undefined) this.#warnOnce(warning);
    const verdict = this.#guard.judge(endpoint, status.header, undefined, this.clock.monotonicMs());
    this.#heed(endpoint, verdict);
    if (verdict.verdict === "refused") return;
    this.#endpoints.release(endpoint);
    this.#endpoints.answered(endpoint);
    endpoint.greeted = true;
  }

  /** Looks again, beside the calls, at an endpoint that has been set aside. */
  #revisitQuarantined(): void {
    const endpoint = this.#endpoints.quarantinedDue();
    if (endpoint === undefined) return;
    endpoint.greeting = this.#greet(endpoint)
      .catch(() => this.#endpoints.failed(endpoint, 0))
      .finally(() => {
        endpoint.greeting = undefined;
      });
  }

  #heed(endpoint: Endpoint, verdict: Verdict): void {
    switch (verdict.verdict) {
      case "good":
        return;
      case "refused":
        if (verdict.kind === "foreign") this.#quarantine(endpoint, verdict.reason);
        else this.#endpoints.rest(endpoint);
        return;
      case "restored":
        for (const each of this.#endpoints.all) this.#endpoints.release(each);
        for (const stream of [...this.#streams]) stream.fail(restoredStream());
        for (const listener of [...this.#restoreListeners]) listener(verdict.event);
    }
  }

  #quarantine(endpoint: Endpoint, reason: string): void {
    this.#endpoints.quarantine(endpoint, reason);
    this.#warnOnce(reason);
    // A single endpoint, or all of them: ask again soon, that may be a restore.
    if (this.#endpoints.all.every((each) => each.state === "quarantined" || each.state === "failing")) {
      this.#endpoints.rest(endpoint);
    }
  }

  #warnOnce(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#warn(message);
  }

  #noteFailure(endpoint: Endpoint, failure: TransportFailure, sentMs: number, requestMs: number): void {
    if (failure.fromServer && failure.code !== grpcStatus.unavailable) {
      this.#endpoints.answered(endpoint);
      return;
    }
    if (failure.code === grpcStatus.deadlineExceeded && requestMs < tellingTimeoutMs) return;
    this.#endpoints.failed(endpoint, sentMs);
    if (failure.request === "unsent") void this.#probed(endpoint);
  }

  // ---- waiting --------------------------------------------------------------------------------------

  async #rest(waitMs: number, attempt: Try): Promise<void> {
    if (this.clock.monotonicMs() + waitMs >= attempt.endMs) throw await this.#giveUp(attempt);
    const signal = attempt.call?.signal;
    const either = signal === undefined ? this.signal : AbortSignal.any([signal, this.signal]);
    await this.clock.sleep(waitMs, either);
  }

  /** `shared` work that others wait for too: this call leaves when its own time or signal ends. */
  #waitFor<T>(shared: Promise<T>, attempt: Try): Promise<T> {
    const signal = attempt.call?.signal;
    const leftMs = attempt.endMs - this.clock.monotonicMs();
    return new Promise((resolve, reject) => {
      const end = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", onAbort);
        this.signal.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        end();
        reject(signal?.aborted ? signal.reason : this.signal.reason);
      };
      const timer = this.clock.setTimer(leftMs, () => {
        end();
        this.#giveUp(attempt).then(reject, reject);
      });
      if (signal?.aborted || this.signal.aborted) onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      this.signal.addEventListener("abort", onAbort, { once: true });
      shared.finally(end).then(resolve, reject);
    });
  }

  // ---- errors ---------------------------------------------------------------------------------------

  /** What the caller gets, with the reason a probe finds for an endpoint out of reach. */
  async #giveUp(attempt: Try): Promise<unknown> {
    const { rpc, last, options } = attempt;
    if (last === undefined) return deadlineError(attempt, "no answer");
    if (last instanceof StoreError) return last;
    const endpoint = this.#endpoints.find(last.endpoint);
    const reason =
      last.request === "unsent" && endpoint !== undefined ? await this.#probed(endpoint) : undefined;
    return storeErrorOf(last, {
      action: rpc.action,
      effect: rpc.effect,
      key: keyText(options?.key),
      timeoutMs: attempt.requestMs,
      reason,
      username: this.#tokens?.username,
    });
  }

  async #probed(endpoint: Endpoint): Promise<string | undefined> {
    if (this.#probe === undefined || this.#closing.signal.aborted) return undefined;
    const now = this.clock.monotonicMs();
    let known = this.#probes.get(endpoint);
    if (known === undefined || now - known.atMs > probeFreshMs) {
      known = { atMs: now, reason: this.#probe(endpoint) };
      this.#probes.set(endpoint, known);
    }
    const { reason } = known;
    return new Promise((resolve) => {
      const timer = this.clock.setTimer(probeWaitMs, () => resolve(undefined));
      reason.then(
        (text) => {
          timer.cancel();
          resolve(text);
        },
        () => resolve(undefined),
      );
    });
  }

  #refusal(attempt: Try, endpoint: Endpoint, verdict: Verdict): StoreError {
    const { rpc, options } = attempt;
    const reason = verdict.verdict === "good" ? restoredText : verdict.reason;
    return rpc.effect === "write"
      ? unknownOutcome(rpc.action, reason, options)
      : unavailable(rpc.action, reason, endpoint.url);
  }

  #allQuarantined(attempt: Try): StoreError {
    const reasons = this.#endpoints.all.map((endpoint) => endpoint.quarantine).filter((r) => r !== undefined);
    return unavailable(attempt.rpc.action, reasons.join("; "), undefined);
  }

  #count(counter: Record<string, number>, path: string): void {
    counter[path] = (counter[path] ?? 0) + 1;
  }
}

/** What stands for a stream where a request is expected: opening one changes nothing. */
const streamRpc: Rpc<{ readonly header: Header }> = {
  path: statusPath,
  effect: "read",
  judged: false,
  lane: "stream",
  action: "reach etcd",
  decode: statusResponse.decode,
};

const restoredText = "etcd was restored or replaced while the call was under way";
/** The client's own back-off reaches about as far. */
const retryAfterMs = 1_000;

function restoredError(attempt: Try): StoreError {
  return unavailable(attempt.rpc.action, restoredText, undefined);
}

function restoredStream(): StoreError {
  return new StoreError("EXPIRED", "Cannot go on with the stream: etcd was restored or replaced", {
    reason: "restored",
  });
}

function unavailable(action: string, reason: string, endpoint: string | undefined): StoreError {
  return new StoreError("UNAVAILABLE", `Cannot ${action}: ${reason}`, { retryAfterMs, endpoint, reason });
}

function unknownOutcome(
  action: string,
  reason: string,
  options: RequestOptions | undefined,
  cause?: unknown,
): StoreError {
  return new StoreError(
    "OUTCOME_UNKNOWN",
    `Cannot tell whether the request to ${action} was applied: ${reason}`,
    { writeId: "", key: keyText(options?.key) ?? "" },
    { cause },
  );
}

function damaged(attempt: Try, endpoint: Endpoint, error: WireError): StoreError {
  const { rpc, options } = attempt;
  const reason = `the answer of endpoint "${endpoint.url}" is damaged: ${error.message}`;
  return rpc.effect === "write"
    ? unknownOutcome(rpc.action, reason, options, error)
    : unavailable(rpc.action, reason, endpoint.url);
}

/** The call's time ended before anything of it was sent. */
function deadlineError(attempt: Try, what: string): StoreError {
  const { rpc, call, requestMs } = attempt;
  const timeoutMs = call?.timeoutMs ?? requestMs * unboundedCallRequests;
  return new StoreError("DEADLINE", `Cannot ${rpc.action}: ${what} within ${timeoutMs} ms`, { timeoutMs });
}

/** Whatever befell a greeting, the caller's own request was never sent. */
function unsent(failure: TransportFailure): TransportFailure {
  const { code, text, endpoint } = failure;
  return new TransportFailure(
    { code, text, request: "unsent", fromServer: false, endpoint },
    { cause: failure },
  );
}

const settled = (work: Promise<unknown>): Promise<void> =>
  work.then(
    () => {},
    () => {},
  );

function checkCall(call: EtcdCall, action: string): void {
  const { timeoutMs, requestTimeoutMs, signal } = call;
  if (timeoutMs !== undefined && !(timeoutMs > 0)) throw badTimeout("timeoutMs", timeoutMs, action);
  if (requestTimeoutMs !== undefined && !(requestTimeoutMs > 0)) {
    throw badTimeout("requestTimeoutMs", requestTimeoutMs, action);
  }
  if (signal === undefined) return;
  if (signal.aborted) throw signal.reason;
  // One signal for many calls at once is what signals are for.
  setMaxListeners(0, signal);
}

function badTimeout(name: string, value: number, action: string): StoreError {
  return invalidArgument(name, `Cannot ${action}: ${name} is ${value}, expected a number above 0`);
}

function keyText(key: RequestOptions["key"]): string | undefined {
  if (key === undefined || typeof key === "string") return key;
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("utf8");
}
