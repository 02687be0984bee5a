/**
 * What a failed request means: the only place where etcd's statuses become outcomes and `StoreError` codes.
 *
 * The first row that matches answers two questions:
 *   outcome   of a *write*: "not-applied" only where that is certain
 *   retry     may the same request be sent again when it is a read, idempotent, or certainly not applied?
 *               never · elsewhere (another endpoint, back-off) · refresh (a new token first)
 * A write with an unknown outcome is never sent again, whatever `retry` is.
 *
 * Rows go from the specific to the general; the last ones match everything.
 */
import type { StoreErrorCode } from "../../errors/codes.ts";
import { StoreError } from "../../errors.ts";
import { grpcStatus, type TransportFailure } from "../transport/transport.ts";
import type { Effect, RetryDecision } from "./client.ts";
import { codeOfText } from "./status-texts.ts";

export interface FailureMeaning {
  readonly outcome: "not-applied" | "unknown";
  readonly retry: "never" | "elsewhere" | "refresh";
  readonly code: StoreErrorCode;
}

interface Row extends FailureMeaning {
  /** Codes that the row matches; absent: any. */
  readonly codes?: readonly number[];
  readonly text?: RegExp;
  /** The origin of the status; absent: either. */
  readonly by?: "server" | "client";
  readonly request?: "unsent" | "refused";
}

const s = grpcStatus;
const not = "not-applied";

export const outcomeTable: readonly Row[] = [
  // No connection carried it.
  { request: "unsent", outcome: not, retry: "elsewhere", code: "UNAVAILABLE" },
  // The peer says that it did not process the request. A proxy may be wrong about that: see `doubtsRefusal`.
  { request: "refused", outcome: not, retry: "elsewhere", code: "UNAVAILABLE" },

  // Identity. Some calls of older servers send these texts under code 2, with the prefix "auth:".
  {
    text: /invalid auth token|revision of auth store is old|user name is empty/,
    by: "server",
    outcome: not,
    retry: "refresh",
    code: "UNAUTHENTICATED",
  },
  {
    text: /invalid user ID or password|password was given for no password user/,
    by: "server",
    outcome: not,
    retry: "never",
    code: "UNAUTHENTICATED",
  },
  { codes: [s.unauthenticated], by: "server", outcome: not, retry: "refresh", code: "UNAUTHENTICATED" },
  {
    text: /^(etcdserver|auth): permission denied/,
    by: "server",
    outcome: not,
    retry: "never",
    code: "PERMISSION_DENIED",
  },
  { codes: [s.permissionDenied], by: "server", outcome: not, retry: "never", code: "PERMISSION_DENIED" },

  // History.
  {
    codes: [s.outOfRange],
    text: /compacted/,
    by: "server",
    outcome: not,
    retry: "never",
    code: "EXPIRED",
  },
  {
    codes: [s.outOfRange],
    text: /future/,
    by: "server",
    outcome: not,
    retry: "never",
    code: "FUTURE_VERSION",
  },

  // Size and space.
  {
    codes: [s.invalidArgument],
    text: /request is too large/,
    by: "server",
    outcome: not,
    retry: "never",
    code: "TOO_LARGE",
  },
  {
    codes: [s.resourceExhausted],
    text: /received message larger than max/,
    by: "server",
    outcome: not,
    retry: "never",
    code: "TOO_LARGE",
  },
  {
    codes: [s.resourceExhausted],
    text: /database space exceeded/,
    by: "server",
    outcome: not,
    retry: "never",
    code: "NO_SPACE",
  },
  {
    codes: [s.resourceExhausted],
    text: /too many requests/,
    by: "server",
    outcome: not,
    retry: "elsewhere",
    code: "UNAVAILABLE",
  },
  // The response was too large, not the request: a write of that kind is applied.
  {
    codes: [s.resourceExhausted],
    text: /^Received message larger than max/,
    by: "client",
    outcome: "unknown",
    retry: "never",
    code: "TOO_LARGE",
  },

  // What etcd checks before it proposes.
  {
    codes: [s.notFound, s.failedPrecondition],
    text: /not found|is not granted/,
    by: "server",
    outcome: not,
    retry: "never",
    code: "NOT_FOUND",
  },
  {
    codes: [s.alreadyExists, s.failedPrecondition],
    text: /already exist|duplicate|Exist/,
    by: "server",
    outcome: not,
    retry: "never",
    code: "ALREADY_EXISTS",
  },
  {
    codes: [
      s.invalidArgument,
      s.notFound,
      s.failedPrecondition,
      s.outOfRange,
      s.alreadyExists,
      s.unimplemented,
    ],
    by: "server",
    outcome: not,
    retry: "never",
    code: "INVALID_ARGUMENT",
  },
  {
    codes: [s.unavailable],
    text: /not supported for learner/,
    by: "server",
    outcome: not,
    retry: "elsewhere",
    code: "UNAVAILABLE",
  },

  // A member whose data is corrupt: stop, so that an operator can check it.
  { codes: [s.dataLoss], outcome: "unknown", retry: "never", code: "UNAVAILABLE" },

  // Everything else may have been applied: leader changes, timeouts, resets, partial responses.
  { codes: [s.deadlineExceeded], outcome: "unknown", retry: "elsewhere", code: "DEADLINE" },
  { outcome: "unknown", retry: "elsewhere", code: "UNAVAILABLE" },
];

/** @param doubtsRefusal the peer's claim that it did not process the request is not trusted (`EtcdCall.doubtsRefusal`) */
export function meaningOf(failure: TransportFailure, doubtsRefusal = false): FailureMeaning {
  if (doubtsRefusal && failure.request === "refused") return lastRow;
  const code = codeOf(failure);
  for (const row of outcomeTable) {
    if (row.codes !== undefined && !row.codes.includes(code)) continue;
    if (row.request !== undefined && row.request !== failure.request) continue;
    if (row.by !== undefined && (row.by === "server") !== failure.fromServer) continue;
    if (row.text !== undefined && !row.text.test(failure.text)) continue;
    return row;
  }
  return lastRow;
}

/** etcd's grpc-proxy drops the code of a refusal; the text identifies it. */
function codeOf({ code, fromServer, text }: TransportFailure): number {
  return code === s.unknown && fromServer ? (codeOfText(text) ?? code) : code;
}

const lastRow: FailureMeaning = { outcome: "unknown", retry: "elsewhere", code: "UNAVAILABLE" };

/** The caller's action, for messages and details. */
export interface FailureContext {
  /** Completes "Cannot …". */
  readonly action: string;
  readonly effect: Effect;
  readonly doubtsRefusal?: boolean | undefined;
  /** The key that OUTCOME_UNKNOWN names. */
  readonly key?: string | undefined;
  /** Timeout of the failed request. */
  readonly timeoutMs?: number | undefined;
  /** Why the endpoint cannot be reached, if a probe has found out. */
  readonly reason?: string | undefined;
  readonly username?: string | undefined;
}

/** Suggested to callers of a failed request; about as long as the client's longest back-off. */
const retryAfterMs = 1_000;

/** The error a caller gets for `failure`: OUTCOME_UNKNOWN for a write that may have been applied. */
export function storeErrorOf(failure: TransportFailure, context: FailureContext): StoreError {
  const { action, effect, doubtsRefusal, key = "", timeoutMs, reason, username } = context;
  const meaning = meaningOf(failure, doubtsRefusal);
  const endpoint = failure.endpoint;
  // The transport's own text (OpenSSL's, a socket's code) is in the cause.
  const text = `${reason ?? failure.text} (endpoint "${endpoint}")`;
  const options = { cause: failure };
  if (effect === "write" && meaning.outcome === "unknown") {
    return new StoreError(
      "OUTCOME_UNKNOWN",
      `Cannot tell whether the request to ${action} was applied: ${text}`,
      { writeId: "", key },
      options,
    );
  }
  const message = `Cannot ${action}: ${text}`;
  switch (meaning.code) {
    case "UNAUTHENTICATED":
      return new StoreError("UNAUTHENTICATED", message, { username, reason: failure.text }, options);
    case "PERMISSION_DENIED":
      return new StoreError("PERMISSION_DENIED", message, { reason: failure.text }, options);
    case "EXPIRED":
      return new StoreError("EXPIRED", message, { reason: "compacted" }, options);
    case "FUTURE_VERSION":
      return new StoreError("FUTURE_VERSION", message, { requested: "", retryAfterMs }, options);
    case "TOO_LARGE":
      return new StoreError("TOO_LARGE", message, sizesIn(failure.text), options);
    case "NO_SPACE":
      return new StoreError("NO_SPACE", message, {}, options);
    case "NOT_FOUND":
      return new StoreError("NOT_FOUND", message, { key: context.key }, options);
    case "ALREADY_EXISTS":
      return new StoreError("ALREADY_EXISTS", message, { key: context.key }, options);
    case "INVALID_ARGUMENT":
      return new StoreError("INVALID_ARGUMENT", message, { argument: "request" }, options);
    case "DEADLINE":
      return new StoreError("DEADLINE", message, { timeoutMs, endpoint }, options);
    default:
      return new StoreError(
        "UNAVAILABLE",
        message,
        { retryAfterMs, endpoint, reason: reason ?? failure.text },
        options,
      );
  }
}

/** Sizes in the texts of etcd and grpc-js, "(3000000 vs. 2097152)"; etcd's own refusal has no number. */
function sizesIn(text: string): { readonly sizeBytes: number; readonly limitBytes: number } {
  const match = /\((\d+) vs\.? (\d+)\)/.exec(text);
  return match === null
    ? { sizeBytes: 0, limitBytes: requestBytesMax }
    : { sizeBytes: Number(match[1]), limitBytes: Number(match[2]) };
}

/** etcd's default --max-request-bytes. */
const requestBytesMax = 1.5 * 1024 * 1024;

/** `storeErrorOf` with the action to take, for a stream or a request that changes nothing. */
export function retryDecisionOf(failure: TransportFailure, action: string): RetryDecision {
  const meaning = meaningOf(failure);
  const next = meaning.retry === "elsewhere" ? "retry" : meaning.retry === "refresh" ? "refresh" : "fail";
  return { next, error: storeErrorOf(failure, { action, effect: "read" }) };
}
