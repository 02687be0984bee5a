/**
 * The state of one call over all its tries, and the errors that end it. The client core and the endpoint admission both use it.
 */

import { setMaxListeners } from "node:events";
import { checkOptions } from "../../base/text/known-options.ts";
import { textOfKey } from "../../base/text/text-of-key.ts";
import { invalidArgument, StoreError } from "../../errors.ts";
import { type EtcdCall, etcdCallNames } from "../ports/call.ts";
import type { Header } from "../ports/messages.ts";
import { refusalPatienceOf } from "../ports/refusal.ts";
import { TransportFailure } from "../transport/transport.ts";
import type { WireError } from "../wire/reader.ts";
import type { RequestOptions, Rpc } from "./client.ts";
import type { Endpoint } from "./endpoints/endpoint-set.ts";

/** A call without its own time limit is not retried after this many request timeouts. */
export const unboundedCallRequests = 2;

export interface CallAttempt {
  readonly rpc: Rpc<{ readonly header: Header }>;
  readonly call: EtcdCall | undefined;
  readonly options: RequestOptions | undefined;
  /** On the monotonic clock; no request begins after it. */
  readonly endMs: number;
  /** On the monotonic clock; after this the call ends once every endpoint has refused (`ConnectionFault.answered`). */
  readonly patientUntilMs: number;
  /** The client's generation when the call began. */
  readonly generation: number;
  /** Where the last try failed. */
  avoid: Endpoint | undefined;
  /** Why the last try failed. */
  last: TransportFailure | StoreError | undefined;
  /** Timeout of the last request, milliseconds. */
  requestMs: number;
  /** How often this call has fetched a new token. */
  refreshes: number;
  endpoint: Endpoint | undefined;
  /** Bytes of the response. */
  received: number;
}

export function beginAttempt(facts: {
  readonly rpc: Rpc<{ readonly header: Header }>;
  readonly call?: EtcdCall | undefined;
  readonly options?: RequestOptions | undefined;
  readonly startedMs: number;
  readonly requestTimeoutMs: number;
  readonly generation: number;
  readonly avoid?: Endpoint | undefined;
}): CallAttempt {
  const { rpc, call, options, startedMs, requestTimeoutMs, generation, avoid } = facts;
  return {
    rpc,
    call,
    options,
    endMs: startedMs + (call?.timeoutMs ?? requestTimeoutMs * unboundedCallRequests),
    patientUntilMs: startedMs + refusalPatienceOf(call),
    generation,
    avoid,
    last: undefined,
    requestMs: requestTimeoutMs,
    refreshes: 0,
    endpoint: undefined,
    received: 0,
  };
}

export const restoredText = "etcd was restored or replaced while the call was under way";
/** About as long as the client's longest back-off. */
const retryAfterMs = 1_000;

export function restoredError(attempt: CallAttempt): StoreError {
  return unavailable(attempt.rpc.action, restoredText, undefined);
}

export function restoredStream(): StoreError {
  return new StoreError("EXPIRED", "Cannot go on with the stream: etcd was restored or replaced", {
    reason: "restored",
  });
}

export function unavailable(action: string, reason: string, endpoint: string | undefined): StoreError {
  return new StoreError("UNAVAILABLE", `Cannot ${action}: ${reason}`, { retryAfterMs, endpoint, reason });
}

/** The error when every endpoint that the call may use has refused; it names one of them, `refusal`. */
export function refused(
  action: string,
  refusal: { readonly url: string; readonly reason: string },
  cause: unknown,
): StoreError {
  const { url: endpoint, reason } = refusal;
  return new StoreError(
    "UNAVAILABLE",
    `Cannot ${action}: ${reason} (endpoint "${endpoint}")`,
    { retryAfterMs, endpoint, reason, refused: true },
    { cause },
  );
}

export function unknownOutcome(
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

export function damaged(attempt: CallAttempt, endpoint: Endpoint, error: WireError): StoreError {
  const { rpc, options } = attempt;
  const reason = `the answer of endpoint "${endpoint.url}" is damaged: ${error.message}`;
  return rpc.effect === "write"
    ? unknownOutcome(rpc.action, reason, options, error)
    : unavailable(rpc.action, reason, endpoint.url);
}

/** The call's time ended before any of it was sent. */
export function deadlineError(attempt: CallAttempt, what: string): StoreError {
  const { rpc, call, requestMs } = attempt;
  const timeoutMs = call?.timeoutMs ?? requestMs * unboundedCallRequests;
  return new StoreError("DEADLINE", `Cannot ${rpc.action}: ${what} within ${Math.round(timeoutMs)} ms`, {
    timeoutMs,
  });
}

/** Identification failed, so the caller's own request was not sent, whatever the failure says. */
export function unsent(failure: TransportFailure): TransportFailure {
  const { code, text, endpoint } = failure;
  return new TransportFailure(
    { code, text, request: "unsent", fromServer: false, endpoint },
    { cause: failure },
  );
}

export function checkCall(call: EtcdCall, action: string): void {
  checkOptions(call, action, etcdCallNames);
  const { timeoutMs, requestTimeoutMs, refusalPatienceMs: patienceMs, signal } = call;
  if (timeoutMs !== undefined && !(timeoutMs > 0)) throw badTime("timeoutMs", timeoutMs, action);
  if (requestTimeoutMs !== undefined && !(requestTimeoutMs > 0)) {
    throw badTime("requestTimeoutMs", requestTimeoutMs, action);
  }
  if (patienceMs !== undefined && !(patienceMs >= 0)) {
    throw badTime("refusalPatienceMs", patienceMs, action, "a number of at least 0");
  }
  if (signal === undefined) return;
  if (signal.aborted) throw signal.reason;
  // Many calls may share one signal; that is not a leak.
  setMaxListeners(0, signal);
}

function badTime(name: string, value: number, action: string, expected = "a number above 0"): StoreError {
  return invalidArgument(name, `Cannot ${action}: ${name} is ${value}, expected ${expected}`);
}

export function keyText(key: RequestOptions["key"]): string | undefined {
  if (key === undefined || typeof key === "string") return key;
  return textOfKey(key);
}
