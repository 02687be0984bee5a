/**
 * The time and the end of one fenced write: cheap, since nearly every call makes one round trip and is done. A signal
 * with a timer (`scope`) is made only when something has to be waited for beyond that.
 */
import type { Backoff } from "../../base/backoff.ts";
import { CallScope } from "../../base/call.ts";
import { invalidArgument, isStoreError, StoreError } from "../../errors.ts";
import type { Etcd } from "../ports/etcd.ts";
import { isRefusal } from "../ports/refusal.ts";
import { type FencedCall, type FencedWrite, textOfWrite } from "./fenced-write.ts";

/** A call without a bound of its own: one request, and twice its time to settle it. */
const defaultCallRequests = 3;
/** Without a time of its own it goes on this long where every endpoint refuses, like a call of the client. */
const refusalPatienceMs = 1_000;

/** What is written, for messages: put into words only when there is one. */
type Named = Pick<FencedWrite, "what" | "key">;

export class WriteSpan {
  readonly signal: AbortSignal | undefined;
  readonly #etcd: Etcd;
  readonly #deadlineMs: number;
  readonly #timeoutMs: number;
  /** Until when it goes on where every endpoint refuses; a caller's own time is meant for that, too. */
  readonly #patientUntilMs: number;
  /** The history its guards were read in. */
  readonly #generation: number;

  /** @throws INVALID_ARGUMENT for a timeoutMs that is not above 0; the signal's reason when already aborted */
  constructor(etcd: Etcd, call: FencedCall) {
    const timeoutMs = call.timeoutMs ?? defaultCallRequests * etcd.requestTimeoutMs;
    if (!(timeoutMs > 0)) {
      throw invalidArgument(
        "timeoutMs",
        `Cannot write: timeoutMs is ${timeoutMs}, expected a number above 0`,
      );
    }
    call.signal?.throwIfAborted();
    this.signal = call.signal;
    this.#etcd = etcd;
    this.#timeoutMs = Math.ceil(timeoutMs);
    const nowMs = etcd.clock.monotonicMs();
    this.#deadlineMs = nowMs + timeoutMs;
    this.#patientUntilMs = nowMs + (call.timeoutMs ?? refusalPatienceMs);
    this.#generation = call.generation ?? etcd.history.generation;
  }

  leftMs(): number {
    return this.#deadlineMs - this.#etcd.clock.monotonicMs();
  }

  /** Half of what is left, so that settling has the rest; the client's own bound at most. @throws DEADLINE when nothing is left */
  requestMs(what: Named): number {
    const leftMs = this.leftMs();
    if (leftMs <= 0) throw this.deadline(what);
    return Math.min(this.#etcd.requestTimeoutMs, leftMs / 2);
  }

  /** Of a request of it: how long that goes on where every endpoint refuses. */
  get refusalPatienceMs(): number {
    return Math.max(0, this.#patientUntilMs - this.#etcd.clock.monotonicMs());
  }

  /** What is left as a signal. Dispose it. */
  scope(what: Named): CallScope {
    const timeoutMs = Math.max(1, this.leftMs());
    return new CallScope({ signal: this.signal, timeoutMs }, this.#etcd.clock, `write ${textOfWrite(what)}`);
  }

  /** Whether a request that was certainly not applied may be sent again. */
  mayTryAgain(error: unknown): boolean {
    if (!isStoreError(error, "UNAVAILABLE", "DEADLINE")) return false;
    return (isRefusal(error) ? this.refusalPatienceMs : this.leftMs()) > 0;
  }

  /**
   * Whether the call's time has come to its end as a signal, as it does for a caller that turned it into one (`CallScope`).
   * That is no caller's abort: what was sent by then is unknown, and is said to be.
   */
  get timeIsUp(): boolean {
    return this.signal?.aborted === true && isStoreError(this.signal.reason, "DEADLINE");
  }

  /** Whether `error` is that end: it says nothing of the request it cut off. */
  isCutOff(error: unknown): boolean {
    return this.timeIsUp && error === this.signal?.reason;
  }

  /** @throws the signal's reason when the caller has aborted */
  throwIfAborted(): void {
    if (!this.timeIsUp) this.signal?.throwIfAborted();
  }

  /** Waits before the next try. @throws `error`, or DEADLINE, when the call's time would be over; the signal's reason */
  async pause(backoff: Backoff, what: Named, error?: unknown): Promise<void> {
    const waitMs = backoff.next();
    if (this.leftMs() <= waitMs) {
      throw isStoreError(error, "UNAVAILABLE") ? error : this.deadline(what, error);
    }
    await this.#etcd.clock.sleep(waitMs, this.signal);
  }

  /** Whether etcd's history was replaced since the guards were read: they may fit other content now. */
  get isOutlived(): boolean {
    return this.#etcd.history.generation !== this.#generation;
  }

  /** @throws UNAVAILABLE after a restore */
  refuseAfterRestore(what: Named): void {
    if (!this.isOutlived) return;
    throw new StoreError(
      "UNAVAILABLE",
      `Cannot write ${textOfWrite(what)}: etcd was restored while the call was under way`,
      { retryAfterMs: 100, reason: "restored" },
    );
  }

  /** The whole call's time is up, not only that of its last request. */
  deadline(what: Named, cause?: unknown): StoreError {
    const timeoutMs = this.#timeoutMs;
    const endpoint = isStoreError(cause, "DEADLINE") ? cause.details.endpoint : undefined;
    return new StoreError(
      "DEADLINE",
      `Cannot write ${textOfWrite(what)}: no answer within ${timeoutMs} ms, and it was not applied`,
      { timeoutMs, endpoint },
      cause === undefined ? {} : { cause },
    );
  }
}
