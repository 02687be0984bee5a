/**
 * Time as a port. No other file reads a clock or starts a timer, so that the simulation can run the real code in
 * virtual time. Wall time is for display (creationTimestamp) and backup marks only; every decision uses
 * `monotonicMs`.
 *
 * Timers come from Node's modules, not from the globals: a test framework's fake timers replace the globals, and a
 * wait for a socket would then never end. Wall time is the global `Date`, which a test may set.
 */
import { performance } from "node:perf_hooks";
import { clearTimeout, setTimeout } from "node:timers";

/** What `Clock.setTimer` returns. */
export interface Timer {
  /** Cancels the timer; does nothing once it has fired. */
  cancel(): void;
}

/**
 * The time that keelson uses: `memoryEtcd` and `connectEtcd` take one, and everything built over them uses it.
 */
export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  nowMs(): number;
  /** Monotonic milliseconds from an arbitrary origin, with fractions. */
  monotonicMs(): number;
  /** Runs `callback` once after `delayMs`; does not keep the process alive. */
  setTimer(delayMs: number, callback: () => void): Timer;
  /**
   * Resolves after `delayMs`; rejects with `signal.reason` when aborted, at once when already aborted. Keeps the
   * process alive, because a caller waits.
   */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** Longest delay of a platform timer (2^31 - 1 ms); longer delays are split into steps. */
const timerMaxMs = 2 ** 31 - 1;

/** In steps, so that no delay is too long; `hold` receives each step's handle. */
function startTimer(delayMs: number, callback: () => void, hold: (handle: NodeJS.Timeout) => void): Timer {
  let handle: NodeJS.Timeout;
  const start = (leftMs: number): void => {
    const stepMs = Math.min(leftMs, timerMaxMs);
    handle = setTimeout(() => (leftMs > stepMs ? start(leftMs - stepMs) : callback()), stepMs);
    hold(handle);
  };
  start(Math.max(0, delayMs));
  return { cancel: () => clearTimeout(handle) };
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  // Timers do not keep the process alive.
  setTimer: (delayMs, callback) => startTimer(delayMs, callback, (handle) => handle.unref()),
  sleep(delayMs, signal) {
    // A caller waits for the result: without this, a program that awaits a call on an unreachable etcd would exit
    // silently with its await unsettled.
    const setTimer = (ms: number, callback: () => void): Timer => startTimer(ms, callback, () => {});
    return sleepOn({ setTimer }, delayMs, signal);
  },
};

/** `Clock.sleep` in terms of `setTimer`, shared by every clock. */
export function sleepOn(
  clock: Pick<Clock, "setTimer">,
  delayMs: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
