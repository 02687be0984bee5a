/**
 * Unary calls over all endpoints, with their retries.
 *
 * One call, step by step:
 *   admit (in-flight limit) → choose an endpoint, wait for its back-off, identify it on first use → send →
 *   judge the answer (answer-check) or the failure (outcome-table) → hand over, or continue elsewhere while the
 *   call has time and the request may be repeated
 *
 * A request that cannot finish is not sent: ended calls fail before that. The usual path allocates the promise, the
 * call's own state and what the transport needs, but no timer and no AbortController.
 */
import type { Permits } from "../../base/permits.ts";
import { isStoreError, type StoreError } from "../../errors.ts";
import type { EtcdCall } from "../ports/call.ts";
import type { Header } from "../ports/messages.ts";
import { TransportFailure } from "../transport/transport.ts";
import { WireError } from "../wire/reader.ts";
import type { Verdict } from "./answer-check.ts";
import {
  beginAttempt,
  type CallAttempt,
  checkCall,
  damaged,
  deadlineError,
  restoredError,
  restoredText,
  unavailable,
  unknownOutcome,
} from "./call-attempt.ts";
import type { RequestOptions, Rpc } from "./client.ts";
import { countOne, requestChannel } from "./client-diagnostics.ts";
import type { ClientParts } from "./client-parts.ts";
import type { Endpoint } from "./endpoints/endpoint-set.ts";
import { meaningOf } from "./outcome-table.ts";

/** Waits before another token for a call whose new token was refused as well: etcd's users are changing. */
const refreshWaits = { firstMs: 10, maxMs: 500 } as const;

export class UnaryCalls {
  readonly #parts: ClientParts;
  readonly #permits: Permits;

  constructor(parts: ClientParts, permits: Permits) {
    this.#parts = parts;
    this.#permits = permits;
  }

  async unary<T extends { readonly header: Header }>(
    rpc: Rpc<T>,
    request: Uint8Array,
    call?: EtcdCall,
    options?: RequestOptions,
  ): Promise<T> {
    const { clock, closing, answers, counters } = this.#parts;
    const startedMs = clock.monotonicMs();
    const requestTimeoutMs = call?.requestTimeoutMs ?? this.#parts.requestTimeoutMs;
    if (call !== undefined) checkCall(call, rpc.action);
    if (closing.aborted) throw closing.reason;
    const { generation } = answers;
    const attempt = beginAttempt({ rpc, call, options, startedMs, requestTimeoutMs, generation });
    const internal = options?.internal === true;
    if (!internal && !this.#permits.tryTake()) {
      await this.#permits.take(attempt.endMs - startedMs, call?.signal, () =>
        deadlineError(attempt, "no turn"),
      );
    }
    counters.inFlight++;
    const id = requestChannel.hasSubscribers ? ++counters.lastId : 0;
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
      counters.inFlight--;
      if (!internal) this.#permits.give();
      const durationMs = clock.monotonicMs() - startedMs;
      counters.latency.add(durationMs);
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
    const { admission, identity, faults, tokens, clock, answers, counters, endpoints } = this.#parts;
    const { call, options } = attempt;
    const signal = call?.signal;
    for (;;) {
      const endpoint = admission.admitNow(attempt) ?? (await admission.admit(attempt));
      attempt.endpoint = endpoint;
      let metadata: Readonly<Record<string, string>> | undefined;
      if (tokens !== undefined && options?.internal !== true) {
        if (tokens.metadata === undefined) await admission.waitFor(tokens.refresh(undefined), attempt);
        metadata = tokens.metadata;
      }
      signal?.throwIfAborted();
      // Its connection was lost while the token was fetched.
      if (!endpoint.identified) continue;
      const sentMs = clock.monotonicMs();
      const requestMs = Math.min(requestTimeoutMs, attempt.endMs - sentMs);
      if (requestMs <= 0) throw await faults.errorOf(attempt);
      attempt.requestMs = requestMs;
      const floor = answers.highest;
      const { statuses } = answers.log;
      countOne(counters.requests, rpc.path);
      counters.bytesSent += request.byteLength;
      call?.onSend?.();
      let answer: T;
      try {
        const reply = await endpoint.transport.unary(rpc.path, request, {
          signal,
          timeoutMs: requestMs,
          metadata,
          lane: call?.lane ?? rpc.lane,
        });
        counters.bytesReceived += reply.byteLength;
        attempt.received = reply.byteLength;
        endpoints.answered(endpoint);
        answer = rpc.decode(reply);
      } catch (error) {
        countOne(counters.failures, rpc.path);
        if (error instanceof WireError) throw damaged(attempt, endpoint, error);
        if (!(error instanceof TransportFailure)) throw error;
        admission.noteFailure(endpoint, error, sentMs, requestMs);
        attempt.last = error;
        await this.#afterFailure(attempt, endpoint, error, metadata);
        continue;
      }
      const verdict = answers.judge(
        endpoint,
        answer.header,
        rpc.judged ? floor : undefined,
        clock.monotonicMs(),
      );
      if (verdict.verdict === "good" && attempt.generation === answers.generation) {
        if (rpc.judged) answers.log.answered(answer.header.revision, statuses);
        call?.onHeader?.(answer.header);
        return answer;
      }
      identity.apply(endpoint, verdict);
      attempt.last = this.#refusal(attempt, endpoint, verdict);
      if (rpc.effect === "write" || attempt.generation !== answers.generation) throw attempt.last;
      if (clock.monotonicMs() >= attempt.endMs) throw attempt.last;
      attempt.avoid = endpoint;
      counters.retries++;
    }
  }

  /** Returns when the request may be sent again. @throws the caller's error otherwise */
  async #afterFailure(
    attempt: CallAttempt,
    endpoint: Endpoint,
    failure: TransportFailure,
    metadata: Readonly<Record<string, string>> | undefined,
  ): Promise<void> {
    const { closing, admission, faults, answers, clock, tokens, endpoints, counters } = this.#parts;
    const { rpc, call } = attempt;
    const meaning = meaningOf(failure, call?.doubtsRefusal);
    const repeatable = rpc.effect !== "write" || meaning.outcome === "not-applied";
    if (closing.aborted && repeatable) throw closing.reason;
    if (!repeatable || meaning.retry === "never") throw await faults.errorOf(attempt);
    if (attempt.generation !== answers.generation) throw restoredError(attempt);
    if (clock.monotonicMs() >= attempt.endMs) throw await faults.errorOf(attempt);
    if (meaning.retry === "refresh") {
      if (tokens === undefined) throw await faults.errorOf(attempt);
      // A wrong password is reported when the token is fetched. With a right one the call's time is the limit:
      // each change of a user or role invalidates every earlier token.
      if (attempt.refreshes++ > 0) await admission.pause(refreshWait(attempt.refreshes), attempt);
      if (attempt.options?.internal !== true) await admission.waitFor(tokens.refresh(metadata), attempt);
    } else {
      attempt.avoid = endpoint;
      // The server is busy: try again later rather than at once.
      if (failure.fromServer) endpoints.rest(endpoint);
    }
    counters.retries++;
  }

  #refusal(attempt: CallAttempt, endpoint: Endpoint, verdict: Verdict): StoreError {
    const { rpc, options } = attempt;
    const reason = verdict.verdict === "good" ? restoredText : verdict.reason;
    return rpc.effect === "write"
      ? unknownOutcome(rpc.action, reason, options)
      : unavailable(rpc.action, reason, endpoint.url);
  }
}

function refreshWait(refreshes: number): number {
  return Math.min(refreshWaits.maxMs, refreshWaits.firstMs * 2 ** (refreshes - 2));
}
