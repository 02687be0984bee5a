/**
 * The end of a call: the caller's signal, the call's own timeout, or both.
 *
 * Every public method that waits takes `Call`. `CallScope` joins the two into one signal whose reason is
 * what the call rejects with: the caller's own reason, or DEADLINE. A call with neither costs nothing.
 */
import { setMaxListeners } from "node:events";
import { invalidArgument, StoreError } from "../errors.ts";
import type { NamesOf } from "./text/known-options.ts";
import { quote } from "./text/quote.ts";
import type { Clock, Timer } from "./time/clock.ts";
import { setReadingTimer } from "./time/reading-timer.ts";

/** What every call that waits takes: the ways to end it from outside. */
export interface Call {
  /** Ends the call; it rejects with `signal.reason`. A write already sent may still happen. */
  readonly signal?: AbortSignal | undefined;
  /** Bound of the whole call in milliseconds, retries and settling included; above 0. */
  readonly timeoutMs?: number | undefined;
}

export const callNames: NamesOf<Call> = { signal: "signal", timeoutMs: "positive" };

/** @throws INVALID_ARGUMENT for a timeoutMs that is not a number above 0 */
export function checkTimeoutMs(timeoutMs: unknown, action: string): void {
  if (timeoutMs === undefined || (typeof timeoutMs === "number" && timeoutMs > 0)) return;
  throw invalidArgument(
    "timeoutMs",
    `Cannot ${action}: timeoutMs is ${quote(timeoutMs)}, expected a number above 0`,
  );
}

function checkSignal(signal: unknown, action: string): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw invalidArgument("signal", `Cannot ${action}: signal is ${quote(signal)}, expected an AbortSignal`);
}

/** A call without signal or timeout. */
const endless: Call = {};

/** Signals whose listener limit has been raised. */
const expecting = new WeakSet<AbortSignal>();

/**
 * One signal for the lifetime of a server may end any number of concurrent calls, so Node's leak warning from the
 * eleventh listener on would be wrong. Every listener of a call is removed when the call ends.
 */
export function expectManyListeners(signal: AbortSignal): void {
  if (expecting.has(signal)) return;
  expecting.add(signal);
  setMaxListeners(0, signal);
}

export class CallScope implements Disposable {
  /** Aborted when the call must end; its reason is what to reject with. */
  readonly signal: AbortSignal | undefined;
  /** When the call's time ends on `Clock.monotonicMs`; undefined without a bound. */
  readonly deadlineMs: number | undefined;
  readonly #clock: Clock;
  readonly #timer: Timer | undefined;
  readonly #caller: AbortSignal | undefined;
  readonly #onAbort: (() => void) | undefined;

  /**
   * @param action what the caller asked for, as in `Cannot ${action}: no answer within 500 ms`
   * @throws INVALID_ARGUMENT for a timeoutMs that is not a number above 0, or for a signal that is not an
   * AbortSignal; the signal's reason when already aborted
   */
  constructor(call: Call | undefined, clock: Clock, action: string) {
    const { signal, timeoutMs } = call ?? {};
    checkTimeoutMs(timeoutMs, action);
    checkSignal(signal, action);
    signal?.throwIfAborted();
    this.#clock = clock;
    if (signal !== undefined) expectManyListeners(signal);
    this.#caller = signal;
    if (timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY) {
      this.signal = signal;
      return;
    }
    const controller = new AbortController();
    expectManyListeners(controller.signal);
    this.signal = controller.signal;
    this.deadlineMs = clock.monotonicMs() + timeoutMs;
    // If the response has arrived, do not report DEADLINE (or OUTCOME_UNKNOWN for a write).
    this.#timer = setReadingTimer(clock, timeoutMs, () =>
      controller.abort(
        new StoreError("DEADLINE", `Cannot ${action}: no answer within ${Math.round(timeoutMs)} ms`, {
          timeoutMs,
        }),
      ),
    );
    if (signal !== undefined) {
      this.#onAbort = () => controller.abort(signal.reason);
      signal.addEventListener("abort", this.#onAbort, { once: true });
    }
  }

  /** Milliseconds left, `Infinity` without a bound, never below 0. */
  remainingMs(): number {
    return this.deadlineMs === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(0, this.deadlineMs - this.#clock.monotonicMs());
  }

  /** What is left of the call, for a call inside it. */
  rest(): Call {
    const { signal, deadlineMs } = this;
    if (deadlineMs === undefined) return signal === undefined ? endless : { signal };
    // A scope whose time is over aborts by its signal, because a call needs a time above 0.
    return { signal, timeoutMs: Math.max(1, this.remainingMs()) };
  }

  /** Whether the end of the call needs no cleanup: it has neither a timer nor a listener. */
  get isBare(): boolean {
    return this.#timer === undefined && this.#onAbort === undefined;
  }

  /** The same for a write inside this call; a write scope may also record when the call began. */
  restForWrite(): Call {
    return this.rest();
  }

  throwIfEnded(): void {
    this.signal?.throwIfAborted();
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    if (this.#onAbort !== undefined) this.#caller?.removeEventListener("abort", this.#onAbort);
  }
}
