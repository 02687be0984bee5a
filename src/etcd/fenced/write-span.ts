/**
 * The time limit and signal of one fenced write. It is cheap, since nearly every call ends after one round trip: a signal
 * with a timer (`scope`) is created only when the write has to wait for more.
 */
import type { Backoff } from "../../base/backoff.ts";
import { CallScope } from "../../base/call.ts";
import { invalidArgument, isStoreError, StoreError } from "../../errors.ts";
import type { Etcd } from "../ports/etcd.ts";
import { isRefusal, refusalPatienceOf } from "../ports/refusal.ts";
import { type FencedCall, type FencedWrite, textOfWrite } from "./fenced-write.ts";

/** Default time of a call: one request, and twice its timeout to settle it. */
const defaultCallRequests = 3;

/** The write's name for messages; built only when there is a message. */
type Named = Pick<FencedWrite, "what" | "key">;

export class WriteSpan {
  readonly signal: AbortSignal | undefined;
  readonly #etcd: Etcd;
  readonly #deadlineMs: number;
  readonly #timeoutMs: number;
  /** End of the time in which it continues while every endpoint refuses; the caller's own timeout applies to that, too. */
  readonly #patientUntilMs: number;
  /** The generation its guards were read in. */
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
    this.#patientUntilMs = nowMs + refusalPatienceOf(call);
    this.#generation = call.generation ?? etcd.history.generation;
  }

  leftMs(): number {
    return this.#deadlineMs - this.#etcd.clock.monotonicMs();
  }

  /** Half of the remaining time, so that settling has the rest; at most the client's limit. @throws DEADLINE when none is left */
  requestMs(what: Named): number {
    const leftMs = this.leftMs();
    if (leftMs <= 0) throw this.deadline(what);
    return Math.min(this.#etcd.requestTimeoutMs, leftMs / 2);
  }

  /** How long a request of this write continues while every endpoint refuses. */
  get refusalPatienceMs(): number {
    return Math.max(0, this.#patientUntilMs - this.#etcd.clock.monotonicMs());
  }

  /** A signal for the remaining time. Dispose it. */
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
   * Whether the signal reports that the call's time is over, as for a caller that turned its time into a signal (`CallScope`).
   * That is not an abort by the caller: the outcome of what was already sent is unknown, and is reported so.
   */
  get timeIsUp(): boolean {
    return this.signal?.aborted === true && isStoreError(this.signal.reason, "DEADLINE");
  }

  /** Whether `error` is that reason: it says nothing about the request it interrupted. */
  isCutOff(error: unknown): boolean {
    return this.timeIsUp && error === this.signal?.reason;
  }

  /** @throws the signal's reason when the caller has aborted */
  throwIfAborted(): void {
    if (!this.timeIsUp) this.signal?.throwIfAborted();
  }

  /** Waits before the next try. @throws `error`, or DEADLINE, if the call's time would end first; the signal's reason */
  async pause(backoff: Backoff, what: Named, error?: unknown): Promise<void> {
    const waitMs = backoff.next();
    if (this.leftMs() <= waitMs) {
      throw isStoreError(error, "UNAVAILABLE") ? error : this.deadline(what, error);
    }
    await this.#etcd.clock.sleep(waitMs, this.signal);
  }

  /** Whether etcd's history was replaced since the guards were read: they may match other content now. */
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

  /** The time of the whole call is over, not only that of its last request. */
  deadline(what: Named, cause?: unknown): StoreError {
    const timeoutMs = this.#timeoutMs;
    const endpoint = isStoreError(cause, "DEADLINE") ? cause.details.endpoint : undefined;
    return new StoreError(
      "DEADLINE",
      `Cannot write ${textOfWrite(what)}: no answer within ${Math.round(timeoutMs)} ms, and it was not applied`,
      { timeoutMs, endpoint },
      cause === undefined ? {} : { cause },
    );
  }
}
